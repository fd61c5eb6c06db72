"""The tables of a sweep, and two of its settings beside each other."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.article import claims, sweep_tables
from rasa_randconn.sweep.table import summarize

DENSE, SPARSE = "1.0:128:grouped", "0.01:128:grouped"


def _cell(density, size, seed, intent_f1, connections):
    return {
        "density": density,
        "size": size,
        "pattern": "grouped",
        "seed": seed,
        "intent_f1": intent_f1,
        "pipeline_connections": connections,
    }


CELLS = pd.DataFrame(
    [
        _cell(1.0, 128, 1, 0.80, 400_000),
        _cell(1.0, 128, 2, 0.90, 400_000),
        _cell(1.0, 128, 3, 0.85, 400_000),
        _cell(0.01, 128, 1, 0.79, 5_000),
        _cell(0.01, 128, 2, 0.89, 5_000),
        _cell(1.0, 16, 1, 0.70, 6_000),
    ]
)


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "results.csv"
    CELLS.to_csv(path, index=False)
    return str(path)


def test_settings_are_paired_over_the_seeds_that_both_have(results, capsys):
    assert claims.main([results, DENSE, SPARSE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| intent F1, seeds 1 2 | weights | mean |"
    assert lines[2].startswith(
        "| density 1, size 128, grouped | 400,000 | 0.8500 [0.2147, 1.4853]"
    )
    assert lines[3].startswith("| density 0.01, size 128, grouped | 5,000 | 0.8400 [")
    assert lines[4] == "| the second less the first | | -0.0100 [-0.0100, -0.0100] |"


def test_settings_without_a_common_seed_are_refused(results):
    with pytest.raises(ValueError, match="No seed has both"):
        claims.main([results, DENSE, "0.5:128:grouped"])


def test_a_setting_that_cannot_be_read_is_refused(results):
    with pytest.raises(SystemExit):
        claims.main([results, DENSE, "128"])


def test_a_sweep_is_a_table_of_sizes_by_densities(tmp_path, capsys):
    path = tmp_path / "summary.csv"
    summarize(CELLS).to_csv(path, index=False)
    assert sweep_tables.main([str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "intent F1, 1 or 2 or 3 seeds:"
    assert lines[2] == "| size | grouped 1 | grouped 0.01 |"
    assert lines[4] == "| 16 | 0.700 |  |"
    assert lines[5] == "| 128 | 0.850 ± 0.124 | 0.840 |"
    assert lines[11] == "| 16 | 6,000 |  |"
    assert lines[12] == "| 128 | 400,000 | 5,000 |"
