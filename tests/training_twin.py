"""Trainings of our components and of stock's from the same weights.

There is no chance in them (see `stock_twin.fix_choices`), and batches are drawn from
the same seed. So what ours report and answer must be what stock's do, step by step.
"""

from __future__ import annotations

import json
import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List, Mapping

import numpy as np
import tensorflow as tf
from data_factory import (
    Dialogues,
    eagerly,
    load,
    tracker_after,
    train,
    without_our_names,
)
from rasa.core.policies.policy import Policy
from rasa.shared.core.events import ActionExecuted, EntitiesAdded, UserUttered
from rasa.utils.tensorflow.data_generator import RasaDataGenerator
from rasa.utils.tensorflow.models import RasaModel
from stock_twin import (
    FixedChoices,
    dense_weights,
    fix_choices,
    move_weights,
    stock_variable,
)
from summaries import read_summaries

from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.stock import network_model
from rasa_randconn.stock.randomly_connected_model import RandomlyConnectedModel

#: In the place of a folder that is another one in every training.
A_FOLDER = "<a folder of the training>"

TEXTS = ["fly to rome", "hello", "berlin, paris, rome", "what is the price"]
LAST_TURNS = [("hello", "greet"), ("fly to berlin, rome", "book"), ("bye", "bye")]

# Stock decodes for the F1 scores of a training.
_COMPARED_BY_NAME_ONLY = ("_f1", "_f1_vs_iterations")
_TOLERANCE = 2e-3

Report = Dict[str, Any]


class TrainingTwins:
    """Trains components of ours, and of stock with the weights that ours began with."""

    def __init__(self, monkeypatch: Any, folder: Path) -> None:
        """Replaces what trains models, in stock and in ours."""
        fix_choices(monkeypatch)
        self._folder = folder
        self._count = 0
        self._start: Dict[str, np.ndarray] = {}
        self._regularization = 0.0
        self._batch: Any = None
        fit = RandomlyConnectedModel.fit
        trainer = network_model.Trainer

        def our_trainer(network: Any, adam: Any, random: Any, *args: Any) -> Any:
            return trainer(network, adam, FixedChoices(), *args)  # type: ignore[arg-type]

        def our_fit(model: Any, x: Any, **options: Any) -> Any:
            move_weights(model.parameters)
            self._start = dense_weights(model.parameters)
            self._regularization = model.parameters.regularization_loss
            np.random.seed(model.random_seed % 2**32)
            return fit(model, x, **options)

        def stock_fit(model: Any, x: Any, **options: Any) -> Any:
            if not self._start:
                # only to be loaded: as trained, all weights are built in one order
                model.batch_loss(self._batch)
                return None
            self._make_equal(model, x)
            np.random.seed(model.random_seed % 2**32)
            validation = options.get("validation_data")
            # ours draws like Rasa's generators when they are made, and then anew
            for generator in (validation, x, x, validation):
                if generator is not None:
                    generator._current_epoch -= 1
                    generator.on_epoch_end()
            return tf.keras.Model.fit(model, x, **options)

        monkeypatch.setattr(network_model, "Trainer", our_trainer)
        monkeypatch.setattr(RandomlyConnectedModel, "fit", our_fit)
        monkeypatch.setattr(RasaModel, "fit", stock_fit, raising=False)

    def report(self, component: Any, options: Mapping[str, Any], data: Any) -> Report:
        """Trains a component, and loads it.

        Args:
            component: Ours, or stock's after the same training of ours.
            options: The component's options.
            data: `Featurizers` with their training data, or `Dialogues`.

        Returns:
            What it reported and answered, without the names of components.
        """
        self._count += 1
        storage = self._folder / f"{component.__name__}_{self._count}"
        storage.mkdir()
        curves = str(storage / "curves")
        own = {k: curves if v == A_FOLDER else v for k, v in options.items()}
        with ExitStack() as stack:
            if not issubclass(component, RandomlyConnectedComponent):
                stack.enter_context(eagerly())
            trained = train(component, own, storage, data)
            loaded = load(component, own, storage)
            report = {
                "progress": trained.model.history.history,
                "regularization": self._regularization,
                "curves": _curves(Path(curves)),
                "answers": _answers(loaded, data),
            }
        written = json.dumps(report, default=_plain)
        return json.loads(without_our_names(written))  # type: ignore[no-any-return]

    def _make_equal(self, model: Any, generator: Any) -> None:
        """Builds a model of stock, and gives it the weights that ours began with."""
        self._batch = RasaDataGenerator.prepare_batch(generator.model_data.data)
        model._training = True
        model.batch_loss(self._batch)
        for path, values in self._start.items():
            stock_variable(model, path).assign(values)
        self._start = {}
        model.batch_loss(self._batch)
        self._regularization = float(tf.math.add_n(model.losses))
        model._training = None
        model.reset_metrics()


def differences(found: Any, expected: Any, where: str = "") -> List[str]:
    """Where two reports differ, in words; numbers may by rounding."""
    if isinstance(found, dict) and isinstance(expected, dict):
        if set(found) != set(expected):
            return [f"{where}: {sorted(found)}, not {sorted(expected)}"]
        if where.endswith(_COMPARED_BY_NAME_ONLY):
            return []
        pairs = [(key, found[key], expected[key]) for key in found]
    elif isinstance(found, list) and isinstance(expected, list):
        if len(found) != len(expected):
            return [f"{where}: {len(found)}, not {len(expected)}"]
        if where.endswith(_COMPARED_BY_NAME_ONLY):
            return []
        pairs = [(str(i), a, b) for i, (a, b) in enumerate(zip(found, expected))]
    elif isinstance(found, float) and isinstance(expected, float):
        is_close = math.isclose(found, expected, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
        return [] if is_close else [f"{where}: {found}, not {expected}"]
    else:
        return [] if found == expected else [f"{where}: {found}, not {expected}"]
    return [
        line
        for key, a, b in pairs
        for line in differences(a, b, f"{where}/{key}" if where else key)
    ]


def _answers(component: Any, data: Any) -> List[Any]:
    if isinstance(data, Dialogues):
        return [_answer_of_policy(component, data, *said) for said in LAST_TURNS]
    keys = ("intent", "intent_ranking", "entities", "response_selector")
    return [
        {key: message.data[key] for key in keys if key in message.data}
        for message in component.process(data.messages(*TEXTS))
    ]


def _answer_of_policy(policy: Policy, data: Dialogues, text: str, intent: str) -> Any:
    # no story begins like this: thresholds are the scores of those that do
    tracker = tracker_after(text, "bye", data.domain)
    for event in (
        ActionExecuted("utter_hello"),
        ActionExecuted("action_listen"),
        UserUttered(text, {"name": intent, "confidence": 1.0}),
    ):
        tracker.update(event)
    prediction = policy.predict_action_probabilities(
        tracker,
        data.domain,
        precomputations=data.featurizers.precomputations_for(tracker),
    )
    return {
        "probabilities": prediction.probabilities,
        "priority": prediction.policy_priority,
        "is end to end": prediction.is_end_to_end_prediction,
        "entities": [
            entity
            for event in prediction.optional_events or []
            if isinstance(event, EntitiesAdded)
            for entity in event.entities
        ],
        "metadata": _with_named_ranking(prediction.action_metadata),
    }


def _with_named_ranking(metadata: Any) -> Any:
    """Metadata with the ranking by name: rounding decides between equal scores."""
    if not metadata:
        return metadata
    ranking = metadata["ranking"]
    scores = [intent["score"] for intent in ranking]
    assert scores == sorted(scores, reverse=True)
    return {**metadata, "ranking": sorted(ranking, key=lambda intent: intent["name"])}


def _curves(folder: Path) -> Dict[str, Dict[str, List[List[float]]]]:
    """Steps and values of every curve in TensorBoard's files."""
    curves: Dict[str, Dict[str, List[List[float]]]] = {}
    for summary in read_summaries(folder):
        if summary.plugin == "scalars":
            own = curves.setdefault(summary.writer, {})
            own.setdefault(summary.tag, []).append([summary.step, float(summary.array)])
    return curves


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
