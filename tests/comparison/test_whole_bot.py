"""A comparison of a bot with our classifier and our policy, tested with stories."""

from __future__ import annotations

import json

import pytest
from data_factory import STORIES, write_bot

from rasa_randconn import cli
from rasa_randconn.inspection import randomly_connected, read_components

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    bot = write_bot(
        tmp_path_factory.mktemp("bot"),
        diet_options={"epochs": 40, "learning_rate": 0.03},
        ted_options={"epochs": 20, "learning_rate": 0.03},
        stories=STORIES,
    )
    arguments = ["compare", "--config", str(bot / "config.yml"), "--seeds", "7"]
    arguments += ["--domain", str(bot / "domain.yml")]
    for part in ("train", "test"):
        arguments += [f"--{part}-nlu", str(bot / "data" / "nlu.yml")]
        arguments += [f"--{part}-stories", str(bot / "data" / "stories.yml")]
    assert cli.main([*arguments, "--out", str(bot / "out")]) == 0
    return bot / "out"


@pytest.fixture
def run(out):
    (result,) = json.loads((out / "results.json").read_text())
    return result


def test_scores_are_those_of_the_reports_of_rasa(run, out):
    def report(name):
        return json.loads((out / "evaluation" / "config-seed7" / name).read_text())

    for score, name in (
        ("intent_f1", "intent_report.json"),
        ("entity_f1", "RandConnDIETClassifier_report.json"),
        ("action_f1", "story_report.json"),
    ):
        assert run[score] == report(name)["weighted avg"]["f1-score"] > 0.0, name
    accuracy = report("story_report.json")["conversation_accuracy"]["accuracy"]
    assert run["conversation_accuracy"] == accuracy


def test_weights_are_those_in_the_model(run, out):
    components = read_components(out / "models" / "config-seed7.tar.gz")
    connections = {c.name: randomly_connected(c.layers).connections for c in components}
    assert set(run["components"]) == {"RandConnDIETClassifier", "RandConnTEDPolicy"}
    for name, component in run["components"].items():
        assert component["connections"] == connections[name]
        assert component["trainable_weights"] > component["connections"]
        assert component["model_bytes"] > 4 * component["trainable_weights"]


def test_the_policy_is_timed_on_the_stories(run):
    for component in run["components"].values():
        latency = component["latency_ms"]
        assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
        assert component["train_seconds"] > component["first_step_seconds"] > 0
        curve = component["learning_curve"]
        assert len(curve["t_loss"]) == len(component["epoch_seconds"])
        assert curve["t_loss"][-1] < curve["t_loss"][0]
        assert curve["seconds"][-1] < component["train_seconds"]
        assert component["load_seconds"] > 0
