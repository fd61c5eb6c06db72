from __future__ import annotations

import pytest

from rasa_randconn.swapping.components import (
    STOCK_DENSITIES,
    Target,
    belongs_to,
    stock_class,
    swapped,
)


@pytest.mark.parametrize("stock", STOCK_DENSITIES)
def test_defaults_are_those_of_the_components(stock):
    import rasa.engine.recipes.default_components as rasa_components

    import rasa_randconn
    from rasa_randconn.options import OWN_OPTIONS, default_options

    stock_defaults = getattr(rasa_components, stock).get_default_config()
    assert STOCK_DENSITIES[stock] == stock_defaults["connection_density"]
    assert not {option.name for option in OWN_OPTIONS} & set(stock_defaults)

    name = swapped({"name": stock}, Target.RANDCONN)["name"]
    our_defaults = getattr(rasa_randconn, name.split(".")[1]).get_default_config()
    assert our_defaults.items() >= default_options(stock).items()


@pytest.mark.parametrize(
    ("name", "stock", "owner"),
    [
        ("DIETClassifier", "DIETClassifier", Target.STOCK),
        ("rasa.core.policies.ted_policy.TEDPolicy", "TEDPolicy", Target.STOCK),
        ("RandConnTEDPolicy", "TEDPolicy", Target.RANDCONN),
        (
            "rasa_randconn.components.response_selector.RandConnResponseSelector",
            "ResponseSelector",
            Target.RANDCONN,
        ),
    ],
)
def test_names_are_known_with_and_without_module(name, stock, owner):
    assert stock_class(name) == stock
    assert [target for target in Target if belongs_to(name, target)] == [owner]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "WhitespaceTokenizer",
        "RandConn",
        "RandConnWhitespaceTokenizer",
        "RandConnRandConnTEDPolicy",
        "MyDIETClassifier",
        "my.DIETClassifier",
        "my.rasa.DIETClassifier",
        "rasa.RandConnDIETClassifier",
        "rasa_randconn.DIETClassifier",
        "my.RandConnDIETClassifier",
    ],
)
@pytest.mark.parametrize("target", Target)
def test_other_components_stay(name, target):
    assert stock_class(name) is None
    assert not belongs_to(name, target)
    assert swapped({"name": name}, target) is None


@pytest.mark.parametrize(
    ("target", "options", "left"),
    [
        (Target.RANDCONN, {"epochs": 5, "connection_density": 0.5}, None),
        (Target.RANDCONN, {"weight_sparsity": 0.5}, None),
        (
            Target.RANDCONN,
            {"weight_sparsity": 0.5, "connection_density": 0.3},
            {"connection_density": 0.3},
        ),
        (Target.STOCK, {"epochs": 5, "connection_density": 0.5}, None),
        (Target.STOCK, {"weight_sparsity": 0.5}, None),
        (
            Target.STOCK,
            {
                "connection_pattern": "grouped",
                "averaged_epochs": 0,
                "epochs": 5,
                "save_half_precision": True,
                "save_optimizer_state": True,
                "connection_density": {"attention": 0.1},
            },
            {"epochs": 5},
        ),
    ],
)
def test_only_options_that_the_other_component_does_not_know_are_left_out(
    target, options, left
):
    names = {
        Target.STOCK: "TEDPolicy",
        Target.RANDCONN: "rasa_randconn.RandConnTEDPolicy",
    }
    new_name = names.pop(target)
    (old_name,) = names.values()

    new = swapped({"name": old_name, **options}, target)

    assert new == {"name": new_name, **(options if left is None else left)}
