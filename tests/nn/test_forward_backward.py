from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.nn import forward_backward
from rasa_randconn.nn.forward_backward import ForwardBackward
from rasa_randconn.nn.workspace import Workspace

TAGS = 70


@pytest.fixture
def group_counts(monkeypatch):
    """Output: how many groups have run, in each part of the algorithm."""
    counts = []

    def one_by_one(function, pieces):
        counts.append(len(pieces))
        return [function(piece) for piece in reversed(pieces)]

    monkeypatch.setattr(forward_backward, "in_parallel", one_by_one)
    return counts


def computed(examples):
    """Everything that is computed for examples of 0 to 12 tokens."""
    random = np.random.default_rng(1)
    lengths = random.integers(13, size=examples)
    count = lengths.sum()
    algorithm = ForwardBackward(
        random.normal(size=(count, TAGS)).astype(np.float32),
        random.normal(size=(TAGS, TAGS)).astype(np.float32),
        random.integers(TAGS, size=count),
        lengths,
        Workspace(),
    )
    likelihoods = algorithm.log_likelihoods()
    upstream = random.normal(size=examples).astype(np.float32)
    return likelihoods, *algorithm.gradients(upstream)


def test_groups_compute_what_one_group_does(monkeypatch, group_counts):
    several = computed(150)
    monkeypatch.setattr(forward_backward, "_FEWEST_EXAMPLES_PER_GROUP", 1000)
    one = computed(150)
    assert group_counts == [2, 2, 1, 1]
    for found, expected in zip(several, one):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_results_do_not_depend_on_which_group_runs_first(monkeypatch):
    in_threads = computed(150)
    monkeypatch.setattr(
        forward_backward,
        "in_parallel",
        lambda function, pieces: [*map(function, pieces)],
    )
    for found, expected in zip(in_threads, computed(150)):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("examples", [0, 1, 31])
def test_few_examples_are_one_group(group_counts, examples):
    likelihoods, _, transition_gradients, _ = computed(examples)
    assert group_counts == [1, 1]
    assert likelihoods.shape == (examples,)
    assert np.isfinite(transition_gradients).all()
