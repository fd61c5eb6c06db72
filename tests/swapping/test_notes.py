from __future__ import annotations

import pytest

from rasa_randconn.swapping import Target, swap
from rasa_randconn.swapping.notes import notes


def notes_of(text, target=Target.RANDCONN):
    return "\n".join(notes(swap(text, target), target))


def of_component(options, target=Target.RANDCONN, name="DIETClassifier"):
    if target is Target.STOCK:
        name = f"rasa_randconn.RandConn{name}"
    lines = "".join(f"  {key}: {value}\n" for key, value in options.items())
    return notes_of(f"policies: []\npipeline:\n- name: {name}\n{lines}", target)


def test_a_swapped_component_is_named_with_its_defaults():
    found = of_component({})
    assert (
        "line 3: DIETClassifier becomes rasa_randconn.RandConnDIETClassifier" in found
    )
    assert "connection_density is 0.2, the default of both" in found
    assert "averaged_epochs is 0.25, our default" in found


def test_the_bot_must_be_trained_again_where_the_package_is_installed():
    found = of_component({})
    assert "'rasa train'" in found
    assert "'rasa train --finetune' cannot continue" in found
    assert "rasa_randconn must be installed wherever" in found


def test_back_in_stock_the_package_is_needed_for_old_models_only():
    found = of_component({}, Target.STOCK)
    assert "'rasa train --finetune' cannot continue" in found
    assert "Models from before still need rasa_randconn" in found
    assert "wherever" not in found


def test_a_density_and_a_fraction_that_are_set_are_no_defaults():
    found = of_component({"connection_density": 0.4, "averaged_epochs": 0})
    assert "connection_density" not in found
    assert "averaged_epochs" not in found


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize(
    ("component", "density"), [("ResponseSelector", 1.0), ("TEDPolicy", 0.2)]
)
def test_the_default_of_the_density_is_the_same_in_both(target, component, density):
    expected = f"connection_density is {density}, the default of both"
    assert expected in of_component({}, target, component)
    given = {"connection_density": density}
    assert expected not in of_component(given, target, component)


def test_removed_options_are_named():
    options = {
        "connection_density": "{attention: 0.5}",
        "epochs": 5,
        "save_half_precision": "true",
    }
    found = of_component(options, Target.STOCK, "ResponseSelector")
    assert "does not know them: connection_density, save_half_precision\n" in found
    assert "connection_density is 1.0, stock's default: it can only be a" in found


@pytest.mark.parametrize(
    ("fraction", "is_said"), [({}, True), ({"averaged_epochs": 0}, False)]
)
def test_stock_does_not_average(fraction, is_said):
    found = of_component(fraction, Target.STOCK)
    assert ("those of the last step" in found) == is_said


@pytest.mark.parametrize("target", Target)
def test_the_old_name_of_the_density_is_deprecated(target):
    found = of_component({"weight_sparsity": 0.7}, target)
    assert "weight_sparsity is deprecated" in found
    assert "'connection_density: 0.3'" in found
    assert "the default of both" not in found


def test_the_old_name_beside_the_new_is_removed():
    options = {"weight_sparsity": 0.7, "connection_density": 0.3}
    assert "weight_sparsity is removed" in of_component(options)


@pytest.mark.parametrize(
    ("target", "extractor"),
    [
        (Target.RANDCONN, "RandConnDIETClassifier"),
        (Target.STOCK, "DIETClassifier"),
    ],
)
def test_the_extractor_of_entities_is_named_if_there_are_any(target, extractor):
    expected = f"'extractor: {extractor}'"
    assert expected in of_component({}, target)
    assert expected not in of_component({"entity_recognition": "false"}, target)
    assert "extractor:" not in of_component({}, target, "ResponseSelector")


def test_the_same_is_said_once():
    text = "pipeline:\n" + "- {name: ResponseSelector, epochs: 5}\n" * 3
    found = notes_of(text)
    assert found.count("ResponseSelector becomes") == 1
    assert found.startswith("lines 2, 3, 4: ResponseSelector")


def test_sections_that_rasa_chooses_are_explained():
    found = notes_of("language: en\npolicies:\n- name: TEDPolicy\n")
    assert "TEDPolicy becomes" in found
    assert "'pipeline' is not set" in found
    assert "uncomment" in found
    assert "'policies' is not set" not in found
    assert "not set" not in notes_of("language: en\n", Target.STOCK)


def test_nothing_to_do_is_told_apart_from_nothing_to_swap():
    swapped = "pipeline:\n- name: rasa_randconn.RandConnDIETClassifier\npolicies: []\n"
    assert notes_of(swapped) == "Nothing to do: this is swapped to randconn already."
    other = "pipeline:\n- name: KeywordIntentClassifier\npolicies: []\n"
    assert notes_of(other).startswith("Nothing to do: no component is one of DIET")
