from __future__ import annotations

import re

import pytest

from rasa_randconn.connections import LAYER_KINDS
from rasa_randconn.options import (
    CONNECTION_DENSITY,
    OPTIONS,
    OWN_OPTIONS,
    SCALE_LEARNING_RATE,
    check_bool,
    check_density,
    default_options,
)

STOCK = ("DIETClassifier", "ResponseSelector", "TEDPolicy", "UnexpecTEDIntentPolicy")

every_option = pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o.name)


@every_option
@pytest.mark.parametrize("stock", STOCK)
def test_every_default_passes_its_check(option, stock):
    default = option.default_of(stock)
    assert option.check(option.name, default) == default


@every_option
def test_what_is_no_value_is_refused_with_name_and_value(option):
    with pytest.raises(ValueError, match=rf"'{option.name}' must be .*, not None"):
        option.check(option.name, None)


@every_option
def test_a_value_as_in_stock_passes_the_check(option):
    if option.stock_value is not None:
        value = option.check(option.name, option.stock_value)
        assert value == option.stock_value


@every_option
def test_other_defaults_are_those_of_components_that_exist(option):
    assert set(option.defaults) <= set(STOCK)


@every_option
def test_the_meaning_is_a_sentence(option):
    assert re.fullmatch(r"[A-Z][^|\n]*\.", option.meaning)
    assert option.saved_in


def test_a_configuration_without_the_option_is_as_in_stock():
    assert SCALE_LEARNING_RATE.value_in({}) is False
    assert SCALE_LEARNING_RATE.value_in({"scale_learning_rate": True}) is True


def test_the_density_alone_is_an_option_of_stock_too():
    assert set(OPTIONS) - set(OWN_OPTIONS) == {CONNECTION_DENSITY}


def test_policies_have_a_default_of_their_own():
    by_component = {name: default_options(name) for name in STOCK}
    assert {
        name: options["scale_learning_rate"] for name, options in by_component.items()
    } == dict(zip(STOCK, (True, True, False, False)))
    densities = [options["connection_density"] for options in by_component.values()]
    assert densities == [0.2, 1.0, 0.2, 0.2]


def test_a_mapping_of_densities_gets_all_layer_kinds():
    found = check_density("density", {"attention": 1, "embedding": 0.5})
    assert found == {
        "attention": 1.0,
        "feed_forward": 0.2,
        "embedding": 0.5,
        "hidden_layers": 0.2,
    }
    assert tuple(found) == LAYER_KINDS


@pytest.mark.parametrize(
    "value, message",
    [
        ({"decoder": 0.5}, "no kind of layer 'decoder'; the kinds are attention, "),
        ({"attention": 2}, "'density.attention' must be a number between 0 and 1"),
        ("much", "'density' must be a number between 0 and 1, not 'much'"),
        (True, "'density' must be a number between 0 and 1, not True"),
    ],
)
def test_other_densities_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        check_density("density", value)


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_only_true_and_false_are_truth_values(value):
    with pytest.raises(ValueError, match="'key' must be true or false"):
        check_bool("key", value)
