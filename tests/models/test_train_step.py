"""One optimisation step, against stock's on the same tiny model."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.models import RasaModel

from rasa_randconn.models import RandomlyConnectedModel

START = np.array([[1.0, -2.0], [3.0, 0.5], [0.25, -1.0], [2.0, 4.0]], np.float32)
SCALE = 0.1


class _Table:
    """A model of one regularised variable; stock's preparations are left out."""

    def __init__(self):
        RasaModel.__init__(self, random_seed=1)
        self.table = self.add_weight(
            "table",
            shape=START.shape,
            initializer=tf.keras.initializers.Constant(START),
            regularizer=tf.keras.regularizers.L2(SCALE),
        )
        self.compile(optimizer=tf.keras.optimizers.SGD(1.0))


class _Lookup(_Table):
    def batch_loss(self, batch_in):
        return tf.reduce_sum(tf.gather(self.table, batch_in[0]))


class _Product(_Table):
    def batch_loss(self, batch_in):
        return tf.reduce_sum(batch_in[0] * self.table)


class OurLookup(_Lookup, RandomlyConnectedModel):
    pass


class StockLookup(_Lookup, RasaModel):
    pass


class OurProduct(_Product, RandomlyConnectedModel):
    pass


class StockProduct(_Product, RasaModel):
    pass


ROWS = (tf.constant([1, 3, 1]),)


def test_a_sparse_gradient_is_applied():
    model = OurLookup()
    model.train_step(ROWS)

    counts = np.array([0, 2, 0, 1], np.float32)[:, np.newaxis]
    gradient = counts + np.where(counts > 0, 2 * SCALE * START, 0.0)
    np.testing.assert_allclose(model.table.numpy(), START - gradient, rtol=1e-6)


def test_stock_cannot_apply_the_same_sparse_gradient():
    """The trap itself: if Rasa repairs it, our own step can go."""
    with pytest.raises(TypeError):
        StockLookup().train_step(ROWS)


def test_a_sparse_gradient_is_applied_within_fit():
    model = OurLookup()
    model.fit(tf.data.Dataset.from_tensors(ROWS), verbose=0)
    assert not np.allclose(model.table.numpy()[[1, 3]], START[[1, 3]])
    np.testing.assert_array_equal(model.table.numpy()[[0, 2]], START[[0, 2]])


def test_a_step_and_its_metrics_are_those_of_stock():
    # positive, zero and negative gradients: stock regularises the first only
    batch = (tf.constant([[1.0, -1.0], [0.0, 2.0], [-0.5, 0.0], [3.0, -2.0]]),)
    ours, stock = OurProduct(), StockProduct()
    our_metrics, stock_metrics = ours.train_step(batch), stock.train_step(batch)

    np.testing.assert_allclose(ours.table.numpy(), stock.table.numpy(), rtol=1e-6)
    assert not np.allclose(stock.table.numpy(), START)
    assert set(our_metrics) == set(stock_metrics) == {"t_loss"}
    assert float(our_metrics["t_loss"]) == pytest.approx(
        float(stock_metrics["t_loss"]), rel=1e-6
    )


def test_a_model_without_regularisation_trains():
    class Plain(OurProduct):
        @property
        def losses(self):
            return []

    model = Plain()
    model.train_step((tf.ones(START.shape),))
    np.testing.assert_allclose(model.table.numpy(), START - 1.0)
