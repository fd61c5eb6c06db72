from __future__ import annotations

import pytest
from pretended_runs import make_run

from rasa_randconn.comparison import plots, report, results
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.report_content import collect


@pytest.fixture
def runs():
    return [
        make_run("stock", 1, 0.8, 100.0),
        make_run("ours", 1, 0.9, 40.0, cls="RandConnDIETClassifier"),
        make_run("stock", 2, 0.7, 300.0),
        make_run("ours", 2, 0.6, 50.0, cls="RandConnDIETClassifier"),
        make_run("stock", 3, 0.75, 200.0),
        make_run("ours", 3, 0.85, 60.0, cls="RandConnDIETClassifier"),
    ]


def row(runs, section, label):
    rows = {
        (section.title, row.metric.label): row
        for section in results.tabulate(runs)
        for row in section.rows
    }
    return rows[section, label]


def test_table_has_medians_and_mean_scores_compared_with_the_first_configuration(runs):
    times = row(runs, "DIETClassifier", "training")
    assert [cell.value for cell in times.cells] == [200.0, 50.0]
    assert [cell.change for cell in times.cells] == [None, "4.0x faster"]

    scores = row(runs, "Model", "intent F1")
    assert [cell.value for cell in scores.cells] == pytest.approx([0.75, 0.78333333])
    assert scores.cells[0].change is None
    assert scores.cells[1].change.startswith("+3.3 points [")


def test_a_comparison_is_over_the_seeds_that_both_have(runs):
    first, second = row(runs[:3], "DIETClassifier", "training").cells
    assert (first.value, second.value) == (200.0, 40.0)
    assert second.change == "2.5x faster"
    assert row([runs[0], runs[3]], "DIETClassifier", "training").cells[1].change is None


@pytest.mark.parametrize(
    "count, caption",
    [
        (2, "Seed 1; in brackets compared with stock"),
        (3, "Medians (of scores: means) over seeds 1, 2 of stock; 1 of ours; in"),
        (4, "Medians (of scores: means) over seeds 1, 2; in brackets compared"),
    ],
)
def test_the_caption_names_the_seeds_of_every_configuration(runs, count, caption):
    assert report.terminal_table(runs[:count]).title.startswith(caption)


def test_table_pairs_components_of_one_family(runs):
    assert [section.title for section in results.tabulate(runs)] == [
        "Model",
        "DIETClassifier",
    ]


def test_table_leaves_out_what_was_not_measured(runs):
    labels = [row.metric.label for row in results.tabulate(runs)[0].rows]
    assert "entity F1" not in labels


def test_table_of_different_components_compares_nothing(runs):
    runs = [runs[0], make_run("policies", 1, None, 5.0, family="TEDPolicy")]

    cells = row(runs, "TEDPolicy", "training").cells
    assert [(cell.value, cell.change) for cell in cells] == [(None, None), (5.0, None)]


def test_second_component_of_a_family_is_told_apart(runs):
    components = runs[0]["components"]
    components["DIETClassifier@pipeline.7"] = dict(components["DIETClassifier"])

    assert list(results.by_family(runs[0])) == ["DIETClassifier", "DIETClassifier 2"]


def test_report_names_what_is_missing_and_how_it_was_made(runs, tmp_path):
    pictures = plots.draw(runs, tmp_path)
    content = collect(runs, "rasa-randconn compare --x", ["ours with seed 4"])
    path = report.write_report(content, tmp_path, pictures)

    text = path.read_text(encoding="utf-8")
    assert "rasa-randconn compare --x" in text
    assert "**Not finished:** ours with seed 4." in text
    assert "rasa 3.6.21" in text
    assert "16 GiB memory" in text
    assert "(4.0x faster)" in text
    assert "](plots/training_time.png)" in text
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert [picture.stem for picture in pictures] == [
        "training_time",
        "f1",
        "latency",
        "f1_by_connections",
    ]


def test_report_of_nothing_is_still_written(tmp_path):
    content = collect([], "command", ["a with seed 1"])
    path = report.write_report(content, tmp_path)

    assert "a with seed 1" in path.read_text()


@pytest.mark.parametrize("content", [None, "", "{}", '[{"a": 1}]'])
def test_read_refuses_other_files(tmp_path, content):
    path = tmp_path / "results.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ComparisonError):
        results.read(path)


@pytest.mark.parametrize(
    "names", [["classic"], ["classic", "ours"], ["ours", "classic"]]
)
def test_a_configuration_without_neural_components_has_scores_and_times(
    names, tmp_path, monkeypatch
):
    of_name = {
        "classic": {**make_run("classic", 1, 0.7, 20.0), "components": {}},
        "ours": make_run("ours", 1, 0.8, 40.0, cls="RandConnDIETClassifier"),
    }
    runs = [of_name[name] for name in names]
    place = names.index("classic")

    assert row(runs, "Model", "intent F1").cells[place].value == 0.7
    assert row(runs, "Model", "training, all of Rasa").cells[place].value == 21.0
    if "ours" in names:
        cells = row(runs, "DIETClassifier", "training").cells
        assert (cells[place].value, cells[1 - place].value) == (None, 40.0)
    drawn = []
    add_legend = plots.add_legend

    def look_and_add(figure, axes):
        drawn.append(set(axes.get_legend_handles_labels()[1]))
        add_legend(figure, axes)

    monkeypatch.setattr(plots, "add_legend", look_and_add)
    report.write_report(collect(runs, ""), tmp_path, plots.draw(runs, tmp_path))
    if "ours" in names:
        assert {f"DIETClassifier p{n}" for n in (50, 95, 99)} in drawn
    assert "| classic | `configs/classic.yml` |" in (tmp_path / "report.md").read_text()
