"""Compares what a model serves with what the data path of training gives.

Every component of ours is asked in up to three ways: as in serving, one message or
dialogue at a time, with batches made straight from its features; with all messages in
one call of `process`; and through Rasa's own model data, as in training.
"""

from __future__ import annotations

import argparse
import copy
import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from rasa.core.agent import Agent
from rasa.core.featurizers.single_state_featurizer import SingleStateFeaturizer
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.test import _create_data_generator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from benchmarks.serving.messages import load_agent, read_texts
from benchmarks.serving.our_components import (
    Served,
    answer_of,
    message_for,
    our_components,
    policy_arguments,
)
from rasa_randconn.components.message_component import MessageComponent
from rasa_randconn.stock.message_hooks import MessageHooks
from rasa_randconn.stock.policy_hooks import PolicyHooks
from rasa_randconn.stock.state_featurizer import StateFeaturizer

LARGEST_DIFFERENCE = 1e-5
_SHOWN = 3


@dataclass
class Agreement:
    """How far the answers of one way agree with those of serving."""

    way: str
    answers: int = 0
    largest_difference: float = 0.0
    unequal: List[str] = field(default_factory=list)

    def add(self, about: str, expected: Any, found: Any) -> None:
        """Compares two answers.

        Args:
            about: What was asked.
            expected: What serving says.
            found: What the other way gives.
        """
        self.answers += 1
        difference = largest_difference(expected, found)
        if difference is None:
            self.unequal.append(f"{about}\n    {expected}\n    {found}")
        else:
            # unlike max(), NumPy's keeps what is not a number
            self.largest_difference = float(
                np.maximum(self.largest_difference, difference)
            )

    @property
    def holds(self) -> bool:
        """Whether something was compared, and nothing differs but by rounding."""
        return (
            self.answers > 0
            and not self.unequal
            and self.largest_difference <= LARGEST_DIFFERENCE
        )

    def __str__(self) -> str:
        """The facts in one line, and the first answers that are not equal."""
        facts = (
            f"  {self.way}: {self.answers} answers, largest difference of a score "
            f"{self.largest_difference:.1e}, {len(self.unequal)} with another label, "
            f"order or entity"
        )
        return "\n".join([facts, *(f"  - {text}" for text in self.unequal[:_SHOWN])])


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Compares, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or 1 if something differs.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.serving.agreement", description=__doc__
    )
    parser.add_argument("--model", required=True, help="archive")
    parser.add_argument("--nlu", nargs="+", default=[], help="examples to answer")
    parser.add_argument("--stories", nargs="+", default=[], help="stories to replay")
    parser.add_argument("--messages", type=int, default=1000, help="at most")
    parser.add_argument("--trackers", type=int, default=200, help="at most")
    options = parser.parse_args(argv)
    agent = load_agent(options.model)
    components = our_components(agent)
    if not components:
        raise SystemExit(f"'{options.model}' has no trained component of ours.")
    texts = read_texts(options.nlu)[: options.messages] if options.nlu else []
    trackers = _replayed(agent, options.stories, options.trackers)
    all_hold = True
    for served in components:
        if isinstance(served.component, MessageComponent):
            if not texts:
                raise SystemExit(f"{served.name} needs messages: give --nlu.")
            found = compare_messages(agent, served, texts)
        else:
            if not trackers:
                raise SystemExit(f"{served.name} needs dialogues: give --stories.")
            found = compare_dialogues(agent, served, trackers)
        print(served.name)
        for agreement in found:
            print(agreement)
            all_hold &= agreement.holds
    verdict = "hold" if all_hold else "do not hold"
    print(f"Equal labels and entities, scores within {LARGEST_DIFFERENCE}: {verdict}.")
    return 0 if all_hold else 1


def compare_messages(
    agent: Agent, served: Served, texts: Sequence[str]
) -> List[Agreement]:
    """Compares the answers to messages.

    Args:
        agent: The loaded model.
        served: The component.
        texts: What users write.
    """
    component = served.component
    messages = [message_for(agent, served, text) for text in texts]

    def answers(asked: Any, calls: List[List[Message]]) -> List[Dict[str, Any]]:
        return [
            answer_of(answered)
            for call in copy.deepcopy(calls)
            for answered in asked.process(call)
        ]

    one_by_one = [[message] for message in messages]
    expected = answers(component, one_by_one)
    entities = sum(len(answer.get("entities", ())) for answer in expected)
    found = {
        "all in one call": answers(component, [messages]),
        f"Rasa's model data, {entities} entities": answers(
            fed_by_model_data(component), one_by_one
        ),
    }
    agreements = []
    for way, others in found.items():
        agreement = Agreement(way)
        for text, answer, other in zip(texts, expected, others):
            agreement.add(text, answer, other)
        agreements.append(agreement)
    return agreements


def compare_dialogues(
    agent: Agent, served: Served, trackers: Sequence[DialogueStateTracker]
) -> List[Agreement]:
    """Compares the predictions before every action of some dialogues, and at the end.

    Args:
        agent: The loaded model.
        served: The policy.
        trackers: The dialogues.
    """
    policy = served.component
    other = fed_by_model_data(policy)
    agreement = Agreement(f"Rasa's model data, {len(trackers)} dialogues")
    for tracker in trackers:
        for number, (before, _) in enumerate(tracker.generate_all_prior_trackers()):
            arguments = policy_arguments(agent, served, before)
            agreement.add(
                f"{tracker.sender_id}, prediction {number}",
                _facts(policy.predict_action_probabilities(**arguments)),
                _facts(other.predict_action_probabilities(**arguments)),
            )
    return [agreement]


def fed_by_model_data(component: Any) -> Any:
    """A copy of a component whose network gets its data as in training.

    That is what Rasa's own component does: its features of the dialogue, its model
    data, and `run_inference` of that.

    Args:
        component: A component of ours.
    """
    twin = copy.copy(component)
    if isinstance(component, MessageComponent):
        of_messages: Any = super(MessageHooks, twin)
        twin._predict = of_messages._predict
        twin._create_model_data = of_messages._create_model_data
        return twin
    stock: Any = super(PolicyHooks, twin)
    twin._create_model_data = stock._create_model_data
    twin._featurize_for_prediction = stock._featurize_for_prediction
    featurizer = component.featurizer
    if type(featurizer.state_featurizer) is StateFeaturizer:
        featurizer = copy.copy(featurizer)
        featurizer.state_featurizer = SingleStateFeaturizer()
        vars(featurizer.state_featurizer).update(
            vars(component.featurizer.state_featurizer)
        )
        twin._Policy__featurizer = featurizer  # the property has no setter
    return twin


def largest_difference(expected: Any, found: Any) -> Optional[float]:
    """The largest difference between two numbers at the same place.

    Args:
        expected: Numbers, texts, arrays, and mappings and lists of such.
        found: What is to be like it.

    Returns:
        The difference; `None` if something other than a number differs.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        if expected.keys() != found.keys():
            return None
        pairs = [(expected[key], found[key]) for key in expected]
    elif isinstance(expected, (list, tuple)) and isinstance(found, (list, tuple)):
        if len(expected) != len(found):
            return None
        pairs = list(zip(expected, found))
    elif _is_score(expected) and _is_score(found):
        if np.shape(expected) != np.shape(found):
            return None
        return float(np.max(np.abs(np.subtract(expected, found)), initial=0.0))
    else:
        return 0.0 if expected == found else None
    differences = [largest_difference(*pair) for pair in pairs]
    if None in differences:
        return None
    return float(np.max([d for d in differences if d is not None], initial=0.0))


def _is_score(value: Any) -> bool:
    return isinstance(value, (float, np.floating, np.ndarray))


def _facts(prediction: PolicyPrediction) -> Dict[str, Any]:
    """Everything that a policy has predicted."""
    facts = dict(vars(prediction))
    events = [*(prediction.events or ()), *(prediction.optional_events or ())]
    facts["events"] = [_without_time(event.as_dict()) for event in events]
    facts.pop("optional_events")
    facts["best"] = prediction.max_confidence_index
    return facts


def _without_time(event: Dict[str, Any]) -> Dict[str, Any]:
    return {key: value for key, value in event.items() if key != "timestamp"}


def _replayed(
    agent: Agent, stories: Sequence[str], count: int
) -> List[DialogueStateTracker]:
    """The dialogues of stories, as `rasa test core` replays them."""
    generators = (_create_data_generator(path, agent) for path in stories)
    return [
        DialogueStateTracker.from_events(
            tracker.sender_id, tracker.events, agent.domain.slots
        )
        for generator in generators
        for tracker in generator.generate_story_trackers()
    ][:count]


if __name__ == "__main__":
    sys.exit(main())
