"""Which featurizers make which columns of the features of a text."""

from __future__ import annotations

from typing import (
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np
import scipy.sparse
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.feature_checks import (
    FeatureError,
    feature_error,
    featurizer_name,
)
from rasa_randconn.batches.names import SENTENCE, SEQUENCE

#: Name of a featurizer, whether rows are tokens or the sentence, whether it is sparse.
_Key = Tuple[str, str, bool]


class Source(NamedTuple):
    """What adds one matrix to the features of every text.

    Attributes:
        origin: Name of the featurizer.
        feature_type: Whether its rows are tokens, or the sentence.
        is_sparse: Whether the matrix is sparse.
        number: Number of the matrix among those with the same attributes, from 0.
    """

    origin: str
    feature_type: str
    is_sparse: bool
    number: int


class FeatureLayout:
    """The matrices that make up the features of an attribute, in their order.

    If a featurizer returns nothing for a text, its columns are filled with zeros;
    otherwise the columns of those after it would move.
    """

    def __init__(self, widths: Mapping[Source, int]) -> None:
        """Takes the number of columns of every source, in the order of the pipeline."""
        self.widths = dict(widths)
        self._expected = [(source[:3], width) for source, width in widths.items()]

    @classmethod
    def of(
        cls,
        examples: Iterable[Sequence[Features]],
        known: Optional[FeatureLayout] = None,
    ) -> FeatureLayout:
        """Finds the layout of training data.

        Args:
            examples: The features of every text.
            known: The layout of an earlier training that is continued.

        Raises:
            FeatureError: If a featurizer has another number of columns for some texts
                than for others.
        """
        forms = {tuple(map(_form, features)) for features in examples}
        widths: Dict[Source, int] = {}
        order: List[Source] = list(known.widths) if known else []
        # texts with many features first: they tell the order of the pipeline
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            position = 0
            for source, (key, width) in zip(_matched(form, widths), form):
                if source is None:
                    source = _new_source(form, key, width, widths)
                    widths[source] = width
                if source not in order:
                    order.insert(position, source)
                position = order.index(source) + 1
        before = known.widths if known else {}
        return cls({s: widths.get(s, before.get(s, 0)) for s in order})

    def fits(self, features: Sequence[Features], token_count: Optional[int]) -> bool:
        """Whether features match the layout exactly: order, types and shapes.

        Args:
            features: The features of a text.
            token_count: Number of its tokens.
        """
        if len(features) != len(self._expected):
            return False
        for feature, (key, width) in zip(features, self._expected):
            matrix = feature.features
            rows = 1 if feature.type == SENTENCE else token_count
            is_sparse = not isinstance(matrix, np.ndarray)
            found = str(feature.origin), feature.type, is_sparse
            if matrix.shape != (rows, width) or found != key:
                return False
        return True

    def complete(
        self, features: Sequence[Features], text: str, token_count: Optional[int]
    ) -> List[Features]:
        """Adds zeros for sparse features that a text lacks.

        Args:
            features: The features of a text.
            text: The text, for messages.
            token_count: Number of its tokens, if that is known.

        Returns:
            Features in the order of the layout.

        Raises:
            FeatureError: If there are features that the training did not have, or of
                another width, or if dense features are missing.
        """
        form = [_form(feature) for feature in features]
        origins = {source.origin for source in self.widths}
        # graphs may give featurizers other names in training and in serving
        are_renamed = not any(key[0] in origins for key, _ in form)
        if form == self._expected or (
            are_renamed and _unnamed(form) == _unnamed(self._expected)
        ):
            return list(features)
        rows = {SENTENCE: 1, SEQUENCE: token_count or 0}
        found: Dict[Source, Features] = {}
        for source, feature, (key, width) in zip(
            _matched(form, self.widths), features, form
        ):
            if source is None:
                raise feature_error(feature, text, self._difference(key, width))
            found[source] = feature
            rows[source.feature_type] = feature.features.shape[0]
        complete = []
        for source, width in self.widths.items():
            if source in found:
                complete.append(found[source])
            elif source.is_sparse:
                shape = rows[source.feature_type], width
                zeros = scipy.sparse.coo_matrix(shape, dtype=np.float32)
                complete.append(
                    Features(
                        zeros, source.feature_type, features[0].attribute, source.origin
                    )
                )
            else:
                missing = Features(
                    np.zeros((0, width)),
                    source.feature_type,
                    features[0].attribute,
                    source.origin,
                )
                reason = (
                    f"there are no dense ones of the {source.feature_type}, in whose "
                    f"place zeros would be wrong"
                )
                raise feature_error(missing, text, reason)
        return complete

    def _difference(self, key: _Key, width: int) -> str:
        """How features differ from those of the training, a clause."""
        expected = [w for source, w in self.widths.items() if source[:3] == key]
        if not expected:
            return f"of the {key[1]} there were none in the training"
        return f"they have {width} columns instead of {expected[0]}"

    def to_json(self) -> List[List[Any]]:
        """The layout as plain lists."""
        return [[*source, width] for source, width in self.widths.items()]

    @classmethod
    def from_json(cls, values: Any) -> FeatureLayout:
        """Rebuilds the layout that `to_json` described.

        Raises:
            ValueError: If the values do not describe one.
        """
        widths = {}
        for origin, feature_type, is_sparse, number, width in values:
            if (
                feature_type not in (SENTENCE, SEQUENCE)
                or not isinstance(origin, str)
                or type(number) is not int
                or type(width) is not int
                or width < 0
            ):
                raise ValueError("The layout of the features cannot be read.")
            source = Source(origin, feature_type, bool(is_sparse), number)
            widths[source] = width
        return cls(widths)


def _form(feature: Features) -> Tuple[_Key, int]:
    """What a feature is, and its number of columns."""
    key = str(feature.origin), feature.type, feature.is_sparse()
    return key, feature.features.shape[-1]


def _unnamed(form: Sequence[Tuple[_Key, int]]) -> List[Tuple[str, bool, int]]:
    """A form without the names of featurizers."""
    return [(*key[1:], width) for key, width in form]


def _matched(
    form: Sequence[Tuple[_Key, int]], widths: Mapping[Source, int]
) -> List[Optional[Source]]:
    """For each feature, the first unused source with the same key and width."""
    free = dict(widths)
    matched: List[Optional[Source]] = []
    for key, width in form:
        source = next((s for s, w in free.items() if s[:3] == key and w == width), None)
        if source is not None:
            del free[source]
        matched.append(source)
    return matched


def _new_source(
    form: Sequence[Tuple[_Key, int]],
    key: _Key,
    width: int,
    widths: Mapping[Source, int],
) -> Source:
    """A source for a feature of a text that no known source matches."""
    known = [w for source, w in widths.items() if source[:3] == key]
    if len(known) >= sum(other == key for other, _ in form):
        raise FeatureError(
            f"The features of {featurizer_name(key[0])} have {known[0]} columns for "
            f"some texts or labels and {width} for others."
        )
    return Source(*key, number=len(known))
