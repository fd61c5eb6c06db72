"""The headline table says what the results of a comparison hold."""

from __future__ import annotations

import json

from benchmarks.article import headline


def _run(name, seed, intent_f1, train_seconds, component=True):
    diet = {"class": "a.DIET", "family": "DIET", "train_seconds": train_seconds}
    return {
        "config": f"{name}.yml",
        "name": name,
        "seed": seed,
        "components": {"DIET": diet} if component else {},
        "intent_f1": intent_f1,
        "entity_f1": None,
        "train_seconds": 2 * train_seconds,
    }


RUNS = [
    _run("stock", 1, 0.80, 100.0),
    _run("ours", 1, 0.82, 10.0),
    _run("classic", 1, 0.70, 20.0, component=False),
    _run("stock", 2, 0.90, 300.0),
    _run("ours", 2, 0.92, 30.0),
    _run("stock", 3, 0.10, 900.0),
]


def _rows(lines):
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {label: values for label, *values in cells}


def test_means_are_over_all_seeds_of_a_configuration():
    rows = _rows(headline.table(RUNS))
    assert rows["seeds"] == ["1 2 3", "1 2", "1"]
    stock, ours, classic = rows["intent F1"]
    assert stock.startswith("0.6000 [0.1")
    assert ours.startswith("0.8700 [0.8")
    assert classic == "0.7000"
    assert rows["DIET, training, s"][:2] == ["300.0", "20.0"]


def test_differences_are_paired_over_the_seeds_that_both_have():
    assert _rows(headline.table(RUNS))["intent F1, less the first"] == [
        "",
        "0.0200 [0.0200, 0.0200]",
        "-0.1000",
    ]


def test_without_a_common_seed_there_is_no_difference():
    rows = _rows(headline.table([RUNS[0], RUNS[4]]))
    assert rows["intent F1, less the first"] == ["", "–"]  # noqa: RUF001


def test_of_runs_with_the_same_seed_the_last_one_counts():
    rows = _rows(headline.table([*RUNS, _run("ours", 2, 0.84, 50.0)]))
    assert rows["intent F1"][1].startswith("0.8300 [")
    assert rows["DIET, training, s"][1] == "30.0"


def test_what_was_not_measured_is_left_open():
    rows = _rows(headline.table(RUNS))
    assert "entity F1" not in rows
    assert rows["DIET, training, s"][2] == "–"  # noqa: RUF001
    assert rows["training, all of Rasa, s"] == ["600.0", "40.0", "40.0"]


def test_files_with_other_seeds_make_one_table(tmp_path, capsys):
    paths = [tmp_path / "first.json", tmp_path / "more.json"]
    for path, runs in zip(paths, (RUNS[:3], RUNS[3:])):
        path.write_text(json.dumps(runs))
    assert headline.main([str(path) for path in paths]) == 0
    assert capsys.readouterr().out.splitlines() == headline.table(RUNS)
