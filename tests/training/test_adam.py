"""Updates against Keras' Adam, on gradients that reach only some rows at a time."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.models import RasaModel

from rasa_randconn.autodiff import Parameters
from rasa_randconn.autodiff.row_gradient import row_gradient_of
from rasa_randconn.connections import LAYER_KINDS, ConnectionSettings
from rasa_randconn.training.adam import Adam

SHAPE = (7, 3)
LEARNING_RATE = 0.001
REGULARIZATION = 0.1


@pytest.fixture(autouse=True)
def small_kernels_are_updated_by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{Parameters.__module__}._FEWEST_WEIGHTS_BY_ROWS", 0)


def parameters_of(shape: Tuple[int, int] = SHAPE, l2: float = 0.0) -> Parameters:
    """A kernel that is updated as a whole, and one that is updated by rows."""
    connections = ConnectionSettings({kind: 0.2 for kind in LAYER_KINDS}, "grouped", 1)
    parameters = Parameters(connections)
    parameters.glorot_uniform("whole/kernel", shape, l2=l2)
    parameters.glorot_uniform_rows("rows/kernel", shape, l2)
    return parameters


def gradients_of_steps(
    steps: int, shape: Tuple[int, int] = SHAPE, seed: int = 0
) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Rows and gradients: the first row always, the last never, others at times."""
    random = np.random.default_rng(seed)
    for step in range(steps):
        is_touched = random.random(shape[0]) < 0.2
        is_touched[[0, -1]] = True, False
        is_touched[1] = step == 4
        is_touched[2] = step % 30 == 29
        gradient = random.normal(size=shape).astype(np.float32)
        gradient[~is_touched] = 0.0
        yield np.flatnonzero(is_touched), gradient


def take_step(
    parameters: Parameters, adam: Adam, rows: np.ndarray, gradient: np.ndarray
) -> None:
    parameters["whole/kernel"].add_gradient(gradient.copy())
    kernel: Any = parameters["rows/kernel"]
    adam.prepare(kernel, rows)
    kernel.add_row_gradient(row_gradient_of(rows, gradient[rows]))
    adam.update()


def keras_results(
    starts: List[np.ndarray], steps: int, l2: float, learning_rate: float
) -> List[np.ndarray]:
    """Weights after Keras' Adam, with the regularisation of stock's `train_step`."""
    variables = [tf.Variable(start) for start in starts]
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    for _, gradient in gradients_of_steps(steps, starts[0].shape):
        optimizer.apply_gradients(
            [
                (gradient + np.where(gradient > 0, 2 * l2 * v.numpy(), 0.0), v)
                for v in variables
            ]
        )
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize("l2", [0.0, REGULARIZATION])
@pytest.mark.parametrize("steps", [1, 6, 300])
def test_weights_are_those_of_keras(steps: int, l2: float) -> None:
    parameters = parameters_of(l2=l2)
    adam = Adam(parameters, LEARNING_RATE)
    starts = [parameter.array.copy() for parameter in parameters]
    for rows, gradient in gradients_of_steps(steps):
        take_step(parameters, adam, rows, gradient)
    adam.flush()
    for parameter, start, expected in zip(
        parameters, starts, keras_results(starts, steps, l2, LEARNING_RATE)
    ):
        np.testing.assert_allclose(
            parameter.array, expected, atol=1e-6, err_msg=parameter.path
        )
        assert (parameter.array[:-1] != start[:-1]).any()
        np.testing.assert_array_equal(parameter.array[-1], start[-1])


def test_a_row_is_up_to_date_whenever_a_batch_reads_it() -> None:
    parameters = parameters_of()
    adam = Adam(parameters, LEARNING_RATE)
    whole, by_rows = (parameter.array for parameter in parameters)
    by_rows[...] = whole
    for rows, gradient in gradients_of_steps(100):
        adam.prepare(parameters["rows/kernel"], rows)  # type: ignore[arg-type]
        np.testing.assert_allclose(by_rows[rows], whole[rows], atol=1e-6)
        take_step(parameters, adam, rows, gradient)


def test_many_rows_are_updated_as_few_are() -> None:
    shape = (1500, 2)
    parameters = parameters_of(shape)
    adam = Adam(parameters, LEARNING_RATE)
    whole, by_rows = (parameter.array for parameter in parameters)
    by_rows[...] = whole
    for rows, gradient in gradients_of_steps(20, shape):
        assert len(rows) < len(whole)
        take_step(parameters, adam, rows, gradient)
    adam.flush()
    np.testing.assert_allclose(by_rows, whole, atol=1e-6)


class _Product:
    """A stock model of one regularised variable; stock's preparations are left out."""

    def __init__(self, start: np.ndarray):
        RasaModel.__init__(self, random_seed=1)
        self.table = self.add_weight(
            "table",
            shape=start.shape,
            initializer=tf.keras.initializers.Constant(start),
            regularizer=tf.keras.regularizers.L2(REGULARIZATION),
        )
        self.compile(optimizer=tf.keras.optimizers.Adam(LEARNING_RATE))

    def batch_loss(self, batch_in: Any) -> tf.Tensor:
        return tf.reduce_sum(batch_in[0] * self.table)


class StockProduct(_Product, RasaModel):
    pass


def test_steps_and_the_loss_are_those_of_stocks_train_step() -> None:
    parameters = parameters_of(l2=REGULARIZATION)
    adam = Adam(parameters, LEARNING_RATE)
    starts = [parameter.array.copy() for parameter in parameters]
    models = [StockProduct(start) for start in starts]
    for rows, gradient in gradients_of_steps(40):
        adam.flush()
        ours = (
            sum(float((gradient * parameter.array).sum()) for parameter in parameters)
            + parameters.regularization_loss
        )
        take_step(parameters, adam, rows, gradient)
        stock = 0.0
        for model in models:
            model.reset_metrics()
            stock += float(model.train_step((tf.constant(gradient),))["t_loss"])
        assert ours == pytest.approx(stock, rel=1e-5, abs=1e-6)
    adam.flush()
    for parameter, model, start in zip(parameters, models, starts):
        np.testing.assert_allclose(parameter.array, model.table.numpy(), atol=1e-6)
        assert not np.allclose(parameter.array, start)


def test_without_a_gradient_nothing_moves() -> None:
    parameters = parameters_of(l2=REGULARIZATION)
    before = [parameter.array.copy() for parameter in parameters]
    adam = Adam(parameters, LEARNING_RATE)
    adam.update()
    adam.flush()
    for parameter, array in zip(parameters, before):
        np.testing.assert_array_equal(parameter.array, array)


def test_what_is_not_trained_does_not_move() -> None:
    parameters = parameters_of()
    fixed = parameters.glorot_uniform("fixed/kernel", SHAPE, is_trainable=False)
    before = fixed.array.copy()
    adam = Adam(parameters, LEARNING_RATE)
    fixed.add_gradient(np.ones(SHAPE, np.float32))
    adam.update()
    np.testing.assert_array_equal(fixed.array, before)
    assert not [name for name in adam.state() if "fixed" in name]


@pytest.mark.parametrize("shape", [SHAPE, (150, 100)])
@pytest.mark.parametrize(
    "stored",
    [np.ascontiguousarray, np.asfortranarray, np.float64],
    ids=["as it is", "transposed", "64 bits"],
)
def test_gradients_may_be_stored_in_any_way(
    shape: Tuple[int, int], stored: Callable[[np.ndarray], np.ndarray]
) -> None:
    parameters = parameters_of(shape)
    kernel = parameters["whole/kernel"]
    before = kernel.array.copy()
    adam = Adam(parameters, LEARNING_RATE)
    random = np.random.default_rng(1)
    gradient = random.choice(np.array([-0.5, 2.0], np.float32), shape)
    kernel.add_gradient(stored(gradient))
    adam.update()
    # the first step has the same size for all weights
    expected = -LEARNING_RATE * np.sign(gradient)
    np.testing.assert_allclose(kernel.array - before, expected, atol=1e-5)


@pytest.mark.parametrize("shape", [SHAPE[1:], (1, SHAPE[1]), SHAPE[::-1]])
def test_a_gradient_of_another_shape_is_refused(shape: Tuple[int, ...]) -> None:
    parameters = parameters_of()
    parameters["whole/kernel"].add_gradient(np.ones(shape, np.float32))
    with pytest.raises(ValueError, match="gradient of 'whole/kernel' has the shape"):
        Adam(parameters, LEARNING_RATE).update()


def test_an_array_that_was_replaced_is_refused() -> None:
    parameters = parameters_of()
    adam = Adam(parameters, LEARNING_RATE)
    parameters["whole/kernel"].array = np.zeros(SHAPE, np.float32)
    with pytest.raises(ValueError, match="'whole/kernel' was replaced"):
        adam.update()


def test_there_may_be_nothing_but_kernels_that_are_updated_by_rows() -> None:
    parameters = Parameters(parameters_of().connections)
    kernel: Any = parameters.glorot_uniform_rows("rows/kernel", SHAPE, 0.0)
    before, adam = kernel.array.copy(), Adam(parameters, LEARNING_RATE)
    adam.prepare(kernel, np.array([2]))
    kernel.add_row_gradient(
        row_gradient_of(np.array([2]), np.ones((1, SHAPE[1]), np.float32))
    )
    adam.update()
    np.testing.assert_array_equal((kernel.array != before).any(axis=1).nonzero(), [[2]])


def test_an_update_clears_all_gradients() -> None:
    parameters = parameters_of()
    adam = Adam(parameters, LEARNING_RATE)
    for rows, gradient in gradients_of_steps(3):
        take_step(parameters, adam, rows, gradient)
        kernel: Any = parameters["rows/kernel"]
        assert parameters["whole/kernel"].gradient is None
        assert kernel.row_gradient is None


def _copied(adam: Adam) -> Any:
    return {name: array.copy() for name, array in adam.state().items()}


def test_a_restored_state_goes_on_as_if_it_had_never_stopped() -> None:
    steps = list(gradients_of_steps(60))
    straight, resumed = parameters_of(), parameters_of()
    adam = Adam(straight, LEARNING_RATE)
    for rows, gradient in steps[:35]:
        take_step(straight, adam, rows, gradient)
    state = _copied(adam)
    for parameter in resumed:
        parameter.array[...] = straight[parameter.path].array
    adam_again = Adam(resumed, LEARNING_RATE)
    adam_again.restore(state)
    assert adam_again.step == 35
    for rows, gradient in steps[35:]:
        take_step(straight, adam, rows, gradient)
        take_step(resumed, adam_again, rows, gradient)
    found, expected = adam_again.state(), adam.state()
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, name)
    for parameter in resumed:
        np.testing.assert_array_equal(parameter.array, straight[parameter.path].array)


@pytest.mark.parametrize("damage", ["missing", "unknown", "another shape"])
def test_the_state_of_another_model_is_refused(damage: str) -> None:
    adam = Adam(parameters_of(), LEARNING_RATE)
    state = _copied(adam)
    name = sorted(state)[0]
    if damage == "missing":
        del state[name]
    elif damage == "unknown":
        state["momentums/stranger"] = state[name]
    else:
        state[name] = np.zeros((3, 3), np.float32)
    with pytest.raises(ValueError, match="another model"):
        adam.restore(state)


def _connected(density: float) -> Parameters:
    connections = ConnectionSettings(
        {kind: density for kind in LAYER_KINDS}, "grouped", 1
    )
    parameters = Parameters(connections)
    parameters.connect("layer", LAYER_KINDS[0], 64, 32)
    return parameters


@pytest.mark.parametrize("density", [0.1, 0.25, 1.0])
def test_the_fewer_connections_a_layer_has_the_further_each_of_them_moves(
    density: float,
) -> None:
    parameters = _connected(density)
    kernel = parameters["layer/kernel"]
    before = kernel.array.copy()
    kernel.add_gradient(np.ones_like(kernel.array))
    Adam(parameters, LEARNING_RATE, scales_learning_rate=True).update()
    fraction = kernel.array.size / (64 * 32)
    expected = LEARNING_RATE / np.sqrt(fraction)
    np.testing.assert_allclose(before - kernel.array, expected, rtol=1e-3)


def test_unless_asked_to_all_weights_have_the_same_learning_rate() -> None:
    parameters = _connected(0.1)
    kernel = parameters["layer/kernel"]
    before = kernel.array.copy()
    kernel.add_gradient(np.ones_like(kernel.array))
    Adam(parameters, LEARNING_RATE).update()
    np.testing.assert_allclose(before - kernel.array, LEARNING_RATE, rtol=1e-3)
