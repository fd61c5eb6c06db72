"""What single options were measured to do."""

from __future__ import annotations

from typing import List, Mapping

from benchmarks.article.spread import paired_difference
from benchmarks.figures.comparisons import OF_COMPONENTS, seeds_text
from benchmarks.figures.runs import mean_score, runs_of
from benchmarks.figures.texts import amount, table
from rasa_randconn.comparison.intervals import mean_interval

_SCALED, _NOT_SCALED = {"scale_learning_rate": True}, {"scale_learning_rate": False}


def learning_rates_table() -> List[str]:
    """Makes the table of F1 with and without `scale_learning_rate`, paired by seed."""
    rows = []
    for title, name, score in (
        ("intents, Sara", "sara.ours", "intent_f1"),
        ("entities, Sara", "sara.ours", "entity_f1"),
        ("actions, workshop", "workshop.ours", "action_f1"),
    ):
        without, scaled = (
            {
                run["seed"]: float(run[score])
                for run in runs_of(["learning-rates"], name, options=options)
            }
            for options in (_NOT_SCALED, _SCALED)
        )
        rows.append(
            [
                f"{title}, seeds {seeds_text(list(scaled))}",
                _mean(without),
                _mean(scaled),
                paired_difference(scaled, without).text(3),
            ]
        )
    return table(["F1", "`false`", "`true`", "difference"], rows)


def _mean(by_seed: Mapping[int, float]) -> str:
    return f"{mean_interval(list(by_seed.values())).value:.3f}"


def groups_table() -> List[str]:
    """Makes the table of TED's action F1 by the number of groups at density 0.2."""
    rows = []
    for title, files, name in (
        ("8 groups", ["workshop-8-groups"], "workshop.ours"),
        ("16 groups", ["workshop-16-groups"], "workshop.ours"),
        ("`unstructured`", ["workshop-unstructured"], "workshop.unstructured-0.2"),
        (
            "stock",
            ["workshop-headline", "workshop-headline-more-seeds"],
            "workshop.stock",
        ),
    ):
        runs = runs_of(files, name)
        seeds = seeds_text([run["seed"] for run in runs])
        rows.append([title, seeds, mean_score(runs, "action_f1")])
    return table(["TED, workshop, density 0.2", "seeds", "action F1"], rows, left=2)


def half_precision_table() -> List[str]:
    """Makes the table of files with weights of 16 and of 32 bits."""
    rows = []
    for title, file, name in (
        ("32 bits, the default", "sara-headline", "sara.ours"),
        ("16 bits", "densities-now", "sara.half-precision"),
    ):
        (run,) = runs_of([file], name, seeds=[1])
        (component,) = run["components"].values()
        metric = OF_COMPONENTS["files"]
        rows.append([title, amount(metric.of(component), metric)])
    return table(["weights of DIET, Sara", "files in the model"], rows)
