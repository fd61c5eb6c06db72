"""Makes a test set where there is none: divides NLU data as `rasa data split nlu`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Set

from rasa_randconn.comparison import training_data
from rasa_randconn.files import write_atomically

SEED = 42
"""Seed of the split: the same data are divided in the same way every time."""

FOLDER = "split"
"""Folder of both parts, in that of the comparison."""

TRAIN, TEST = f"{FOLDER}/train", f"{FOLDER}/test"


@dataclass(frozen=True)
class Split:
    """NLU data, divided into a part to train on and a part to test on."""

    fraction: float
    """The fraction to train on that was asked for."""

    train_examples: int
    test_examples: int

    untrained: List[str]
    """Intents and responses whose only example is in the test set."""

    files: Dict[str, str]
    """Contents of the files of both parts, by their paths."""

    def write(self, folder: Path) -> None:
        """Writes both parts.

        Args:
            folder: Where the folder `split` is made.
        """
        for name, content in self.files.items():
            with write_atomically(folder / name) as file:
                file.write(content)

    def summary(self) -> Dict[str, Any]:
        """How the data were divided, for `results.json`."""
        values = dataclasses.asdict(self)
        del values["files"]
        return {**values, "seed": SEED}


def describe(summary: Dict[str, Any]) -> str:
    """Says how a test set was made.

    Args:
        summary: The summary of a split.

    Returns:
        A few sentences.
    """
    text = (
        f"The test set was made from the training data with "
        f"--split {summary['fraction']:g} (Rasa's stratified split, seed "
        f"{summary['seed']}): {summary['train_examples']:,} examples to train on, "
        f"{summary['test_examples']:,} to test on, both in the folder '{FOLDER}'."
    )
    if summary["untrained"]:
        text += (
            f" There is only one example of each of these, which is tested and not "
            f"trained on: {', '.join(summary['untrained'])}."
        )
    return text


def split(paths: Sequence[str], fraction: float, scratch: Path) -> Split:
    """Divides NLU data; every intent and response has examples in both parts.

    Only a worker calls this: it imports Rasa.

    Args:
        paths: Files or folders of NLU data, which are only read.
        fraction: The fraction to train on, between 0 and 1.
        scratch: A folder for copies of parts of files.

    Returns:
        Both parts.

    Raises:
        ValueError: If one of them would be empty.
    """
    from rasa.shared.nlu.training_data.loading import load_data
    from rasa.shared.nlu.training_data.training_data import TrainingData

    files = training_data.select(paths, [], scratch)
    data = TrainingData().merge(*(load_data(str(file)) for file in files))
    train, test = data.train_test_split(fraction, SEED)
    if not train.training_examples or not test.training_examples:
        raise ValueError(
            f"There are too few examples in {', '.join(paths)} for --split "
            f"{fraction:g}: none would be left to "
            f"{'test' if train.training_examples else 'train'} on."
        )
    contents = {}
    for folder, part in ((TRAIN, train), (TEST, test)):
        contents[f"{folder}/nlu.yml"] = part.nlu_as_yaml()
        if part.responses:
            contents[f"{folder}/responses.yml"] = part.nlg_as_yaml()
    return Split(
        fraction,
        len(train.training_examples),
        len(test.training_examples),
        sorted(_labels(test) - _labels(train)),
        contents,
    )


def _labels(data: Any) -> Set[str]:
    counted = {**data.number_of_examples_per_response}
    retrieval = data.retrieval_intents
    counted.update(
        (intent, count)
        for intent, count in data.number_of_examples_per_intent.items()
        if intent not in retrieval
    )
    return set(counted)
