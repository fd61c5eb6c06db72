"""What stock and ours say to odd data, options and uses, side by side.

`python tests/stock_verdicts.py` tries them with both and writes the page about them.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Type

sys.path.insert(0, str(Path(__file__).parent))

import conftest  # noqa: F401  (makes settings before TensorFlow is imported)
import numpy as np
from components.test_odd_featurizers import OddFeaturizers, marks, zeros
from components.test_odd_labels import OddLabels
from data_factory import (
    END_TO_END_STORIES,
    RETRIEVAL_NLU,
    STORIES,
    TINY_DIET,
    TINY_TED,
    Featurizers,
    answer_of_ted,
    create,
    dialogues,
    eagerly,
    load,
    nlu_data,
    retrieval_featurizers,
    train,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.nlu.constants import ACTION_NAME, INTENT, INTENT_RESPONSE_KEY

import rasa_randconn as ours

PAGE = Path(__file__).parents[1] / "docs" / "odd-cases.md"

WORKS = "works"

_PAIRS: Dict[str, List[Type[Any]]] = {
    "classifier": [DIETClassifier, ours.RandConnDIETClassifier],
    "selector": [ResponseSelector, ours.RandConnResponseSelector],
    "TED": [TEDPolicy, ours.RandConnTEDPolicy],
    "UnexpecTED": [UnexpecTEDIntentPolicy, ours.RandConnUnexpecTEDIntentPolicy],
}

_INTRODUCTION = f"""\
# Odd data, options and uses

What Rasa's components ("stock") and ours do with unusual data, options and calls.
"{WORKS}" means trained, saved, loaded and asked without an error. Where the two differ,
it is on purpose:

- Features that do not fit are refused with one message that names the featurizer, and
  the text or label where one is at fault. Stock raises an error of TensorFlow or NumPy,
  or trains on wrong rows.
- A sparse featurizer that has nothing for some texts counts as zeros, in training and
  in serving, and its columns stay where they are. The same holds for labels. Policies
  refuse such features.
- Numbers that are not finite are never learnt from, saved, loaded or answered.
- A model file that is missing or damaged is an error. Stock loads a component without a
  model, which answers nothing.
- A component gives the same answers before it is saved and after it is loaded.

This page is written by `.venv/bin/python tests/stock_verdicts.py`.
"""


class Case(NamedTuple):
    """One row of the page.

    Attributes:
        what: What it is.
        pair: Which components.
        run: Tries it with a component in an empty folder; returns what came of it, or
            raises.
    """

    what: str
    pair: str
    run: Callable[[Any, Path], Any]


def trained_and_asked(component: Any, folder: Path, data: Any, **options: Any) -> None:
    """Trains, loads and asks."""
    complete = {**tiny(component), **options}
    train(component, complete, folder, data)
    loaded = load(component, complete, folder)
    if hasattr(data, "trackers"):
        answer_of_ted(loaded, data, "hello", None)
        answer_of_ted(loaded, data, "fly from berlin to rome", None)
    else:
        loaded.process(data.messages("hello", "fly from berlin to rome", "bye"))


def tiny(component: Any) -> Dict[str, Any]:
    return TINY_TED if "Policy" in component.__name__ else TINY_DIET


def odd_texts(odd: Callable[[int, int], Any], is_first: bool = False, **options: Any):
    def run(component: Any, folder: Path) -> None:
        data: Any = OddFeaturizers(folder, odd, is_first)
        if "Policy" in component.__name__:
            data = dialogues(END_TO_END_STORIES, data)
        trained_and_asked(component, folder, data, **options)

    return run


def odd_labels(odd: Callable[[int, int], Any]):
    def run(component: Any, folder: Path) -> None:
        if "Policy" in component.__name__:
            data: Any = dialogues(STORIES, OddLabels(ACTION_NAME, odd, folder))
        elif "Selector" in component.__name__:
            data = OddLabels(INTENT_RESPONSE_KEY, odd, folder)
        else:
            data = OddLabels(INTENT, odd, folder)
        trained_and_asked(component, folder, data)

    return run


def odd_messages(odd: Callable[[int, int], Any]):
    def run(component: Any, folder: Path) -> None:
        data = OddFeaturizers(folder, lambda number, tokens: marks(tokens))
        train(component, tiny(component), folder, data)
        loaded = load(component, tiny(component), folder)
        data.odd = odd
        loaded.process(data.messages("hello", "fly from berlin to rome", "bye"))

    return run


def with_options(**options: Any):
    def run(component: Any, folder: Path) -> Any:
        data: Any = Featurizers(nlu_data(), folder)
        if "Policy" in component.__name__:
            data = dialogues(STORIES, data)
        elif "Selector" in component.__name__:
            data = retrieval_featurizers(folder)
        trained = train(component, {**tiny(component), **options}, folder, data)
        arrays = [np.asarray(weights) for weights in weights_of(trained)]
        if not all(np.isfinite(array).all() for array in arrays):
            return "trains, and saves weights that are not finite"
        trained_and_asked(component, folder, data, **options)
        return WORKS

    return run


def weights_of(component: Any) -> List[Any]:
    model = component.model
    if hasattr(model, "parameters"):
        return [parameter.array for parameter in model.parameters]
    return list(model.get_weights())


def finetuned_selector(component: Any, folder: Path) -> None:
    options = {**TINY_DIET, "use_text_as_label": True}
    data = retrieval_featurizers(folder)
    train(component, options, folder, data)
    other = folder / "more"
    other.mkdir()
    more = RETRIEVAL_NLU.replace("it rains quite often", "quite new words and others")
    loaded = load(component, options, folder, is_finetuning=True)
    loaded.train(copy.deepcopy(retrieval_featurizers(other, more).training_data))


def finetuned_with_masks(component: Any, folder: Path) -> None:
    data = Featurizers(nlu_data(), folder)
    train(component, TINY_DIET, folder, data)
    options = {**TINY_DIET, "use_masked_language_model": True}
    loaded = load(component, options, folder, is_finetuning=True)
    loaded.train(copy.deepcopy(data.training_data))


def data_for(component: Any, folder: Path) -> Any:
    if "Selector" in component.__name__:
        return retrieval_featurizers(folder)
    data = Featurizers(nlu_data(), folder)
    return dialogues(STORIES, data) if "Policy" in component.__name__ else data


def config_used_again(component: Any, folder: Path) -> None:
    trained = train(component, tiny(component), folder, data_for(component, folder))
    config = getattr(trained, "component_config", None) or trained.config
    load(component, config, folder)
    create(component, copy.deepcopy(config), folder)


def trained_without_data(component: Any, folder: Path) -> Any:
    data = data_for(component, folder)
    train(component, tiny(component), folder, data)
    again = create(component, tiny(component), folder)
    if hasattr(data, "trackers"):
        again.train([], data.domain, data.precomputations)
    else:
        nothing = data.training_data.filter_training_examples(lambda example: False)
        again.train(nothing)
    has_model = load(component, tiny(component), folder).model is not None
    return WORKS if has_model else "loads without a model"


def saved_again(component: Any, folder: Path) -> None:
    train(component, tiny(component), folder, data_for(component, folder))
    load(component, tiny(component), folder).persist()
    load(component, tiny(component), folder)


def answers_before_and_after_loading(component: Any, folder: Path) -> Any:
    data: Any = Featurizers(nlu_data(), folder)
    data = dialogues(
        STORIES if "Unexp" in component.__name__ else END_TO_END_STORIES, data
    )
    trained = train(component, tiny(component), folder, data)
    loaded = load(component, tiny(component), folder)
    for intent, text in (("greet", "hello"), (None, "hello"), ("bye", "bye")):
        one, other = (answer_of_ted(c, data, text, intent) for c in (trained, loaded))
        if not np.allclose(one.probabilities, other.probabilities):
            return "other answers before loading than after"
        if one.action_metadata != other.action_metadata:
            return "other thresholds before loading than after"
    return WORKS


def never_written(component: Any, folder: Path) -> Any:
    loaded = load(component, tiny(component), folder)
    return WORKS if loaded.model is not None else "loads without a model"


def cut_off(component: Any, folder: Path) -> Any:
    train(component, tiny(component), folder, data_for(component, folder))
    pattern = "*.label_data_metadata.json"
    path = next((folder / "model").glob(pattern))
    path.write_text(path.read_text()[:-20])
    loaded = load(component, tiny(component), folder)
    return WORKS if loaded.model is not None else "loads without a model"


def _width(number: int) -> int:
    return 5 if number % 2 else 3


_KINDS_OF_FEATURES = (
    ("a row too many for some texts", lambda n, t: marks(t + n % 2)),
    ("a row too few for some texts", lambda n, t: marks(max(t - n % 2, 1))),
    ("sparse features for some texts only", lambda n, t: marks(t) if n % 2 else None),
    (
        "dense features for some texts only",
        lambda n, t: zeros(t, is_dense=True) if n % 2 else None,
    ),
    ("3 columns for some texts, 5 for others", lambda n, t: marks(t, _width(n))),
    (
        "NaN in a dense feature",
        lambda n, t: np.full((t, 3), np.nan if n == 1 else 1.0, np.float32),
    ),
    (
        "infinity in a dense feature",
        lambda n, t: np.full((t, 3), np.inf if n == 1 else 1.0, np.float32),
    ),
)

CASES: List[Case] = [
    *(
        Case(what, pair, odd_texts(odd))
        for what, odd in _KINDS_OF_FEATURES
        for pair in ("classifier", "TED")
    ),
    Case(
        "sparse features for some texts only, before those of others",
        "classifier",
        odd_texts(_KINDS_OF_FEATURES[2][1], is_first=True),
    ),
    *(
        Case(f"features of labels: {what}", pair, odd_labels(odd))
        for what, odd in (
            (what.replace("texts", "labels"), odd) for what, odd in _KINDS_OF_FEATURES
        )
        if "row" not in what and "infinity" not in what
        for pair in ("classifier", "selector", "TED")
    ),
    Case(
        "messages in one call of which some lack a feature",
        "classifier",
        odd_messages(_KINDS_OF_FEATURES[2][1]),
    ),
    Case(
        "a message with more columns than in training",
        "classifier",
        odd_messages(lambda n, t: marks(t, 5)),
    ),
    Case(
        "a message with NaN",
        "classifier",
        odd_messages(lambda n, t: marks(t) * np.float32(np.nan)),
    ),
    *(
        Case(f"`{name}: {value}`", pair, with_options(**{name: value, **others}))
        for pair, name, value, others in (
            ("classifier", "learning_rate", 1e30, {"epochs": 3}),
            ("TED", "learning_rate", 1e30, {"epochs": 3}),
            ("classifier", "learning_rate", float("nan"), {}),
            ("classifier", "tensorboard_log_level", "epochs", {}),
            ("classifier", "tensorboard_log_level", "minibatch", {}),
            ("classifier", "random_seed", -1, {}),
            ("TED", "random_seed", -1, {}),
        )
    ),
    Case(
        "`use_text_as_label: true` without layers of a transformer",
        "selector",
        with_options(use_text_as_label=True, number_of_transformer_layers=0),
    ),
    Case(
        "finetuning with new words in responses that are labels",
        "selector",
        finetuned_selector,
    ),
    Case(
        "finetuning with `use_masked_language_model` for the first time",
        "classifier",
        finetuned_with_masks,
    ),
    *(
        Case(what, pair, run)
        for what, run in (
            ("the configuration of a trained component used again", config_used_again),
            ("training without data over an existing model", trained_without_data),
            ("a loaded component saved into its own place", saved_again),
            ("a component that was never saved, loaded", never_written),
            ("a file of the model cut off", cut_off),
        )
        for pair in _PAIRS
    ),
    *(
        Case("answers of one process before and after loading", pair, run)
        for pair, run in (
            ("TED", answers_before_and_after_loading),
            ("UnexpecTED", answers_before_and_after_loading),
        )
    ),
]


def ours_of(case: Case) -> Any:
    """Our component of a case."""
    return _PAIRS[case.pair][1]


def verdict(case: Case, component: Any) -> str:
    """What comes of a case: that it works, or an error in one line."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return str(case.run(component, Path(folder)) or WORKS)
        except Exception as error:
            said = re.sub(r"\s+", " ", re.sub(r"/tmp/\S+", "...", str(error)))
            short = textwrap.shorten(said, 260, placeholder=" ...") or said[:200]
            return f"{type(error).__name__}: {short}"


def escaped(cell: str) -> str:
    """A cell of a table in Markdown."""
    return cell.replace("|", "\\|").replace("<", "&lt;")


def page() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, "| case | component | stock | ours |", "|---|---|---|---|"]
    for case in CASES:
        stock, own = _PAIRS[case.pair]
        with eagerly():
            of_stock = verdict(case, stock)
        cells = [case.what, case.pair, of_stock, verdict(case, own)]
        print(" | ".join(cells), file=sys.stderr, flush=True)
        lines.append(f"| {' | '.join(map(escaped, cells))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    PAGE.write_text(page(), encoding="utf-8")
