from __future__ import annotations

import pytest
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.classifiers.logistic_regression_classifier import (
    LogisticRegressionClassifier,
)
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.exceptions import RasaException

from rasa_randconn import RandConnTEDPolicy
from rasa_randconn.comparison import neural


def test_neural_components_are_found_by_name_and_by_path():
    config = {
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "LogisticRegressionClassifier"},
            {"name": "rasa.nlu.classifiers.diet_classifier.DIETClassifier", "a": 1},
            {"name": "ResponseSelector"},
            {"name": "ResponseSelector"},
        ],
        "policies": [{"name": "RulePolicy"}, {"name": "UnexpecTEDIntentPolicy"}],
    }

    found = neural.find(config)

    assert [(c.key, c.component, c.resource) for c in found] == [
        (
            "DIETClassifier",
            DIETClassifier,
            "train_rasa.nlu.classifiers.diet_classifier.DIETClassifier2",
        ),
        ("ResponseSelector@pipeline.3", ResponseSelector, "train_ResponseSelector3"),
        ("ResponseSelector@pipeline.4", ResponseSelector, "train_ResponseSelector4"),
        (
            "UnexpecTEDIntentPolicy",
            UnexpecTEDIntentPolicy,
            "train_UnexpecTEDIntentPolicy1",
        ),
    ]
    assert found[0].config == {"a": 1}


def test_unknown_components_are_refused():
    with pytest.raises(RasaException):
        neural.find({"pipeline": [{"name": "NoSuchComponent"}]})


def test_family_is_the_stock_class():
    class Mixin:
        pass

    class Own(Mixin, DIETClassifier):
        pass

    class OwnPolicy(TEDPolicy):
        pass

    assert neural.family(Own) == "DIETClassifier"
    assert neural.family(OwnPolicy) == "TEDPolicy"
    assert neural.family(ResponseSelector) == "ResponseSelector"
    assert not neural.is_neural(LogisticRegressionClassifier)


def test_options_take_the_form_in_which_a_component_has_them():
    options = {
        "transformer_size": 32,
        "connection_density": 0.1,
        "connection_pattern": "grouped",
    }

    assert neural.fitting_options(DIETClassifier, options) == {
        "transformer_size": 32,
        "connection_density": 0.1,
    }
    sizes = dict.fromkeys(["text", "action_text", "label_action_text", "dialogue"], 32)
    ours = neural.fitting_options(RandConnTEDPolicy, options)
    assert ours == {**options, "transformer_size": sizes}
