"""Tiny training data, tiny components, and ways to train and damage them."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Type

import numpy as np
import rasa.shared.utils.io
import rasa.utils.common
import tensorflow as tf
from rasa.core.featurizers.precomputation import (
    CoreFeaturizationCollector,
    CoreFeaturizationInputConverter,
    MessageContainerForCoreFeaturization,
)
from rasa.core.policies.policy import Policy
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import (
    CountVectorsFeaturizer,
)
from rasa.nlu.featurizers.sparse_featurizer.regex_featurizer import RegexFeaturizer
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import (
    YAMLStoryReader,
)
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.nlu.constants import (
    ACTION_NAME,
    ACTION_TEXT,
    FEATURE_TYPE_SENTENCE,
    FEATURE_TYPE_SEQUENCE,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

OUR_DIET = "rasa_randconn.RandConnDIETClassifier"
OUR_TED = "rasa_randconn.RandConnTEDPolicy"

NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
    - good morning
- intent: bye
  examples: |
    - bye
    - goodbye my friend
- intent: book
  examples: |
    - fly from [berlin]{"entity": "city", "role": "from"} to [rome]{"entity": "city", "role": "to"}
    - from [paris]{"entity": "city", "role": "from"} to [berlin]{"entity": "city", "role": "to"}
    - to [rome]{"entity": "city", "role": "to"} on [monday](day)
    - a flight to [paris]{"entity": "city", "role": "to"}
- lookup: city
  examples: |
    - berlin
    - paris
    - rome
- regex: day
  examples: |
    - \\w+day
"""  # noqa: E501

DOMAIN = """\
version: "3.1"
intents: [greet, bye, book]
entities:
- city:
    roles: [from, to]
- day
slots:
  day:
    type: text
    mappings:
    - type: from_entity
      entity: day
responses:
  utter_hello:
  - text: hello you
  utter_booked:
  - text: booked
  utter_bye:
  - text: bye
"""

STORIES = """\
version: "3.1"
stories:
- story: book
  steps:
  - intent: greet
  - action: utter_hello
  - intent: book
    entities:
    - city: rome
      role: to
  - action: utter_booked
- story: leave
  steps:
  - intent: greet
  - action: utter_hello
  - intent: bye
  - action: utter_bye
"""

#: Questions with responses, for selectors.
RETRIEVAL_NLU = """\
version: "3.1"
nlu:
- intent: faq/name
  examples: |
    - what is your name
    - who are you
    - how are you called
- intent: faq/weather
  examples: |
    - how is the weather
    - will it rain
- intent: faq/price
  examples: |
    - what is the price of a flight
    - how much is it
- intent: greet
  examples: |
    - hello
    - good morning
responses:
  utter_faq/name:
  - text: my name is bot
  utter_faq/weather:
  - text: it rains quite often
  utter_faq/price:
  - text: a flight is free
"""

#: Texts in place of intents, so that the policy extracts entities itself.
END_TO_END_STORIES = """\
version: "3.1"
stories:
- story: end to end
  steps:
  - user: hello
  - action: utter_hello
  - user: |
      fly from [berlin](city) to [rome](city)
  - bot: your flight is booked
- story: end to end again
  steps:
  - user: hi there
  - action: utter_hello
  - user: |
      to [paris](city) on [monday](day)
  - bot: your flight is booked
"""
BOT_TEXT = "your flight is booked"

#: For whole bots: Rasa 3.6 finds texts of the bot in its domain twice, and stops.
USER_TEXT_STORIES = END_TO_END_STORIES.replace(
    f"bot: {BOT_TEXT}", "action: utter_booked"
)

#: Keeps stock's graphs small: most of the tests' time goes into tracing them.
TINY_DIET: Dict[str, Any] = {
    "epochs": 1,
    "batch_size": 8,
    "random_seed": 7,
    "transformer_size": 16,
    "number_of_transformer_layers": 1,
    "number_of_attention_heads": 2,
    "embedding_dimension": 8,
    "dense_dimension": {"text": 12, "label": 8},
    "concat_dimension": {"text": 12, "label": 8},
    "constrain_similarities": True,
}

TINY_TED: Dict[str, Any] = {
    "epochs": 1,
    "batch_size": 4,
    "random_seed": 7,
    "max_history": 3,
    "transformer_size": {"text": 16, "action_text": 16, "dialogue": 16},
    "number_of_transformer_layers": {"text": 1, "action_text": 1, "dialogue": 1},
    "number_of_attention_heads": 2,
    "embedding_dimension": 8,
    "dense_dimension": {
        "text": 12,
        "action_text": 12,
        "entities": 8,
        "slots": 8,
        "active_loop": 8,
        "label_action_text": 8,
    },
    "concat_dimension": {"text": 12, "action_text": 12, "label_action_text": 12},
    "encoding_dimension": 12,
    "constrain_similarities": True,
}


def nlu_data(text: str = NLU) -> TrainingData:
    """Examples for the classifier, and the bot's actions as Rasa adds them for core."""
    actions = [
        Message(data={ACTION_NAME: name})
        for name in Domain.from_yaml(DOMAIN).action_names_or_texts
    ]
    bot_text = Message(data={ACTION_TEXT: BOT_TEXT})
    return RasaYAMLReader().reads(text).merge(TrainingData([*actions, bot_text]))


class Trained(NamedTuple):
    """A component after its training, and where it saved itself."""

    component: Any
    options: Dict[str, Any]
    storage: Path

    @property
    def folder(self) -> Path:
        return self.storage / "model"


class Featurizers:
    """A tokenizer and trained featurizers for NLU and core data.

    Dense ones have a dense feature more, of tokens and sentences or of either; shared
    ones give labels the features of texts.
    """

    def __init__(
        self,
        data: TrainingData,
        storage: Path,
        is_dense: bool = False,
        is_shared: bool = False,
        dense_kinds: Sequence[str] = (FEATURE_TYPE_SEQUENCE, FEATURE_TYPE_SENTENCE),
        are_named: bool = False,
    ):
        self._dense_kinds = dense_kinds if is_dense else ()
        model_storage = LocalModelStorage(storage)
        self._tokenizer = WhitespaceTokenizer(
            {
                **WhitespaceTokenizer.get_default_config(),
                "intent_tokenization_flag": is_shared,
            }
        )
        self._tokenizer.process_training_data(data)
        self._featurizers = []
        kinds: List[Any] = [CountVectorsFeaturizer]
        own_options: Dict[str, Any] = {"use_shared_vocab": is_shared}
        if not is_shared:
            kinds, own_options = [RegexFeaturizer, CountVectorsFeaturizer], {}
        for kind in kinds:
            featurizer = kind.create(
                {**kind.get_default_config(), **own_options},
                model_storage,
                Resource(kind.__name__),
                context(node_name=kind.__name__ if are_named else None),
            )
            featurizer.train(data)
            self._featurizers.append(featurizer)
        self.training_data = data
        self._featurize(data.training_examples)

    def featurized(self, data: TrainingData) -> TrainingData:
        """Data with features of all attributes, those of responses among them."""
        self._tokenizer.process_training_data(data)
        for featurizer in self._featurizers:
            featurizer.process_training_data(data)
        for message in data.training_examples:
            _add_dense_features(message, self._dense_kinds)
        return data

    def messages(self, *texts: str) -> List[Message]:
        messages = [Message(data={TEXT: text}) for text in texts]
        return self._featurize(self._tokenizer.process(messages))

    def precomputations(
        self, domain: Domain, stories: StoryGraph
    ) -> MessageContainerForCoreFeaturization:
        data = CoreFeaturizationInputConverter().convert_for_training(domain, stories)
        self._tokenizer.process_training_data(data)
        self._featurize(data.training_examples)
        return CoreFeaturizationCollector().collect(data)

    def precomputations_for(
        self, tracker: DialogueStateTracker
    ) -> MessageContainerForCoreFeaturization:
        messages = CoreFeaturizationInputConverter().convert_for_inference(tracker)
        self._featurize(self._tokenizer.process(messages))
        return CoreFeaturizationCollector().collect(messages)

    def _featurize(self, messages: List[Message]) -> List[Message]:
        for featurizer in self._featurizers:
            messages = featurizer.process(messages)
        for message in messages:
            _add_dense_features(message, self._dense_kinds)
        return messages


def _add_dense_features(message: Message, kinds: Sequence[str]) -> None:
    """Letter counts of every token, and their sum for the sentence."""
    tokens = message.get("text_tokens")
    if not tokens:
        return
    counts = np.array(
        [[t.text.count(letter) for letter in "aeioubrt"] for t in tokens], np.float32
    )
    for kind, features in (
        (FEATURE_TYPE_SEQUENCE, counts),
        (FEATURE_TYPE_SENTENCE, counts.sum(axis=0, keepdims=True)),
    ):
        if kind in kinds:
            message.add_features(Features(features, kind, TEXT, "letters"))


def context(
    is_finetuning: bool = False, node_name: Optional[str] = None
) -> ExecutionContext:
    return ExecutionContext(
        GraphSchema({}), is_finetuning=is_finetuning, node_name=node_name
    )


def complete_config(
    component: Type[GraphComponent], options: Dict[str, Any]
) -> Dict[str, Any]:
    """The configuration as Rasa's graph would hand it to the component."""
    defaults = component.get_default_config()
    return copy.deepcopy(rasa.utils.common.override_defaults(defaults, options))


def create(component: Any, options: Dict[str, Any], storage: Path) -> Any:
    return component.create(
        complete_config(component, options),
        LocalModelStorage(storage),
        Resource("model"),
        context(),
    )


def load(
    component: Any, options: Dict[str, Any], storage: Path, is_finetuning: bool = False
) -> Any:
    return component.load(
        complete_config(component, options),
        LocalModelStorage(storage),
        Resource("model"),
        context(is_finetuning),
    )


def tiny_options(component: Any) -> Dict[str, Any]:
    """Options that make a component tiny."""
    return TINY_TED if issubclass(component, Policy) else TINY_DIET


def train(component: Any, options: Dict[str, Any], storage: Path, data: Any) -> Any:
    """Trains a component on `Dialogues`, or on the data of `Featurizers`."""
    trained = create(component, options, storage)
    if isinstance(data, Dialogues):
        trained.train(data.trackers, data.domain, data.precomputations)
    else:
        trained.train(copy.deepcopy(data.training_data))
    return trained


def train_diet(
    component: Any, options: Dict[str, Any], storage: Path, data: TrainingData
) -> Any:
    diet = create(component, {**TINY_DIET, **options}, storage)
    diet.train(copy.deepcopy(data))
    return diet


def load_diet(
    component: Any, options: Dict[str, Any], storage: Path, is_finetuning: bool = False
) -> Any:
    return load(component, {**TINY_DIET, **options}, storage, is_finetuning)


def retrieval_featurizers(
    storage: Path, nlu: str = RETRIEVAL_NLU, **options: Any
) -> Featurizers:
    """Featurizers for selectors, with training data whose responses have features."""
    featurizers = Featurizers(nlu_data(nlu), storage, **options)
    featurizers.training_data = featurizers.featurized(nlu_data(nlu))
    return featurizers


class Dialogues(NamedTuple):
    """What a policy is trained on."""

    trackers: List[Any]
    domain: Domain
    precomputations: MessageContainerForCoreFeaturization
    featurizers: Featurizers


def dialogues(stories: str, featurizers: Featurizers) -> Dialogues:
    domain = Domain.from_yaml(DOMAIN)
    steps = YAMLStoryReader(domain).read_from_string(stories)
    graph = StoryGraph(steps)
    domain = domain.merge(
        Domain.from_dict({"e2e_actions": sorted(_end_to_end_actions(graph))})
    )
    trackers = TrainingDataGenerator(
        graph, domain, use_story_concatenation=False
    ).generate()
    return Dialogues(
        trackers, domain, featurizers.precomputations(domain, graph), featurizers
    )


def _end_to_end_actions(graph: StoryGraph) -> set:
    return {
        event.action_text
        for step in graph.story_steps
        for event in step.events
        if isinstance(event, ActionExecuted) and event.action_text
    }


def train_ted(
    policy: Any, options: Dict[str, Any], storage: Path, data: Dialogues
) -> Any:
    ted = create(policy, {**TINY_TED, **options}, storage)
    ted.train(data.trackers, data.domain, data.precomputations)
    return ted


def load_ted(
    policy: Any, options: Dict[str, Any], storage: Path, is_finetuning: bool = False
) -> Any:
    return load(policy, {**TINY_TED, **options}, storage, is_finetuning)


def tracker_after(text: str, intent: str, domain: Domain) -> DialogueStateTracker:
    return DialogueStateTracker.from_events(
        "tester",
        [
            ActionExecuted("action_listen"),
            UserUttered(text, {"name": intent, "confidence": 1.0}),
        ],
        domain.slots,
    )


def answers_of_diet(diet: Any, featurizers: Featurizers, *texts: str) -> List[Any]:
    """Everything that the classifier says about each text."""
    keys = ("intent", "intent_ranking", "entities")
    return [
        {key: message.data[key] for key in keys if key in message.data}
        for message in diet.process(featurizers.messages(*texts))
    ]


def answer_of_ted(ted: Any, data: Dialogues, text: str, intent: str) -> Any:
    """Everything that the policy predicts after one message."""
    tracker = tracker_after(text, intent, data.domain)
    return ted.predict_action_probabilities(
        tracker,
        data.domain,
        precomputations=data.featurizers.precomputations_for(tracker),
    )


def predictions_of_turns(policy: Any, data: Dialogues) -> Iterator[Any]:
    """What a policy predicts after every event of its training dialogues."""
    for dialogue in data.trackers:
        events = list(dialogue.events)
        for count in range(1, len(events) + 1):
            tracker = DialogueStateTracker.from_events(
                "any", events[:count], data.domain.slots
            )
            yield policy.predict_action_probabilities(
                tracker,
                data.domain,
                precomputations=data.featurizers.precomputations_for(tracker),
            )


def bot_config(**sections: List[Dict[str, Any]]) -> Dict[str, Any]:
    """The configuration of a bot with this pipeline and these policies."""
    return {
        "recipe": "default.v1",
        "assistant_id": "tiny",
        "language": "en",
        **sections,
    }


def write_bot(
    folder: Path,
    diet: str = OUR_DIET,
    ted: str = OUR_TED,
    diet_options: Any = None,
    ted_options: Any = None,
    nlu: str = NLU,
    stories: str = USER_TEXT_STORIES,
) -> Path:
    """Writes a bot's files, and a configuration with the two named components."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "nlu.yml").write_text(nlu)
    (folder / "data" / "stories.yml").write_text(stories)
    (folder / "domain.yml").write_text(DOMAIN)
    config = bot_config(
        pipeline=[
            {"name": "WhitespaceTokenizer"},
            {"name": "RegexFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": diet, **TINY_DIET, **(diet_options or {})},
        ],
        policies=[
            {"name": "MemoizationPolicy"},
            {"name": ted, **TINY_TED, **(ted_options or {})},
        ],
    )
    rasa.shared.utils.io.write_yaml(config, folder / "config.yml", True)
    return folder


def write_nlu_bot(folder: Path, *components: Dict[str, Any], nlu: str = NLU) -> Path:
    """Writes an NLU bot whose pipeline ends in these components."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nlu.yml").write_text(nlu)
    config = bot_config(
        pipeline=[
            {"name": "WhitespaceTokenizer"},
            {"name": "CountVectorsFeaturizer"},
            *components,
        ],
    )
    rasa.shared.utils.io.write_yaml(config, folder / "config.yml", True)
    return folder


def without_our_names(text: str) -> str:
    """Puts the names of stock's components in the place of ours."""
    text = text.replace(OUR_DIET, "DIETClassifier").replace(OUR_TED, "TEDPolicy")
    return text.replace("RandConn", "")


def files_of(folder: Path) -> List[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    )


@contextmanager
def eagerly() -> Iterator[None]:
    """Saves stock tracing graphs, which takes longer than training anything tiny."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
