"""Loads public data and makes tasks of them: small ones and large ones."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Dict, NamedTuple, Type

from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData

import rasa_randconn
from benchmarks.quality.tasks import (
    Actions,
    Dialogues,
    Intents,
    LikelyIntents,
    Messages,
    Responses,
    Task,
    split_examples,
    split_stories,
)

#: More than there are examples of any label, or stories.
ALL = 10**6


class Kind(NamedTuple):
    """A component of ours with stock's, and what it learns.

    Attributes:
        ours: Our component.
        stock: Rasa's.
        task: What it learns.
        label: The attribute with the labels of examples; none of stories.
        options: Options of both that differ from the defaults.
    """

    ours: Type[Any]
    stock: Type[Any]
    task: Type[Task]
    label: str
    options: Dict[str, Any]


KINDS: Dict[str, Kind] = {
    "classifier": Kind(
        rasa_randconn.RandConnDIETClassifier, DIETClassifier, Intents, INTENT, {}
    ),
    "selector": Kind(
        rasa_randconn.RandConnResponseSelector,
        ResponseSelector,
        Responses,
        INTENT_RESPONSE_KEY,
        {},
    ),
    "TED": Kind(
        rasa_randconn.RandConnTEDPolicy, TEDPolicy, Actions, "", {"max_history": 5}
    ),
    "UnexpecTED": Kind(
        rasa_randconn.RandConnUnexpecTEDIntentPolicy,
        UnexpecTEDIntentPolicy,
        LikelyIntents,
        "",
        {"max_history": 5, "ranking_length": 0},
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that say where the data are, and what is trained."""
    add = parser.add_argument
    add("--nlu", required=True, nargs="+", help="examples and responses")
    add("--domain", required=True, help="domain of the stories")
    add("--stories", required=True, help="stories")
    add("--kinds", nargs="+", choices=sorted(KINDS), default=sorted(KINDS))
    add("--seeds", type=int, nargs="+", default=[1])
    add("--out", required=True, help="folder of the results; finished ones are kept")


class Data:
    """Examples and stories of which some are trained on, and others tested on."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Loads the data that the arguments name."""
        self._nlu = TrainingData()
        for path in options.nlu:
            self._nlu = self._nlu.merge(load_data(path))
        self._importer = TrainingDataImporter.load_from_dict(
            domain_path=options.domain, training_data_paths=[options.stories]
        )

    def task(self, kind: str, size: int, seed: int, folder: Path) -> Task:
        """Makes a task of some of the data.

        Args:
            kind: One of `KINDS`.
            size: Examples of every label, or stories, to train on.
            seed: Chooses them.
            folder: A folder for files of featurizers.
        """
        task = KINDS[kind].task
        if issubclass(task, Dialogues):
            stories = self._importer.get_stories()
            training, held_out = split_stories(stories, size, seed)
            return task(training, held_out, self._importer.get_domain())
        assert issubclass(task, Messages)
        data = self._nlu
        examples = split_examples(data.intent_examples, KINDS[kind].label, size, seed)
        training = TrainingData(
            examples.training,
            data.entity_synonyms,
            data.regex_features,
            data.lookup_tables,
            data.responses,
        )
        return task(training, examples.held_out, folder)
