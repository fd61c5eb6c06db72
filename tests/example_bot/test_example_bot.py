"""What the example bot promises; `make demo` trains and tests it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from rasa.core.run import create_http_input_channels
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.loading import load_data_from_files
from rasa.shared.nlu.training_data.loading import load_data

BOT = Path(__file__).parents[2] / "example_bot"


@pytest.fixture(scope="module")
def training_data():
    return load_data(str(BOT / "data" / "nlu.yml"))


@pytest.fixture(scope="module")
def test_data():
    return load_data(str(BOT / "tests" / "test_nlu.yml"))


@pytest.fixture(scope="module")
def domain():
    return Domain.load(str(BOT / "domain.yml"))


def test_the_two_configurations_differ_in_two_names_only():
    ours = (BOT / "config.yml").read_text()
    stock = (BOT / "config.stock.yml").read_text()
    for name in ("DIETClassifier", "TEDPolicy"):
        ours = ours.replace(f"rasa_randconn.RandConn{name}", name)
    assert ours == stock


def test_there_are_15_intents_with_20_examples_each(training_data):
    counts = training_data.number_of_examples_per_intent
    assert len(counts) >= 15
    assert min(counts.values()) >= 20


def test_entities_have_roles_synonyms_and_a_lookup(training_data):
    assert {"departure", "destination"} <= training_data.entity_roles
    assert training_data.entity_synonyms
    assert training_data.lookup_tables


def test_no_held_out_text_is_trained_on(training_data, test_data):
    def texts(data):
        return {example.get("text").lower() for example in data.intent_examples}

    assert not texts(training_data) & texts(test_data)


def test_every_intent_is_tested(training_data, test_data):
    tested = Counter(example.get("intent") for example in test_data.intent_examples)
    assert set(tested) == training_data.intents


def test_there_are_25_stories_rules_and_a_form(domain):
    stories = load_data_from_files([str(BOT / "data" / "stories.yml")], domain)
    rules = load_data_from_files([str(BOT / "data" / "rules.yml")], domain)
    assert len({step.block_name for step in stories}) >= 25
    assert len({step.block_name for step in rules}) >= 5
    assert domain.form_names


def test_the_server_finds_its_channels():
    channels = create_http_input_channels(None, str(BOT / "credentials.yml"))
    assert [channel.name() for channel in channels] == ["rest"]
