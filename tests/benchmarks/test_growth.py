"""Copies of training data are valid training data; growth is judged by its figures."""

from __future__ import annotations

import pytest
from data_factory import NLU, RETRIEVAL_NLU
from rasa.shared.nlu.training_data.formats.rasa_yaml import (
    RasaYAMLReader,
    RasaYAMLWriter,
)
from rasa.shared.nlu.training_data.loading import load_data

from benchmarks.growth import __main__ as growth
from benchmarks.growth.copies import edited, repeated


@pytest.fixture(params=[NLU, RETRIEVAL_NLU], ids=["entities", "responses"])
def data(request):
    return RasaYAMLReader().reads(request.param)


@pytest.mark.parametrize("seed", range(5))
def test_no_two_texts_are_equal_and_entities_stay_what_they_are(data, seed):
    originals = data.nlu_examples
    many = repeated(data, 8, seed).nlu_examples
    texts = [message.get("text") for message in many]
    assert len(texts) == len(set(texts)) == 8 * len(originals)
    for number, message in enumerate(many):
        original = originals[number % len(originals)]
        assert message.get("intent") == original.get("intent")
        before, after = original.get("entities", []), message.get("entities", [])
        assert len(after) == len(before)
        for old, new in zip(before, after):
            covered = message.get("text")[new["start"] : new["end"]]
            assert covered == original.get("text")[old["start"] : old["end"]]
            positions = {"start": new["start"], "end": new["end"]}
            assert new == {**old, **positions}


def test_copies_survive_being_written_and_read(data, tmp_path):
    many = repeated(data, 4)
    RasaYAMLWriter().dump(tmp_path / "many.yml", many)
    read = load_data(str(tmp_path / "many.yml"))

    def facts(examples):
        keys = ("text", "intent", "entities", "intent_response_key")
        return sorted(str([m.get(key) for key in keys]) for m in examples)

    assert facts(read.nlu_examples) == facts(many.nlu_examples)
    assert read.lookup_tables == data.lookup_tables
    assert read.regex_features == data.regex_features
    assert set(read.responses) == set(data.responses)


def test_the_original_data_is_left_as_it_is(data):
    before = data.nlu_as_yaml()
    assert repeated(data, 1).nlu_as_yaml() == before
    repeated(data, 3)
    assert data.nlu_as_yaml() == before


def test_an_edit_moves_only_the_entities_behind_it():
    entities = [{"start": 3, "end": 7}, {"start": 11, "end": 16}]
    text, moved = edited("to rome on monday", entities, (8, 10, "next"))
    assert text == "to rome next monday"
    assert moved == [{"start": 3, "end": 7}, {"start": 13, "end": 18}]


def _training(times: int, seconds: float, peak: float) -> growth.Training:
    return growth.Training(times, 100 * times, 1000, int(peak), {"DIET": seconds})


@pytest.mark.parametrize(("seconds", "holds"), [(4.3, True), (4.5, False), (3, False)])
def test_the_time_of_an_epoch_is_to_be_proportional(seconds, holds):
    trainings = [_training(1, 1.0, 1e9), _training(4, seconds, 1e9)]
    verdict = growth._pace(trainings, "DIET")
    assert verdict.holds == holds
    assert ("not within 10%" in verdict.text) == (not holds)


@pytest.mark.parametrize(("peak", "holds"), [(1.3e9, True), (4.1e9, False)])
def test_memory_is_to_grow_no_more_than_the_data(peak, holds):
    verdict = growth._memory([_training(1, 1.0, 1e9), _training(4, 4.0, peak)])
    assert verdict.holds == holds
    assert f"{peak / 1e9:.2f} times" in verdict.text
    assert f"{(peak - 1e9) / 300 / 1e3:.1f} kB" in verdict.text
