from __future__ import annotations

from rasa_randconn.comparison.training_progress import (
    TrainingProgress,
    last_note,
    note,
)


def test_the_last_note_counts(tmp_path):
    path = tmp_path / "notes"
    assert last_note(path) is None
    for epoch in range(300):
        note(TrainingProgress("DIETClassifier", epoch, 300, 0.1 * epoch), path)
        assert last_note(path).epoch == epoch
    assert str(last_note(path)) == "DIETClassifier, epoch 299 of 300"
    assert str(TrainingProgress("A", 0, 9)) == "A, first epoch of 9"


def test_a_note_that_is_being_written_does_not_count_yet(tmp_path):
    path = tmp_path / "notes"
    path.write_text('{"component": "A"')
    assert last_note(path) is None
    path.write_text("")
    note(TrainingProgress("A", 1, 2), path)
    with open(path, "a") as file:
        file.write('{"component": "A", "epo')
    assert last_note(path) == TrainingProgress("A", 1, 2)


def test_the_epochs_that_are_left_take_as_long_as_the_last_ones():
    assert TrainingProgress("A", 30, 100, 0.5).seconds_left == 35.0
    assert TrainingProgress("A", 100, 100, 0.5).seconds_left == 0.0
    assert TrainingProgress("A", 1, 100).seconds_left is None
