"""Rasa accepts what was swapped."""

from __future__ import annotations

import pytest
import rasa.shared.utils.io
from configurations import SARA_LIKE
from rasa.engine.recipes.recipe import Recipe
from rasa.graph_components.validators.default_recipe_validator import (
    DefaultV1RecipeValidator,
)

from rasa_randconn.options import OWN_OPTIONS
from rasa_randconn.swapping import Target, swap
from rasa_randconn.swapping.components import STOCK_DENSITIES

OWN = "".join(
    f"  {option.name}: {str(option.default).lower()}\n" for option in OWN_OPTIONS
)
OWN += "  connection_density: {attention: 0.5}\n"


def validated_components(text, path):
    """What Rasa trains after this configuration; the validator checks it."""
    path.write_text(text)
    config = rasa.shared.utils.io.read_model_configuration(str(path))
    recipe = Recipe.recipe_for_name(config["recipe"])
    schema = recipe.graph_config_for_recipe(config, {}).train_schema
    # Its construction checks our options.
    DefaultV1RecipeValidator(schema)
    return {
        node.uses.__name__: node.uses.get_default_config()
        for node in schema.nodes.values()
        if node.fn == "train"
    }


def test_a_configuration_of_stock_is_valid_with_ours(tmp_path):
    text = swap(SARA_LIKE, Target.RANDCONN).text
    components = validated_components(text, tmp_path / "config.yml")
    assert {f"RandConn{name}" for name in STOCK_DENSITIES} <= set(components)
    assert not set(STOCK_DENSITIES) & set(components)


def test_a_configuration_of_ours_is_valid_with_stock(tmp_path):
    text = swap(SARA_LIKE, Target.RANDCONN).text
    text = text.replace("  epochs: 100\n", f"  epochs: 100\n{OWN}")
    assert text.count("averaged_epochs") == 3
    after = swap(text, Target.STOCK).text
    components = validated_components(after, tmp_path / "config.yml")
    assert set(STOCK_DENSITIES) <= set(components)
    assert not [option for option in OWN_OPTIONS if option.name in after]


@pytest.mark.parametrize(
    "options",
    ["weight_sparsity: 0.8\n  connection_density: 0.5\n", "weight_sparsity: 0.8\n"],
)
def test_the_old_name_of_the_density_stays_valid(options, tmp_path):
    text = SARA_LIKE.replace("  epochs: 100\n", f"  epochs: 100\n  {options}")
    text = swap(text, Target.RANDCONN).text
    validated_components(text, tmp_path / "config.yml")
    assert ("weight_sparsity" in text) == ("connection_density" not in text)
