"""Results of other settings are never taken for finished ones."""

from __future__ import annotations

import pytest

from benchmarks.kept_results import KeptResults, checksum
from rasa_randconn.comparison.errors import ComparisonError

SETTINGS = {"epochs": 20, "densities": [1.0, 0.2]}


def test_what_is_there_is_not_made_again(tmp_path):
    made = []
    for _ in range(2):
        kept = KeptResults(tmp_path / "out", SETTINGS)
        assert kept.get("seed1", lambda: made.append(1) or [0.5]) == [0.5]
    assert made == [1]


@pytest.mark.parametrize("settings", [{**SETTINGS, "epochs": 40}, {"epochs": 20}])
def test_other_settings_are_refused(tmp_path, settings):
    KeptResults(tmp_path, SETTINGS)
    with pytest.raises(ComparisonError, match=r"another (epochs|densities)"):
        KeptResults(tmp_path, settings)


def test_results_of_unknown_settings_are_refused(tmp_path):
    (tmp_path / "seed1.json").write_text("[]")
    with pytest.raises(ComparisonError, match=r"no settings\.json"):
        KeptResults(tmp_path, SETTINGS)


def test_what_fails_is_not_kept(tmp_path):
    kept = KeptResults(tmp_path, SETTINGS)
    with pytest.raises(ZeroDivisionError):
        kept.get("seed1", lambda: 1 / 0)
    assert kept.get("seed1", lambda: 1) == 1


def test_a_file_is_known_again_by_its_content(tmp_path):
    files = [tmp_path / name for name in "abc"]
    for file, content in zip(files, ("same", "same", "other")):
        file.write_text(content)
    same, again, other = (checksum(str(file)) for file in files)
    assert same == again != other
