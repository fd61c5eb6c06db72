from __future__ import annotations

import math

import pandas as pd
import pytest
from pretended import pretended_run

from rasa_randconn.sweep import table
from rasa_randconn.sweep.cells import Cell, grid


def test_the_interval_is_that_of_students_t():
    # t(0.975, 2 degrees of freedom) = 4.302653; the standard error is 0.1 / sqrt(3)
    low, high = table.interval([0.7, 0.8, 0.9])

    assert low == pytest.approx(0.8 - 4.302653 * 0.1 / math.sqrt(3), abs=1e-6)
    assert high == pytest.approx(0.8 + 4.302653 * 0.1 / math.sqrt(3), abs=1e-6)


def test_seeds_that_agree_give_an_interval_of_one_point():
    assert table.interval([0.5, 0.5, 0.5]) == (0.5, 0.5)


def test_two_seeds_give_no_interval():
    assert table.interval([0.5, 0.6]) is None


@pytest.fixture
def frame():
    cells = grid([0.5, 1.0], [4, 8], ["grouped"], [1, 2, 3])
    runs = [pretended_run(cell, 0.5 + cell.seed / 10) for cell in reversed(cells)]
    return table.tabulate(runs)


def test_the_table_has_a_row_for_every_cell_in_order(frame):
    assert len(frame) == 12
    assert frame["size"].tolist() == [4] * 3 + [8] * 3 + [4] * 3 + [8] * 3
    first = frame.iloc[0]
    assert (first["density"], first["seed"], first["intent_f1"]) == (0.5, 1, 0.6)
    assert first["connections"] == first["pipeline_connections"] == 8
    assert first["DIETClassifier_latency_p99_ms"] == 0.9
    assert first["training_peak_rss_bytes"] == 10**9
    assert first["rasa_version"] == "3.6.21"


def test_what_was_not_measured_has_no_column(frame):
    assert "action_f1" not in frame
    assert "policies_connections" not in frame


def test_scores_of_policies_go_with_the_weights_of_policies():
    run = pretended_run(Cell(0.5, 4, "grouped", 1), action_f1=0.9)
    policy = {**run["components"]["RandConnDIETClassifier"]}
    policy.update(position="policies.0", family="TEDPolicy", connections=77)
    run["components"]["RandConnTEDPolicy"] = policy

    summary = table.summarize(table.tabulate([run]))

    assert dict(zip(summary["score"], summary["connections"])) == {
        "intent_f1": 8,
        "action_f1": 77,
    }


def test_a_component_that_had_nothing_to_train_on_takes_no_score_away():
    run = pretended_run(Cell(0.5, 4, "grouped", 1))
    idle = {"family": "ResponseSelector", "position": "pipeline.3"}
    run["components"]["RandConnResponseSelector"] = {
        **idle,
        "connections": None,
        "trainable_weights": None,
    }

    summary = table.summarize(table.tabulate([run]))

    assert summary["score"].tolist() == ["intent_f1"]
    assert summary["connections"].tolist() == [8]


def test_the_summary_averages_over_seeds(frame):
    summary = table.summarize(frame)

    assert len(summary) == 4
    assert summary["mean"].tolist() == pytest.approx([0.7] * 4)
    assert summary["seeds"].tolist() == [3] * 4
    assert (summary["low"] < 0.7).all() and (summary["high"] > 0.7).all()


def test_the_files_hold_the_table(frame, tmp_path):
    table.write(frame, table.summarize(frame), tmp_path)

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "results.parquet"), frame)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "results.csv"), frame)
    assert {path.name for path in tmp_path.iterdir()} == {
        "results.csv",
        "results.parquet",
        "summary.csv",
    }
