"""A batch in chunks: every token is in one, and examples stay whole."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.nn.chunk import split_into_chunks

LAYERS, HEADS = 2, 4


def random_lengths(tokens, seed=1):
    random = np.random.default_rng(seed)
    lengths = []
    while sum(lengths) < tokens:
        lengths.append(int(random.integers(0, 40)))
    lengths[-1] -= sum(lengths) - tokens
    return np.array(lengths)


@pytest.mark.parametrize("tokens", [1, 100, 192, 1500, 4000])
def test_every_token_is_in_one_chunk_and_examples_stay_whole(tokens):
    lengths = random_lengths(tokens)
    chunks = split_into_chunks(lengths, None, LAYERS, HEADS)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert sum(chunk.token_count for chunk in chunks) == tokens
    first_token = 0
    for chunk in chunks:
        assert chunk.first_token == first_token
        count = len(chunk.starts) - 1
        own = lengths[chunk.first_example : chunk.first_example + count]
        np.testing.assert_array_equal(np.diff(chunk.starts), own)
        expected = np.concatenate([np.arange(length) for length in own])
        np.testing.assert_array_equal(chunk.positions[: chunk.token_count], expected)
        assert not chunk.positions[chunk.token_count :].any()
        assert len(chunk.attention_weights) == LAYERS
        for weights in chunk.attention_weights:
            assert weights.shape == (HEADS * (own**2).sum(),)
        first_token += chunk.token_count


@pytest.mark.parametrize("tokens", [1, 100, 1500])
def test_padding_fills_up_whole_vectors_and_no_more(tokens):
    for chunk in split_into_chunks(random_lengths(tokens), None, LAYERS, HEADS):
        assert chunk.token_count <= chunk.padded_token_count < chunk.token_count + 64
        assert chunk.padded_token_count % 8 == 0
        assert (
            chunk.output_count == chunk.token_count
            and chunk.padded_output_count is None
        )


@pytest.mark.parametrize("tokens", [100, 1500])
def test_selected_tokens_are_those_of_the_batch(tokens):
    lengths = random_lengths(tokens)
    random = np.random.default_rng(3)
    selected = np.flatnonzero(random.random(tokens) < 0.3)
    chunks = split_into_chunks(lengths, selected, LAYERS, HEADS)
    found = np.concatenate([chunk.selected + chunk.first_token for chunk in chunks])
    np.testing.assert_array_equal(found, selected)
    first_output = 0
    for chunk in chunks:
        assert chunk.first_output == first_output
        assert chunk.padded_output_count >= chunk.output_count == len(chunk.selected)
        first_output += chunk.output_count


def test_chunks_of_large_batches_are_about_equal():
    chunks = split_into_chunks(np.full(400, 10), None, LAYERS, HEADS)
    counts = [chunk.token_count for chunk in chunks]
    assert len(counts) % 2 == 0 and max(counts) - min(counts) <= 10
