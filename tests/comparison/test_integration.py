from __future__ import annotations

import json

import pytest
from data_factory import NLU

from rasa_randconn import cli

pytestmark = pytest.mark.slow

# No transformer and no entities: most of the time would go into tracing them.
CONFIG = """\
recipe: default.v1
language: en
pipeline:
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: {name}
  epochs: 30
  number_of_transformer_layers: 0
  hidden_layers_sizes: {{text: [16, 8], label: []}}
  entity_recognition: false
  connection_density: {density}
  constrain_similarities: true
"""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    project = tmp_path_factory.mktemp("project")
    (project / "nlu.yml").write_text(NLU)
    sparse = CONFIG.format(name="DIETClassifier", density=0.1)
    dense = CONFIG.format(
        name="rasa.nlu.classifiers.diet_classifier.DIETClassifier", density=1.0
    )
    (project / "sparse.yml").write_text(sparse)
    (project / "dense.yml").write_text(dense)
    arguments = ["compare", "--seeds", "7", "--epochs", "2"]
    for name in ("sparse", "dense"):
        arguments += ["--config", str(project / f"{name}.yml")]
    for part in ("train", "test"):
        arguments += [f"--{part}-nlu", str(project / "nlu.yml")]
    code = cli.main([*arguments, "--out", str(project / "out")])
    assert code == 0
    assert (project / "sparse.yml").read_text() == sparse
    assert (project / "dense.yml").read_text() == dense
    return project


@pytest.fixture
def runs(comparison):
    return json.loads((comparison / "out" / "results.json").read_text())


def test_every_run_has_its_results(runs, comparison):
    assert [run["config"] for run in runs] == [
        str(comparison / "sparse.yml"),
        str(comparison / "dense.yml"),
    ]
    for run in runs:
        assert run["seed"] == 7
        assert 0 <= run["intent_f1"] <= 1
        assert run["action_f1"] is None
        assert run["conversation_accuracy"] is None
        assert run["train_process_seconds"] > run["train_seconds"] > 0
        assert run["started"]
        assert all(peak > 10**8 for peak in run["peak_rss_bytes"].values())
        assert set(run["versions"]) == {
            "rasa_randconn",
            "rasa",
            "tensorflow",
            "numpy",
            "numba",
            "python",
        }


def test_every_component_is_measured(runs):
    for run in runs:
        (component,) = run["components"].values()
        assert component["class"].endswith(".DIETClassifier")
        assert component["family"] == "DIETClassifier"
        assert component["position"] == "pipeline.2"
        assert component["train_seconds"] > component["first_step_seconds"] > 0
        assert component["trainable_weights"] > 0
        curve = component["learning_curve"]
        assert len(curve["seconds"]) == len(component["epoch_seconds"]) == 2
        assert 0 < curve["seconds"][0] < curve["seconds"][1]
        assert curve["seconds"][1] < component["train_seconds"]
        assert all(loss > 0 for loss in curve["t_loss"])
        assert all(0 <= accuracy <= 1 for accuracy in curve["i_acc"])
        assert component["model_bytes"] > 4 * component["trainable_weights"]
        assert component["load_seconds"] > 0
        latency = component["latency_ms"]
        assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
        assert latency["p50"] < run["message_latency_ms"]["p50"]


def test_connections_are_those_of_the_masks(runs):
    sparse, dense = (run["components"]["DIETClassifier"]["connections"] for run in runs)
    # The two layers serve the sequence and the sentence: 128 to 16 to 8.
    assert dense == 128 * 16 + 16 * 8
    assert 128 + 16 < sparse < 0.25 * dense


def test_report_and_models_are_kept(comparison):
    out = comparison / "out"

    assert "DIETClassifier" in (out / "report.md").read_text(encoding="utf-8")
    for name in ("sparse-seed7", "dense-seed7"):
        assert (out / "models" / f"{name}.tar.gz").exists()
        assert (out / "evaluation" / name / "intent_report.json").exists()
        assert (out / "logs" / f"{name}-train.log").exists()
        config = (out / "configs" / f"{name}.yml").read_text()
        assert "epochs: 2" in config
        assert "random_seed: 7" in config
