from __future__ import annotations

import pytest

from rasa_randconn.comparison import configuration
from rasa_randconn.comparison.errors import ComparisonError

CONFIG = """\
recipe: default.v1
language: en
pipeline:
- name: WhitespaceTokenizer
- name: LogisticRegressionClassifier
  random_seed: 42
- name: some.module.OwnDIETClassifier  # a comment
  epochs: 100
  path: ${SOME_PATH}
policies:
- name: RulePolicy
- name: TEDPolicy
"""


def is_neural(name: str) -> bool:
    return name in ("some.module.OwnDIETClassifier", "TEDPolicy")


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(CONFIG)
    return path


def test_override_sets_seed_and_epochs_of_neural_components_only(config_file):
    config = configuration.read_config(str(config_file))

    changed = configuration.override(config, is_neural, seed=3, epochs=5)

    assert changed["pipeline"] == [
        {"name": "WhitespaceTokenizer"},
        {"name": "LogisticRegressionClassifier", "random_seed": 42},
        {
            "name": "some.module.OwnDIETClassifier",
            "epochs": 5,
            "path": "${SOME_PATH}",
            "random_seed": 3,
        },
    ]
    assert changed["policies"] == [
        {"name": "RulePolicy"},
        {"name": "TEDPolicy", "random_seed": 3, "epochs": 5},
    ]


def test_override_keeps_epochs_unless_asked(config_file):
    config = configuration.read_config(str(config_file))

    changed = configuration.override(config, is_neural, seed=3)

    assert changed["pipeline"][2]["epochs"] == 100
    assert "epochs" not in changed["policies"][1]


def test_override_changes_neither_file_nor_configuration(config_file, tmp_path):
    config = configuration.read_config(str(config_file))

    changed = configuration.override(config, is_neural, seed=3, epochs=5)
    configuration.write_config(changed, tmp_path / "work" / "copy.yml")

    assert config_file.read_text() == CONFIG
    assert "assistant_id" not in config
    assert "random_seed" not in config["policies"][1]
    copy = configuration.read_config(str(tmp_path / "work" / "copy.yml"))
    assert copy == changed
    assert copy["assistant_id"] == configuration.ASSISTANT_ID
    assert copy["pipeline"][2]["path"] == "${SOME_PATH}"


def test_environment_variables_stay_names_after_rasa_was_imported(
    config_file, tmp_path, monkeypatch
):
    import rasa.shared.utils.io

    config = configuration.read_config(str(config_file))
    configuration.write_config(config, tmp_path / "copy.yml")

    assert config["pipeline"][2]["path"] == "${SOME_PATH}"
    assert "path: ${SOME_PATH}\n" in (tmp_path / "copy.yml").read_text()
    monkeypatch.setenv("SOME_PATH", "somewhere")
    read = rasa.shared.utils.io.read_yaml_file(str(tmp_path / "copy.yml"))
    assert read["pipeline"][2]["path"] == "somewhere"


def test_override_replaces_the_density_under_its_old_name():
    config = {"policies": [{"name": "TEDPolicy", "weight_sparsity": 0.8}]}

    changed = configuration.override(
        config, is_neural, seed=1, options=lambda name: {"connection_density": 0.1}
    )

    assert changed["policies"] == [
        {"name": "TEDPolicy", "random_seed": 1, "connection_density": 0.1}
    ]


def test_override_keeps_an_assistant_id():
    changed = configuration.override({"assistant_id": "mine"}, is_neural, seed=1)

    assert changed["assistant_id"] == "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Cannot read the configuration"),
        ("a: [", "not valid YAML"),
        ("- a", "not a mapping"),
        ("recipe: graph.v1\npipeline: []", "only 'default.v1' can be compared"),
        ("policies: []", "nothing under 'pipeline'"),
        ("pipeline:\n- WhitespaceTokenizer", "an entry without 'name'"),
        ("pipeline:\n- name: A\npolicies: []", "nothing under 'policies'"),
    ],
)
def test_check_config_says_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "config.yml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ComparisonError, match=message):
        configuration.check_config(str(path), needs_nlu=True, needs_stories=True)


def test_check_config_ignores_sections_without_data(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text("policies:\n- name: RulePolicy")

    configuration.check_config(str(path), needs_nlu=False, needs_stories=True)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/stock.yml", "b/ours.yml"], ["stock", "ours"]),
        (["a/config.yml", "b/config.yml"], ["a-config", "b-config"]),
        (["a/config.yml", "a/config.yml"], ["a-config", "a-config-2"]),
        (["a/my config.yml", "b.0.2.yml"], ["my_config", "b.0.2"]),
        (["(new) a.yml", "_.yml"], ["new__a", "config"]),
    ],
)
def test_labels_are_short_and_unique(paths, expected):
    assert configuration.labels(paths) == expected
