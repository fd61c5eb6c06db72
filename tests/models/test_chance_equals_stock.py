"""With chance left in, our networks compute on average what stock's do, as spread out.

The weights are the same, the random numbers are not: dropout, negatives and masks are
drawn many times, and the losses and gradients of all draws compared.
"""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from data_factory import (
    STORIES,
    TINY_DIET,
    TINY_TED,
    dialogues,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from stock_twin import (
    Twins,
    dense_gradient,
    twins_of_classifiers,
    twins_of_policies,
)

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy
from rasa_randconn.autodiff import Tape
from rasa_randconn.nn.metrics import Metrics

pytestmark = pytest.mark.slow

DRAWS = 200
DIET = {
    **TINY_DIET,
    "connection_density": 1.0,
    "drop_rate": 0.3,
    "drop_rate_attention": 0.2,
    "use_sparse_input_dropout": True,
    "use_dense_input_dropout": True,
    "number_of_negative_examples": 2,
}
TED = {
    **TINY_TED,
    "connection_density": 1.0,
    "drop_rate": 0.3,
    "drop_rate_dialogue": 0.2,
    "drop_rate_attention": 0.2,
    # scaled, it jumps as soon as one example of a batch is known well enough
    "scale_loss": False,
    "use_sparse_input_dropout": True,
    "use_dense_input_dropout": True,
    "number_of_negative_examples": 2,
}
DIET_CASES = {
    "dropout everywhere": {},
    "keys are dropped": {"drop_rate": 0.0, "drop_rate_attention": 0.4},
    "masked language model": {"use_masked_language_model": True},
}


@pytest.mark.parametrize("case", DIET_CASES)
def test_losses_and_gradients_of_diet_are_distributed_as_those_of_stock(
    case, featurizers, tmp_path
):
    components = (RandConnDIETClassifier, DIETClassifier)
    options, data = {**DIET, **DIET_CASES[case]}, featurizers.training_data
    twins = twins_of_classifiers(components, options, data, tmp_path)
    assert_same_distribution(twins)


def test_losses_and_gradients_of_ted_are_distributed_as_those_of_stock(
    featurizers, tmp_path
):
    components = (RandConnTEDPolicy, TEDPolicy)
    data = dialogues(STORIES, featurizers)
    assert_same_distribution(twins_of_policies(components, TED, data, tmp_path))


def assert_same_distribution(twins: Twins) -> None:
    """Compares means and variances over many draws."""
    tf.random.set_seed(1)
    random = np.random.default_rng(1)
    stock = _draws_of_stock(twins)
    ours = [_draw_of_ours(twins, random) for _ in range(DRAWS)]
    for path in ours[0]:
        found = np.stack([draw[path].ravel() for draw in ours])
        expected = np.stack([draw[path].ravel() for draw in stock])
        variance = found.var(axis=0).sum() + expected.var(axis=0).sum()
        distance = np.square(found.mean(axis=0) - expected.mean(axis=0)).sum()
        # at most four standard deviations of a mean, were all weights to move together
        assert distance < 16 * variance / DRAWS + 1e-6, path
        spreads = found.var(axis=0).sum(), expected.var(axis=0).sum()
        if max(spreads) > 1e-8:
            assert 0.5 < spreads[0] / spreads[1] < 2.0, path


def _draws_of_stock(twins: Twins) -> List[Dict[str, np.ndarray]]:
    paths = _trainable(twins)
    variables = [twins.pairs[path][1] for path in paths]

    @tf.function
    def loss_and_gradients() -> Any:
        with tf.GradientTape() as tape:
            loss = twins.stock.batch_loss(twins.stock_batch)
        gradients = tape.gradient(
            loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return [loss, *map(tf.convert_to_tensor, gradients)]

    names = ["loss", *paths]
    twins.stock._training = True
    return [
        dict(zip(names, map(np.asarray, loss_and_gradients()))) for _ in range(DRAWS)
    ]


def _draw_of_ours(twins: Twins, random: np.random.Generator) -> Dict[str, np.ndarray]:
    tape = Tape(random, True)
    loss = twins.ours.network.loss(tape, twins.batch, Metrics())
    tape.backward()
    draw = {"loss": np.array(loss)}
    for path in _trainable(twins):
        draw[path] = dense_gradient(twins.ours.parameters, path).copy()
        twins.pairs[path][0].gradient = None
    return draw


def _trainable(twins: Twins) -> List[str]:
    return [path for path, (p, _) in twins.pairs.items() if p.is_trainable]
