"""How far a training is: noted by its process, read by the one that waits for it."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

FILE_NAME = "progress.jsonl"
"""The file of notes, in the folder that is removed after a run."""

_LONGEST_NOTE = 4096


@dataclass(frozen=True)
class TrainingProgress:
    """How far the training of one component is."""

    component: str
    """The component's name in the results."""

    epoch: int
    """Number of finished epochs."""

    epochs: int
    """Number of epochs that there will be."""

    seconds_per_epoch: Optional[float] = None
    """The mean of the last epochs; `None` before the second one. The first epoch of a
    training takes longer than the others."""

    @property
    def seconds_left(self) -> Optional[float]:
        """Seconds to the end of the last epoch; `None` if nothing is known."""
        if self.seconds_per_epoch is None:
            return None
        return max(0, self.epochs - self.epoch) * self.seconds_per_epoch

    def __str__(self) -> str:
        """The component and the epoch, for a reader."""
        if self.epoch == 0:
            return f"{self.component}, first epoch of {self.epochs}"
        return f"{self.component}, epoch {self.epoch} of {self.epochs}"


def note(progress: TrainingProgress, path: Path) -> None:
    """Adds a note to a file.

    Args:
        progress: How far the training is.
        path: The file; it is made if it is missing.
    """
    line = json.dumps(dataclasses.asdict(progress)) + "\n"
    with open(path, "a", encoding="utf-8") as file:
        file.write(line)


def last_note(path: Path) -> Optional[TrainingProgress]:
    """Reads the last note in a file.

    Args:
        path: The file, which may be missing.

    Returns:
        How far the training is; `None` if nothing has been noted.
    """
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LONGEST_NOTE))
            # what follows the last line break is still being written
            complete, separator, _ = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return None
    if not separator:
        return None
    return TrainingProgress(**json.loads(complete.rpartition(b"\n")[2]))
