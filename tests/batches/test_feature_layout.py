from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.feature_checks import FeatureError
from rasa_randconn.batches.feature_layout import FeatureLayout

WIDTHS = {"a": 3, "b": 2, "c": 4}


def sparse(origin, rows=2, feature_type="sequence", width=None):
    matrix = np.full((rows, width or WIDTHS[origin]), ord(origin), np.float32)
    matrix = scipy.sparse.coo_matrix(matrix)
    return Features(matrix, feature_type, "text", origin)


def dense(origin, rows=2, feature_type="sequence"):
    matrix = np.full((rows, WIDTHS[origin]), ord(origin), np.float32)
    return Features(matrix, feature_type, "text", origin)


def columns(features):
    """All features side by side, as a dense matrix."""
    return np.hstack([f.features.toarray() for f in features])


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.lists(st.sets(st.sampled_from("abc"), min_size=1), min_size=1, max_size=6))
def test_columns_are_where_they_belong_whatever_a_text_lacks(texts):
    examples = [[sparse(origin) for origin in sorted(text)] for text in texts]
    whole = [sparse(origin) for origin in "abc"]
    layout = FeatureLayout.of([*examples, whole])
    for text, example in zip(texts, examples):
        found = columns(layout.complete(example, "text", 2))
        expected = columns(whole)
        start = 0
        for origin in "abc":
            end = start + WIDTHS[origin]
            if origin not in text:
                expected[:, start:end] = 0
            start = end
        np.testing.assert_array_equal(found, expected)


def test_nothing_is_copied_where_nothing_lacks():
    example = [sparse("a"), sparse("b", 1, "sentence"), dense("c")]
    layout = FeatureLayout.of([example])
    found = layout.complete(example, "text", 2)
    assert all(one is other for one, other in zip(found, example))


def test_zeros_have_as_many_rows_as_the_other_features_or_as_there_are_tokens():
    layout = FeatureLayout.of([[sparse("a"), sparse("b"), sparse("c", 1, "sentence")]])
    found = layout.complete([sparse("a", 5)], "text", None)
    assert [f.features.shape for f in found] == [(5, 3), (5, 2), (1, 4)]
    found = layout.complete([sparse("c", 1, "sentence")], "text", 7)
    assert [f.features.shape for f in found] == [(7, 3), (7, 2), (1, 4)]
    found = layout.complete([sparse("c", 1, "sentence")], "text", None)
    assert [f.features.shape for f in found] == [(0, 3), (0, 2), (1, 4)]


@pytest.mark.parametrize("width", [3, 5])
def test_two_matrices_of_one_featurizer_are_told_apart_by_their_width(width):
    examples = [[sparse("a", width=5)], [sparse("a"), sparse("a", width=5)]]
    layout = FeatureLayout.of(examples)
    found = layout.complete([sparse("a", width=width)], "text", 2)
    assert [f.features.shape for f in found] == [(2, 3), (2, 5)]
    assert [f.features.nnz > 0 for f in found] == [width == 3, width == 5]


def test_a_featurizer_with_other_widths_from_text_to_text_is_refused():
    with pytest.raises(FeatureError, match=r"'a' have 3 columns .* and 5 for others"):
        FeatureLayout.of([[sparse("a")], [sparse("a", width=5)]])


@pytest.mark.parametrize(
    "features, reason",
    [
        ([sparse("a", width=5), dense("b")], "'a' .* 5 columns instead of 3"),
        ([sparse("a"), dense("b"), sparse("c")], "'c' .* there were none in the trai"),
        ([sparse("a")], "'b' .* no dense ones of the sequence"),
        ([sparse("a"), sparse("b")], "'b' .* there were none in the training"),
    ],
)
def test_features_that_the_model_does_not_know_are_refused(features, reason):
    layout = FeatureLayout.of([[sparse("a"), dense("b")]])
    with pytest.raises(FeatureError, match=reason):
        layout.complete(features, "to rome", 2)


def test_it_is_the_same_after_it_was_written_as_json():
    layout = FeatureLayout.of([[sparse("a"), dense("b"), sparse("c", 1, "sentence")]])
    again = FeatureLayout.from_json(json.loads(json.dumps(layout.to_json())))
    assert again.widths == layout.widths
    assert list(again.widths) == list(layout.widths)


@pytest.mark.parametrize(
    "values", [[["a"]], [["a", "other", True, 0, 3]], 5, [[1] * 5]]
)
def test_other_json_is_refused(values):
    with pytest.raises((ValueError, TypeError)):
        FeatureLayout.from_json(values)


def test_a_training_that_is_continued_keeps_the_order_and_may_have_more_columns():
    known = FeatureLayout.of([[sparse("a"), sparse("b")]])
    layout = FeatureLayout.of([[sparse("b", width=6)]], known)
    assert [(s.origin, w) for s, w in layout.widths.items()] == [("a", 3), ("b", 6)]


def test_a_complete_text_fits_and_no_other():
    complete = [sparse("a"), dense("b"), sparse("a", 1, "sentence")]
    layout = FeatureLayout.of([complete])
    assert layout.fits(complete, 2)
    for other in (
        complete[:2],
        [sparse("a", 3), *complete[1:]],
        [complete[1], complete[0], complete[2]],
        [sparse("a", width=5), *complete[1:]],
        [dense("a"), *complete[1:]],
        [*complete[:2], sparse("a", 1)],
        [sparse("c", width=3), *complete[1:]],
    ):
        assert not layout.fits(other, 2)
    assert not layout.fits(complete, 3)
    assert not layout.fits(complete, None)


def test_featurizers_that_have_other_names_in_serving_are_matched_by_their_order():
    layout = FeatureLayout.of([[sparse("a"), dense("b"), sparse("a", 1, "sentence")]])
    renamed = [sparse("x", width=3), dense("b"), sparse("y", 1, "sentence", 3)]
    renamed[1].origin = "z"
    assert layout.complete(renamed, "hello", 2) == renamed
    with pytest.raises(FeatureError):
        layout.complete(renamed[1:], "hello", 2)
    # a name that is known counts
    with pytest.raises(FeatureError):
        layout.complete([sparse("a"), *renamed[1:]], "hello", 2)


def test_a_layout_with_a_featurizer_without_columns_is_read_again():
    empty = Features(np.zeros((2, 0), np.float32), "sequence", "text", "empty")
    layout = FeatureLayout.of([[sparse("a"), empty]])
    read = FeatureLayout.from_json(json.loads(json.dumps(layout.to_json())))
    assert read.widths == layout.widths
    assert read.fits([sparse("a"), empty], 2)
