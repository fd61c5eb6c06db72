from __future__ import annotations

import pytest
from pretended_runs import make_run

from rasa_randconn.comparison import learning_curves


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws, and returns what is in every panel by its label."""

    def draw(runs):
        panels = {}
        write = learning_curves.write

        def look_and_write(figure, path):
            for axes in figure.axes:
                panels[path.stem, axes.get_ylabel()] = axes
            return write(figure, path)

        monkeypatch.setattr(learning_curves, "write", look_and_write)
        return learning_curves.draw(runs, tmp_path), panels

    return draw


def run_of(name, seed, seconds, **measures):
    run = make_run(name, seed, 0.8, seconds)
    times = [seconds * share for share in (0.2, 0.6, 1.0)]
    run["components"]["DIETClassifier"]["learning_curve"] = {
        "seconds": times,
        **measures,
    }
    return run


LOSS = {"t_loss": [3.0, 2.0, 1.0]}


def test_every_seed_has_a_line_and_every_configuration_a_colour(drawn):
    runs = [
        run_of(name, seed, 10.0 + seed, **LOSS, i_acc=[0.1, None, 0.9])
        for name in ("stock", "ours")
        for seed in (1, 2, 3)
    ]
    pictures, panels = drawn(runs)

    assert [path.name for path in pictures] == ["learning_curves_DIETClassifier.png"]
    assert pictures[0].with_suffix(".svg").exists()
    assert [label for _, label in panels] == ["loss", "intent accuracy"]
    loss, accuracy = panels.values()
    assert [line.get_color() for line in loss.lines] == ["C0"] * 3 + ["C1"] * 3
    assert [line.get_label() for line in loss.lines] == ["stock"] * 3 + ["ours"] * 3
    assert list(loss.lines[0].get_xdata()) == pytest.approx([2.2, 6.6, 11.0])
    assert list(accuracy.lines[0].get_ydata()) == [0.1, 0.9]
    assert loss.get_xscale() == "linear"


def test_much_shorter_trainings_stay_visible(drawn):
    _, panels = drawn([run_of("a", 1, 90.0, **LOSS), run_of("b", 1, 9.0, **LOSS)])
    (axes,) = panels.values()
    assert axes.get_xscale() == "log"


def test_nothing_is_drawn_of_results_without_curves(drawn):
    assert drawn([make_run("a", 1, 0.8, 5.0)]) == ([], {})
