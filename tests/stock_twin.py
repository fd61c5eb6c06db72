"""Stock's models with the weights of our networks, and the same random choices."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pytest
import tensorflow as tf
from data_factory import create
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.utils.tensorflow import layers as rasa_layers
from rasa.utils.tensorflow import layers_utils
from rasa.utils.tensorflow.data_generator import RasaDataGenerator

from rasa_randconn.differentiation import Tape
from rasa_randconn.network.metrics import Metrics
from rasa_randconn.training import StackedFeatures

_ATTENTION = {
    "query": "_query_dense_layer",
    "key": "_key_dense_layer",
    "value": "_value_dense_layer",
    "output": "_output_dense_layer",
}


class FixedChoices:
    """Draws the same negatives as stock's patched function, and chosen masks."""

    def __init__(self, is_masked: Any = None):
        self._draws = [] if is_masked is None else [is_masked]

    def integers(self, high: int, size: Any = None) -> Any:
        if size is None:
            return 1
        return np.asarray(_negatives(size[0], size[1], high))

    def random(self, count: int) -> np.ndarray:
        if self._draws:
            return np.where(self._draws.pop(), 0.0, 1.0)
        return np.zeros(count)

    def permutation(self, count: int) -> np.ndarray:
        return np.arange(count)


def _negatives(rows: int, count: int, high: int) -> np.ndarray:
    return (np.arange(rows * count) * 7 + 3).reshape(rows, count) % high


def fix_choices_of_stock(monkeypatch: Any) -> None:
    """Stock draws fixed negatives, and masks every third token by the mask's vector."""

    def random_indices(batch_size: Any, n: Any, n_max: Any) -> tf.Tensor:
        return tf.constant(_negatives(int(batch_size), int(n), int(n_max)), tf.int32)

    def masked(self: Any, x: tf.Tensor, mask: tf.Tensor, training: Any = None) -> Any:
        chosen = np.zeros(mask.shape, bool)
        chosen[:, 1::3] = True
        chosen &= mask.numpy() > 0
        vector = tf.tile(self.mask_vector, (x.shape[0], x.shape[1], 1))
        is_chosen = tf.tile(tf.constant(chosen), (1, 1, x.shape[-1]))
        return tf.where(is_chosen, vector, x), tf.constant(chosen)

    monkeypatch.setattr(layers_utils, "random_indices", random_indices)
    monkeypatch.setattr(rasa_layers.InputMask, "call", masked)


def twins_of_policies(
    components: Sequence[Any], options: Dict[str, Any], data: Any, storage: Any
) -> Twins:
    """Models of our policy and of stock's, prepared for the same dialogues."""
    models = []
    for component in components:
        policy = create(component, options, storage)
        model_data, _ = policy._prepare_for_training(
            data.trackers, data.domain, data.precomputations
        )
        has_max_history = isinstance(policy.featurizer, MaxHistoryTrackerFeaturizer)
        models.append(
            policy.model_class()(
                model_data.get_signature(),
                policy.config,
                has_max_history,
                policy._label_data,
                policy._entity_tag_specs,
            )
        )
    return Twins(*models, model_data)


class Twins:
    """Our model and stock's with the same weights, and a batch of all examples."""

    def __init__(self, ours: Any, stock: Any, data: Any):
        self.ours, self.stock, self._data = ours, stock, data
        self.batch = StackedFeatures(data.data).everything()
        self._stock_batch = RasaDataGenerator.prepare_batch(data.data)
        self.stock_loss(training=True)
        random = np.random.default_rng(0)
        self.pairs: Dict[str, Tuple[Any, Any]] = {}
        for parameter in ours.parameters:
            # far from initial values, so that a swapped pair is noticed
            parameter.array += random.normal(
                scale=0.1, size=parameter.array.shape
            ).astype(np.float32)
            variable = stock_variable(stock, parameter.path)
            layer = ours.parameters.layers.get(parameter.path.rsplit("/", 1)[0])
            values = parameter.array
            if layer is not None and parameter.path.endswith("/kernel"):
                values = layer.connectivity.unpack(values)
            variable.assign(values)
            self.pairs[parameter.path] = parameter, variable

    def stock_loss(self, training: bool) -> tf.Tensor:
        self.stock.reset_metrics()
        self.stock._training = training
        loss = self.stock.batch_loss(self._stock_batch)
        self.stock._training = None
        return loss

    def our_loss(self, training: bool, is_masked: Any = None) -> Tuple[float, Tape]:
        tape = Tape(FixedChoices(is_masked), training)  # type: ignore[arg-type]
        self.metrics = Metrics()
        return self.ours.network.loss(tape, self.batch, self.metrics), tape

    def every_third_token(self) -> np.ndarray:
        lengths = self.batch["text"]["sequence"][0].lengths
        rows: List[bool] = []
        for length in lengths:
            rows += [i % 3 == 1 for i in range(length)] + [False]
        return np.array(rows)

    def outputs(self) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        self.stock._training = False
        self.stock.prepare_for_predict()
        texts = {key: self._data.data[key] for key in self.stock.predict_data_signature}
        stock = self.stock.batch_predict(RasaDataGenerator.prepare_batch(texts))
        self.ours._prepared = None
        ours = self.ours.predict_batch(StackedFeatures(texts).everything())
        return ours, stock


def stock_variable(model: Any, path: str) -> tf.Variable:
    """The variable of a stock model at the path of one of our parameters."""
    layer, steps = model, path.split("/")
    while len(steps) > 1:
        step = steps.pop(0)
        if hasattr(layer, "_ffn_layers") and step.startswith("hidden_layer_"):
            dense = [x for x in layer._ffn_layers if hasattr(x, "kernel")]
            layer = dense[int(step.rsplit("_", 1)[1])]
        elif hasattr(layer, "_enc_layers"):
            return _variable_of_encoder(layer, [step, *steps])
        else:
            layer = layer._tf_layers[step]
    if isinstance(layer, rasa_layers.Embed):
        layer = layer._dense
    return getattr(layer, {"transitions": "transition_params"}.get(steps[0], steps[0]))


def _variable_of_encoder(encoder: Any, steps: List[str]) -> tf.Variable:
    if steps[0] in ("embedding", "norm"):
        name = {"embedding": "_embedding", "norm": "_layer_norm"}[steps[0]]
        return getattr(getattr(encoder, name), steps[1])
    layer = encoder._enc_layers[int(steps[0].rsplit("_", 1)[1])]
    norm, first, _, second, _ = layer._ffn_layers
    if steps[1] == "attention":
        if len(steps) == 3:
            return getattr(layer._mha, steps[2])
        return getattr(getattr(layer._mha, _ATTENTION[steps[2]]), steps[3])
    parts = {
        "attention_norm": layer._layer_norm,
        "feed_forward_norm": norm,
        "feed_forward_in": first,
        "feed_forward_out": second,
    }
    return getattr(parts[steps[1]], steps[2])


def assert_same_loss_and_gradients(twins: Twins) -> None:
    """Compares losses and the gradients of all weights in training."""
    unused = {id(v) for v in twins.stock.trainable_variables}
    is_masked = twins.every_third_token() if "text" in twins.batch else None
    if twins.ours.config["use_masked_language_model"] is False:
        is_masked = None
    with tf.GradientTape() as stock_tape:
        stock_loss = twins.stock_loss(training=True)
    loss, tape = twins.our_loss(training=True, is_masked=is_masked)
    assert loss == pytest.approx(float(stock_loss), rel=1e-4)

    paths = [p for p, (parameter, _) in twins.pairs.items() if parameter.is_trainable]
    variables = [twins.pairs[path][1] for path in paths]
    expected = stock_tape.gradient(stock_loss, variables)
    tape.differentiate()
    for path, variable, gradient in zip(paths, variables, expected):
        parameter, unused_id = twins.pairs[path][0], id(variable)
        unused.discard(unused_id)
        if gradient is None:
            assert parameter.gradient is None or not parameter.gradient.any(), path
            continue
        found = parameter.gradient
        found = np.zeros_like(parameter.array) if found is None else found
        layer = twins.ours.parameters.layers.get(path.rsplit("/", 1)[0])
        if layer is not None and path.endswith("/kernel"):
            found = layer.connectivity.unpack(found)
        np.testing.assert_allclose(
            found, tf.convert_to_tensor(gradient), atol=2e-4, rtol=2e-3, err_msg=path
        )
    assert not unused, "a variable of stock has no counterpart"


def assert_same_outputs(ours: Any, stock: Any) -> None:
    """Compares all predictions."""
    assert set(ours) == set(stock)
    for key in set(ours) - {"diagnostic_data"}:
        expected = np.asarray(stock[key])
        np.testing.assert_allclose(ours[key], expected, atol=1e-5, err_msg=key)
        assert ours[key].dtype == expected.dtype
