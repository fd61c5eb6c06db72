"""The checks of a served model pass on a sound one, and notice what is wrong."""

from __future__ import annotations

import asyncio
import itertools
import re
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import rasa
from data_factory import write_bot
from rasa.core.agent import Agent

from benchmarks.serving import agreement, memory, messages, our_components, soak
from rasa_randconn.comparison.configuration import read_config
from rasa_randconn.components import message_component
from rasa_randconn.nn.features import CSRMatrix
from rasa_randconn.stock import policy_hooks

STOCK_OF_SARA = "benchmarks/configs/sara.stock.yml"
CLASSIC_OF_SARA = "benchmarks/configs/sara.classic.yml"


class Bot(NamedTuple):
    model: str
    nlu: str
    stories: str
    agent: Agent


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    folder = write_bot(tmp_path_factory.mktemp("bot"))
    result = rasa.train(
        str(folder / "domain.yml"),
        str(folder / "config.yml"),
        [str(folder / "data")],
        output=str(folder / "models"),
        force_training=True,
        core_additional_arguments={"augmentation_factor": 0},
    )
    return Bot(
        result.model,
        str(folder / "data" / "nlu.yml"),
        str(folder / "data" / "stories.yml"),
        messages.load_agent(result.model),
    )


def _arguments(bot: Bot) -> Any:
    return ["--model", bot.model, "--nlu", bot.nlu, "--stories", bot.stories]


def test_serving_agrees_with_the_data_path_of_training(bot, capsys):
    assert agreement.main(_arguments(bot)) == 0
    printed = capsys.readouterr().out
    assert "RandConnDIETClassifier" in printed and "RandConnTEDPolicy" in printed
    assert "all in one call: 9 answers" in printed
    # one before each of five actions, two of them the bot's, and one after the last
    assert "Rasa's model data, 2 dialogues: 12 answers" in printed
    assert "scores within 1e-05: hold." in printed


@pytest.mark.parametrize(
    ("module", "name", "failing"),
    [
        (message_component, "batch_of_texts", "RandConnDIETClassifier"),
        (policy_hooks, "batch_of_dialogues", "RandConnTEDPolicy"),
    ],
)
def test_other_features_in_serving_are_noticed(
    module, name, failing, bot, capsys, monkeypatch
):
    make_batch = getattr(module, name)

    def with_other_features(*args: Any) -> Any:
        batch = make_batch(*args)
        for by_kind in batch.values():
            for features in by_kind.values():
                for feature in features:
                    if isinstance(feature.rows, CSRMatrix):
                        feature.rows.data[:] *= 1.5
        return batch

    monkeypatch.setattr(module, name, with_other_features)
    assert agreement.main(_arguments(bot)) == 1
    printed = capsys.readouterr().out
    of_component = printed.split(failing)[1].split("run_")[0]
    (difference,) = re.findall(
        r"Rasa's model data.*score ([0-9.e+-]+)", of_component
    ) or ["0"]
    unequal = "0 with another label" not in of_component
    assert float(difference) > agreement.LARGEST_DIFFERENCE or unequal
    assert "do not hold" in printed


@pytest.mark.parametrize(
    ("expected", "found", "difference"),
    [
        ({"name": "a", "confidence": 0.5}, {"name": "a", "confidence": 0.25}, 0.25),
        ({"name": "a", "confidence": 0.5}, {"name": "b", "confidence": 0.5}, None),
        ([{"start": 1}, {"start": 2}], [{"start": 1}], None),
        ([0.5, [1.0, 0.0]], [0.5, [0.0, 0.5]], 1.0),
        ({"a": np.ones(2)}, {"a": np.array([1.0, 3.0])}, 2.0),
        ({"a": np.ones(2)}, {"a": np.ones(3)}, None),
        ({"a": 1.0}, {"b": 1.0}, None),
        ({}, {}, 0.0),
        ({"start": 1}, {"start": 2}, None),
    ],
)
def test_numbers_may_differ_a_little_and_nothing_else(expected, found, difference):
    assert agreement.largest_difference(expected, found) == difference


def test_a_score_that_is_no_number_does_not_agree():
    compared = agreement.Agreement("way")
    compared.add("text", 0.5, float("nan"))
    assert not compared.holds


def test_nothing_compared_does_not_agree():
    assert not agreement.Agreement("way").holds


def test_threads_get_the_same_answers_and_memory_stays(bot, capsys):
    arguments = ["--model", bot.model, "--nlu", bot.nlu]
    code = soak.main(
        [*arguments, "--threads", "4", "--calls", "10", "--messages", "1010"]
    )
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "4 threads, 10 calls of process each: 0 answers differ" in printed


def test_an_answer_that_depends_on_earlier_calls_is_noticed(bot):
    (served,) = our_components.our_message_components(bot.agent)
    count = itertools.count()

    class Forgetful:
        def process(self, some: Any) -> Any:
            (message,) = served.component.process(some)
            if next(count) == 20:
                message.set("entities", [{"entity": "city", "value": "none"}])
            return [message]

    found = soak.different_answers(
        bot.agent,
        served._replace(component=Forgetful()),
        ["hello", "to rome on monday"],
        threads=3,
        calls=10,
    )
    assert found == 1


def test_memory_that_messages_leave_behind_is_noticed():
    left = []

    async def parse_message(message: Any) -> None:
        # so large that it is never cut from memory that the process holds already
        left.append(bytearray(b"x" * 64_000_000) if len(left) == 1001 else b"")

    leaking = SimpleNamespace(processor=SimpleNamespace(parse_message=parse_message))
    growth = asyncio.run(soak.memory_growth(leaking, ["hello"], 1050))
    assert growth >= soak.LARGEST_GROWTH


def test_without_the_neural_classifier_what_needs_it_is_left_out(request):
    def names(path: str) -> Any:
        config = read_config(str(request.config.rootpath / path))
        return [entry["name"] for entry in memory.without_neural(config)["pipeline"]]

    left = names(STOCK_OF_SARA)
    assert left[0] == "WhitespaceTokenizer" and left[-1] == "EntitySynonymMapper"
    assert len(left) == 6
    assert names(CLASSIC_OF_SARA)[-1] == "FallbackClassifier"
