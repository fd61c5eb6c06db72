"""The benchmark of finetuning does not overlook entities that were forgotten."""

from __future__ import annotations

import json

import pytest
from data_factory import nlu_data
from rasa.shared.nlu.training_data.training_data import TrainingData

from benchmarks.finetuning.__main__ import (
    FINETUNED,
    FULL,
    LARGEST_LOSS,
    Scores,
    entity_f1,
    largest_loss,
)


def test_an_extractor_that_found_nothing_has_an_f1_of_0(tmp_path):
    data = nlu_data()
    assert data.entity_examples
    assert entity_f1(tmp_path, data) == 0.0

    report = {"weighted avg": {"f1-score": 0.7}}
    (tmp_path / "RandConnDIETClassifier_report.json").write_text(json.dumps(report))
    assert entity_f1(tmp_path, data) == 0.7
    assert entity_f1(tmp_path, TrainingData()) is None


@pytest.mark.parametrize("found, is_good", [(0.8, True), (0.0, False)])
def test_losing_all_entities_is_a_loss(found, is_good):
    scores = [
        Scores("ours", 1, FULL, 1.0, 0.9, 0.8),
        Scores("ours", 1, FINETUNED, 1.0, 0.9, found),
    ]
    assert (largest_loss(scores, "ours") <= LARGEST_LOSS) == is_good
