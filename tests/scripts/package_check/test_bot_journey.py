"""The journey trains for few epochs, and does not take any score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scripts.package_check.bot_journey import BotJourney, with_epochs
from scripts.package_check.environment import JourneyError

BOT = Path(__file__).parents[3] / "example_bot"


class FakeEnvironment:
    """Commands that leave what Rasa's leave, with a given F1."""

    def __init__(self, score, layers):
        self._score, self._layers = score, layers
        self.commands = []

    def run(self, command, *arguments, folder):
        self.commands.append(f"{command} {arguments[0]}")
        if arguments[0] == "train":
            (folder / "models").mkdir()
            (folder / "models" / "bot.tar.gz").touch()
        if arguments[0] == "test":
            (folder / "results").mkdir()
            for name in ("intent_report.json", "story_report.json"):
                report = {"weighted avg": {"f1-score": self._score}}
                (folder / "results" / name).write_text(json.dumps(report))
        return self._layers


def test_every_component_gets_the_epochs():
    config = (BOT / "config.yml").read_text("utf-8")
    values = YAML(typ="safe").load(with_epochs(config, 3))
    parts = values["pipeline"] + values["policies"]
    epochs = [part["epochs"] for part in parts if "epochs" in part]
    assert epochs == [3, 3]


def test_a_configuration_without_epochs_is_refused():
    with pytest.raises(JourneyError, match="epochs"):
        with_epochs("pipeline: []", 3)


def test_the_bot_is_trained_tested_and_inspected(tmp_path):
    environment = FakeEnvironment(0.9, "RandConnDIETClassifier RandConnTEDPolicy")
    BotJourney(environment, tmp_path / "bot").run(BOT)
    assert environment.commands == ["rasa train", "rasa test", "rasa-randconn inspect"]


def test_a_model_that_answers_by_chance_fails(tmp_path):
    environment = FakeEnvironment(0.07, "RandConnDIETClassifier RandConnTEDPolicy")
    with pytest.raises(JourneyError, match=r"F1 of 0\.070"):
        BotJourney(environment, tmp_path / "bot").run(BOT)


def test_inspect_must_show_both_components(tmp_path):
    environment = FakeEnvironment(0.9, "RandConnDIETClassifier")
    with pytest.raises(JourneyError, match="RandConnTEDPolicy"):
        BotJourney(environment, tmp_path / "bot").run(BOT)
