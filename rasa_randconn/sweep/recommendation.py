"""Says in words which small setting is about as good as the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

import pandas as pd

from rasa_randconn.comparison.intervals import FEWEST_SEEDS
from rasa_randconn.comparison.results import F1_SCORES
from rasa_randconn.sweep.cells import setting_title
from rasa_randconn.sweep.table import SETTING


@dataclass(frozen=True)
class Choice:
    """The best setting of a score, and the small ones within its interval."""

    score: str
    best: Any
    """The row of the best mean in the summary."""

    within: pd.DataFrame
    """The rows within the interval of the best, those with the fewest weights first."""


def choose(summary: pd.DataFrame) -> List[Choice]:
    """Finds, for every score, the settings whose mean is within the best's interval.

    Args:
        summary: The means over seeds.

    Returns:
        A choice for every score of which some setting has an interval.
    """
    choices = []
    for score, rows in summary.groupby("score", sort=False):
        judged = rows[rows["seeds"] >= FEWEST_SEEDS]
        if judged.empty:
            continue
        best = judged.loc[judged["mean"].idxmax()]
        # rounding may put the best itself just outside, where all seeds agree
        within = judged[judged["mean"] >= best["low"] - 1e-12]
        smallest_first = within.sort_values(["connections", "density", "size"])
        choices.append(Choice(str(score), best, smallest_first))
    return choices


def write_text(frame: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Writes the recommendation.

    Args:
        frame: The table of cells.
        summary: The means over seeds.

    Returns:
        Paragraphs of Markdown.
    """
    choices = choose(summary)
    paragraphs = [_for_score(choice, frame) for choice in choices]
    judged = [choice.score for choice in choices]
    for score, rows in summary.groupby("score", sort=False):
        if score not in judged:
            paragraphs.append(_without_interval(str(score), rows))
    together = _for_all(choices, frame)
    if together is not None:
        paragraphs.append(together)
    left_out = summary[summary["seeds"] < FEWEST_SEEDS][SETTING].drop_duplicates()
    if choices and len(left_out):
        named = "; ".join(_setting(row) for _, row in left_out.iterrows())
        paragraphs.append(
            f"Left out, for fewer than {FEWEST_SEEDS} seeds, are: {named}."
        )
    return "\n\n".join(paragraphs) + "\n"


def _for_score(choice: Choice, frame: pd.DataFrame) -> str:
    best, chosen = choice.best, choice.within.iloc[0]
    text = (
        f"**{_title(choice.score)}:** The best mean is {_mean(best)}, with "
        f"{_setting(best)}. "
    )
    if (best[SETTING] == chosen[SETTING]).all():
        return text + (
            "No setting with fewer weights has a mean within this interval. "
            + _costs(chosen, frame)
        )
    return text + (
        f"Of the settings whose mean is within this interval, the one with the fewest "
        f"weights is **{_setting(chosen)}**: {_mean(chosen)}. " + _costs(chosen, frame)
    )


def _without_interval(score: str, rows: pd.DataFrame) -> str:
    best = rows.loc[rows["mean"].idxmax()]
    return (
        f"**{_title(score)}:** The highest mean is {best['mean']:.3f}, with "
        f"{_setting(best)}, {_seeds(best)}. That is too few seeds for an interval, so "
        f"nothing can be said about smaller settings; give at least {FEWEST_SEEDS} "
        f"with --seeds."
    )


def _for_all(choices: List[Choice], frame: pd.DataFrame) -> Optional[str]:
    if len(choices) < 2:
        return None
    names = " and ".join(F1_SCORES[choice.score] for choice in choices)
    shared = choices[0].within[SETTING]
    for choice in choices[1:]:
        shared = shared.merge(choice.within[SETTING], on=SETTING)
    if shared.empty:
        return f"**Together:** No setting is within the best's interval in {names}."
    weights = frame.groupby(SETTING)["connections"].mean().reset_index()
    chosen = shared.merge(weights, on=SETTING).sort_values("connections").iloc[0]
    return (
        f"**Together:** Of the settings within the best's interval in {names}, the one "
        f"with the fewest weights is **{_setting(chosen)}**. " + _costs(chosen, frame)
    )


def _costs(setting: Any, frame: pd.DataFrame) -> str:
    """Says what a setting costs: medians over its seeds."""
    same = (frame[SETTING] == setting[SETTING]).all(axis="columns")
    medians = frame[same].median(numeric_only=True)
    parts = [
        f"{medians['connections']:,.0f} weights in randomly connected layers",
        f"training {medians['train_seconds']:.1f} s",
        f"files of the components {medians['model_bytes'] / 1e6:.2f} MB",
    ]
    for column in medians.index:
        if column.endswith("_latency_p50_ms") and medians[column] == medians[column]:
            name = column[: -len("_latency_p50_ms")].replace("_", " ")
            subject = "a message" if name == "message" else f"one call of {name}"
            tail = medians[f"{name.replace(' ', '_')}_latency_p99_ms"]
            parts.append(f"{subject} {medians[column]:.2f} ms (p99 {tail:.2f} ms)")
    return "It costs, in the median: " + ", ".join(parts) + "."


def _title(score: str) -> str:
    return F1_SCORES[score][0].upper() + F1_SCORES[score][1:]


def _setting(row: Any) -> str:
    return setting_title(*row[SETTING])


def _mean(row: Any) -> str:
    return (
        f"{row['mean']:.3f} (95% interval {row['low']:.3f} to {row['high']:.3f}, "
        f"{_seeds(row)})"
    )


def _seeds(row: Any) -> str:
    return f"{row['seeds']} seed{'' if row['seeds'] == 1 else 's'}"
