"""The file of results, and the table drawn from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from rasa_randconn.comparison.changes import Quantity, change, typical
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.files import write_json

FILE_NAME = "results.json"

Run = Dict[str, Any]
"""The results of one configuration trained with one seed."""


def read(path: Path) -> List[Run]:
    """Reads a file of results.

    Args:
        path: The `results.json` of a comparison.

    Returns:
        One object a run, in the order of the runs.

    Raises:
        ComparisonError: If the file cannot be read or holds something else.
    """
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ComparisonError(f"Cannot read results from '{path}': {error}") from error
    if not isinstance(runs, list) or not all(
        isinstance(run, dict) and {"config", "seed", "components"} <= set(run)
        for run in runs
    ):
        raise ComparisonError(f"The file '{path}' does not hold results of compare.")
    return runs


def write(runs: Sequence[Run], path: Path) -> None:
    """Writes a file of results, whole or not at all.

    Args:
        runs: One object a run.
        path: The file to write or replace.
    """
    write_json(list(runs), path)


@dataclass(frozen=True)
class Metric:
    """A number that every run has, or that a component of every run has."""

    label: str
    unit: str
    path: Sequence[str]
    decimals: int = 3
    quantity: Quantity = Quantity.TIME

    @property
    def title(self) -> str:
        """The label, with the unit if there is one."""
        return f"{self.label}, {self.unit}" if self.unit else self.label

    def of(self, values: Dict[str, Any]) -> Optional[float]:
        """Looks the number up.

        Args:
            values: A run or one of its components.

        Returns:
            The number in the metric's unit, `None` if it was not measured.
        """
        found: Any = values
        for key in self.path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return None
        return float(found) / (1e6 if self.unit == "MB" else 1.0)

    def format(self, value: Optional[float]) -> str:
        """Writes a value of this metric for a reader.

        Args:
            value: The value in the metric's unit.

        Returns:
            The number without its unit, or a dash.
        """
        return "–" if value is None else f"{value:,.{self.decimals}f}"  # noqa: RUF001


MODEL = "Model"
"""Title of the section about a whole model."""

F1_SCORES = {
    "intent_f1": "intent F1",
    "entity_f1": "entity F1",
    "response_f1": "response F1",
    "action_f1": "action F1",
}
"""The weighted F1 in a run's results, and how they are called."""

_SCORE, _SIZE, _COUNT = Quantity.SCORE, Quantity.SIZE, Quantity.COUNT

RUN_METRICS = (
    *(Metric(label, "", (score,), 3, _SCORE) for score, label in F1_SCORES.items()),
    Metric("conversation accuracy", "", ("conversation_accuracy",), 3, _SCORE),
    Metric("training, all of Rasa", "s", ("train_seconds",), 1),
    Metric("training process", "s", ("train_process_seconds",), 1),
    Metric("loading, all of Rasa", "s", ("load_seconds",), 2),
    Metric("message p50, all of Rasa", "ms", ("message_latency_ms", "p50"), 2),
    Metric("message p95, all of Rasa", "ms", ("message_latency_ms", "p95"), 2),
    Metric("peak memory, training", "MB", ("peak_rss_bytes", "training"), 0, _SIZE),
    Metric("peak memory, serving", "MB", ("peak_rss_bytes", "serving"), 0, _SIZE),
    Metric("model archive", "MB", ("model_archive_bytes",), 1, _SIZE),
)

COMPONENT_METRICS = (
    Metric("training", "s", ("train_seconds",), 1),
    Metric("first step", "s", ("first_step_seconds",), 1),
    Metric("connections", "", ("connections",), 0, _COUNT),
    Metric("trainable weights", "", ("trainable_weights",), 0, _COUNT),
    Metric("files in the model", "MB", ("model_bytes",), 1, _SIZE),
    Metric("loading", "s", ("load_seconds",), 2),
    Metric("first prediction", "ms", ("first_prediction_ms",), 1),
    Metric("latency p50", "ms", ("latency_ms", "p50"), 2),
    Metric("latency p95", "ms", ("latency_ms", "p95"), 2),
    Metric("latency p99", "ms", ("latency_ms", "p99"), 2),
)


@dataclass(frozen=True)
class Cell:
    """A metric of one configuration, over its seeds."""

    by_seed: Mapping[int, float]
    """The values of the runs, in the order of the runs."""

    value: Optional[float]
    """Their median, or the mean of scores; `None` without values."""

    change: Optional[str]
    """How it differs from the first configuration, in words; `None` for the first
    itself, and without a seed that both have."""

    @property
    def values(self) -> List[float]:
        """The values without their seeds."""
        return list(self.by_seed.values())


@dataclass(frozen=True)
class Row:
    """A metric of all configurations."""

    metric: Metric
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Section:
    """The rows which belong to the whole model or to one kind of component."""

    title: str
    rows: Sequence[Row]


def names(runs: Sequence[Run]) -> List[str]:
    """Lists the configurations' short names in the order of the runs.

    Args:
        runs: The runs.

    Returns:
        Every name once.
    """
    return list(dict.fromkeys(name_of(run) for run in runs))


def name_of(run: Run) -> str:
    """Gives the short name of a run's configuration.

    Args:
        run: The run.

    Returns:
        The name.
    """
    return str(run.get("name", run["config"]))


def by_family(run: Run) -> Dict[str, Dict[str, Any]]:
    """Groups a run's components by the stock component which they stand in for.

    Args:
        run: The run.

    Returns:
        The components by family; the second of a family has " 2" after its name.
    """
    grouped: Dict[str, Dict[str, Any]] = {}
    counts: Dict[str, int] = {}
    for component in run["components"].values():
        family = component.get("family") or component["class"].rpartition(".")[2]
        counts[family] = counts.get(family, 0) + 1
        number = counts[family]
        grouped[family if number == 1 else f"{family} {number}"] = component
    return grouped


def tabulate(runs: Sequence[Run]) -> List[Section]:
    """Draws the values over seeds and how they differ from the first configuration.

    Args:
        runs: The runs.

    Returns:
        A section for the whole model and one for every family of components. Rows
        without any value are left out.
    """
    configs = names(runs)
    columns = [
        {run["seed"]: run for run in runs if name_of(run) == name} for name in configs
    ]
    sections = [Section(MODEL, _rows(RUN_METRICS, columns))]
    families = dict.fromkeys(family for run in runs for family in by_family(run))
    for family in families:
        components = [
            {
                seed: by_family(run)[family]
                for seed, run in column.items()
                if family in by_family(run)
            }
            for column in columns
        ]
        sections.append(Section(family, _rows(COMPONENT_METRICS, components)))
    return [section for section in sections if section.rows]


def _rows(
    metrics: Sequence[Metric], columns: Sequence[Mapping[int, Dict[str, Any]]]
) -> List[Row]:
    rows = []
    for metric in metrics:
        measured = [
            {
                seed: value
                for seed, value in (
                    (seed, metric.of(of)) for seed, of in column.items()
                )
                if value is not None
            }
            for column in columns
        ]
        if any(measured):
            first = measured[0]
            cells = [
                Cell(
                    values,
                    typical(metric.quantity, list(values.values())),
                    None if values is first else change(metric.quantity, values, first),
                )
                for values in measured
            ]
            rows.append(Row(metric, cells))
    return rows
