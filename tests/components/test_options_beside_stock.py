"""Every option of stock's components, in trainings beside stock's own."""

from __future__ import annotations

import itertools
from typing import Any, Dict, Iterable, Sequence, Tuple

import pytest
from data_factory import (
    END_TO_END_STORIES,
    STORIES,
    Featurizers,
    dialogues,
    eagerly,
    nlu_data,
    retrieval_featurizers,
    train,
)
from option_cases import COMPONENTS, DIET, SELECTOR, Case, Component
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE
from stock_twin import stock_variable
from training_twin import Report, TrainingTwins, differences

pytestmark = pytest.mark.slow

CASES = [
    pytest.param(component, case, id=f"{component.stock.__name__}: {name}")
    for component in COMPONENTS
    for name, case in component.cases.items()
]

_ACTIONS = {"greet": "utter_hello", "bye": "utter_bye", "book": "utter_booked"}


def _stories(orders: Iterable[Sequence[str]]) -> str:
    """Stories of intents in some orders, each with its action."""
    lines = ['version: "3.1"', "stories:"]
    for order in orders:
        lines += [f"- story: {' '.join(order)}", "  steps:"]
        for intent in order:
            lines += [f"  - intent: {intent}", f"  - action: {_ACTIONS[intent]}"]
    return "\n".join(lines)


_TEXTS_OF_ONE_LENGTH = (
    END_TO_END_STORIES.replace("user: hello\n", "user: hello there\n")
    .replace("fly from [berlin](city) to [rome](city)", "to [rome](city)")
    .replace(" on [monday](day)", "")
)
_STORIES = {
    "many stories": _stories(itertools.permutations(_ACTIONS)),
    "all stories": _stories(itertools.product(_ACTIONS, repeat=3)),
    "end to end": END_TO_END_STORIES,
    "dense sentences": _TEXTS_OF_ONE_LENGTH,
    "dense shared": _TEXTS_OF_ONE_LENGTH,
    "texts and intents": STORIES + END_TO_END_STORIES.split("stories:\n")[1],
}


class OptionData:
    """What components are trained on, made when it is first asked for."""

    def __init__(self, tmp_path_factory: Any) -> None:
        self._folders = tmp_path_factory
        self._made: Dict[Tuple[str, str], Any] = {}

    def __call__(self, component: Component, case: Case) -> Any:
        """The data of a case.

        `dense`: with dense features beside the sparse ones; `dense sentences`: of
        sentences only; `shared`: from one featurizer, the same for texts and labels.
        Policies have stories of their own for each.
        """
        key = (component.stock.__name__, case.data)
        if key not in self._made:
            self._made[key] = self._make(component, case.data)
        return self._made[key]

    def _make(self, component: Component, kind: str) -> Any:
        folder = self._folders.mktemp("featurizers")
        options: Dict[str, Any] = {
            "is_dense": kind.startswith("dense"),
            "is_shared": kind.endswith("shared"),
        }
        if kind == "dense sentences":
            options["dense_kinds"] = [FEATURE_TYPE_SENTENCE]
        if component is SELECTOR:
            return retrieval_featurizers(folder, **options)
        featurizers = Featurizers(nlu_data(), folder, **options)
        if component is DIET:
            return featurizers
        return dialogues(_STORIES.get(kind, STORIES), featurizers)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return OptionData(tmp_path_factory)


@pytest.fixture
def twins(monkeypatch, tmp_path):
    return TrainingTwins(monkeypatch, tmp_path)


@pytest.mark.parametrize("component, case", CASES)
def test_with_options_ours_is_as_stock(component, case, data, twins):
    own = data(component, case)
    options = {**component.base, **case.all_options}
    found = twins.report(component.ours, options, own)
    expected = twins.report(component.stock, options, own)
    assert differences(_without_curves_of_batches(found), expected) == []

    # so that each of the options is known to be read
    for key in (*case.options, *case.without_effect):
        rest = {k: v for k, v in case.all_options.items() if k != key}
        without = twins.report(component.ours, {**component.base, **rest}, own)
        assert bool(differences(found, without)) == (key in case.options), key


def _without_curves_of_batches(report: Report) -> Report:
    """Keras does not write these any more; ours are beside its others."""
    curves = {
        folder: {t: c for t, c in by_tag.items() if not t.startswith("batch_")}
        for folder, by_tag in report["curves"].items()
    }
    return {**report, "curves": curves}


@pytest.mark.covers([c.stock.__name__ for c in COMPONENTS], "connection_density")
@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: c.stock.__name__)
def test_as_many_connections_exist_as_in_stock(component, data, tmp_path):
    for name in ("ours", "stock"):
        (tmp_path / name).mkdir()
    options = {**component.base, "connection_density": 0.5}
    own = data(component, Case({}))
    ours = train(component.ours, options, tmp_path / "ours", own).model
    with eagerly():
        stock = train(component.stock, options, tmp_path / "stock", own).model
    assert ours.parameters.layers
    for path, (connectivity, _) in ours.parameters.layers.items():
        mask = stock_variable(stock, f"{path}/kernel_mask").numpy()
        assert connectivity.mask().shape == mask.shape
        assert connectivity.mask().mean() == pytest.approx(mask.mean(), abs=0.15), path


@pytest.mark.covers(["ResponseSelector"], "intent_classification")
def test_a_selector_answers_whatever_its_classification_of_intents(data, twins):
    """In stock it trains as always, but has no answers when it is loaded."""
    own = data(SELECTOR, Case({}))
    options = {**SELECTOR.base, "intent_classification": False}
    expected = twins.report(SELECTOR.ours, SELECTOR.base, own)
    assert differences(twins.report(SELECTOR.ours, options, own), expected) == []
    of_stock = twins.report(SELECTOR.stock, options, own)
    assert differences(of_stock["progress"], expected["progress"]) == []
    selected = [answer["response_selector"] for answer in of_stock["answers"]]
    assert not any(answer["default"]["ranking"] for answer in selected)


@pytest.mark.covers(["DIETClassifier"], "share_hidden_layers")
@pytest.mark.parametrize("component", [DIET.ours, DIET.stock])
def test_shared_hidden_layers_fail_as_in_stock(component, tmp_path):
    """Rasa 3.6.21 looks for the label's features under the name of the text."""
    own = Featurizers(nlu_data(), tmp_path, is_shared=True)
    options = {
        **DIET.base,
        "share_hidden_layers": True,
        "hidden_layers_sizes": {"text": [16], "label": [16]},
    }
    with eagerly(), pytest.raises(KeyError, match="text"):
        train(component, options, tmp_path, own)
