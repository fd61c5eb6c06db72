"""Our components in a loaded model, and what reaches them there."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.nlu.constants import RESPONSE_SELECTOR_PROPERTY_NAME
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

from rasa_randconn.components.message_component import MessageComponent
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)


class Served(NamedTuple):
    """A component of ours in a loaded model.

    Attributes:
        name: Name of its node in the model's graph.
        component: The component.
        needs: The nodes that its arguments come from.
    """

    name: str
    component: RandomlyConnectedComponent
    needs: Mapping[str, str]


def our_components(agent: Agent) -> List[Served]:
    """The trained components of ours, in the order of the graph."""
    nodes = agent.processor.model_metadata.predict_schema.nodes
    instances = agent.processor.graph_runner._instantiated_nodes
    return [
        Served(name, instances[name]._component, node.needs)
        for name, node in nodes.items()
        if issubclass(node.uses, RandomlyConnectedComponent)
        and instances[name]._component.model is not None
    ]


def our_message_components(agent: Agent) -> List[Served]:
    """Those of them that answer messages."""
    return [
        served
        for served in our_components(agent)
        if isinstance(served.component, MessageComponent)
    ]


def message_for(agent: Agent, served: Served, text: str) -> Message:
    """A user's message as it reaches a component, with all features.

    Args:
        agent: The loaded model.
        served: The component.
        text: What the user wrote.
    """
    source = served.needs["messages"]
    inputs = {
        PLACEHOLDER_MESSAGE: [UserMessage(text=text)],
        PLACEHOLDER_TRACKER: None,
    }
    (message,) = agent.processor.graph_runner.run(inputs, targets=[source])[source]
    return message


def policy_arguments(
    agent: Agent, served: Served, tracker: DialogueStateTracker
) -> Dict[str, Any]:
    """What a policy is given to predict the next action of a dialogue.

    Args:
        agent: The loaded model.
        served: The policy.
        tracker: The dialogue so far.
    """
    results = agent.processor.graph_runner.run(
        {PLACEHOLDER_TRACKER: tracker},
        targets=[node for node in served.needs.values() if node != PLACEHOLDER_TRACKER],
    )
    results[PLACEHOLDER_TRACKER] = tracker
    return {argument: results[node] for argument, node in served.needs.items()}


def answer_of(message: Message) -> Dict[str, Any]:
    """Everything that components have said about a message."""
    keys = (INTENT, INTENT_RANKING_KEY, ENTITIES, RESPONSE_SELECTOR_PROPERTY_NAME)
    return {key: message.data[key] for key in keys if key in message.data}
