"""Sizes that attention heads cannot share are found without asking Rasa."""

from __future__ import annotations

import pytest
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.selectors.response_selector import ResponseSelector

from rasa_randconn.comparison import early_faults
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan
from rasa_randconn.sweep.plan import SweepPlan


@pytest.fixture
def check(tmp_path):
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: a\n")

    def check_sizes(entry, *sizes, more=""):
        (tmp_path / "config.yml").write_text(f"pipeline:\n- {entry}\n{more}")
        nlu = [str(tmp_path / "nlu.yml")]
        base = Plan(
            configs=[str(tmp_path / "config.yml")],
            out=tmp_path / "out",
            train_nlu=nlu,
            test_nlu=nlu,
        )
        SweepPlan(base, densities=[0.2], sizes=sizes, patterns=["grouped"]).check()

    return check_sizes


@pytest.mark.parametrize(
    "entry, size, heads",
    [
        ("name: DIETClassifier", 30, 4),
        ("name: rasa_randconn.RandConnDIETClassifier", 30, 4),
        ("{name: DIETClassifier, number_of_attention_heads: 8}", 36, 8),
        ("name: rasa.nlu.classifiers.diet_classifier.DIETClassifier", 30, 4),
    ],
)
def test_sizes_that_heads_cannot_share_are_refused(check, entry, size, heads):
    with pytest.raises(
        ComparisonError, match=f"{size} is not a multiple of the {heads}"
    ):
        check(entry, 2 * heads, size)


@pytest.mark.parametrize(
    "entry", ["name: WhitespaceTokenizer", "name: own_module.DIETClassifier"]
)
def test_components_that_only_rasa_knows_are_left_to_it(check, entry):
    check(entry, 30)


@pytest.mark.parametrize(
    "entry",
    [
        "name: ResponseSelector",
        "name: rasa_randconn.RandConnResponseSelector",
        "{name: DIETClassifier, number_of_transformer_layers: 0}",
        "{name: DIETClassifier, number_of_transformer_layers: {text: 0, label: 0}}",
        "{name: DIETClassifier, number_of_transformer_layers: '${LAYERS}'}",
        "{name: TEDPolicy, number_of_transformer_layers: {dialogue: 0}}",
    ],
)
def test_any_size_suits_a_component_without_transformer_layers(check, entry):
    check(entry, 30)


def test_each_component_counts_with_heads_and_layers_of_its_own(check):
    diet = "{name: DIETClassifier, number_of_attention_heads: 2}"
    check(diet, 30, more="- name: ResponseSelector\n")
    with pytest.raises(ComparisonError, match="heads of ResponseSelector"):
        selector = "{name: ResponseSelector, number_of_transformer_layers: 1}"
        check(diet, 30, more=f"- {selector}\n")


@pytest.mark.parametrize(
    "option", ["transformer_size: 30", "connection_density: 3", "connection_pattern: a"]
)
def test_what_the_sweep_replaces_may_be_anything(check, option):
    check(f"{{name: rasa_randconn.RandConnDIETClassifier, {option}}}", 32)
    with pytest.raises(ComparisonError, match="averaged_epochs"):
        check(
            f"{{name: rasa_randconn.RandConnDIETClassifier, {option}, "
            f"averaged_epochs: 3}}",
            32,
        )


@pytest.mark.parametrize(
    "component", [DIETClassifier, ResponseSelector, TEDPolicy, UnexpecTEDIntentPolicy]
)
def test_the_known_number_of_heads_is_that_of_rasa(component):
    heads = early_faults.attention_heads({"name": component.__name__})
    assert heads == component.get_default_config()["number_of_attention_heads"]
    assert component.__name__ in early_faults.STOCK_COMPONENTS


@pytest.mark.parametrize(
    "component", [DIETClassifier, ResponseSelector, TEDPolicy, UnexpecTEDIntentPolicy]
)
def test_the_known_number_of_layers_is_that_of_rasa(component):
    layers = component.get_default_config()["number_of_transformer_layers"]
    if isinstance(layers, dict):
        layers = layers["dialogue"]
    assert early_faults.DEFAULT_LAYERS[component.__name__] == layers
