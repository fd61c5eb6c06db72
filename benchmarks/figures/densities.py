"""Densities and patterns on Sara and the workshop data, seed 1."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from benchmarks.figures.runs import runs_of
from benchmarks.figures.texts import table
from rasa_randconn.comparison.results import Run, by_family

_FILES = {
    "stock-1.0": {"sara": "sara-headline", "workshop": "workshop-headline"},
    "grouped-1.0": {"sara": "densities-now", "workshop": "densities-now"},
    "stock": {"sara": "sara-headline", "workshop": "workshop-headline"},
    "ours": {"sara": "sara-headline", "workshop": "workshop-headline"},
    "unstructured-0.2": {"sara": "sara-headline", "workshop": "workshop-headline"},
    "stock-0.05": {"sara": "densities", "workshop": "densities"},
    "grouped-0.05": {"sara": "densities-now", "workshop": "densities-now"},
    "unstructured-0.05": {"sara": "densities-now", "workshop": "densities-now"},
}
"""The newest results of every configuration: the file of each data set."""

_TITLES = {
    "stock-1.0": ("1.0", "stock"),
    "grouped-1.0": ("1.0", "ours"),
    "stock": ("0.2", "stock"),
    "ours": ("0.2", "`grouped`"),
    "unstructured-0.2": ("0.2", "`unstructured`"),
    "stock-0.05": ("0.05", "stock"),
    "grouped-0.05": ("0.05", "`grouped`"),
    "unstructured-0.05": ("0.05", "`unstructured`"),
}


def densities_table() -> List[str]:
    """Makes the table of F1: intents and entities of Sara, actions of the workshop."""
    rows = []
    for name, title in _TITLES.items():
        sara, workshop = _run("sara", name), _run("workshop", name)
        rows.append(
            [
                *title,
                _score(sara, "intent_f1"),
                _score(sara, "entity_f1"),
                _score(workshop, "action_f1"),
            ]
        )
    header = ["density", "pattern", "intents, Sara", "entities, Sara"]
    return table([*header, "actions, workshop"], rows, left=2)


def connections_table() -> List[str]:
    """Makes the table of connections by density and pattern."""
    rows = [
        [
            density,
            "dense" if density == "1.0" else pattern,
            *(_connections(_run(data, name)) for data in ("sara", "workshop")),
        ]
        for name, (density, pattern) in _TITLES.items()
        if not name.startswith("stock")
    ]
    return table(["density", "pattern", "DIET, Sara", "TED, workshop"], rows, left=2)


def _run(data: str, name: str) -> Optional[Run]:
    found = runs_of([_FILES[name][data]], f"{data}.{name}", seeds=[1])
    return found[0] if found else None


def _score(run: Optional[Run], score: str) -> str:
    return f"{run[score]:.3f}" if run else ""


def _connections(run: Optional[Run]) -> str:
    if run is None:
        return ""
    components: Dict[str, Dict[str, Any]] = by_family(run)
    return f"{sum(component['connections'] for component in components.values()):,}"
