"""The last states of a dialogue are those that Rasa works out from all of it."""

from __future__ import annotations

from typing import List
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.core.featurizers.single_state_featurizer import SingleStateFeaturizer
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from rasa_randconn.stock.recent_turns import RecentTurns

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet, order, stop]
    entities: [dish, city]
    slots:
      dish: {type: text, mappings: [{type: from_entity, entity: dish}]}
      is_open: {type: bool, mappings: [{type: custom}]}
    actions: [act_a, act_b, order_form]
    forms: {order_form: {required_slots: [dish]}}
    """
)
RULE_ONLY = {"rule_only_slots": ["is_open"], "rule_only_loops": ["order_form"]}


def _said(intent: str, *entities: str) -> UserUttered:
    found = [{"entity": name, "value": "x", "start": 0, "end": 1} for name in entities]
    return UserUttered(intent, {"name": intent, "confidence": 1.0}, found)


def _turn(*events: Event) -> st.SearchStrategy:
    return st.just(list(events))


LISTEN = ActionExecuted("action_listen")
TURNS = st.one_of(
    _turn(LISTEN, _said("greet")),
    _turn(LISTEN, _said("order", "dish", "city"), SlotSet("dish", "soup")),
    _turn(LISTEN, _said("stop")),
    _turn(ActionExecuted("act_a")),
    _turn(ActionExecuted("act_b"), SlotSet("is_open", True)),
    _turn(ActionExecuted("act_b"), SlotSet("dish", None)),
    _turn(ActionExecuted("action_unlikely_intent")),
    _turn(ActionExecuted("order_form"), ActiveLoop("order_form")),
    _turn(ActionExecuted("order_form"), ActiveLoop(None)),
    _turn(LoopInterrupted(True)),
    _turn(FollowupAction("act_a")),
)
UNDONE = st.one_of(
    _turn(UserUtteranceReverted()), _turn(ActionReverted()), _turn(Restarted())
)
HIDDEN = st.one_of(
    _turn(ActionExecuted("act_a", hide_rule_turn=True)),
    _turn(ActionExecuted("action_listen", hide_rule_turn=True), _said("greet")),
)


def _tracker(turns: List[List[Event]]) -> DialogueStateTracker:
    events = [event for turn in turns for event in turn]
    return DialogueStateTracker.from_events(
        "someone", events, DOMAIN.slots, domain=DOMAIN
    )


def _states(tracker, history: int, **options):
    featurizer = MaxHistoryTrackerFeaturizer(SingleStateFeaturizer(), history)
    return featurizer.prediction_states([tracker], DOMAIN, **options)


@settings(max_examples=300, deadline=None)
@given(
    turns=st.lists(st.one_of(TURNS, TURNS, TURNS, UNDONE), max_size=25),
    history=st.integers(1, 8),
    ignores=st.booleans(),
    uses_text=st.booleans(),
    rule_only=st.sampled_from([None, RULE_ONLY]),
)
def test_the_last_states_equal_those_of_the_whole_dialogue(
    turns, history, ignores, uses_text, rule_only
):
    tracker = _tracker(turns)
    options = {
        "use_text_for_last_user_input": uses_text,
        "ignore_rule_only_turns": ignores,
        "rule_only_data": rule_only,
        "ignore_action_unlikely_intent": ignores,
    }
    expected = _states(tracker, history, **options)
    assert _states(RecentTurns(tracker, history), history, **options) == expected


@settings(max_examples=200, deadline=None)
@given(
    turns=st.lists(st.one_of(TURNS, TURNS, HIDDEN), max_size=25),
    history=st.integers(1, 8),
)
def test_hidden_turns_change_nothing(turns, history):
    tracker = _tracker(turns)
    options = {
        "ignore_rule_only_turns": True,
        "rule_only_data": RULE_ONLY,
        "ignore_action_unlikely_intent": True,
    }
    expected = _states(tracker, history, **options)
    assert _states(RecentTurns(tracker, history), history, **options) == expected


@pytest.mark.parametrize("dialogue", [10, 40])
def test_early_states_are_not_worked_out(dialogue):
    turn = [LISTEN, _said("greet"), ActionExecuted("act_a")]
    tracker = _tracker([turn] * dialogue)
    with patch.object(
        Domain, "get_active_state", autospec=True, side_effect=Domain.get_active_state
    ) as worked_out:
        _states(RecentTurns(tracker, 5), 5)
    assert 5 <= worked_out.call_count <= 6
