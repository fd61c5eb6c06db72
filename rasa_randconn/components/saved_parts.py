"""Checks what the files of a component hold beside its weights.

Files whose checksums are right may still be made by another program. What does not fit
is found when the component is loaded, not at some user's message.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional, Sequence, Tuple

from rasa.shared.core.constants import ACTIVE_LOOP, SLOTS
from rasa.shared.nlu.constants import ACTION_NAME, ENTITIES, ENTITY_TAGS, INTENT
from rasa.shared.nlu.training_data.features import Features
from rasa.utils.tensorflow.constants import LABEL

from rasa_randconn.batches.names import DIALOGUE, SENTENCE, SEQUENCE


def check_label_names(names: Mapping[int, str], count: int) -> None:
    """Checks that every label has a name.

    Args:
        names: The names, by the number of the label.
        count: Number of labels.

    Raises:
        ValueError: If a name is missing, or is no text.
    """
    if sorted(names) != list(range(count)):
        raise ValueError(f"there are not {count} names of labels")
    if not all(isinstance(name, str) for name in names.values()):
        raise ValueError("a name of a label is no text")


def check_tag_specs(specs: Optional[Iterable[Any]]) -> None:
    """Checks that tags and their numbers belong together.

    Args:
        specs: Rasa's `EntityTagSpec`s.

    Raises:
        ValueError: If a tag has no number or a number no tag, or there are others.
    """
    for spec in specs or ():
        tags = dict(spec.ids_to_tags)
        is_complete = (
            isinstance(spec.tag_name, str)
            and spec.num_tags == len(tags)
            and sorted(tags) == list(range(len(tags)))
            and all(isinstance(tag, str) for tag in tags.values())
            and {tag: number for number, tag in tags.items()} == dict(spec.tags_to_ids)
        )
        if not is_complete:
            raise ValueError(f"the tags of '{spec.tag_name}' are not complete")


def check_columns(
    forms: Sequence[Tuple[str, bool, int]],
    signature: Mapping[str, Sequence[Any]],
    attribute: str,
) -> None:
    """Checks that features have the columns that the model has.

    Args:
        forms: Feature type, whether it is sparse, and number of columns, of every
            feature.
        signature: Rasa's signatures of the model's features, by feature type.
        attribute: The attribute, for the message.

    Raises:
        ValueError: If a number of columns differs.
    """
    for feature_type in (SEQUENCE, SENTENCE):
        for is_sparse in (True, False):
            columns = sum(
                width for *kind, width in forms if kind == [feature_type, is_sparse]
            )
            expected = sum(
                one.units or 0
                for one in signature.get(feature_type, ())
                if bool(one.is_sparse) == is_sparse
            )
            if columns != expected:
                raise ValueError(
                    f"features of '{attribute}' ({feature_type}) have {columns} "
                    f"columns, those of the model {expected}"
                )


def check_feature_sizes(sizes: Any) -> None:
    """Checks numbers of features, by attribute and feature type.

    Raises:
        ValueError: If they are anything else.
    """
    is_readable = isinstance(sizes, dict) and all(
        isinstance(by_type, dict)
        and all(
            feature_type in (SEQUENCE, SENTENCE)
            and isinstance(numbers, list)
            and all(type(number) is int and number >= 0 for number in numbers)
            for feature_type, numbers in by_type.items()
        )
        for by_type in sizes.values()
    )
    if not is_readable:
        raise ValueError("the numbers of features cannot be read")


def check_stand_ins(
    features: Mapping[str, Sequence[Features]],
    signatures: Mapping[str, Mapping[str, Sequence[Any]]],
) -> None:
    """Checks the features that stand in for those that a turn lacks.

    Args:
        features: The features, by attribute.
        signatures: Rasa's signatures of the features that the model knows.

    Raises:
        ValueError: If a feature has another attribute, type or number of columns, or
            those of an attribute are missing.
    """
    labels = (LABEL, ENTITY_TAGS, DIALOGUE)
    for attribute, by_type in signatures.items():
        if SENTENCE in by_type and not attribute.startswith(labels):
            if attribute not in features:
                raise ValueError(f"features of '{attribute}' are missing")
    for attribute, stand_ins in features.items():
        for feature in stand_ins:
            if feature.attribute != attribute:
                raise ValueError(f"features of '{attribute}' are those of another")
            if feature.type not in (SEQUENCE, SENTENCE) or feature.features.ndim != 2:
                raise ValueError(f"features of '{attribute}' cannot be read")
        forms = [(f.type, f.is_sparse(), f.features.shape[1]) for f in stand_ins]
        check_columns(forms, signatures.get(attribute, {}), attribute)


def check_states(columns: Any) -> None:
    """Checks which columns the states of a dialogue have.

    Args:
        columns: The column of every name, by attribute.

    Raises:
        ValueError: If an attribute is missing, or has a column that cannot be.
    """
    for attribute in (INTENT, ACTION_NAME, ENTITIES, SLOTS, ACTIVE_LOOP):
        of_names = columns.get(attribute) if isinstance(columns, dict) else None
        if not isinstance(of_names, dict) or not all(
            type(column) is int and 0 <= column < len(of_names)
            for column in of_names.values()
        ):
            raise ValueError(f"the featurizer has no columns of '{attribute}'")


def check_max_history(turns: Any) -> None:
    """Checks how many turns of a dialogue a policy looks at.

    Args:
        turns: Their number; all if `None`.

    Raises:
        ValueError: If it is no number of turns.
    """
    if turns is not None and (type(turns) is not int or turns < 0):
        raise ValueError(f"'max_history' cannot be {turns!r}")


def check_responses(responses: Any, retrieval_intents: Any) -> None:
    """Checks responses and retrieval intents.

    Args:
        responses: The variants of every response, by its name.
        retrieval_intents: Names of retrieval intents.

    Raises:
        ValueError: If they are anything else.
    """
    is_readable = isinstance(responses, dict) and all(
        isinstance(variants, list) and all(isinstance(one, dict) for one in variants)
        for variants in responses.values()
    )
    if not is_readable:
        raise ValueError("the responses cannot be read")
    if not isinstance(retrieval_intents, list) or not all(
        isinstance(intent, str) for intent in retrieval_intents
    ):
        raise ValueError("the retrieval intents cannot be read")


def check_quantiles(quantiles: Mapping[int, Sequence[float]]) -> None:
    """Checks the quantiles of similarities that intents have.

    Args:
        quantiles: Quantiles in rising order, by the number of the intent.

    Raises:
        ValueError: If they are no list of numbers, or not of one length.
    """
    if len({len(of_label) for of_label in quantiles.values()}) > 1:
        raise ValueError("there are not as many quantiles of all intents")
    for of_label in quantiles.values():
        if not of_label or not all(isinstance(float(q), float) for q in of_label):
            raise ValueError("the quantiles of an intent cannot be read")
