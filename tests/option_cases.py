"""Options of stock's components, and the cases in which they are tried beside stock.

A case covers the options that it sets; see `option_coverage.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Dict, Mapping, NamedTuple

from data_factory import TINY_DIET, TINY_TED
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.selectors.response_selector import ResponseSelector
from training_twin import A_FOLDER

from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnResponseSelector,
    RandConnTEDPolicy,
    RandConnUnexpecTEDIntentPolicy,
)

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Case(NamedTuple):
    """Options that are tried together.

    Attributes:
        options: Each of them changes what the component reports or answers.
        beside: Others that these need.
        without_effect: Change nothing here, neither in stock nor in ours.
        data: What is trained on, see `OptionData`.
    """

    options: Mapping[str, Any]
    beside: Mapping[str, Any] = _NOTHING
    without_effect: Mapping[str, Any] = _NOTHING
    data: str = "default"

    @property
    def all_options(self) -> Dict[str, Any]:
        return {**self.beside, **self.options, **self.without_effect}


class Component(NamedTuple):
    """A component of ours with the cases of its options.

    Attributes:
        ours: The component.
        stock: The one that it stands for.
        base: Options of every case: tiny, without dropout, as dense as stock's.
        cases: By name.
    """

    ours: Any
    stock: Any
    base: Dict[str, Any]
    cases: Dict[str, Case]


_EXACT: Dict[str, Any] = {
    "connection_density": 1.0,
    "averaged_epochs": 0.0,
    "drop_rate": 0.0,
    "epochs": 2,
    "learning_rate": 0.01,
    "batch_size": 8,
    "regularization_constant": 0.0,
}
_ENCODER = {
    "number_of_transformer_layers": 1,
    "transformer_size": 16,
    "number_of_attention_heads": 2,
}
# only losses of what is known well enough are scaled
_SURE = {"epochs": 10, "learning_rate": 0.03}
# stock fails on weights that not every batch uses
_BATCH = {"batch_size": 64}
# without keys, stock attends to padding; there is none
_ONE_BY_ONE = {"batch_size": 1, "learning_rate": 1e-5}
_NO_ENCODER = {"number_of_transformer_layers": 0}
_POSITIONS = {
    "unidirectional_encoder": True,
    "use_key_relative_attention": True,
    "use_value_relative_attention": True,
    "max_relative_position": 1,
}
_MARGIN = {
    "loss_type": "margin",
    "similarity_type": "inner",
    "maximum_positive_similarity": 3.0,
    "maximum_negative_similarity": 0.5,
    "use_maximum_negative_similarity": False,
    "negative_margin_scale": 0.3,
    "number_of_negative_examples": 3,
}


def _without(options: Dict[str, Any], *keys: str) -> Dict[str, Any]:
    return {key: value for key, value in options.items() if key not in keys}


_COMMON = {
    "default": Case({}),
    "margin": Case(_MARGIN),
    "margin of cosines": Case({"loss_type": "margin"}),
    "confidences are similarities": Case({"model_confidence": "auto"}),
    "constrained similarities": Case({"constrain_similarities": True}),
    # stock's rule depends on the sign of the smallest gradients
    "regularization": Case(
        {"regularization_constant": 0.02}, {"epochs": 1, "learning_rate": 1e-3}
    ),
}


def _evaluated(examples: int, beside: Dict[str, Any], data: str) -> Dict[str, Case]:
    """Cases with examples that are not trained on, but evaluated."""
    evaluation = {
        "evaluate_on_number_of_examples": examples,
        "evaluate_every_number_of_epochs": 1,
        **beside,
    }
    folder = {"tensorboard_log_directory": A_FOLDER}
    return {
        "evaluation": Case(
            {
                "evaluate_on_number_of_examples": examples,
                "evaluate_every_number_of_epochs": 2,
            },
            {"epochs": 4, **beside},
            data=data,
        ),
        "best epoch": Case(
            {"checkpoint_model": True},
            {**evaluation, "epochs": 7, "learning_rate": 0.1},
            data=data,
        ),
        "curves of epochs": Case(folder, evaluation, data=data),
        "curves of batches": Case(
            {"tensorboard_log_level": "batch"}, {**folder, **evaluation}, data=data
        ),
    }


_OF_MESSAGES = {
    **_COMMON,
    "training": Case(
        {
            "epochs": 3,
            "learning_rate": 0.03,
            "batch_size": [2, 6],
            "batch_strategy": "sequence",
            "drop_small_last_batch": True,
            "random_seed": 11,
        },
        without_effect={"run_eagerly": True},
    ),
    "features of one featurizer": Case({"featurizers": ["letters"]}, data="dense"),
    "ranking": Case({"ranking_length": 2, "renormalize_confidences": True}),
}

_INTENTS = {
    **_OF_MESSAGES,
    **_evaluated(4, {}, "default"),
    "sizes": Case(
        {
            "embedding_dimension": 6,
            "dense_dimension": {"text": 10, "label": 6},
            "hidden_layers_sizes": {"text": [14, 10], "label": [6]},
            "number_of_transformer_layers": 3,
            "transformer_size": 24,
            "number_of_attention_heads": 8,
        }
    ),
    "dense features": Case({}, data="dense"),
    "dense features of sentences": Case(
        {"concat_dimension": {"text": 10, "label": 8}},
        {"batch_size": 1},  # stock adds something of padding to sentences
        data="dense sentences",
    ),
    "positions": Case(_POSITIONS),
    "no keys": Case({"drop_rate_attention": 1.0}, _ONE_BY_ONE),
}
_INTENTS_AND_ENTITIES = {
    "intents and entities": Case({}),
    "masked language model": Case({"use_masked_language_model": True}),
    "scaled loss": Case({"scale_loss": True}, _SURE),
    "dropout": Case({"drop_rate": 0.3, "use_dense_input_dropout": False}),
    "no feature": Case({"drop_rate": 1.0}, _NO_ENCODER),
    "no feature is dropped": Case(
        {"use_sparse_input_dropout": False, "use_dense_input_dropout": False},
        {"drop_rate": 1.0, "epochs": 3, **_NO_ENCODER},
    ),
    "entities only": Case(
        {
            "intent_classification": False,
            "BILOU_flag": False,
            "split_entities_by_comma": False,
        },
        {"epochs": 12, "learning_rate": 0.03},
    ),
    "intents only": Case({"entity_recognition": False}),
}

DIET = Component(
    RandConnDIETClassifier,
    DIETClassifier,
    {**_without(TINY_DIET, "constrain_similarities"), **_EXACT},
    {
        **{
            name: case._replace(beside={**case.beside, "entity_recognition": False})
            for name, case in _INTENTS.items()
        },
        **_INTENTS_AND_ENTITIES,
    },
)

SELECTOR = Component(
    RandConnResponseSelector,
    ResponseSelector,
    {
        **_without(TINY_DIET, "constrain_similarities", *_ENCODER),
        **_EXACT,
        "hidden_layers_sizes": {"text": [14, 10], "label": [12, 10]},
    },
    {
        **_OF_MESSAGES,
        **_evaluated(3, {}, "default"),
        "sizes": Case(
            {
                "embedding_dimension": 6,
                "dense_dimension": {"text": 10, "label": 6},
                "hidden_layers_sizes": {"text": [8], "label": [6]},
                "number_of_transformer_layers": 3,
            },
            {"transformer_size": 16, "number_of_attention_heads": 2},
        ),
        "encoder": Case(
            {"transformer_size": 12, "number_of_attention_heads": 2},
            {"number_of_transformer_layers": 1},
        ),
        "dense features": Case({}, data="dense"),
        "dense features of sentences": Case(
            {"concat_dimension": {"text": 10, "label": 8}},
            {"batch_size": 1},  # stock adds something of padding to sentences
            data="dense sentences",
        ),
        "positions": Case(_POSITIONS, _ENCODER),
        "masked language model": Case({"use_masked_language_model": True}, _ENCODER),
        "unscaled loss": Case({"scale_loss": False}, _SURE),
        "dropout": Case({"drop_rate": 0.3, "use_dense_input_dropout": True}),
        "no feature": Case(
            {"drop_rate": 1.0, "use_sparse_input_dropout": True},
            {"hidden_layers_sizes": {"text": [], "label": []}},
        ),
        "no keys": Case({"drop_rate_attention": 1.0}, {**_ENCODER, **_ONE_BY_ONE}),
        "one retrieval intent": Case({"retrieval_intent": "faq"}),
        "texts of responses": Case({"use_text_as_label": True}, _ENCODER),
        "shared layers": Case(
            {"share_hidden_layers": True},
            {
                "use_text_as_label": True,
                "hidden_layers_sizes": {"text": [12], "label": [12]},
                **_ENCODER,
            },
            data="shared",
        ),
        "no entities": Case(
            {},
            without_effect={
                "entity_recognition": False,
                "BILOU_flag": False,
                "split_entities_by_comma": False,
            },
        ),
    },
)

_TRAINING = {
    "epochs": 3,
    "learning_rate": 0.03,
    "batch_size": [2, 6],
    "batch_strategy": "sequence",
    "random_seed": 11,
    "priority": 7,
}
_OF_POLICIES = {
    "training": Case(
        _TRAINING,
        {"max_history": 3},
        without_effect={"use_gpu": False, "drop_rate_label": 0.3},
        data="many stories",
    ),
    "dialogue dropout": Case({"drop_rate_dialogue": 0.3}),
    "unscaled loss": Case({"scale_loss": False}, _SURE),
    "ranking": Case({"ranking_length": 2}),
}


TED = Component(
    RandConnTEDPolicy,
    TEDPolicy,
    {
        **_without(TINY_TED, "constrain_similarities", "max_history"),
        **_EXACT,
        "drop_rate_dialogue": 0.0,
    },
    {
        **_COMMON,
        **_OF_POLICIES,
        **_evaluated(5, {"max_history": 3}, "many stories"),
        "sizes": Case(
            {
                "embedding_dimension": 6,
                "encoding_dimension": 8,
                "dense_dimension": {
                    **TINY_TED["dense_dimension"],
                    "intent": 6,
                    "action_name": 6,
                    "label_action_name": 6,
                },
                "number_of_transformer_layers": {
                    "text": 1,
                    "action_text": 1,
                    "dialogue": 2,
                },
                "transformer_size": {"text": 16, "action_text": 16, "dialogue": 24},
                "number_of_attention_heads": 8,
            }
        ),
        "end to end": Case({}, _BATCH, data="end to end"),
        "hidden layers": Case(
            {"hidden_layers_sizes": {"text": [10], "action_text": [8]}},
            _BATCH,
            data="end to end",
        ),
        "dense features of sentences": Case(
            {"concat_dimension": {"text": 10, "action_text": 10}},
            _BATCH,
            data="dense sentences",
        ),
        "positions": Case(_POSITIONS, _BATCH, data="end to end"),
        "masked language model": Case(
            {"use_masked_language_model": True}, _BATCH, data="end to end"
        ),
        "some turns": Case({"max_history": 2}),
        "renormalised ranking": Case(
            {"renormalize_confidences": True}, {"ranking_length": 2}
        ),
        "dropout": Case({"drop_rate": 0.3}),
        "no feature": Case({"drop_rate": 1.0}),
        "no feature is dropped": Case(
            {"use_sparse_input_dropout": False, "use_dense_input_dropout": False},
            {"drop_rate": 1.0},
        ),
        "no keys": Case(
            {"drop_rate_attention": 1.0}, {**_ONE_BY_ONE, "max_history": 3}
        ),
        "entities": Case(
            {"BILOU_flag": False, "split_entities_by_comma": False},
            {"epochs": 10, **_BATCH},
            data="end to end",
        ),
        # features without a name are those of intents, actions, and featurizers here
        "features without a name": Case(
            {"featurizers": [None]}, _BATCH, data="dense shared"
        ),
        "no entities": Case({"entity_recognition": False}, _BATCH, data="end to end"),
        "texts or intents": Case(
            {"e2e_confidence_threshold": 0.0},
            {"entity_recognition": False, **_BATCH},
            data="texts and intents",
        ),
    },
)

UNLIKELY_INTENTS = Component(
    RandConnUnexpecTEDIntentPolicy,
    UnexpecTEDIntentPolicy,
    {
        **_without(TINY_TED, "constrain_similarities", "max_history"),
        **_EXACT,
        "drop_rate_dialogue": 0.0,
        "dense_dimension": {
            name: 8
            for name in ("text", "intent", "entities", "slots", "active_loop")
            + ("action_name", "label_intent")
        },
    },
    {
        **{
            name: case
            for name, case in _COMMON.items()
            if not set(case.options)
            & {"loss_type", "model_confidence", "constrain_similarities"}
        },
        **_OF_POLICIES,
        **_evaluated(5, {}, "all stories"),
        "sizes": Case(
            {
                "embedding_dimension": 6,
                "encoding_dimension": 8,
                "dense_dimension": {
                    **{name: 8 for name in ("text", "entities", "slots")},
                    **{name: 6 for name in ("intent", "action_name", "label_intent")},
                },
                "number_of_transformer_layers": {"text": 1, "dialogue": 2},
                "transformer_size": {"text": 16, "dialogue": 24},
                "number_of_attention_heads": 8,
            }
        ),
        "training": Case(
            _without(_TRAINING, "batch_strategy"),
            without_effect={
                "batch_strategy": "sequence",
                "use_gpu": False,
                "drop_rate_label": 0.3,
            },
            data="many stories",
        ),
        "few candidates": Case({"number_of_negative_examples": 2}),
        "positions": Case(_without(_POSITIONS, "unidirectional_encoder")),
        "dropout": Case({"drop_rate": 0.3}),
        "no feature": Case({"drop_rate": 1.0}),
        "no feature is dropped": Case(
            {"use_sparse_input_dropout": False, "use_dense_input_dropout": False},
            {"drop_rate": 1.0},
        ),
        "no keys": Case(
            {"drop_rate_attention": 1.0}, {**_ONE_BY_ONE, "max_history": 3}
        ),
        "tolerance": Case({"tolerance": 0.5}, data="many stories"),
        "ignored intents": Case(
            {"ignore_intents_list": ["greet", "bye", "book"]}, {"epochs": 10}
        ),
        "intents only": Case(
            {},
            without_effect={
                "featurizers": [None],
                "unidirectional_encoder": True,
                "loss_type": "margin",
                "similarity_type": "cosine",
                "entity_recognition": True,
                "BILOU_flag": True,
                "split_entities_by_comma": False,
                "use_masked_language_model": True,
                "hidden_layers_sizes": {"text": [10]},
                "concat_dimension": {"text": 10},
            },
        ),
    },
)

COMPONENTS = (DIET, SELECTOR, TED, UNLIKELY_INTENTS)
