"""Tiny networks of every kind, each with a batch that it can learn and answer."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters
from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.names import (
    ACTION_NAME,
    DIALOGUE,
    ENTITIES,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_TAGS,
    IDS,
    INTENT,
    LABEL,
    LENGTH,
    MASK,
    SENTENCE,
    SEQUENCE,
    TEXT,
)
from rasa_randconn.connections import ConnectionSettings, densities_by_kind
from rasa_randconn.models.diet import DIETNetwork
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.network import Network
from rasa_randconn.models.plan import TagSpec
from rasa_randconn.models.ted import IntentTEDNetwork, TEDNetwork
from rasa_randconn.nn.features import Feature, compressed
from rasa_randconn.warmup.tiny_plan import TAGS, FeatureSignature, TinyPlan

_SPARSE_UNITS = 16
_DENSE_UNITS = 4
_SPARSE = FeatureSignature(is_sparse=True, units=_SPARSE_UNITS)
_DENSE = FeatureSignature(is_sparse=False, units=_DENSE_UNITS)
_SENTENCE_SIGNATURE = {SENTENCE: [_SPARSE]}
_TEXT_SIGNATURE = {SEQUENCE: [_SPARSE, _DENSE], SENTENCE: [_SPARSE, _DENSE]}

_LABELS = 3
# numbers of tokens of texts, and of turns of dialogues
_TOKENS = np.array([3, 5, 1])
_TURNS = np.array([2, 4, 3])


def tiny_networks(pattern: str) -> Iterator[Tuple[Network, Batch]]:
    """Makes a network of each kind.

    Args:
        pattern: Pattern of the connections.

    Yields:
        The networks of the classifier, of a selector of response texts, and of both
        policies; each with a batch for training and prediction.
    """
    yield _diet(pattern)
    yield _selector(pattern)
    yield _ted(pattern)
    yield _intent_ted(pattern)


def _diet(pattern: str) -> Tuple[Network, Batch]:
    factory, parameters = _factory(pattern)
    network = DIETNetwork(
        factory,
        parameters,
        {TEXT: _TEXT_SIGNATURE},
        {LABEL: _SENTENCE_SIGNATURE},
        {LABEL: {**_sentences(_LABELS), IDS: [_numbers(np.arange(_LABELS))]}},
        [TagSpec(ENTITY_ATTRIBUTE_TYPE, TAGS), TagSpec("role", TAGS)],
        masks_tokens=True,
    )
    tags = [_tags(_TOKENS)]
    batch = {
        TEXT: _texts(_TOKENS),
        LABEL: {**_sentences(len(_TOKENS)), IDS: [_numbers(np.arange(len(_TOKENS)))]},
        ENTITIES: {ENTITY_ATTRIBUTE_TYPE: tags, "role": tags},
    }
    return network, batch


def _selector(pattern: str) -> Tuple[Network, Batch]:
    factory, parameters = _factory(pattern)
    labels = {**_texts(_TOKENS), IDS: [_numbers(np.arange(len(_TOKENS)))]}
    network = DIETNetwork(
        factory,
        parameters,
        {TEXT: _TEXT_SIGNATURE, LABEL: _TEXT_SIGNATURE},
        {LABEL: _TEXT_SIGNATURE},
        {LABEL: labels},
        [],
        encodes_labels=True,
    )
    return network, {TEXT: _texts(_TOKENS), LABEL: labels}


def _ted(pattern: str) -> Tuple[Network, Batch]:
    factory, parameters = _factory(pattern)
    network = TEDNetwork(
        factory,
        parameters,
        {
            TEXT: _TEXT_SIGNATURE,
            INTENT: _SENTENCE_SIGNATURE,
            ACTION_NAME: _SENTENCE_SIGNATURE,
        },
        {f"{LABEL}_{ACTION_NAME}": _SENTENCE_SIGNATURE},
        _label_batch(ACTION_NAME),
        TAGS,
        uses_last_turn=True,
    )
    batch = _dialogues()
    batch[LABEL] = {IDS: [_numbers(np.arange(len(_TURNS)))]}
    batch[ENTITY_TAGS] = {IDS: [_tags(_TOKENS)]}
    return network, batch


def _intent_ted(pattern: str) -> Tuple[Network, Batch]:
    factory, parameters = _factory(pattern)
    network = IntentTEDNetwork(
        factory,
        parameters,
        {INTENT: _SENTENCE_SIGNATURE, ACTION_NAME: _SENTENCE_SIGNATURE},
        {f"{LABEL}_{INTENT}": _SENTENCE_SIGNATURE},
        _label_batch(INTENT),
        entity_tags=0,
        uses_last_turn=True,
    )
    batch = _dialogues()
    batch[LABEL] = {IDS: [_numbers(np.arange(len(_TURNS)))]}
    return network, batch


def _factory(pattern: str) -> Tuple[LayerFactory, Parameters]:
    connections = ConnectionSettings(densities_by_kind(0.5), pattern, seed=0)
    parameters = Parameters(connections)
    return LayerFactory(TinyPlan(), parameters), parameters


def _label_batch(attribute: str) -> Batch:
    return {
        LABEL: {IDS: [_numbers(np.arange(_LABELS))]},
        f"{LABEL}_{attribute}": {
            **_sentences(_LABELS),
            MASK: [_numbers(np.ones(_LABELS))],
        },
    }


def _dialogues() -> Dict[str, Dict[str, List[Feature]]]:
    """Dialogues whose last turn is a text, and whose other turns are intents."""
    is_last = np.zeros(int(_TURNS.sum()), bool)
    is_last[np.cumsum(_TURNS) - 1] = True
    return {
        DIALOGUE: {LENGTH: [_numbers(_TURNS)]},
        TEXT: {**_texts(_TOKENS), MASK: [_numbers(is_last)]},
        INTENT: {**_sentences(int((~is_last).sum())), MASK: [_numbers(~is_last)]},
        ACTION_NAME: {
            **_sentences(len(is_last)),
            MASK: [_numbers(np.ones(len(is_last)))],
        },
    }


def _texts(lengths: np.ndarray) -> Dict[str, List[Feature]]:
    ones = np.ones_like(lengths)
    return {
        SEQUENCE: [_sparse(lengths), _dense(lengths)],
        SENTENCE: [_sparse(ones), _dense(ones)],
    }


def _sentences(count: int) -> Dict[str, List[Feature]]:
    return {SENTENCE: [_sparse(np.ones(count, np.int64))]}


def _sparse(lengths: np.ndarray) -> Feature:
    """Rows with one feature each."""
    rows = np.arange(int(lengths.sum()))
    ones = np.ones(len(rows), np.float32)
    matrix = compressed(rows, rows % _SPARSE_UNITS, ones, len(rows), _SPARSE_UNITS)
    return Feature(matrix, lengths)


def _dense(lengths: np.ndarray) -> Feature:
    count = int(lengths.sum())
    rows = np.arange(count * _DENSE_UNITS, dtype=np.float32) / count
    return Feature(rows.reshape(count, _DENSE_UNITS), lengths)


def _tags(lengths: np.ndarray) -> Feature:
    tags = np.arange(int(lengths.sum())) % TAGS
    return Feature(tags.astype(np.float32)[:, np.newaxis], lengths)


def _numbers(values: np.ndarray) -> Feature:
    """One number for each example."""
    rows = np.asarray(values, np.float32)[:, np.newaxis]
    return Feature(rows, np.ones(len(rows), np.int64))
