"""What is saved, and that a new process answers with the same bits."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors
from data_factory import (
    STORIES,
    answer_of_ted,
    answers_of_diet,
    dialogues,
    files_of,
    load_diet,
    train_diet,
    train_ted,
)
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

TEXTS = ["hello", "fly from rome to paris on monday", "never seen", "to berlin"]
INTENTS_ONLY = {"entity_recognition": False}

# Makes the data anew: nothing but the saved files comes from the first process.
LOADER = """
import json, sys
from pathlib import Path

sys.path.insert(0, {tests!r})
import conftest
from components.test_round_trip import answers
from data_factory import (
    STORIES, Featurizers, dialogues, load_diet, load_ted, nlu_data
)
from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

folder, jobs = Path(sys.argv[1]), json.loads(sys.argv[2])
(folder / "featurizers").mkdir()
featurizers = Featurizers(nlu_data(), folder / "featurizers")
components = {{}}
for kind, options, storage in jobs:
    load, component = {{
        "diet": (load_diet, RandConnDIETClassifier),
        "ted": (load_ted, RandConnTEDPolicy),
    }}[kind]
    components[kind] = load(component, options, Path(storage))
talk = dialogues(STORIES, featurizers)
found = answers(components["diet"], components["ted"], featurizers, talk)
(folder / "answers.json").write_text(json.dumps(found))
"""


def answers(diet, ted, featurizers, talk):
    """What both components say, in full precision."""
    return {
        "diet": answers_of_diet(diet, featurizers, *TEXTS),
        "ted": [
            [
                float(probability)
                for probability in answer_of_ted(ted, talk, text, intent).probabilities
            ]
            for text, intent in (("hello", "greet"), ("bye", "bye"))
        ],
    }


@pytest.fixture(scope="module")
def intent_talk(featurizers):
    return dialogues(STORIES, featurizers)


def test_new_processes_answer_with_the_same_bits(
    our_diet, pattern, intent_talk, featurizers, tmp_path
):
    """In two processes, which load the components in different orders."""
    ted_options = {"connection_pattern": pattern, "epochs": 2, **INTENTS_ONLY}
    (tmp_path / "ted").mkdir()
    ted = train_ted(RandConnTEDPolicy, ted_options, tmp_path / "ted", intent_talk)
    in_this_process = answers(our_diet.component, ted, featurizers, intent_talk)
    expected = json.loads(json.dumps(in_this_process))
    assert any(answer["entities"] for answer in expected["diet"])

    jobs = [
        ("diet", our_diet.options, str(our_diet.storage)),
        ("ted", ted_options, str(tmp_path / "ted")),
    ]
    script = LOADER.format(tests=str(Path(__file__).parents[1]))
    for name, ordered in (("first", jobs), ("second", jobs[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", script, str(folder), json.dumps(ordered)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": "11"},
        )
        assert json.loads((folder / "answers.json").read_text()) == expected


def test_only_existing_weights_are_stored(our_model):
    layers = our_model.component.model.parameters.layers
    (path,) = our_model.folder.glob("*.weights.safetensors")
    with safetensors.safe_open(str(path), framework="np") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
        facts = {f["name"]: f for f in json.loads(file.metadata()["layers"])}
    assert set(facts) == set(layers)
    for name, (connectivity, density) in layers.items():
        inputs, units = connectivity.inputs, connectivity.units
        assert density < 1
        assert shapes[f"{name}/kernel"] == (connectivity.count,)
        assert connectivity.count < inputs * units
        assert facts[name]["connections"] == connectivity.count
        dense = [
            other
            for other, shape in shapes.items()
            if other.startswith(f"{name}/")
            and shape in ((inputs, units), (inputs * units,))
        ]
        assert dense == []


def test_there_is_no_pickle_no_checkpoint_and_no_optimiser_state(our_model):
    files = files_of(our_model.folder)
    assert {Path(name).suffix for name in files} <= {".json", ".st", ".safetensors"}
    assert not [name for name in files if "optimizer" in name]
    content = b"".join((our_model.folder / name).read_bytes() for name in files)
    assert b"Adam" not in content


class TestOptions:
    """Options that change what is saved."""

    def _trained(self, featurizers, storage, **options):
        return train_diet(
            RandConnDIETClassifier,
            {**INTENTS_ONLY, **options},
            storage,
            featurizers.training_data,
        )

    def test_the_state_of_the_optimiser_is_saved_and_restored(
        self, featurizers, tmp_path
    ):
        options = {"save_optimizer_state": True, "epochs": 2}
        trained = self._trained(featurizers, tmp_path, **options)
        (name,) = [n for n in files_of(tmp_path / "model") if "optimizer" in n]
        assert name.endswith(".optimizer.safetensors")

        options = {**INTENTS_ONLY, **options}
        loaded = load_diet(RandConnDIETClassifier, options, tmp_path, True)
        expected, restored = trained.model._adam.state(), loaded.model._optimizer_state
        assert set(restored) == set(expected)
        for path, array in expected.items():
            assert restored[path].tobytes() == array.tobytes(), path
        assert trained.model._adam.step > 0

    def test_finetuning_goes_on_from_the_state_of_the_optimiser(
        self, featurizers, tmp_path
    ):
        options = {"save_optimizer_state": True, "epochs": 2}
        trained = self._trained(featurizers, tmp_path, **options)
        options = {**INTENTS_ONLY, **options}
        tuned = load_diet(RandConnDIETClassifier, options, tmp_path, True)
        tuned.train(copy.deepcopy(featurizers.training_data))
        assert tuned.model._adam.step == 2 * trained.model._adam.step

    def test_a_checkpointed_model_is_saved_without_a_pickle(
        self, featurizers, tmp_path
    ):
        options = {
            "checkpoint_model": True,
            "evaluate_on_number_of_examples": 3,
            "evaluate_every_number_of_epochs": 1,
            "epochs": 2,
        }
        trained = self._trained(featurizers, tmp_path, **options)
        files = files_of(tmp_path / "model")
        assert not [name for name in files if name.endswith(".pkl")]
        assert [name for name in files if "from_checkpoint" in name]

        options = {**INTENTS_ONLY, **options}
        loaded = load_diet(RandConnDIETClassifier, options, tmp_path)
        text = "hello"
        assert answers_of_diet(loaded, featurizers, text)[0]["intent"] == pytest.approx(
            answers_of_diet(trained, featurizers, text)[0]["intent"], rel=1e-5
        )

    def test_stock_saves_dense_kernels_and_the_state_of_the_optimiser(self, stock_diet):
        """What ours spares; should stock change, our comparison has to as well."""
        assert isinstance(stock_diet.component, DIETClassifier)
        files = files_of(stock_diet.folder)
        assert [name for name in files if name.endswith(".index")]
