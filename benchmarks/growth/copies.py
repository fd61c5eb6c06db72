"""Training data several times over; small edits keep texts from being equal."""

from __future__ import annotations

import random
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

Entity = Dict[str, Any]

#: A part of a text and what comes in its place: start, end, new text.
Edit = Tuple[int, int, str]

_MOST_ATTEMPTS = 1000


def repeated(data: TrainingData, times: int, seed: int = 0) -> TrainingData:
    """Adds copies of all examples, each with another text.

    Args:
        data: Training data, which is left as it is.
        times: How many examples there shall be for each.
        seed: Of the random numbers that choose the edits.

    Returns:
        The examples and their copies, and everything else as it was.

    Raises:
        ValueError: If there are no edits left that give a new text.
    """
    source = random.Random(seed)
    originals = data.nlu_examples
    words = sorted(
        {word for m in originals for word in m.get(TEXT).split() if word.isalpha()}
    )
    seen = {message.get(TEXT) for message in originals}
    copies = [
        _copy(message, words, seen, source)
        for _ in range(times - 1)
        for message in originals
    ]
    return TrainingData(
        [*data.training_examples, *copies],
        entity_synonyms=data.entity_synonyms,
        regex_features=data.regex_features,
        lookup_tables=data.lookup_tables,
        responses=data.responses,
    )


def edited(
    text: str, entities: Sequence[Entity], edit: Edit
) -> Tuple[str, List[Entity]]:
    """Carries out an edit and moves the entities behind it.

    Args:
        text: The text of an example.
        entities: Its entities, none of which the edit touches.
        edit: What to change.
    """
    start, end, new = edit
    shift = len(new) - (end - start)
    moved = [
        {
            **entity,
            ENTITY_ATTRIBUTE_START: entity[ENTITY_ATTRIBUTE_START] + shift,
            ENTITY_ATTRIBUTE_END: entity[ENTITY_ATTRIBUTE_END] + shift,
        }
        if entity[ENTITY_ATTRIBUTE_START] >= end
        else dict(entity)
        for entity in entities
    ]
    return text[:start] + new + text[end:], moved


def _copy(
    message: Message, words: Sequence[str], seen: Set[str], source: random.Random
) -> Message:
    text, entities = message.get(TEXT), message.get(ENTITIES) or []
    for _ in range(_MOST_ATTEMPTS):
        edit = source.choice(_EDITS)(text, words, source)
        if edit is None or _touches(edit, entities):
            continue
        new_text, new_entities = edited(text, entities, edit)
        if new_text not in seen:
            seen.add(new_text)
            data = {**message.data, TEXT: new_text}
            if entities:
                data[ENTITIES] = new_entities
            return Message(data=data)
    raise ValueError(f"No edit of '{text}' gives a new text.")


def _touches(edit: Edit, entities: Sequence[Entity]) -> bool:
    start, end, _ = edit
    return any(
        start < entity[ENTITY_ATTRIBUTE_END] and end > entity[ENTITY_ATTRIBUTE_START]
        for entity in entities
    )


def _prepend_word(text: str, words: Sequence[str], source: random.Random) -> Edit:
    return 0, 0, f"{source.choice(words)} "


def _append_word(text: str, words: Sequence[str], source: random.Random) -> Edit:
    return len(text), len(text), f" {source.choice(words)}"


def _replace_word(
    text: str, words: Sequence[str], source: random.Random
) -> Optional[Edit]:
    start = source.choice(_starts(text))
    end = text.find(" ", start)
    return start, len(text) if end < 0 else end, source.choice(words)


def _double_letter(
    text: str, words: Sequence[str], source: random.Random
) -> Optional[Edit]:
    place = source.randrange(len(text))
    return (place, place + 1, 2 * text[place]) if text[place].isalpha() else None


def _starts(text: str) -> List[int]:
    """Where words begin."""
    return [0, *(i + 1 for i, letter in enumerate(text) if letter == " ")]


_EDITS: Sequence[Callable[[str, Sequence[str], random.Random], Optional[Edit]]] = (
    _prepend_word,
    _append_word,
    _replace_word,
    _double_letter,
)
