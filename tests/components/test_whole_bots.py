"""Whole bots through Rasa's own training, loading and testing, ours beside stock's.

They are trained once; all tests that need them are in this file.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import tarfile
import warnings
from pathlib import Path
from typing import Any, List, NamedTuple

import numpy as np
import pytest
import rasa
import rasa.core.test
import rasa.nlu.test
from data_factory import (
    OUR_DIET,
    OUR_TED,
    eagerly,
    files_of,
    without_our_names,
    write_bot,
)
from rasa.core.agent import load_agent
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.shared.core.events import ActionExecuted, UserUttered

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy
from rasa_randconn.inspection import read_components

pytestmark = pytest.mark.slow


class Bot(NamedTuple):
    """A trained bot.

    Attributes:
        folder: Where its files are.
        archive: Path of the trained model.
        agent: The loaded bot.
        warnings: What Rasa and our package warned of in training.
    """

    folder: Any
    archive: str
    agent: Any
    warnings: List[str]


# Enough for the policy to find entities in the few texts it has seen.
LEARNING = {
    "epochs": 20,
    "batch_size": 16,
    "learning_rate": 0.02,
    "drop_rate": 0.0,
    "drop_rate_dialogue": 0.0,
    "BILOU_flag": False,
}


def _train(folder: Any, diet: str, ted: str, **ted_options: Any) -> Bot:
    write_bot(folder, diet, ted, ted_options={**LEARNING, **ted_options})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = rasa.train(
            str(folder / "domain.yml"),
            str(folder / "config.yml"),
            [str(folder / "data")],
            output=str(folder / "models"),
            force_training=True,
            core_additional_arguments={"augmentation_factor": 0},
        )
    messages = [
        str(warning.message)
        for warning in caught
        if issubclass(warning.category, (UserWarning, FutureWarning))
        and "/rasa" in warning.filename
    ]
    agent = asyncio.run(load_agent(result.model))
    return Bot(folder, result.model, agent, messages)


@pytest.fixture(scope="module")
def our_bot(tmp_path_factory):
    return _train(tmp_path_factory.mktemp("our_bot"), OUR_DIET, OUR_TED)


@pytest.fixture(scope="module")
def stock_bot(tmp_path_factory):
    """The same bot with stock's components, but hardly trained."""
    folder = tmp_path_factory.mktemp("stock_bot")
    with eagerly():
        return _train(folder, "DIETClassifier", "TEDPolicy", epochs=2)


class TestTraining:
    def test_warns_of_nothing_that_stock_does_not_warn_of(self, our_bot, stock_bot):
        def normalised(bot):
            return {
                without_our_names(re.sub(re.escape(str(bot.folder)), "", message))
                for message in bot.warnings
            }

        assert normalised(our_bot) - normalised(stock_bot) == set()

    def test_a_saved_bot_names_our_classes(self, our_bot):
        metadata = LocalModelStorage.metadata_from_archive(our_bot.archive)
        used = {node.uses for node in metadata.predict_schema.nodes.values()}
        assert {RandConnDIETClassifier, RandConnTEDPolicy} <= used
        assert not {DIETClassifier, TEDPolicy} & used

    def test_an_archive_holds_no_pickles(self, our_bot):
        with tarfile.open(our_bot.archive) as tar:
            names = [name for name in tar.getnames() if "RandConn" in name]
        assert [name for name in names if name.endswith(".weights.safetensors")]
        assert not [
            name for name in names if name.endswith((".pkl", ".pickle", ".index"))
        ]

    def test_an_archive_shows_its_layers(self, our_bot):
        found = {c.name: c.layers for c in read_components(Path(our_bot.archive))}
        for component in (RandConnDIETClassifier, RandConnTEDPolicy):
            own = [at for at in found[component.__name__] if at.is_randomly_connected]
            encoder = [at for at in own if "/feed_forward_" in at.name]
            assert {at.density for at in encoder} == {0.2}
            for at in encoder:
                assert at.connections < 0.5 * np.prod(at.shape)
                assert at.bytes > 4 * at.connections


TEST_STORIES = """\
version: "3.1"
stories:
- story: with entities
  steps:
  - user: hello
  - action: utter_hello
  - user: |
      fly from [berlin](city) to [rome](city)
  - action: utter_booked
- story: seen
  steps:
  - user: hi there
  - action: utter_hello
  - user: |
      to [paris](city) on [monday](day)
  - action: utter_booked
"""


class TestEvaluation:
    """`rasa test` goes by the names of extractors and policies.

    It raises `KeyError` if a policy finds entities under a name that it does not know;
    the last test makes sure that ours does find some.
    """

    def _evaluate_nlu(self, bot, out):
        asyncio.run(
            rasa.nlu.test.run_evaluation(
                str(bot.folder / "data" / "nlu.yml"),
                bot.agent.processor,
                output_directory=str(out),
                domain_path=str(bot.folder / "domain.yml"),
            )
        )
        return files_of(out)

    def test_of_nlu_writes_the_files_of_stock(self, our_bot, stock_bot, tmp_path):
        ours = self._evaluate_nlu(our_bot, tmp_path / "ours")
        with eagerly():
            stock = self._evaluate_nlu(stock_bot, tmp_path / "stock")
        assert "RandConnDIETClassifier_histogram.png" in ours
        assert "RandConnDIETClassifier_report.json" in ours
        assert sorted(map(without_our_names, ours)) == stock

    def _evaluate_core(self, bot, out):
        stories = out.parent / f"test_{out.name}.yml"
        stories.write_text(TEST_STORIES)
        out.mkdir()
        asyncio.run(
            rasa.core.test.test(
                str(stories),
                bot.agent,
                out_directory=str(out),
                e2e=True,
                # these files are written only if there is something in them
                errors=False,
                warnings=False,
            )
        )
        return files_of(out)

    def test_of_core_writes_the_files_of_stock(self, our_bot, stock_bot, tmp_path):
        ours = self._evaluate_core(our_bot, tmp_path / "ours")
        with eagerly():
            stock = self._evaluate_core(stock_bot, tmp_path / "stock")
        assert "TEDPolicy_report.json" in ours
        assert ours == stock

    def test_entities_of_our_policy_carry_the_name_that_rasa_expects(self, our_bot):
        entities = _entities_of_policy(our_bot)
        assert entities, "the policy has learnt to find entities"
        assert {entity["extractor"] for entity in entities} == {"TEDPolicy"}


TEXTS = ("hello", "from paris to rome", "bye", "hi there", "zzz", "/greet", "")


def test_dialogues_at_once_are_those_one_after_the_other(our_bot):
    """Events but for times, ids and the choice among texts of a response."""

    async def talk(sender: str, number: int) -> None:
        for turn in range(5):
            text = TEXTS[(number + turn * (number % 3 + 1)) % len(TEXTS)]
            await our_bot.agent.handle_text(text, sender_id=f"{sender} {number}")
            await asyncio.sleep(0)

    async def events(sender: str, number: int) -> List[Any]:
        tracker = await our_bot.agent.tracker_store.retrieve(f"{sender} {number}")
        found: List[Any] = []
        for event in tracker.events:
            if isinstance(event, ActionExecuted):
                found.append((event.action_name, event.policy, event.confidence))
            elif isinstance(event, UserUttered):
                confidence = event.intent.get("confidence")
                found.append((event.text, event.intent_name, confidence))
        return found

    async def differences() -> List[int]:
        numbers = range(30)
        for number in numbers:
            await talk("alone", number)
        await asyncio.gather(*(talk("at once", number) for number in numbers))
        return [
            number
            for number in numbers
            if await events("alone", number) != await events("at once", number)
        ]

    assert asyncio.run(differences()) == []


def _entities_of_policy(bot):
    asyncio.run(bot.agent.handle_text("hello", sender_id="me"))
    asyncio.run(bot.agent.handle_text("fly from berlin to rome", sender_id="me"))
    tracker = asyncio.run(bot.agent.tracker_store.retrieve("me"))
    return [
        entity
        for event in tracker.events
        if event.type_name == "entities"
        for entity in event.entities
    ]


class TestArchive:
    """Rasa's own loading of a whole bot tells what is wrong."""

    @pytest.fixture(params=["RandConnDIETClassifier", "RandConnTEDPolicy"])
    def component(self, request):
        return request.param

    def _repacked(self, archive, tmp_path, component, damage):
        folder = tmp_path / "unpacked"
        with tarfile.open(archive) as tar:
            tar.extractall(folder)
        (component_folder,) = (folder / "components").glob(f"train_*{component}*")
        damage(component_folder)
        repacked = tmp_path / "model.tar.gz"
        with tarfile.open(repacked, "w:gz") as tar:
            tar.add(folder, arcname="")
        return str(repacked)

    def _agent(self, archive, caplog):
        with caplog.at_level(logging.ERROR):
            return asyncio.run(load_agent(archive))

    def test_whose_weights_were_cut_off_is_not_loaded(
        self, our_bot, component, tmp_path, caplog
    ):
        def cut_off(folder):
            (path,) = folder.glob("*.weights.safetensors")
            path.write_bytes(path.read_bytes()[:-100])

        archive = self._repacked(our_bot.archive, tmp_path, component, cut_off)
        agent = self._agent(archive, caplog)
        assert not agent.is_ready()
        assert "was changed or cut off" in caplog.text
        assert component in caplog.text

    def test_without_the_folder_is_not_loaded(
        self, our_bot, component, tmp_path, caplog
    ):
        archive = self._repacked(our_bot.archive, tmp_path, component, shutil.rmtree)
        agent = self._agent(archive, caplog)
        assert not agent.is_ready()
        assert "does not exist" in caplog.text
        assert component in caplog.text

    def test_that_is_whole_is_loaded(self, our_bot):
        assert our_bot.agent.is_ready()
