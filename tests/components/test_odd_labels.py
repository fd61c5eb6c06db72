"""Featurizers that do not treat all labels alike."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from data_factory import (
    RETRIEVAL_NLU,
    STORIES,
    TINY_DIET,
    TINY_TED,
    Featurizers,
    dialogues,
    nlu_data,
    train,
)
from rasa.core.featurizers.precomputation import (
    CoreFeaturizationCollector,
    CoreFeaturizationInputConverter,
)
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import ACTION_NAME, INTENT, INTENT_RESPONSE_KEY, RESPONSE
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnResponseSelector,
    RandConnTEDPolicy,
    RandConnUnexpecTEDIntentPolicy,
)

WIDTH = 3


def ones(rows, width=WIDTH):
    return np.ones((rows, width), np.float32)


def sparse_ones(rows, width=WIDTH):
    return scipy.sparse.coo_matrix(ones(rows, width))


# What the odd featurizer returns for label `number` with `tokens` tokens.


def zeros_instead_of_nothing(number, tokens):
    return sparse_ones(tokens) * float(number % 2)


def sometimes(number, tokens):
    return sparse_ones(tokens) if number % 2 else None


def dense_sometimes(number, tokens):
    return ones(tokens) if number % 2 else None


def other_widths(number, tokens):
    return sparse_ones(tokens, WIDTH + number % 2)


def other_dense_widths(number, tokens):
    return ones(tokens, WIDTH + number % 2)


def more_rows(number, tokens):
    return ones(tokens + number % 2)


def not_a_number(number, tokens):
    return ones(tokens) * np.float32(np.nan)


class OddLabels(Featurizers):
    """Featurizers, and one of labels that a function describes.

    If it replaces others, labels have only its features.
    """

    def __init__(self, attribute, odd, storage, replaces_others=False):
        self.attribute, self.odd, self.replaces_others = attribute, odd, replaces_others
        self._numbers = {}
        super().__init__(nlu_data(RETRIEVAL_NLU), storage, are_named=True)
        self.training_data = self.featurized(nlu_data(RETRIEVAL_NLU))
        self._add_to(self.training_data.training_examples)

    def _add_to(self, messages):
        for message in messages:
            label = message.get(self.attribute)
            if not label:
                continue
            if self.replaces_others:
                message.features = [
                    f for f in message.features if f.attribute != self.attribute
                ]
            number = self._numbers.setdefault(label, len(self._numbers))
            tokens = message.get(f"{self.attribute}_tokens")
            matrix = self.odd(number, len(tokens))
            if matrix is not None:
                for kind, rows in (("sequence", matrix), ("sentence", _last(matrix))):
                    feature = Features(rows, kind, self.attribute, "odd")
                    message.features.insert(0, feature)

    def precomputations(self, domain, stories):
        data = CoreFeaturizationInputConverter().convert_for_training(domain, stories)
        self.featurized(data)
        self._add_to(data.training_examples)
        return CoreFeaturizationCollector().collect(data)


def _last(matrix):
    is_sparse = scipy.sparse.issparse(matrix)
    return matrix.tocsr()[-1:].tocoo() if is_sparse else matrix[-1:]


AS_TEXT = {
    "use_text_as_label": True,
    "number_of_transformer_layers": 1,
    "transformer_size": 16,
}

of_messages = pytest.mark.parametrize(
    "component, attribute, options",
    [
        (RandConnDIETClassifier, INTENT, {}),
        (RandConnResponseSelector, INTENT_RESPONSE_KEY, {}),
        (RandConnResponseSelector, RESPONSE, AS_TEXT),
    ],
    ids=["classifier", "selector", "selector with texts"],
)


@of_messages
def test_labels_without_sparse_features_have_zeros(
    component, attribute, options, tmp_path
):
    weights = []
    for odd in (sometimes, zeros_instead_of_nothing):
        folder = tmp_path / odd.__name__
        folder.mkdir()
        data = OddLabels(attribute, odd, folder)
        trained = train(component, {**TINY_DIET, **options}, folder, data)
        weights.append({p.path: p.array for p in trained.model.parameters})
    assert weights[0].keys() == weights[1].keys()
    for path, array in weights[0].items():
        np.testing.assert_array_equal(weights[1][path], array)


REFUSED = {
    dense_sometimes: "there are no dense ones of the sentence",
    other_widths: "'odd' have 3 columns for some texts or labels and 4",
    other_dense_widths: "'odd' have 3 columns for some texts or labels and 4",
    more_rows: "rows? of tokens, but",
    not_a_number: "not finite",
}


@of_messages
@pytest.mark.parametrize("odd", REFUSED, ids=lambda odd: odd.__name__)
def test_labels_with_features_of_other_forms_are_refused(
    component, attribute, options, odd, tmp_path
):
    data = OddLabels(attribute, odd, tmp_path)
    with pytest.raises(RasaException, match=REFUSED[odd]) as caught:
        train(component, {**TINY_DIET, **options}, tmp_path, data)
    assert "'odd'" in str(caught.value)


@of_messages
@pytest.mark.parametrize("odd", [sometimes, dense_sometimes], ids=["sparse", "dense"])
def test_features_of_some_labels_only_are_refused(
    component, attribute, options, odd, tmp_path
):
    data = OddLabels(attribute, odd, tmp_path, replaces_others=True)
    with pytest.raises(RasaException, match=r"of the label '.*not always of '"):
        train(component, {**TINY_DIET, **options}, tmp_path, data)


@pytest.mark.parametrize("policy", [RandConnTEDPolicy, RandConnUnexpecTEDIntentPolicy])
@pytest.mark.parametrize("attribute", [INTENT, ACTION_NAME])
@pytest.mark.parametrize("replaces_others", [False, True])
@pytest.mark.parametrize(
    "odd",
    # Rasa adds up the rows of names
    [sometimes, *(odd for odd in REFUSED if odd is not more_rows)],
    ids=lambda odd: odd.__name__,
)
def test_policies_refuse_names_with_features_of_other_forms(
    policy, attribute, replaces_others, odd, tmp_path
):
    data = OddLabels(attribute, odd, tmp_path, replaces_others)
    noun = {INTENT: "intent", ACTION_NAME: "action"}[attribute]
    reason = rf"Every {noun} in the dialogues|{noun} '.*not finite|'{attribute}' have"
    with pytest.raises(RasaException, match=reason):
        train(policy, TINY_TED, tmp_path, dialogues(STORIES, data))
