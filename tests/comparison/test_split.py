"""The test set is a part of the training data that is not trained on."""

from __future__ import annotations

import pytest
from rasa.shared.nlu.training_data.loading import load_data

from rasa_randconn.comparison import split as module
from rasa_randconn.comparison.split import SEED, describe, split
from rasa_randconn.comparison.training_data import select

DATA = """\
version: "3.1"
nlu:
- intent: book
  examples: |
    - a room in [Oslo]{"entity": "city", "role": "to"} please
    - a bed in [Rome]{"entity": "city", "role": "from", "value": "roma"}
    - a flat in [Bonn](city)
    - a hut
    - a tent
- intent: faq/price
  examples: |
    - how much
    - what does it cost
    - is it dear
- intent: faq/time
  examples: |
    - how long
    - when
- intent: alone
  examples: |
    - only one
- synonym: roma
  examples: |
    - Rome
- lookup: city
  examples: |
    - Oslo
responses:
  utter_faq/price:
  - text: ten
  utter_faq/time:
  - text: an hour
"""


@pytest.fixture
def nlu(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text(DATA)
    return path


@pytest.fixture
def divided(nlu, tmp_path):
    return split([str(nlu)], 0.6, tmp_path / "scratch")


def texts(folder, scratch):
    files = select([str(folder)], [], scratch)
    data = [load_data(str(file)) for file in files]
    return data[0].merge(*data[1:])


def test_every_example_is_in_one_part_with_all_that_it_has(divided, nlu, tmp_path):
    divided.write(tmp_path)
    whole = load_data(str(nlu))
    parts = [
        texts(tmp_path / folder, tmp_path / "scratch")
        for folder in (module.TRAIN, module.TEST)
    ]

    def key(message):
        entities = [
            (e["entity"], e.get("role"), e["value"])
            for e in message.get("entities") or []
        ]
        return message.get("text"), message.get_full_intent(), tuple(entities)

    train, test = ({key(m) for m in part.training_examples} for part in parts)
    assert train | test == {key(m) for m in whole.training_examples}
    assert not train & test
    assert (len(train), len(test)) == (divided.train_examples, divided.test_examples)
    for part in parts:
        assert part.entity_synonyms == whole.entity_synonyms
        assert part.lookup_tables == whole.lookup_tables
        assert part.responses == whole.responses
    assert nlu.read_text() == DATA


def test_it_is_the_split_of_rasa(divided, nlu):
    train, test = load_data(str(nlu)).train_test_split(0.6, SEED)

    assert divided.files["split/train/nlu.yml"] == train.nlu_as_yaml()
    assert divided.files["split/test/nlu.yml"] == test.nlu_as_yaml()


def test_the_same_data_are_divided_in_the_same_way(divided, nlu, tmp_path):
    assert split([str(nlu)], 0.6, tmp_path / "scratch2") == divided


def test_the_summary_says_what_is_not_trained(divided):
    assert divided.untrained == ["alone"]
    text = describe(divided.summary())
    assert "--split 0.6 (Rasa's stratified split, seed 42)" in text
    assert f"{divided.train_examples} examples to train on" in text
    assert "only one example of each of these, which is tested" in text


def test_a_part_without_examples_is_refused(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text("nlu:\n- intent: a\n  examples: |\n    - one\n")
    with pytest.raises(ValueError, match=r"too few examples .* left to train on"):
        split([str(path)], 0.9, tmp_path / "scratch")
