"""What is saved, and that a new process answers with the same bits."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
from data_factory import (
    answer_of_ted,
    answers_of_diet,
    files_of,
    load_diet,
    tiny_options,
    train_diet,
)
from rasa.core.policies.policy import Policy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.selectors.response_selector import ResponseSelector

from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.storage import read_weights

pytestmark = pytest.mark.slow

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
    END_TO_END_STORIES, Featurizers, dialogues, load, nlu_data, retrieval_featurizers
)
import rasa_randconn

folder, jobs = Path(sys.argv[1]), json.loads(sys.argv[2])
for name in ("featurizers", "retrieval"):
    (folder / name).mkdir()
featurizers = Featurizers(nlu_data(), folder / "featurizers")
retrieval = retrieval_featurizers(folder / "retrieval")
talk = dialogues(END_TO_END_STORIES, featurizers)
found = {{}}
for name, options, storage in jobs:
    component = load(getattr(rasa_randconn, name), options, Path(storage))
    found[name] = answers(component, featurizers, retrieval, talk)
(folder / "answers.json").write_text(json.dumps(found))
"""


def answers(component, featurizers, retrieval, talk):
    """What a component says, in full precision."""
    if isinstance(component, ResponseSelector):
        messages = component.process(retrieval.messages(*TEXTS))
        return [message.get("response_selector") for message in messages]
    if not isinstance(component, Policy):
        return answers_of_diet(component, featurizers, *TEXTS)
    predictions = [
        answer_of_ted(component, talk, text, intent)
        for text, intent in (("hello", "greet"), ("bye", "bye"))
    ]
    return [[list(map(float, p.probabilities)), p.action_metadata] for p in predictions]


def test_new_processes_answer_with_the_same_bits(
    train_once, pattern, talk, retrieval, featurizers, tmp_path
):
    """As the trained components, in two processes that load them in other orders."""
    jobs, expected = [], {}
    for kind in ("diet", "ted", "selector", "unlikely intents"):
        trained = train_once(kind, pattern)
        component = trained.component
        name = type(component).__name__
        options = {**tiny_options(type(component)), **trained.options}
        jobs.append((name, options, str(trained.storage)))
        expected[name] = answers(component, featurizers, retrieval, talk)
    expected = json.loads(json.dumps(expected))
    assert any(answer["entities"] for answer in expected["RandConnDIETClassifier"])

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


TRAINER = """
import sys
from pathlib import Path

sys.path.insert(0, {tests!r})
import conftest
from data_factory import (
    END_TO_END_STORIES, STORIES, Featurizers, dialogues, nlu_data,
    retrieval_featurizers, tiny_options, train
)
from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnResponseSelector,
    RandConnTEDPolicy,
    RandConnUnexpecTEDIntentPolicy,
)

folder = Path(sys.argv[1])
folder.mkdir()
featurizers = Featurizers(nlu_data(), folder)
talk = dialogues(END_TO_END_STORIES, featurizers)
retrieval = folder / "retrieval"
retrieval.mkdir()
components = [
    (RandConnTEDPolicy, talk),
    (RandConnUnexpecTEDIntentPolicy, dialogues(STORIES, featurizers)),
    (RandConnResponseSelector, retrieval_featurizers(retrieval)),
    (RandConnDIETClassifier, featurizers),
]
for component, data in components[:: int(sys.argv[2])]:
    options = dict(tiny_options(component), connection_pattern={pattern!r}, epochs=2)
    storage = folder / component.__name__
    storage.mkdir()
    train(component, options, storage, data)
"""


def test_two_processes_train_the_same_weights(pattern, tmp_path):
    """With other hash seeds, numbers of cores, orders of components, and bytes in
    memory that nobody has written yet.
    """
    script = TRAINER.format(tests=str(Path(__file__).parents[1]), pattern=pattern)
    for name, order, environment in (
        ("first", "1", {"PYTHONHASHSEED": "11"}),
        (
            "second",
            "-1",
            {
                "PYTHONHASHSEED": "12",
                "NUMBA_NUM_THREADS": "1",
                # glibc fills new memory with other bytes, large arrays too
                "MALLOC_PERTURB_": "165",
                "MALLOC_MMAP_THRESHOLD_": str(2**30),
            },
        ),
    ):
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / name), order],
            check=True,
            env={**os.environ, **environment},
        )
    for component in (
        "RandConnDIETClassifier",
        "RandConnResponseSelector",
        "RandConnTEDPolicy",
        "RandConnUnexpecTEDIntentPolicy",
    ):
        (weights, layers), (repeated, same_layers) = (
            read_weights(next((tmp_path / name / component).glob("*/*.weights.*")))
            for name in ("first", "second")
        )
        assert set(weights) == set(repeated)
        for path, array in weights.items():
            assert array.tobytes() == repeated[path].tobytes(), path
        for path, (connectivity, _) in layers.items():
            mask = same_layers[path].connectivity.mask()
            np.testing.assert_array_equal(connectivity.mask(), mask)


def test_the_default_encoder_has_no_array_of_the_size_of_a_dense_kernel(
    featurizers, tmp_path
):
    options = ("transformer_size", "number_of_transformer_layers", "dense_dimension")
    defaults = RandConnDIETClassifier.get_default_config()
    diet = train_diet(
        RandConnDIETClassifier,
        {key: defaults[key] for key in options},
        tmp_path,
        featurizers.training_data,
    )
    sizes = {
        connectivity.inputs * connectivity.units
        for connectivity, _ in diet.model.parameters.layers.values()
    }
    assert 256 * 1024 in sizes
    files = [path for path in tmp_path.glob("*/*") if path.suffix != ".json"]
    assert files
    for path in files:
        with safetensors.safe_open(str(path), framework="np") as file:
            stored = {file.get_tensor(name).size for name in file.keys()}
        assert not sizes & stored


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
