"""What TensorBoard's callback has written."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, NamedTuple

import numpy as np
import tensorflow as tf


class Summary(NamedTuple):
    """A value of one step.

    Attributes:
        writer: The folder of its file: `train` or `validation`.
        plugin: The kind of value: `scalars`, `histograms` or `images`.
        tag: The name of the value.
        step: The step.
        array: The value.
    """

    writer: str
    plugin: str
    tag: str
    step: int
    array: np.ndarray


def read_summaries(folder: Path) -> Iterator[Summary]:
    """Reads all values of all files in a folder, in the order they were written."""
    for path in sorted(folder.glob("**/*.tfevents*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                yield Summary(
                    path.parent.name,
                    value.metadata.plugin_data.plugin_name,
                    value.tag,
                    event.step,
                    tf.make_ndarray(value.tensor),
                )
