"""Stock's models with the weights of our networks, and the same random choices."""

from __future__ import annotations

import copy
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pytest
import tensorflow as tf
from data_factory import create
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.utils.tensorflow import layers as rasa_layers
from rasa.utils.tensorflow import layers_utils, transformer
from rasa.utils.tensorflow.data_generator import RasaDataGenerator

from rasa_randconn.autodiff import Parameters, Tape
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.kernels import dropout
from rasa_randconn.kernels.dropout import DropoutRate
from rasa_randconn.nn import encoder_dropout, hidden_layers, sparse_layer
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.nn.token_mask import TokenMask

_ATTENTION = {
    "query": "_query_dense_layer",
    "key": "_key_dense_layer",
    "value": "_value_dense_layer",
    "output": "_output_dense_layer",
}


class FixedChoices:
    """Draws the same negatives as stock's patched function, and the same masks."""

    def __init__(self) -> None:
        self._draws: List[np.ndarray] = []

    def integers(self, high: int, size: Any = None) -> Any:
        if size is None:
            return 1
        return np.asarray(_negatives(size[0], size[1], high))

    def mask(self, is_token: np.ndarray) -> None:
        """Chooses every third token in the next draw."""
        rows = np.arange(len(is_token))
        sentences = np.flatnonzero(~is_token)
        starts = np.concatenate([[0], sentences + 1])
        positions = rows - starts[np.searchsorted(sentences, rows)]
        self._draws = [is_token & (positions % 3 == 1)]

    def random(self, count: int) -> np.ndarray:
        if self._draws:
            return np.where(self._draws.pop(), 0.0, 1.0)
        return np.zeros(count)

    def permutation(self, count: int) -> np.ndarray:
        return np.arange(count)


def _negatives(rows: int, count: int, high: int) -> np.ndarray:
    return (np.arange(rows * count) * 7 + 3).reshape(rows, count) % high


def fix_choices(monkeypatch: Any) -> None:
    """Takes the chance out of stock's models and ours.

    Negatives are fixed, and every third token is masked by the mask's vector. Dropout
    scales units by the fraction that is kept on average; features and keys it drops
    all or none.
    """
    _fix_choices_of_stock(monkeypatch)
    _fix_dropout_of_stock(monkeypatch)
    call = TokenMask.__call__

    def masked(self: Any, tape: Any, rows: Any, is_token: np.ndarray) -> Any:
        tape.random.mask(is_token)
        return call(self, tape, rows, is_token)

    def scaling_rate(rate: float) -> DropoutRate:
        # kernels look at the factor only if the threshold is above 0
        threshold = {0: 0, 1: 2**32 - 1}.get(rate, 1)
        return DropoutRate(np.uint32(threshold), np.float32(1 - rate))

    monkeypatch.setattr(TokenMask, "__call__", masked)
    for module in (dropout, encoder_dropout, hidden_layers, sparse_layer):
        monkeypatch.setattr(module, "dropout_rate", scaling_rate)


def _fix_dropout_of_stock(monkeypatch: Any) -> None:
    def scaled(self: Any, inputs: tf.Tensor, training: Any = None) -> tf.Tensor:
        return inputs * (1 - self.rate) if training else inputs

    drop_features = rasa_layers.SparseDropout.call
    drop_keys = transformer.MultiHeadAttention._drop_attention_logits

    def features(self: Any, inputs: Any, training: Any = None) -> Any:
        return drop_features(self, inputs, bool(training) and self.rate == 1)

    def keys(self: Any, logits: Any, pad_mask: Any, training: Any) -> Any:
        is_dropped = bool(training) and self.attention_dropout_rate == 1
        return drop_keys(self, logits, pad_mask, is_dropped)

    monkeypatch.setattr(tf.keras.layers.Dropout, "call", scaled)
    monkeypatch.setattr(rasa_layers.SparseDropout, "call", features)
    monkeypatch.setattr(transformer.MultiHeadAttention, "_drop_attention_logits", keys)


def _fix_choices_of_stock(monkeypatch: Any) -> None:
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


def twins_of_classifiers(
    components: Sequence[Any], options: Dict[str, Any], data: Any, storage: Any
) -> Twins:
    """Models of our classifier and of stock's, prepared for the same messages."""
    models = []
    for component in components:
        diet = create(component, options, storage)
        model_data = diet.preprocess_train_data(copy.deepcopy(data))
        models.append(diet._instantiate_model_class(model_data))
    return Twins(*models, model_data)


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
        self.stock_batch = RasaDataGenerator.prepare_batch(data.data)
        self.stock_loss(training=True)
        self.pairs: Dict[str, Tuple[Any, Any]] = {}
        move_weights(ours.parameters)
        for path, values in dense_weights(ours.parameters).items():
            variable = stock_variable(stock, path)
            variable.assign(values)
            self.pairs[path] = ours.parameters[path], variable

    def stock_loss(self, training: bool) -> tf.Tensor:
        self.stock.reset_metrics()
        self.stock._training = training
        loss = self.stock.batch_loss(self.stock_batch)
        self.stock._training = None
        return loss

    def our_loss(self, training: bool) -> Tuple[float, Tape]:
        tape = Tape(FixedChoices(), training)  # type: ignore[arg-type]
        self.metrics = Metrics()
        return self.ours.network.loss(tape, self.batch, self.metrics), tape

    def outputs(self) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        self.stock._training = False
        self.stock.prepare_for_predict()
        texts = {key: self._data.data[key] for key in self.stock.predict_data_signature}
        stock = self.stock.batch_predict(RasaDataGenerator.prepare_batch(texts))
        self.ours._prepared = None
        ours = self.ours.predict_batch(StackedFeatures(texts).everything())
        return ours, stock


def move_weights(parameters: Parameters) -> None:
    """Moves weights away from what they were, so that swapped ones are noticed."""
    random = np.random.default_rng(0)
    for parameter in parameters:
        change = random.normal(scale=0.1, size=parameter.array.shape)
        parameter.array += change.astype(np.float32)


def dense_weights(parameters: Parameters) -> Dict[str, np.ndarray]:
    """Copies of all weights by path, in the shapes that they have in stock."""
    weights = {}
    for parameter in parameters:
        path = parameter.path
        weights[path] = unpacked(parameters, path, parameter.array).copy()
    return weights


def dense_gradient(parameters: Parameters, path: str) -> np.ndarray:
    """The gradient of a weight in the shape that it has in stock, zeros if none."""
    parameter = parameters[path]
    gradient = parameter.gradient
    if gradient is None:
        gradient = np.zeros_like(parameter.array)
    return unpacked(parameters, path, gradient)


def unpacked(parameters: Parameters, path: str, array: np.ndarray) -> np.ndarray:
    """A weight, or its gradient, in the shape that it has in stock."""
    layer = parameters.layers.get(path.rsplit("/", 1)[0])
    if layer is None or not path.endswith("/kernel"):
        return array
    return np.asarray(layer.connectivity.unpack(array))


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
    with tf.GradientTape() as stock_tape:
        stock_loss = twins.stock_loss(training=True)
    loss, tape = twins.our_loss(training=True)
    assert loss == pytest.approx(float(stock_loss), rel=1e-4)

    paths = [p for p, (parameter, _) in twins.pairs.items() if parameter.is_trainable]
    variables = [twins.pairs[path][1] for path in paths]
    expected = stock_tape.gradient(stock_loss, variables)
    tape.backward()
    for path, variable, gradient in zip(paths, variables, expected):
        parameter, unused_id = twins.pairs[path][0], id(variable)
        unused.discard(unused_id)
        if gradient is None:
            assert parameter.gradient is None or not parameter.gradient.any(), path
            continue
        found = dense_gradient(twins.ours.parameters, path)
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
