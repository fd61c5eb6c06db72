from __future__ import annotations

import json
import sys

import pandas as pd
import pytest
from data_factory import NLU

from rasa_randconn import cli

pytestmark = pytest.mark.slow

CONFIG = """\
recipe: default.v1
language: en
pipeline:
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: rasa_randconn.RandConnDIETClassifier
  epochs: 30
  number_of_transformer_layers: 1
  constrain_similarities: true
"""


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nlu.yml").write_text(NLU)
    (tmp_path / "config.yml").write_text(CONFIG)
    arguments = ["sweep", "--config", "config.yml", "--out", "out", "--seeds", "7"]
    arguments += ["--train-nlu", "nlu.yml", "--test-nlu", "nlu.yml", "--epochs", "1"]
    return [*arguments, "--densities", "0.5", "0.1", "--sizes", "16"]


def test_cells_are_trained_by_rasa_as_the_grid_says(arguments, tmp_path):
    assert cli.main([*arguments, "--workers", "2"]) == 0

    frame = pd.read_parquet(tmp_path / "out" / "results.parquet")
    assert frame["density"].tolist() == [0.1, 0.5]
    assert frame["seed"].tolist() == [7, 7]
    assert frame["intent_f1"].between(0, 1).all()
    assert (frame["epochs"] == 1).all()
    sparse, dense = frame["connections"]
    assert 0.1 < sparse / dense < 0.4
    for column in ("train_seconds", "load_seconds", "message_latency_p99_ms"):
        assert (frame[column] > 0).all()
    assert (tmp_path / "config.yml").read_text() == CONFIG
    # the cells' folders were temporary, and there is nothing else
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.yml",
        "nlu.yml",
        "out",
    }
    files = sorted((tmp_path / "out" / "cells").iterdir())
    assert [file.name for file in files] == [
        f"density{density}-size16-grouped-seed7.json" for density in (0.1, 0.5)
    ]
    assert json.loads(files[0].read_text())["config"] == "config.yml"


def test_a_component_that_rasa_does_not_know_is_named(arguments, tmp_path, capsys):
    (tmp_path / "config.yml").write_text(CONFIG.replace("RandConnDIET", "NoSuchDIET"))

    assert cli.main(arguments) == 2

    assert "NoSuchDIETClassifier" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_not_installed_is_named(arguments, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert cli.main(arguments) == 2

    message = capsys.readouterr().err
    assert "needs the package 'pyarrow'" in message
    assert "pip install 'rasa-randconn[sweep]'" in message
