"""Faults of components that are found without Rasa."""

from __future__ import annotations

import pytest

from rasa_randconn.comparison import early_faults


def test_misspelt_names_and_options_of_ours_are_found_without_rasa(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(
        "pipeline:\n"
        "- {name: DietClassifier, conection_density: 0.3}\n"
        "- {name: rasa_randconn.RandConnDietClassifier}\n"
        "- {name: rasa_randconn.RandConnDIETClassifier, conection_density: 0.3}\n"
        "- {name: rasa_randconn.RandConnResponseSelector, epochs: 3, hidden: 1}\n"
        "policies:\n"
        "- {name: rasa_randconn.RandConnTEDPolcy}\n"
    )
    names, options = early_faults.known_faults(str(path), ["pipeline"])
    assert "no component 'rasa_randconn.RandConnDietClassifier'" in names
    assert names.endswith("Did you mean 'rasa_randconn.RandConnDIETClassifier'?")
    assert options.endswith(
        "no option 'conection_density'. Did you mean 'connection_density'?"
    )
    (policy,) = early_faults.known_faults(str(path), ["policies"])
    assert policy.endswith("Did you mean 'rasa_randconn.RandConnTEDPolicy'?")


def test_a_name_that_looks_like_none_of_ours_gets_them_all(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text("pipeline:\n- {name: rasa_randconn.Tokenizer}\n")
    (fault,) = early_faults.known_faults(str(path), ["pipeline"])
    assert "Did you mean" not in fault
    assert fault.endswith(", rasa_randconn.RandConnUnexpecTEDIntentPolicy.")


@pytest.mark.parametrize(
    "entry, fault",
    [
        (
            "{name: rasa_randconn.RandConnDIETClassifier, connection_density: 3}",
            "'rasa_randconn.RandConnDIETClassifier': 'connection_density' must be",
        ),
        (
            "{name: rasa_randconn.RandConnDIETClassifier, connection_pattern: ring}",
            "'connection_pattern' must be",
        ),
        ("{name: DIETClassifier, transformer_size: 30}", "The transformer_size 30 of"),
        (
            "{name: rasa_randconn.RandConnDIETClassifier, transformer_size: 36, "
            "number_of_attention_heads: 8}",
            "is not a multiple of its 8 attention heads",
        ),
    ],
)
def test_values_that_cannot_be_are_found_without_rasa(entry, fault, tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(f"pipeline:\n- {entry}\n")
    (found,) = early_faults.known_faults(str(path), ["pipeline"])
    assert found.startswith(f"{path}: ")
    assert fault in found


@pytest.mark.parametrize(
    "entry",
    [
        "{name: DIETClassifier, transformer_size: 32}",
        "{name: DIETClassifier, connection_density: 3}",
        "{name: DIETClassifier, transformer_size: 30, number_of_transformer_layers: 0}",
        "{name: ResponseSelector, transformer_size: 30}",
        "{name: own.DIETClassifier, transformer_size: 30}",
        "{name: rasa_randconn.RandConnTEDPolicy, transformer_size: {dialogue: 30}}",
        "{name: rasa_randconn.RandConnTEDPolicy, connection_pattern: '${PATTERN}'}",
        "{name: rasa_randconn.RandConnTEDPolicy, connection_density: '${DENSITY}'}",
        "{name: DIETClassifier, number_of_attention_heads: '${HEADS}'}",
        "{name: DIETClassifier, transformer_size: 30, number_of_transformer_layers: "
        "'${LAYERS}'}",
    ],
)
def test_what_may_be_right_is_left_to_rasa(entry, tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(f"pipeline:\n- {entry}\n")
    assert early_faults.known_faults(str(path), ["pipeline"]) == []
