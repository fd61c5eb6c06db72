"""Tables of the article's open questions."""

from __future__ import annotations

import json
from typing import Any, Dict, List

from benchmarks.article import pruning, spread
from benchmarks.article.convergence import MEASURES, QUALITY_MEASURES
from benchmarks.figures import sweeps
from benchmarks.figures.comparisons import RESULTS, seeds_text
from benchmarks.figures.runs import runs_of
from benchmarks.figures.texts import table
from rasa_randconn.comparison.intervals import Interval, mean_interval

Curve = Dict[str, List[float]]

_TITLES = {
    "val_t_loss": "total loss",
    "val_i_acc": "accuracy of intents",
    "val_e_f1": "F1 of entities",
}
_DENSITIES = (1.0, 0.2, 0.01)
_EPOCHS = (2, 5, 10, 20)
_DENSE, _FROZEN, _RANDOM = "sara.ours", "sara.frozen-inputs", "sara.random-inputs"


def convergence_table() -> List[str]:
    """Makes the table of deviations over the seeds, by epoch."""
    rows = []
    for measure in MEASURES:
        for density in _DENSITIES:
            curves = _curves(density)
            rows.append(
                [
                    _TITLES[measure] if density == _DENSITIES[0] else "",
                    f"{density:g}",
                    *(
                        spread.deviation(
                            [curve[measure][epoch - 1] for curve in curves]
                        ).text(3)
                        for epoch in _EPOCHS
                    ),
                    mean_interval(_epochs_to(density, measure)).text(1)
                    if measure in QUALITY_MEASURES
                    else "",
                ]
            )
    header = ["", "density", *(f"epoch {epoch}" for epoch in _EPOCHS)]
    return table([*header, "epochs to 95% of the last value"], rows)


def epochs_less(measure: str, density: float) -> Interval:
    """Epochs that a density takes less those that dense layers take, paired by seed.

    Args:
        measure: One of `QUALITY_MEASURES`.
        density: The density that is compared with 1.0.
    """
    return spread.mean_difference(
        _epochs_to(density, measure), _epochs_to(1.0, measure)
    )


def small_transformers_table() -> List[str]:
    """Makes the table of TED with 32 units at density 0.2, trained in other ways."""
    sparse, dense = "0.2:32:grouped", "1.0:32:grouped"
    rows = [
        [title, *_of_actions(sweep, setting)]
        for title, sweep, setting in (
            ("as above", "workshop", sparse),
            ("`unstructured`", "workshop-unstructured", "0.2:32:unstructured"),
            ("with `scale_learning_rate: true`", "workshop-scaled-rates", sparse),
            ("with 200 epochs", "workshop-200-epochs", sparse),
            ("dense, as above", "workshop", dense),
            ("dense, with 200 epochs", "workshop-200-epochs", dense),
        )
    ]
    return table(["", "seeds", "action F1"], rows, left=2)


def _of_actions(sweep: str, setting: str) -> List[str]:
    values = sweeps.values(sweep, "action_f1", setting)
    return [seeds_text(list(values)), mean_interval(list(values.values())).text(3)]


def inputs_table() -> List[str]:
    """Makes the table of other layers for sparse features."""
    scores = ("intent_f1", "entity_f1")
    values = {
        name: {
            score: [run[score] for run in runs_of(["sara-inputs"], name)]
            for score in scores
        }
        for name in (_DENSE, _FROZEN, _RANDOM)
    }

    def means(name: str) -> List[str]:
        return [mean_interval(values[name][score]).text(3) for score in scores]

    def less(name: str) -> List[str]:
        return [
            spread.mean_difference(values[name][score], values[_DENSE][score]).text(3)
            for score in scores
        ]

    rows = [
        ["dense and trained, the default", *means(_DENSE)],
        ["frozen at their initial weights", *means(_FROZEN)],
        ["less the default", *less(_FROZEN)],
        ["randomly connected, density 0.2", *means(_RANDOM)],
        ["less the default", *less(_RANDOM)],
    ]
    return table(["layers of sparse features", "intent F1", "entity F1"], rows)


def pruning_table() -> List[str]:
    """Makes the table of pruned models beside randomly connected ones."""
    found: Dict[Any, List[Dict[str, Any]]] = {}
    for path in sorted((RESULTS / "pruning").glob("seed*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            found.setdefault((row["density"], row["way"]), []).append(row)

    def means(density: float, way: str) -> List[str]:
        return [
            mean_interval([row[score] for row in found[density, way]]).text(3)
            for score in pruning.SCORES
        ]

    rows = [["1", "dense", *means(1.0, "dense")]]
    for density in (0.2, 0.05):
        rows.append([f"{density:g}", "pruned", *means(density, "pruned")])
        rows.append(["", "random connections", *means(density, "random connections")])
        differences = [
            spread.mean_difference(
                [row[score] for row in found[density, "pruned"]],
                [row[score] for row in found[density, "random connections"]],
            ).text(3)
            for score in pruning.SCORES
        ]
        rows.append(["", "pruned less random", *differences])
    return table(["density", "", "intent F1", "entity F1"], rows, left=2)


def _curves(density: float) -> List[Curve]:
    folder = RESULTS / "convergence"
    paths = sorted(folder.glob(f"density{density}-seed*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _epochs_to(density: float, measure: str) -> List[float]:
    return [float(spread.epochs_to(curve[measure])) for curve in _curves(density)]
