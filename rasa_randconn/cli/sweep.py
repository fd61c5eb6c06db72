"""The command `rasa-randconn sweep`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rasa_randconn.cli.data_arguments import add_data_arguments, plan
from rasa_randconn.cli.examples import with_examples
from rasa_randconn.connections import PATTERNS

if TYPE_CHECKING:
    from rasa_randconn.sweep.plan import SweepPlan

_DESCRIPTION = """\
Trains the configuration at every density, size of the transformer, pattern and
seed through Rasa, tests the models with Rasa's evaluation, and writes a table,
plots and a recommendation. The same command goes on where it was interrupted.
Your files are only read.
"""

_CLASSIFIER = r"""sweep --config config.yml \
    --train-nlu data/nlu.yml --split 0.8 \
    --densities 0.05 0.1 0.2 --sizes 128 256 --out sweep"""

_POLICIES = r"""sweep --config config.yml --domain domain.yml \
    --train-stories data/stories.yml data/rules.yml \
    --test-stories tests/test_stories.yml \
    --densities 0.1 0.2 --sizes 64 128 --workers 2 --out sweep"""

_CLUSTER = r"""sweep --config config.yml \
    --train-nlu data/nlu.yml --test-nlu tests/test_nlu.yml \
    --densities 0.1 0.2 --sizes 64 128 --out sweep \
    --scheduler tcp://host:8786"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line.

    Args:
        commands: The commands of `rasa-randconn`.
    """
    parser = commands.add_parser(
        "sweep",
        help="train and test at many densities and sizes, and recommend one",
        description=_DESCRIPTION,
        **with_examples(
            ("the classifier, with a test set made from its examples", _CLASSIFIER),
            ("policies, two trainings at a time", _POLICIES),
            ("on a Dask cluster that runs already", _CLUSTER),
        ),
    )
    add = parser.add_argument
    add("--config", required=True, metavar="FILE", help="the configuration to vary")
    add_data_arguments(parser)
    add(
        "--densities",
        type=float,
        nargs="+",
        required=True,
        metavar="D",
        help="values of connection_density, from 0 to 1",
    )
    add(
        "--sizes",
        type=int,
        nargs="+",
        required=True,
        metavar="N",
        help="values of transformer_size, multiples of number_of_attention_heads",
    )
    add(
        "--patterns",
        nargs="+",
        choices=PATTERNS,
        default=[PATTERNS[0]],
        metavar="P",
        help=f"values of connection_pattern: {' or '.join(PATTERNS)} (default: "
        f"{PATTERNS[0]}); stock's components have none",
    )
    add(
        "--seeds",
        type=int,
        nargs="+",
        default=[1, 2, 3],
        metavar="N",
        help="random seeds; fewer than three give no intervals (default: 1 2 3)",
    )
    add(
        "--epochs",
        type=int,
        metavar="N",
        help="epochs of all DIET-like and TED-like components instead of those in the "
        "configuration",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="how many cells to train at a time on this machine (default: 1)",
    )
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="train on a Dask cluster: its scheduler's address, as tcp://host:8786",
    )
    add(
        "--threads",
        type=int,
        metavar="N",
        help="threads of one cell (default: the cores of this machine shared out among "
        "its workers; on a cluster, all cores of a worker's machine)",
    )
    add(
        "--out",
        required=True,
        metavar="DIR",
        help="folder for cells, table, plots and recommendation",
    )
    add(
        "--overwrite",
        action="store_true",
        help="remove the earlier sweep in DIR and start anew",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command.

    Args:
        options: The parsed arguments.

    Returns:
        The exit code: 0; 1 if a cell failed or the cluster was lost; 2 if the sweep
        cannot be carried out; 130 if the user interrupted.
    """
    from rasa_randconn.comparison.errors import ComparisonError
    from rasa_randconn.sweep.plan import SweepPlan

    try:
        sweep_plan = SweepPlan(
            base=plan(options, [options.config]),
            densities=options.densities,
            sizes=options.sizes,
            patterns=options.patterns,
            workers=options.workers,
            scheduler=options.scheduler,
            threads=options.threads,
        )
        # what is wrong with the command is said before packages are imported that
        # take seconds
        sweep_plan.check()
    except ComparisonError as error:
        return _fail(str(error))
    try:
        import distributed  # noqa: F401
        import pandas  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        return _fail(
            f"this needs the package '{error.name}', which is not installed: "
            f"pip install 'rasa-randconn[sweep]'"
        )
    try:
        return _sweep(sweep_plan)
    except ComparisonError as error:
        return _fail(str(error))


def _fail(reason: str) -> int:
    for line in reason.splitlines():
        print(f"rasa-randconn sweep: {line}", file=sys.stderr)
    return 2


def _sweep(sweep_plan: SweepPlan) -> int:
    from rasa_randconn.comparison.console import make_console
    from rasa_randconn.sweep.running import sweep

    return sweep(sweep_plan, make_console())
