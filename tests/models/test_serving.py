"""A loaded component changes nothing while it answers, from any number of threads."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict

import numpy as np
import tensorflow as tf
from data_factory import answer_of_ted, answers_of_diet

EAGER_TENSOR = type(tf.constant(0))
TEXTS = [
    "hello",
    "bye my friend",
    "fly from rome to paris on monday",
    "zzz",
    "to to to",
]


def _arrays(root: Any) -> Dict[str, bytes]:
    """Bytes of every variable, tensor and array that can be reached from an object."""
    found: Dict[str, bytes] = {}
    seen = set()
    stack = [("", root)]
    while stack:
        path, item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, tf.SparseTensor):
            item = item.values
        if isinstance(item, (np.ndarray, tf.Variable, EAGER_TENSOR)):
            found[path] = np.asarray(item).tobytes()
        elif isinstance(item, dict):
            stack += [(f"{path}[{key}]", value) for key, value in item.items()]
        elif isinstance(item, (list, tuple)):
            stack += [(f"{path}[{i}]", value) for i, value in enumerate(item)]
        elif type(item).__module__.split(".")[0] in ("rasa", "rasa_randconn", "keras"):
            attributes = dict(getattr(item, "__dict__", {}))
            for slot in getattr(type(item), "__slots__", ()):
                attributes[slot] = getattr(item, slot)
            # a pass has these for itself, as it has its memory
            attributes.pop("programs", None)
            stack += [(f"{path}.{key}", value) for key, value in attributes.items()]
    return found


def _assert_unchanged(component, answer):
    answer()
    before = _arrays(component)
    names = "\n".join(before)
    weights = component.model.parameters.arrays()
    values = set(before.values())
    assert all(array.tobytes() in values for array in weights.values()), names
    answer()
    after = _arrays(component)
    assert set(after) == set(before)
    assert [name for name in before if before[name] != after[name]] == []


def test_classifying_changes_no_array_of_the_component(our_loaded_diet, featurizers):
    diet = our_loaded_diet
    _assert_unchanged(diet, lambda: answers_of_diet(diet, featurizers, *TEXTS))


def test_predicting_an_action_changes_no_array_of_the_policy(our_loaded_ted, talk):
    ted = our_loaded_ted
    _assert_unchanged(ted, lambda: answer_of_ted(ted, talk, "hello", "greet"))


def test_eight_threads_get_the_answers_of_one(our_loaded_diet, featurizers):
    diet = our_loaded_diet
    messages = featurizers.messages(*(TEXTS * 8))

    def answer(message):
        (answered,) = diet.process([copy.deepcopy(message)])
        return answered.data["intent_ranking"], answered.data["entities"]

    expected = [answer(message) for message in messages]
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = list(threads.map(answer, messages))
    assert found == expected
    assert len({str(answer) for answer in expected}) > 1


def test_eight_threads_get_the_predictions_of_one(our_loaded_ted, talk):
    ted = our_loaded_ted

    def answer(text):
        return answer_of_ted(ted, talk, text, "greet").probabilities

    texts = TEXTS * 8
    expected = [answer(text) for text in texts]
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = list(threads.map(answer, texts))
    assert found == expected
    assert len({str(answer) for answer in expected}) > 1
