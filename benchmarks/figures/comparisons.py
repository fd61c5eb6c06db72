"""Stock and ours on a data set, from the results of `rasa-randconn compare`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Dict, List, Mapping, Optional, Sequence

from benchmarks.figures.pages import ROOT
from benchmarks.figures.texts import amount
from rasa_randconn.comparison.changes import Quantity, change, typical
from rasa_randconn.comparison.results import Metric, Run, by_family, name_of, read

RESULTS = ROOT / "benchmarks" / "results"

ROLES = {
    "stock": "stock",
    "ours": "ours",
    "unstructured": "unstructured-0.2",
    "dense": "stock-1.0",
    "classic": "classic",
}
"""The end of a configuration's name, by the part that it plays."""

STOCK, OURS = "stock", "ours"

_TIME, _SIZE = Quantity.TIME, Quantity.SIZE
_COUNT, _SCORE = Quantity.COUNT, Quantity.SCORE

OF_COMPONENTS = {
    "training": Metric(
        "training, inside the components", "s", ("train_seconds",), quantity=_TIME
    ),
    "first-step": Metric("first step", "s", ("first_step_seconds",), quantity=_TIME),
    "loading": Metric("loading", "s", ("load_seconds",), quantity=_TIME),
    "latency": Metric(
        "the component's answer, median", "ms", ("latency_ms", "p50"), quantity=_TIME
    ),
    "p99": Metric(
        "the component's answer, p99", "ms", ("latency_ms", "p99"), quantity=_TIME
    ),
    "connections": Metric("connections", "", ("connections",), quantity=_COUNT),
    "weights": Metric("weights", "", ("trainable_weights",), quantity=_COUNT),
    "files": Metric("files in the model", "MB", ("model_bytes",), quantity=_SIZE),
}
"""What a neural component has, by the name of the figure; of several, the sum."""

OF_MODELS = {
    "intent-f1": Metric("intent F1", "", ("intent_f1",), quantity=_SCORE),
    "entity-f1": Metric("entity F1", "", ("entity_f1",), quantity=_SCORE),
    "response-f1": Metric("response F1", "", ("response_f1",), quantity=_SCORE),
    "action-f1": Metric("action F1", "", ("action_f1",), quantity=_SCORE),
    "process": Metric(
        "`rasa train`, the whole process",
        "s",
        ("train_process_seconds",),
        quantity=_TIME,
    ),
    "loading-all": Metric(
        "loading the whole model", "s", ("load_seconds",), quantity=_TIME
    ),
    "message": Metric(
        "a message through the pipeline, median",
        "ms",
        ("message_latency_ms", "p50"),
        quantity=_TIME,
    ),
    "archive": Metric(
        "the model archive", "MB", ("model_archive_bytes",), quantity=_SIZE
    ),
    "memory-training": Metric(
        "peak memory, training", "MB", ("peak_rss_bytes", "training"), quantity=_SIZE
    ),
    "memory-serving": Metric(
        "peak memory, serving", "MB", ("peak_rss_bytes", "serving"), quantity=_SIZE
    ),
}
"""What a model has as a whole, by the name of the figure."""

METRICS = {**OF_COMPONENTS, **OF_MODELS}

SCORES = [
    name for name, metric in OF_MODELS.items() if metric.quantity is Quantity.SCORE
]


@dataclass(frozen=True)
class Comparison:
    """A data set with the results of all configurations that were trained on it."""

    title: str
    """Component, data set and epochs, for a reader."""

    timed: Sequence[str]
    """Result files of a quiet machine: all of their figures count."""

    scored: Sequence[str] = ()
    """Files with more seeds, from a busy machine: only F1 counts."""

    configurations: Mapping[str, str] = field(default_factory=dict)
    """Names of configurations by role, where they do not end as `ROLES` says."""

    def by_seed(self, figure: str, role: str) -> Dict[int, float]:
        """Looks a figure up.

        Args:
            figure: A key of `METRICS`.
            role: A key of `ROLES`.

        Returns:
            The values of all seeds in the metric's unit. Of runs with the same seed,
            the last one counts.
        """
        metric = METRICS[figure]
        files = list(self.timed)
        if metric.quantity is Quantity.SCORE:
            files += self.scored
        values: Dict[int, float] = {}
        for run in self._runs(files, role):
            is_of_model = figure in OF_MODELS
            value = metric.of(run) if is_of_model else _of_components(metric, run)
            if value is not None:
                values[run["seed"]] = value
        return dict(sorted(values.items()))

    def text(self, figure: str, role: str) -> str:
        """Writes the mean of scores or the median of anything else; empty if none."""
        metric = METRICS[figure]
        values = list(self.by_seed(figure, role).values())
        return amount(typical(metric.quantity, values), metric)

    def change(self, figure: str, role: str = OURS) -> Optional[str]:
        """Says how a figure differs from stock's, in words; `None` if it cannot."""
        return change(
            METRICS[figure].quantity,
            self.by_seed(figure, role),
            self.by_seed(figure, STOCK),
        )

    def seeds(self, figure: str, role: str) -> str:
        """Names the seeds of a figure, such as `1 2 3` or `1 to 10`."""
        return seeds_text(list(self.by_seed(figure, role)))

    def _runs(self, files: Sequence[str], role: str) -> List[Run]:
        return [
            run
            for file in files
            for run in runs_in(file)
            if self._plays(role, name_of(run))
        ]

    def _plays(self, role: str, name: str) -> bool:
        if self.configurations:
            return self.configurations.get(role) == name
        return name.partition(".")[2] == ROLES[role]


@lru_cache(maxsize=None)
def runs_in(file: str) -> List[Run]:
    """Reads a result file once, however many figures come from it.

    Args:
        file: Its name in `benchmarks/results`, without the ending.

    Returns:
        Its runs, which are not to be changed.
    """
    return read(RESULTS / f"{file}.json")


def seeds_text(seeds: Sequence[int]) -> str:
    """Names seeds: a range from four of them on."""
    is_range = list(seeds) == list(range(seeds[0], seeds[-1] + 1)) if seeds else False
    if is_range and len(seeds) > 3:
        return f"{seeds[0]} to {seeds[-1]}"
    return " ".join(map(str, seeds))


def _of_components(metric: Metric, run: Run) -> Optional[float]:
    values = [metric.of(component) for component in by_family(run).values()]
    measured = [value for value in values if value is not None]
    if metric.unit == "ms" and len(measured) > 1:
        return None
    return sum(measured) if measured else None


COMPARISONS: Mapping[str, Comparison] = {
    "sara": Comparison(
        "DIET, Sara, 40 epochs", ["sara-headline"], ["sara-headline-more-seeds"]
    ),
    "hwu64": Comparison(
        "DIET, hwu64, 10 epochs", ["hwu64-headline"], ["hwu64-more-seeds"]
    ),
    "workshop": Comparison(
        "TED, workshop, 100 epochs",
        ["workshop-headline"],
        ["workshop-headline-more-seeds"],
    ),
    "sara-bot": Comparison("Sara's whole bot, sparse selectors", ["sara-bot"]),
    "example-bot": Comparison(
        "the example bot, DIET and TED, 40 epochs",
        ["example-bot"],
        configurations={STOCK: "config.stock", OURS: "config"},
    ),
}
"""The comparisons that README and docs show, by name."""

SHOWN = ("sara", "hwu64", "workshop", "sara-bot")
"""Those that tables and pictures of several of them hold: the public data sets."""
