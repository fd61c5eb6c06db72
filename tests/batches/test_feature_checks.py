from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.feature_checks import (
    FeatureError,
    check_finite,
    check_finite_rows,
    check_shapes,
)
from rasa_randconn.nn.features import Feature


def feature(matrix, feature_type="sequence", origin="mine"):
    return Features(matrix, feature_type, "text", origin)


def test_features_with_a_row_per_token_and_one_for_the_sentence_pass():
    sparse = scipy.sparse.random(3, 5, 0.5, "coo", np.float32)
    features = [
        feature(sparse),
        feature(np.ones((3, 2))),
        feature(np.ones((1, 2)), "sentence"),
        feature(scipy.sparse.csc_matrix((1, 4)), "sentence"),
    ]
    check_shapes(features, "one two three", 3)
    check_shapes(features, "one two three")
    check_shapes([], "")


@pytest.mark.parametrize(
    "features, token_count, reason",
    [
        ([feature(np.ones((2, 4)))], 3, "2 rows of tokens, but the tokenizer has 3"),
        (
            [feature(np.ones((2, 4)), origin="first"), feature(np.ones((3, 4)))],
            None,
            "3 rows of tokens, but 'first' has 2",
        ),
        ([feature(np.ones((2, 4)), "sentence")], None, "2 rows for the sentence"),
        ([feature(np.ones((0, 4)), "sentence")], None, "0 rows for the sentence"),
        ([feature(np.ones(4))], None, "1 dimensions instead of 2"),
        ([feature(np.asmatrix(np.ones((1, 4))))], None, "are a 'numpy.matrix'"),
    ],
)
def test_other_forms_are_refused_with_origin_and_text(features, token_count, reason):
    with pytest.raises(FeatureError) as caught:
        check_shapes(features, "to rome", token_count)
    assert isinstance(caught.value, RasaException)
    message = str(caught.value)
    assert reason in message
    assert "of 'mine' for the text 'to rome' cannot be used" in message


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", ["dense", "coo", "csr", "csc", "lil", "dok", "dia"])
def test_numbers_that_are_not_finite_are_refused_with_origin_and_text(number, form):
    def matrix(value):
        dense = np.array([[0, value], [3, 0]], np.float32)
        sparse = scipy.sparse.coo_matrix(dense)
        return dense if form == "dense" else sparse.asformat(form)

    others = [feature(matrix(1), origin="other"), feature(matrix(2))]
    check_finite([others, []], ["hello", "bye"])
    odd = [*others, feature(matrix(number))]
    with pytest.raises(FeatureError, match="not finite") as caught:
        check_finite([others, odd], ["hello", "to rome"])
    assert "of 'mine' for the text 'to rome' cannot be used" in str(caught.value)


def test_large_numbers_are_finite_though_their_sum_is_not():
    large = np.full((2, 3), np.finfo(np.float32).max, np.float32)
    check_finite([[feature(large)]], ["hello"])
    check_finite_rows(Feature(large, np.array([2])), "text")


def test_numbers_that_only_64_bits_hold_are_refused():
    with pytest.raises(FeatureError, match="not finite"):
        check_finite([[feature(np.array([[1e39]]))]], ["hello"])


def test_all_of_many_texts_are_checked():
    texts = [str(number) for number in range(1000)]
    features = [[feature(np.ones((1, 2)))] for _ in texts]
    check_finite(features, texts)
    features[777] = [feature(np.full((1, 2), np.nan))]
    with pytest.raises(FeatureError, match="text '777'"):
        check_finite(features, texts)


def test_features_without_numbers_are_finite():
    check_finite([], [])
    check_finite([[feature(np.ones((0, 3)))]], ["hello"])


@pytest.mark.parametrize("origin", [None, "None"])
def test_a_featurizer_without_a_name_is_called_so(origin):
    with pytest.raises(FeatureError, match="of a featurizer without 'alias' for"):
        check_shapes([feature(np.ones(4), origin=origin)], "hello")


def test_labels_are_called_by_their_kind():
    label = Features(np.ones(4), "sequence", "intent", "mine")
    with pytest.raises(FeatureError, match="for the intent 'greet'"):
        check_shapes([label], "greet")


def test_numbers_of_an_attribute_that_are_not_finite_are_refused():
    check_finite_rows(Feature(np.ones((2, 3)), np.array([2])), "intent")
    with pytest.raises(FeatureError, match="'intent' have a number that is not finite"):
        check_finite_rows(Feature(np.array([[np.nan]]), np.array([1])), "intent")


def test_long_texts_are_shortened():
    with pytest.raises(FeatureError) as caught:
        check_shapes([feature(np.ones(4))], "word " * 100)
    assert len(str(caught.value)) < 200
