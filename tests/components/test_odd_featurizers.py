"""Featurizers that do not give every text what they give to others."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import scipy.sparse
from data_factory import (
    END_TO_END_STORIES,
    Featurizers,
    answer_of_ted,
    answers_of_diet,
    dialogues,
    load_diet,
    load_ted,
    nlu_data,
    retrieval_featurizers,
    train_diet,
    train_ted,
)
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnResponseSelector,
    RandConnTEDPolicy,
)
from rasa_randconn.batches.feature_checks import FeatureError

WIDTH = 3


def zeros(rows, is_dense=False, width=WIDTH):
    matrix = np.zeros((rows, width), np.float32)
    return matrix if is_dense else scipy.sparse.coo_matrix(matrix)


def marks(rows, width=WIDTH):
    return scipy.sparse.coo_matrix(np.ones((rows, width), np.float32))


class OddFeaturizers(Featurizers):
    """Featurizers, and before or after them one that a function describes.

    The function takes the number of a message and its number of tokens, and returns a
    matrix of the tokens, or nothing.
    """

    def __init__(self, storage, odd, is_first=False, data=None):
        self.odd, self.is_first = odd, is_first
        super().__init__(data or nlu_data(), storage, are_named=True)

    def _featurize(self, messages):
        messages = super()._featurize(messages)
        number = 0
        for message in messages:
            tokens = message.get("text_tokens")
            if not tokens:
                continue
            matrix = self.odd(number, len(tokens))
            number += 1
            if matrix is not None:
                feature = Features(matrix, "sequence", TEXT, "odd")
                place = 0 if self.is_first else len(message.features)
                message.features.insert(place, feature)
        return messages


def sometimes(number, tokens):
    return marks(tokens) if number % 2 else None


def always(number, tokens):
    return marks(tokens) if number % 2 else zeros(tokens)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_featurizer_that_adds_nothing_to_some_texts_adds_zeros(is_first, tmp_path):
    answers = []
    for odd in (sometimes, always):
        folder = tmp_path / odd.__name__
        folder.mkdir()
        featurizers = OddFeaturizers(folder, odd, is_first)
        data = featurizers.training_data
        train_diet(RandConnDIETClassifier, {"epochs": 3}, folder, data)
        diet = load_diet(RandConnDIETClassifier, {"epochs": 3}, folder)
        texts = "hello", "fly from rome to paris", "bye", "to berlin on monday"
        together = answers_of_diet(diet, featurizers, *texts)
        answers.append(together)
        alone = diet.process(copy.deepcopy(featurizers.messages(*texts))[:1])
        assert alone[0].get("intent")["name"] == together[0]["intent"]["name"]
    for one, other in zip(*answers):
        assert one["intent_ranking"] == other["intent_ranking"]
        assert one["entities"] == other["entities"]


def test_the_order_of_features_does_not_matter(tmp_path):
    weights = []
    for is_mixed in (False, True):
        featurizers = OddFeaturizers(tmp_path, always)
        data = featurizers.training_data
        for message in data.nlu_examples[1::2] if is_mixed else []:
            message.features.insert(0, message.features.pop())
        diet = train_diet(RandConnDIETClassifier, {}, tmp_path, data)
        weights.append({p.path: p.array.copy() for p in diet.model.parameters})
    for path, array in weights[0].items():
        np.testing.assert_array_equal(weights[1][path], array)


def other_widths(number, tokens):
    return marks(tokens, WIDTH + number % 2)


def more_rows(number, tokens):
    return marks(tokens + 1)


def fewer_rows(number, tokens):
    return marks(tokens - 1) if tokens > 1 else marks(tokens)


def not_a_number(number, tokens):
    matrix = np.zeros((tokens, WIDTH), np.float32)
    matrix[-1, -1] = np.nan
    return matrix


def infinite(number, tokens):
    matrix = np.zeros((tokens, WIDTH), np.float32)
    matrix[0, 0] = np.inf
    return scipy.sparse.csr_matrix(matrix)


REFUSED = {
    other_widths: "have 3 columns for some texts or labels and 4 for others",
    more_rows: "rows? of tokens, but",
    fewer_rows: "rows? of tokens, but",
    not_a_number: "not finite",
    infinite: "not finite",
}


@pytest.mark.parametrize("odd", REFUSED, ids=lambda odd: odd.__name__)
def test_a_training_on_features_of_another_form_is_refused(odd, tmp_path):
    featurizers = OddFeaturizers(tmp_path, odd, is_first=True)
    with pytest.raises(FeatureError, match=REFUSED[odd]) as caught:
        train_diet(RandConnDIETClassifier, {}, tmp_path, featurizers.training_data)
    assert "'odd'" in str(caught.value)


@pytest.mark.parametrize("odd", [sometimes, *REFUSED], ids=lambda odd: odd.__name__)
def test_a_policy_does_not_train_on_features_of_another_form(odd, tmp_path):
    featurizers = OddFeaturizers(tmp_path, odd, is_first=True)
    with pytest.raises(FeatureError, match=r"columns|not finite|rows? of tokens, but"):
        data = dialogues(END_TO_END_STORIES, featurizers)
        train_ted(RandConnTEDPolicy, {}, tmp_path, data)


@pytest.mark.parametrize("odd", [more_rows, fewer_rows, not_a_number, infinite])
def test_an_answer_from_features_of_another_form_is_refused(odd, tmp_path):
    featurizers = OddFeaturizers(tmp_path, always)
    diet = train_diet(RandConnDIETClassifier, {}, tmp_path, featurizers.training_data)
    featurizers.odd = odd
    with pytest.raises(FeatureError, match=r"'odd' for the text 'fly to rome'"):
        answers_of_diet(diet, featurizers, "fly to rome")


def test_other_columns_than_in_the_training_are_refused(tmp_path):
    featurizers = OddFeaturizers(tmp_path, always, is_first=True)
    diet = train_diet(RandConnDIETClassifier, {}, tmp_path, featurizers.training_data)
    featurizers.odd = lambda number, tokens: marks(tokens, WIDTH + 2)
    with pytest.raises(FeatureError, match="5 columns instead of 3"):
        answers_of_diet(diet, featurizers, "fly to rome")


@pytest.mark.parametrize(
    "odd", [lambda *_: None, other_widths, more_rows, fewer_rows, not_a_number]
)
def test_a_policy_does_not_answer_from_features_of_another_form(odd, tmp_path):
    featurizers = OddFeaturizers(tmp_path, always, is_first=True)
    data = dialogues(END_TO_END_STORIES, featurizers)
    train_ted(RandConnTEDPolicy, {}, tmp_path, data)
    ted = load_ted(RandConnTEDPolicy, {}, tmp_path)
    assert max(answer_of_ted(ted, data, "hello", "greet").probabilities) > 0
    featurizers.odd = lambda number, tokens: odd(1, tokens)
    with pytest.raises(FeatureError, match=r"columns|not finite|rows? of tokens, but"):
        answer_of_ted(ted, data, "fly to rome", "inform")


def test_a_selector_answers_where_a_featurizer_has_nothing(tmp_path):
    answers = []
    for odd in (sometimes, always):
        folder = tmp_path / odd.__name__
        folder.mkdir()
        data = retrieval_featurizers(folder).training_data
        featurizers = OddFeaturizers(folder, odd, is_first=True, data=data)
        train_diet(RandConnResponseSelector, {}, folder, featurizers.training_data)
        selector = load_diet(RandConnResponseSelector, {}, folder)
        (message,) = selector.process(featurizers.messages("who are you"))
        ranking = message.get("response_selector")["default"]["ranking"]
        answers.append([entry["confidence"] for entry in ranking])
    assert answers[0] == answers[1]


def test_only_the_featurizers_of_the_configuration_count_in_answers(tmp_path):
    featurizers = OddFeaturizers(tmp_path, always, is_first=True)
    names = {f.origin for f in featurizers.messages("hello")[0].features} - {"odd"}
    options = {"featurizers": sorted(names)}
    diet = train_diet(
        RandConnDIETClassifier, options, tmp_path, featurizers.training_data
    )
    texts = "hello", "fly to rome", "bye"
    expected = answers_of_diet(diet, featurizers, *texts)
    # what does not count may have any form, for some messages of a call or for all
    featurizers.odd = lambda number, tokens: marks(tokens + 2) if number else None
    found = answers_of_diet(diet, featurizers, *texts)
    for one, other in zip(found, expected):
        assert one["intent_ranking"] == other["intent_ranking"]
