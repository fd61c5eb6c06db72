"""The last turns of a dialogue, without the states of all turns before them."""

from __future__ import annotations

import itertools
from typing import Any, Iterator, List, Tuple

from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_UNLIKELY_INTENT_NAME,
)
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker


class RecentTurns:
    """Stands in for a tracker of which only the last states matter.

    Rasa works out the state of every turn of a dialogue, and a policy with a maximal
    history then drops all but the last few. Here the early ones are left out. What
    remains are at least as many states as were asked for, and they equal Rasa's: they
    begin after an `action_listen`, where a state does not depend on earlier ones, and
    nothing is left out of dialogues with turns that are hidden from such policies.
    """

    def __init__(self, tracker: DialogueStateTracker, number: int) -> None:
        """Looks at a dialogue.

        Args:
            tracker: The dialogue.
            number: How many of the last states matter.
        """
        self._tracker = tracker
        self._events: List[Event] = tracker.applied_events()
        self._first = _first_needed(self._events, number)

    def past_states(self, domain: Domain, **options: Any) -> List[State]:
        """The last states (see `DialogueStateTracker.past_states`)."""
        states: List[State] = domain.states_for_tracker_history(
            self,
            **options,
        )
        return states

    def generate_all_prior_trackers(
        self,
    ) -> Iterator[Tuple[DialogueStateTracker, bool]]:
        """The dialogue before each of the last actions, and after all of them."""
        every = DialogueStateTracker.generate_all_prior_trackers(self)
        return itertools.islice(every, self._first, None)

    def init_copy(self) -> DialogueStateTracker:
        """A tracker in which nothing has happened."""
        return self._tracker.init_copy()

    def applied_events(self) -> List[Event]:
        """All events that were not undone."""
        return self._events


def _first_needed(events: List[Event], number: int) -> int:
    """The first turn whose state is needed, counted from 0."""
    # `isinstance` is slow for classes of Rasa's events, and there are many of them
    actions = [e for e in events if ActionExecuted in type(e).__mro__]
    if any(action.hide_rule_turn for action in actions):
        return 0
    found = 0
    for turn in range(len(actions), 0, -1):
        name = actions[turn - 1].action_name
        found += name != ACTION_UNLIKELY_INTENT_NAME
        if found >= number and name == ACTION_LISTEN_NAME:
            return turn
    return 0
