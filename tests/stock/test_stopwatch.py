"""What is noted of every epoch, of a training of Keras as of ours."""

from __future__ import annotations

import math
import time

import pytest

from rasa_randconn.stock.stopwatch import Stopwatch


def train(logs, **arguments):
    told = []
    stopwatch = Stopwatch(on_epoch=lambda *epochs: told.append(epochs), **arguments)
    stopwatch.set_params({"epochs": len(logs)})
    stopwatch.on_train_begin()
    for epoch, of_epoch in enumerate(logs):
        stopwatch.on_epoch_begin(epoch)
        time.sleep(0.02)
        stopwatch.on_epoch_end(epoch, of_epoch)
    return stopwatch, told


def test_the_curve_has_what_is_logged_after_every_epoch():
    began = time.perf_counter() - 1.0
    stopwatch, _ = train(
        [
            {"t_loss": 3.0, "i_acc": 0.1},
            {"t_loss": 2.0, "i_acc": 0.5, "val_t_loss": 2.5},
            {"t_loss": math.nan, "i_acc": 0.7},
        ],
        began=began,
    )

    seconds = stopwatch.curve.pop("seconds")
    assert seconds == sorted(seconds)
    assert seconds[0] > 1.0
    assert seconds[-1] - seconds[0] >= sum(stopwatch.epochs[1:])
    assert stopwatch.curve == {
        "t_loss": [3.0, 2.0, None],
        "i_acc": [0.1, 0.5, 0.7],
        "val_t_loss": [None, 2.5, None],
    }


def test_the_epochs_are_told_and_how_long_one_takes_now():
    stopwatch, told = train([{"t_loss": 1.0}] * 4)

    assert [epochs[:2] for epochs in told] == [(n, 4) for n in range(5)]
    assert [epochs[2] for epochs in told[:2]] == [None, None]
    assert told[-1][2] == pytest.approx(sum(stopwatch.epochs[1:]) / 3)
