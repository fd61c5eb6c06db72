"""Curves of a training, read from what TensorBoard's callback has written."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List

import tensorflow as tf

_PREFIX = "epoch_"


def read(folder: Path) -> Dict[str, List[float]]:
    """Reads the curves of all epochs.

    Args:
        folder: The folder given as `tensorboard_log_directory`, of one training.

    Returns:
        The value of every epoch by metric; names of metrics of held-out examples start
        with `val_`.
    """
    points: Dict[str, Dict[int, float]] = {}
    for path in sorted(folder.glob("**/*.tfevents*")):
        prefix = "val_" if path.parent.name == "validation" else ""
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name != "scalars":
                    continue
                if value.tag.startswith(_PREFIX):
                    name = prefix + value.tag[len(_PREFIX) :]
                    number = float(tf.make_ndarray(value.tensor))
                    points.setdefault(name, {})[int(event.step)] = number
    return {
        name: [number for _, number in sorted(by_epoch.items())]
        for name, by_epoch in points.items()
    }
