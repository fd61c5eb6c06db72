"""Pages of components show configurations that work and answers like real ones."""

from __future__ import annotations

import json
import re

import pytest
from data_factory import answers_of_diet, predictions_of_turns
from ruamel.yaml import YAML

import rasa_randconn
from rasa_randconn.components.options import check_user_config
from rasa_randconn.options import OPTIONS
from scripts.option_tables import DOCS

PAGES = {
    "RandConnDIETClassifier": "diet-classifier",
    "RandConnResponseSelector": "response-selector",
    "RandConnTEDPolicy": "ted-policy",
    "RandConnUnexpecTEDIntentPolicy": "unexpected-intent-policy",
}
HEADINGS = ["Input", "Output", "Configuration", "What differs"]

every_component = pytest.mark.parametrize("name", rasa_randconn.COMPONENTS)


def page(name):
    return (DOCS / "components" / f"{PAGES[name]}.md").read_text("utf-8")


def blocks(name, language):
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)


def answer(name):
    (block,) = blocks(name, "json")
    return json.loads(block)


def configurations(name):
    """The component's options in the minimal and in the full configuration."""
    found = []
    for block in blocks(name, "yaml"):
        (entries,) = YAML(typ="safe").load(block).values()
        (own,) = [e for e in entries if e["name"] == f"rasa_randconn.{name}"]
        found.append({key: value for key, value in own.items() if key != "name"})
    return found


@every_component
def test_a_page_has_its_sections_in_order(name):
    found = re.findall(r"^## (.*)$", page(name), re.MULTILINE)
    assert [heading.split(" from ")[0] for heading in found] == [*HEADINGS, "Options"]


@every_component
def test_configurations_are_accepted_as_they_stand(name, recwarn):
    minimal, full = configurations(name)
    component = getattr(rasa_randconn, name)
    for config in (minimal, full):
        assert set(config) <= {*component.get_default_config(), "max_history"}
        check_user_config(component, config)
    assert not recwarn
    assert len(minimal) < 3


@every_component
def test_the_full_configuration_has_all_our_options_at_their_defaults(name):
    full = configurations(name)[1]
    defaults = getattr(rasa_randconn, name).get_default_config()
    shown = {option.name: full[option.name] for option in OPTIONS}
    assert shown == {option.name: defaults[option.name] for option in OPTIONS}


@pytest.fixture
def pattern():
    return "grouped"


@pytest.fixture
def loaded(load_once, pattern):
    return lambda kind: load_once(kind, pattern)


def keys_of(answers):
    return {key for each in answers for key in each}


def test_an_answer_of_the_classifier_has_the_keys_of_a_real_one(loaded, featurizers):
    shown = answer("RandConnDIETClassifier")
    texts = [
        example.get("text") for example in featurizers.training_data.intent_examples
    ]
    real = answers_of_diet(loaded("diet"), featurizers, *texts)
    assert set(shown) == keys_of(real)
    for key in ("intent_ranking", "entities"):
        found = [entry for each in real for entry in each[key]]
        assert keys_of(shown[key]) == keys_of(found)
    assert set(shown["intent"]) == set(real[0]["intent"])


def test_an_answer_of_the_selector_has_the_keys_of_a_real_one(loaded, retrieval):
    shown = answer("RandConnResponseSelector")
    messages = retrieval.messages("who are you", "will it rain")
    real = [m.get("response_selector") for m in loaded("selector").process(messages)]
    assert set(shown) == {"response_selector"}
    (retrieval_intent,) = shown["response_selector"]["all_retrieval_intents"]
    assert set(real[0]) == {"all_retrieval_intents", "default"}
    selected = shown["response_selector"][retrieval_intent]
    found = [each["default"] for each in real]
    assert set(selected) == keys_of(found)
    assert set(selected["response"]) == keys_of(each["response"] for each in found)
    ranking = [entry for each in found for entry in each["ranking"]]
    assert keys_of(selected["ranking"]) == keys_of(ranking)


def test_an_unlikely_intent_has_the_keys_of_a_real_one(loaded, intent_talk):
    shown = answer("RandConnUnexpecTEDIntentPolicy")
    predictions = predictions_of_turns(loaded("unlikely intents"), intent_talk)
    real = [p.action_metadata for p in predictions if p.action_metadata]
    assert set(shown["metadata"]) == keys_of(real)
    queries = [metadata["query_intent"] for metadata in real]
    assert set(shown["metadata"]["query_intent"]) == keys_of(queries)
    ranking = [entry for metadata in real for entry in metadata["ranking"]]
    assert keys_of(shown["metadata"]["ranking"]) == keys_of(ranking)


@pytest.mark.parametrize(
    "name", ["RandConnTEDPolicy", "RandConnUnexpecTEDIntentPolicy"]
)
def test_an_answer_of_a_policy_names_it(name):
    assert answer(name)["policy"] == name
