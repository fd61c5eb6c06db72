"""Configurations that name a class which this package does not have."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from data_factory import write_bot
from rasa.engine.recipes.graph_recipe import GraphV1Recipe
from rasa.engine.recipes.recipe import Recipe
from rasa.shared.data import TrainingType
from rasa.shared.exceptions import RasaException


@pytest.mark.parametrize("module", ["rasa_randconn", "rasa_randconn.components"])
@pytest.mark.parametrize(
    ("section", "wrong", "right"),
    [
        ("pipeline", "RandConnDietClassifier", "RandConnDIETClassifier"),
        ("pipeline", "DIETClassifier", "RandConnDIETClassifier"),
        ("policies", "RandConnTedPolicy", "RandConnTEDPolicy"),
    ],
)
def test_the_recipe_answers_with_the_right_one(module, section, wrong, right):
    config = {"recipe": "default.v1", section: [{"name": f"{module}.{wrong}"}]}
    with pytest.raises(RasaException) as error:
        Recipe.recipe_for_name("default.v1").graph_config_for_recipe(config, {})
    message = str(error.value)
    assert f"'rasa_randconn.{wrong}'" in message
    assert f"Did you mean 'rasa_randconn.{right}'?" in message


def test_a_name_that_looks_like_none_gets_them_all():
    config = {"recipe": "default.v1", "pipeline": [{"name": "rasa_randconn.Tokenizer"}]}
    with pytest.raises(RasaException, match=r"There are: rasa_randconn\.RandConnDIET"):
        Recipe.recipe_for_name("default.v1").graph_config_for_recipe(config, {})


def test_a_graph_recipe_gets_the_same_answer():
    node = {
        "uses": "rasa_randconn.RandConnDietClassifier",
        "needs": {},
        "fn": "train",
        "constructor_name": "create",
        "config": {},
    }
    schema = {"nodes": {"diet": node}}
    config = {"train_schema": schema, "predict_schema": schema, "nlu_target": "diet"}
    with pytest.raises(RasaException, match=r"mean 'rasa_randconn\.RandConnDIETCl"):
        GraphV1Recipe().graph_config_for_recipe(config, {}, TrainingType.NLU)


@pytest.mark.slow
def test_a_training_ends_with_one_message(tmp_path):
    bot = write_bot(tmp_path / "bot", diet="rasa_randconn.RandConnDietClassifier")
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rasa", "train", "--skip-validation"],
        cwd=bot,
        env={**os.environ, "PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert found.returncode == 1
    assert "Traceback" not in found.stdout
    lines = [line for line in found.stdout.splitlines() if "no component" in line]
    assert [re.sub("\x1b\\[\\d+m", "", line) for line in lines] == [
        "UnknownComponentError: There is no component "
        "'rasa_randconn.RandConnDietClassifier'. "
        "Did you mean 'rasa_randconn.RandConnDIETClassifier'?"
    ]
    assert not (bot / "models").exists()
