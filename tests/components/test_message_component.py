"""Messages that are predicted together."""

from __future__ import annotations

import pytest
from data_factory import answers_of_diet

from rasa_randconn.components import message_component

TEXTS = ("hello", "hi", "fly from berlin to rome", "hello there", "bye", "to paris", "")


@pytest.fixture
def shapes(our_loaded_diet, monkeypatch):
    """Number of messages and of tokens of the longest, of every batch."""
    model, found = our_loaded_diet.model, []
    predict = model.predict_batch

    def predict_and_remember(batch):
        lengths = batch["text"]["sequence"][0].lengths
        found.append((len(lengths), int(lengths.max()) + 1))
        return predict(batch)

    monkeypatch.setattr(model, "predict_batch", predict_and_remember)
    return found


def test_attention_weights_of_a_batch_do_not_become_too_large(
    our_loaded_diet, featurizers, shapes, monkeypatch
):
    most_pairs = 30
    together = answers_of_diet(our_loaded_diet, featurizers, *TEXTS)
    assert max(shapes)[0] == len(TEXTS)
    shapes.clear()
    monkeypatch.setattr(message_component, "_MOST_PAIRS", most_pairs)
    in_batches = answers_of_diet(our_loaded_diet, featurizers, *TEXTS)
    assert len(shapes) > 2
    for count, longest in shapes:
        assert count == 1 or count * longest**2 <= most_pairs
    for one, other in zip(in_batches, together):
        assert one["intent"]["name"] == other["intent"]["name"]


def test_a_batch_has_at_most_64_messages(our_loaded_diet, featurizers, shapes):
    answers_of_diet(our_loaded_diet, featurizers, *["hello"] * 70)
    assert [count for count, _ in shapes] == [64, 6]
