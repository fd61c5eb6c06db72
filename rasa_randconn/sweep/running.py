"""Carries out a sweep: what is missing is trained, then everything is presented."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import (
    Any,
    Callable,
    Collection,
    ContextManager,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
)

from dask.system import CPU_COUNT
from distributed import Client
from rich.console import Console

from rasa_randconn.comparison import configuration
from rasa_randconn.comparison.console import clock, say
from rasa_randconn.comparison.plan import Plan
from rasa_randconn.comparison.progress_display import ProgressDisplay
from rasa_randconn.comparison.runner import (
    FAILED,
    INTERRUPTED,
    check_with_rasa,
    with_test_set,
)
from rasa_randconn.comparison.split import Split, describe
from rasa_randconn.comparison.worker_process import terminate_as_interrupt
from rasa_randconn.files import write_atomically
from rasa_randconn.sweep import plots, recommendation, scheduling, table
from rasa_randconn.sweep.cell_run import CellTask, Outcome
from rasa_randconn.sweep.cells import STOCK_PATTERN, Cell, cell_of, grid
from rasa_randconn.sweep.components import SweptComponent, read_components
from rasa_randconn.sweep.folder import FAILURES, PLOTS, SweepFolder
from rasa_randconn.sweep.inputs import PackedPlan, pack
from rasa_randconn.sweep.observer import SweepObserver
from rasa_randconn.sweep.plan import SweepPlan, check_sizes
from rasa_randconn.version import __version__

_NAMES_OF_INPUTS = {
    "configs": "--config",
    "domain": "--domain",
    "train_nlu": "--train-nlu",
    "test_nlu": "--test-nlu",
    "train_stories": "--train-stories",
    "test_stories": "--test-stories",
}


def sweep(
    plan: SweepPlan,
    console: Console,
    make_task: Callable[..., Callable[[Cell], Outcome]] = CellTask,
    check: Callable[[Plan], Optional[Split]] = check_with_rasa,
) -> int:
    """Trains and tests the cells that are missing and presents all that are finished.

    Every cell is written as soon as it is finished. A cell that fails does not keep the
    others from running; the next call tries it again.

    Args:
        plan: What to sweep.
        console: Where to report progress.
        make_task: Makes, from the packed plan and the number of threads, what runs a
            cell.
        check: Checks configuration and data before anything is trained, and divides
            the data if there is no test set.

    Returns:
        0; 1 if a cell failed or the cluster was lost; 130 if the user interrupted.

    Raises:
        ComparisonError: If the plan cannot be carried out.
    """
    plan.check()
    folder = SweepFolder(plan.base.out)
    folder.check(plan.base.inputs if plan.base.overwrite else ())
    say(console, f"{clock()} checking configuration and data")
    divided = check(plan.first)
    cells = _cells(plan, console)
    packed = _packed(plan.base, divided)
    folder.open(_inputs(plan.base, packed), plan.base.overwrite)
    if divided is not None:
        divided.write(plan.base.out)
        say(console, describe(divided.summary()))
    finished = {cell_of(run).name for run in folder.runs()}
    missing = [cell for cell in cells if cell.name not in finished]
    code = 0
    if missing:
        if len(missing) < len(cells):
            say(console, f"{len(cells) - len(missing)} cells are finished already.")
        code = _run(plan, missing, make_task(packed, _threads(plan)), folder, console)
    else:
        say(console, f"All {len(cells)} cells are finished; there is nothing to do.")
    _present(folder, console)
    return code


def _cells(plan: SweepPlan, console: Console) -> List[Cell]:
    components = read_components(plan.base.configs[0], plan.base.sections)
    for component, entry in zip(components, _entries(plan.base, components)):
        check_sizes(plan.sizes, entry, component.heads)
    patterns = plan.patterns
    without = [component.name for component in components if not component.has_pattern]
    if len(without) == len(components):
        patterns = [STOCK_PATTERN]
        say(
            console,
            f"Only densities and sizes vary: {', '.join(without)} of Rasa "
            f"{'has' if len(without) == 1 else 'have'} no connection_pattern.",
        )
    elif without:
        say(
            console,
            f"The pattern does not vary in {', '.join(without)}: Rasa's own components "
            f"have no connection_pattern.",
        )
    return grid(plan.densities, plan.sizes, patterns, plan.base.seeds)


def _entries(
    plan: Plan, components: Sequence[SweptComponent]
) -> Iterator[Mapping[str, Any]]:
    """What the configuration says of each component, as far as names tell."""
    config = configuration.read_config(plan.configs[0])
    written = list(configuration.entries(config, plan.sections))
    for component in components:
        names = [str(entry["name"]).rpartition(".")[2] for entry in written]
        if component.name in names:
            yield written.pop(names.index(component.name))
        else:
            yield {"name": component.name}


def _packed(plan: Plan, divided: Optional[Split]) -> PackedPlan:
    if divided is None:
        return pack(plan)
    with tempfile.TemporaryDirectory() as folder:
        divided.write(Path(folder))
        return pack(with_test_set(plan, Path(folder)))


def _inputs(plan: Plan, packed: PackedPlan) -> Dict[str, object]:
    """What all cells have in common, for the folder to compare."""
    return {
        **{name: packed.digests[key] for key, name in _NAMES_OF_INPUTS.items()},
        "--split": plan.split,
        "--epochs": plan.epochs,
        "--augmentation": plan.augmentation,
        "the version of rasa_randconn": __version__,
    }


def _threads(plan: SweepPlan) -> Optional[int]:
    if plan.threads is not None or plan.scheduler is not None:
        return plan.threads
    return max(1, CPU_COUNT // (plan.workers or 1))


def _cluster(plan: SweepPlan) -> ContextManager[Client]:
    if plan.scheduler is not None:
        return scheduling.remote_cluster(plan.scheduler)
    return scheduling.local_cluster(plan.workers or 1)


def _run(
    plan: SweepPlan,
    cells: Sequence[Cell],
    task: Callable[[Cell], Outcome],
    folder: SweepFolder,
    console: Console,
) -> int:
    failed: Dict[Cell, Outcome] = {}
    succeeded = 0
    with terminate_as_interrupt():
        try:
            with _cluster(plan) as client, ProgressDisplay(console) as display:
                observer = SweepObserver(display, cells)
                running = scheduling.outcomes(client, cells, task, observer.show)
                with contextlib.closing(running):
                    for cell, outcome in running:
                        folder.keep(cell, outcome)
                        observer.report(cell, outcome)
                        if outcome.run is not None:
                            succeeded += 1
                            continue
                        failed[cell] = outcome
                        if not succeeded and _share_a_reason(failed.values()):
                            say(
                                console,
                                "The first cells failed for the same reason, so the "
                                "others are not tried.",
                                "red",
                            )
                            break
        except scheduling.SchedulerLostError:
            say(
                console,
                f"The scheduler {plan.scheduler or ''} no longer answers. Finished "
                f"cells are kept; the same command goes on with the others.",
                "red",
            )
            return FAILED
        except KeyboardInterrupt:
            say(
                console,
                "Interrupted. Finished cells are kept; the same command goes on with "
                "the others.",
                "red",
            )
            return INTERRUPTED
    if failed:
        say(
            console,
            f"Failed: {'; '.join(cell.title for cell in failed)}. The reasons are in "
            f"{folder.path / FAILURES}; the same command tries again.",
            "red",
        )
        return FAILED
    return 0


def _share_a_reason(failed: Collection[Outcome]) -> bool:
    """Whether several cells failed, all with the same last line."""
    reasons = {(outcome.log or [outcome.failure])[-1] for outcome in failed}
    return len(failed) > 1 and len(reasons) == 1


def _present(folder: SweepFolder, console: Console) -> None:
    runs = folder.runs()
    if not runs:
        return
    frame = table.tabulate(runs)
    summary = table.summarize(frame)
    table.write(frame, summary, folder.path)
    if summary.empty:
        say(console, "None of the F1 was measured.")
        return
    plots.draw(frame, summary, folder.path / PLOTS)
    text = recommendation.write_text(frame, summary)
    path: Path = folder.path / "recommendation.md"
    with write_atomically(path) as file:
        file.write(text)
    say(console, "\n" + text.replace("**", ""))
    say(console, f"Table: {folder.path / 'results.csv'}")
    say(console, f"Plots: {folder.path / PLOTS}")
