"""Whatever a featurizer brings: finite weights and answers, or an error in words."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from data_factory import (
    END_TO_END_STORIES,
    TINY_DIET,
    TINY_TED,
    Featurizers,
    answer_of_ted,
    create,
    dialogues,
    load,
    load_diet,
    nlu_data,
    train,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

#: How many featurizers a component is tried with; more with the variable `EXAMPLES`.
EXAMPLES = int(os.environ.get("EXAMPLES", "25"))

WIDTH = 4

TYPES = (("sequence",), ("sentence",), ("sequence", "sentence"))

FORMS = {
    "array": np.asarray,
    "matrix": np.asmatrix,
    "float64": lambda matrix: matrix.astype(np.float64),
    "not contiguous": lambda matrix: np.asfortranarray(np.repeat(matrix, 2, 0))[::2],
    "read-only": lambda matrix: _read_only(matrix.copy()),
    "coo": scipy.sparse.coo_matrix,
    "csr": scipy.sparse.csr_matrix,
    "csc": scipy.sparse.csc_matrix,
    "lil": scipy.sparse.lil_matrix,
    "dia": scipy.sparse.dia_matrix,
}


def _read_only(matrix):
    matrix.flags.writeable = False
    return matrix


@st.composite
def featurizers(draw):
    """What a featurizer gives to texts: mostly the same, sometimes something odd."""
    form = draw(st.sampled_from(sorted(FORMS)))
    width = draw(st.sampled_from([WIDTH, 1, 0]))
    types = draw(st.sampled_from(TYPES))
    oddities = draw(
        st.lists(
            st.sampled_from(
                ["", "", "", "nothing", "row more", "row less", "wider", "nan", "form"]
            ),
            min_size=1,
            max_size=5,
        )
    )
    other_form = draw(st.sampled_from(sorted(FORMS)))
    types_of_odd_rows = draw(st.sampled_from(TYPES))
    return form, width, types, oddities, other_form, types_of_odd_rows


class Odd:
    """A featurizer as `featurizers` describes it."""

    def __init__(self, form, width, types, oddities, other_form, types_of_odd_rows=()):
        self.form, self.width, self.types = form, width, types
        self.oddities, self.other_form = oddities, other_form
        self.types_of_odd_rows = types_of_odd_rows
        self.number = 0

    def add_to(self, message):
        tokens = message.get("text_tokens")
        if not tokens:
            return
        oddity = self.oddities[self.number % len(self.oddities)]
        self.number += 1
        if oddity == "nothing":
            return
        form = self.other_form if oddity == "form" else self.form
        for feature_type in self.types:
            rows = len(tokens) if feature_type == "sequence" else 1
            if feature_type in self.types_of_odd_rows:
                rows += (oddity == "row more") - (oddity == "row less")
            width = self.width + (oddity == "wider")
            random = np.random.default_rng(self.number)
            matrix = random.normal(size=(rows, width)).astype(np.float32)
            if oddity == "nan" and matrix.size:
                matrix.flat[-1] = np.nan
            feature = FORMS[form](matrix)
            message.add_features(Features(feature, feature_type, TEXT, "odd"))


class OddFeaturizers(Featurizers):
    """Gives messages the features of an odd featurizer, and of no other."""

    def __init__(self, odd, storage):
        self.odd = odd
        super().__init__(nlu_data(), storage)

    def _featurize(self, messages):
        for message in messages:
            self.odd.add_to(message)
        return messages


every_featurizer = settings(
    deadline=None,
    max_examples=EXAMPLES,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@contextmanager
def errors_are_in_words():
    try:
        yield
    except RasaException as error:
        assert len(str(error).split()) > 5


def assert_finite(component):
    for parameter in component.model.parameters:
        assert np.isfinite(parameter.array).all()


@pytest.mark.slow
@every_featurizer
@given(featurizers())
def test_a_classifier_learns_and_answers_or_names_what_is_wrong(description):
    with tempfile.TemporaryDirectory() as folder, errors_are_in_words():
        data = OddFeaturizers(Odd(*description), Path(folder))
        diet = train(RandConnDIETClassifier, TINY_DIET, Path(folder), data)
        if diet.model is None:
            return
        assert_finite(diet)
        loaded = load_diet(RandConnDIETClassifier, {}, Path(folder))
        for text in ("hello", "fly from berlin to rome", "to rome", "bye"):
            with errors_are_in_words():
                (answered,) = loaded.process(data.messages(text))
                assert np.isfinite(answered.get("intent")["confidence"])


@pytest.mark.slow
@every_featurizer
@given(featurizers())
def test_a_policy_learns_and_answers_or_names_what_is_wrong(description):
    with tempfile.TemporaryDirectory() as folder, errors_are_in_words():
        data = OddFeaturizers(Odd(*description), Path(folder))
        talk = dialogues(END_TO_END_STORIES, data)
        ted = train(RandConnTEDPolicy, TINY_TED, Path(folder), talk)
        assert_finite(ted)
        loaded = load(RandConnTEDPolicy, TINY_TED, Path(folder))
        for text in ("hello", "to rome on monday"):
            with errors_are_in_words():
                prediction = answer_of_ted(loaded, talk, text, None)
                assert np.isfinite(prediction.probabilities).all()


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"matrix"}))
def test_the_form_of_a_matrix_does_not_matter(form, tmp_path):
    def intents(form):
        odd = Odd(form, WIDTH, ("sequence", "sentence"), [""], form)
        data = nlu_data()
        tokenizer = WhitespaceTokenizer(WhitespaceTokenizer.get_default_config())
        tokenizer.process_training_data(data)
        for message in data.training_examples:
            odd.add_to(message)
        folder = tmp_path / form
        folder.mkdir(exist_ok=True)
        diet = create(RandConnDIETClassifier, TINY_DIET, folder)
        diet.train(data)
        return {p.path: p.array for p in diet.model.parameters}

    is_sparse = form in ("coo", "csr", "csc", "lil", "dia")
    expected, found = intents("coo" if is_sparse else "array"), intents(form)
    for path, array in expected.items():
        np.testing.assert_allclose(found[path], array, rtol=1e-5, atol=1e-6)
