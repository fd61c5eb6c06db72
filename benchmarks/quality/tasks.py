"""What a component learns in this process, and how well it does on what was held out.

A training through Rasa's commands takes longer to start than a small component takes to
train. Here, data are featurized once and a component is trained on them many times.
"""

from __future__ import annotations

import copy
import random
from abc import ABC, abstractmethod
from collections import defaultdict
from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Sequence,
    Set,
    Tuple,
    Type,
)

import rasa.utils.common
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import (
    CountVectorsFeaturizer,
)
from rasa.nlu.featurizers.sparse_featurizer.lexical_syntactic_featurizer import (
    LexicalSyntacticFeaturizer,
)
from rasa.nlu.featurizers.sparse_featurizer.regex_featurizer import RegexFeaturizer
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.metrics import f1_score

_NAME = "model"

_PIPELINE: Sequence[Tuple[Type[Any], Mapping[str, Any]]] = (
    (RegexFeaturizer, {}),
    (LexicalSyntacticFeaturizer, {}),
    (CountVectorsFeaturizer, {}),
    (
        CountVectorsFeaturizer,
        {"analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    ),
)


class Task(ABC):
    """Something to learn.

    Attributes:
        size: Number of examples or stories to train on.
    """

    size: int

    def train(
        self, component: Type[GraphComponent], options: Mapping[str, Any], folder: Path
    ) -> Any:
        """Trains a component.

        Args:
            component: Its class.
            options: Those that differ from its defaults.
            folder: An empty folder for its files.

        Returns:
            The trained component.
        """
        created = _created(component, options, folder, _NAME)
        self._train(created)
        return created

    def load(
        self, component: Type[GraphComponent], options: Mapping[str, Any], folder: Path
    ) -> Any:
        """Loads what a component has saved; arguments are those of `train`."""
        return component.load(*_arguments(component, options, folder, _NAME))

    @abstractmethod
    def _train(self, component: Any) -> None:
        """Trains a component on the task's data."""

    @abstractmethod
    def score(self, component: Any) -> Dict[str, float]:
        """How good a trained component is on what was held out, by the score's name."""


class Messages(Task):
    """Texts with intents and entities, or with responses."""

    def __init__(
        self, training: TrainingData, held_out: Sequence[Message], folder: Path
    ) -> None:
        """Featurizes the texts.

        Args:
            training: Examples to train on.
            held_out: Examples to test on.
            folder: A folder for files of the featurizers.
        """
        tokenizer = WhitespaceTokenizer(WhitespaceTokenizer.get_default_config())
        self._training = copy.deepcopy(training)
        self.size = len(self._training.nlu_examples)
        self._held_out = [m for m in held_out if m.get(TEXT)]
        self._asked = [Message(data={TEXT: m.get(TEXT)}) for m in self._held_out]
        tokenizer.process_training_data(self._training)
        tokenizer.process(self._asked)
        for index, (kind, options) in enumerate(_PIPELINE):
            featurizer = _created(kind, options, folder, f"{kind.__name__}{index}")
            featurizer.train(self._training)
            featurizer.process_training_data(self._training)
            featurizer.process(self._asked)

    def _train(self, component: Any) -> None:
        # training changes examples
        component.train(copy.deepcopy(self._training))

    def _answers(self, component: Any) -> List[Message]:
        asked = [copy.copy(message) for message in self._asked]
        for message in asked:
            message.data = dict(message.data)
        answers: List[Message] = []
        for message in asked:
            answers += component.process([message])
        return answers


class Intents(Messages):
    """Intents and entities, for the classifier."""

    def score(self, component: Any) -> Dict[str, float]:
        """Weighted F1 of intents, and F1 of entities."""
        answers = self._answers(component)
        expected = [m.get(INTENT) for m in self._held_out]
        found = [m.get(INTENT)["name"] for m in answers]
        pairs = [
            (_spans(known), _spans(answer))
            for known, answer in zip(self._held_out, answers)
        ]
        right = sum(len(known & answer) for known, answer in pairs)
        total = sum(len(known) + len(answer) for known, answer in pairs)
        return {
            "intents": _weighted_f1(expected, found),
            "entities": 2 * right / total if total else 1.0,
        }


class Responses(Messages):
    """Responses to questions, for the selector."""

    def score(self, component: Any) -> Dict[str, float]:
        """Weighted F1 of responses."""
        expected = [m.get(INTENT_RESPONSE_KEY) for m in self._held_out]
        found = []
        for answer in self._answers(component):
            (selected,) = [
                of
                for of in answer.get("response_selector").values()
                if isinstance(of, dict)
            ]
            found.append(selected["response"]["intent_response_key"])
        return {"responses": _weighted_f1(expected, found)}


class Dialogues(Task):
    """Stories, for policies."""

    def __init__(
        self, training: StoryGraph, held_out: StoryGraph, domain: Domain
    ) -> None:
        """Makes dialogues of stories.

        Args:
            training: Stories to train on.
            held_out: Stories to test on.
            domain: The bot's domain.
        """
        self._domain = domain
        self._training = _dialogues(training, domain)
        self.size = len(self._training)
        self._held_out = _dialogues(held_out, domain)

    def _train(self, component: Any) -> None:
        component.train(self._training, self._domain)

    def _at(
        self, kind: Type[Any], with_event: bool
    ) -> Iterator[Tuple[Any, DialogueStateTracker]]:
        """Events of a kind, and the dialogues up to them, with the event or without."""
        for dialogue in self._held_out:
            events = list(dialogue.events)
            for index, event in enumerate(events):
                so_far = events[: index + with_event]
                if isinstance(event, kind) and so_far:
                    yield (
                        event,
                        DialogueStateTracker.from_events(
                            dialogue.sender_id, so_far, self._domain.slots
                        ),
                    )


class Actions(Dialogues):
    """The next action, for TED."""

    def score(self, component: Any) -> Dict[str, float]:
        """Weighted F1 of the next actions."""
        names = self._domain.action_names_or_texts
        expected, found = [], []
        for event, so_far in self._at(ActionExecuted, with_event=False):
            prediction = component.predict_action_probabilities(so_far, self._domain)
            expected.append(event.action_name)
            found.append(names[prediction.max_confidence_index])
        return {"actions": _weighted_f1(expected, found)}


class LikelyIntents(Dialogues):
    """Which intent may come next, for the policy of unlikely intents."""

    def score(self, component: Any) -> Dict[str, float]:
        """Mean reciprocal rank of the intents that came, among all intents."""
        ranks = []
        for event, so_far in self._at(UserUttered, with_event=True):
            prediction = component.predict_action_probabilities(so_far, self._domain)
            if prediction.action_metadata is None:
                continue
            ranking = prediction.action_metadata["ranking"]
            names = [candidate["name"] for candidate in ranking]
            ranks.append(names.index(event.intent_name) + 1)
        return {"likely intents": sum(1 / rank for rank in ranks) / len(ranks)}


class Split(NamedTuple):
    """Examples to train on, and examples to test on."""

    training: List[Message]
    held_out: List[Message]


def split_examples(
    examples: Sequence[Message], label: str, per_label: int, seed: int, most: int = 500
) -> Split:
    """Takes some examples of every label; tests on others.

    Args:
        examples: All examples.
        label: The attribute with the label.
        per_label: How many of a label are trained on, at most; of a label that has
            fewer, a quarter is held out.
        seed: Chooses them.
        most: The most examples to test on.
    """
    by_label: Dict[str, List[Message]] = defaultdict(list)
    for example in examples:
        if example.get(label):
            by_label[example.get(label)].append(example)
    split = Split([], [])
    chance = random.Random(seed)
    for name in sorted(by_label):
        shuffled = by_label[name]
        chance.shuffle(shuffled)
        count = min(per_label, -(-len(shuffled) * 3 // 4))
        split.training.extend(shuffled[:count])
        split.held_out.extend(shuffled[count:])
    chance.shuffle(split.held_out)
    return Split(split.training, split.held_out[:most])


def split_stories(
    graph: StoryGraph, count: int, seed: int
) -> Tuple[StoryGraph, StoryGraph]:
    """Takes some stories; tests on a fifth of all.

    Args:
        graph: All stories.
        count: How many are trained on, at most four fifths.
        seed: Chooses them.

    Returns:
        Those to train on, and those to test on.
    """
    steps = list(graph.story_steps)
    random.Random(seed).shuffle(steps)
    held_out = len(steps) // 5
    return StoryGraph(steps[held_out : held_out + count]), StoryGraph(steps[:held_out])


def _created(
    component: Type[Any], options: Mapping[str, Any], folder: Path, name: str
) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    return component.create(*_arguments(component, options, folder, name))


def _arguments(
    component: Type[Any], options: Mapping[str, Any], folder: Path, name: str
) -> Tuple[Any, ...]:
    defaults = component.get_default_config()
    return (
        copy.deepcopy(rasa.utils.common.override_defaults(defaults, dict(options))),
        LocalModelStorage(folder),
        Resource(name),
        ExecutionContext(GraphSchema({})),
    )


def _dialogues(graph: StoryGraph, domain: Domain) -> List[Any]:
    generator = TrainingDataGenerator(graph, domain, use_story_concatenation=False)
    return list(generator.generate())


def _spans(message: Message) -> Set[Tuple[int, int, str]]:
    return {
        (entity["start"], entity["end"], entity["entity"])
        for entity in message.get(ENTITIES, [])
    }


def _weighted_f1(expected: Sequence[str], found: Sequence[Any]) -> float:
    found = [str(label) for label in found]
    return float(f1_score(expected, found, average="weighted", zero_division=0))
