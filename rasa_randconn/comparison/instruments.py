"""Timers around the components' methods.

Only the workers use this module: it imports TensorFlow when called.
"""

from __future__ import annotations

import functools
import inspect
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

from rasa_randconn.comparison.weight_counts import count_connections, count_trainable
from rasa_randconn.stock.attributes import SKIPS_PREDICTION, resource_name

PREDICTION_METHODS = ("process", "predict_action_probabilities")


@dataclass
class Measurements:
    """What has been measured of one component in this process; `None` is unknown.

    Attributes:
        train_seconds: Inside of the component's `train`.
        fit_seconds: Inside of the model's `fit`.
        first_step_seconds: From the beginning of `fit` to the end of its first batch.
        epoch_seconds: Of every epoch.
        learning_curve: After every epoch, by name: `seconds` since `train` was called,
            and what the model logs.
        connections: Weights in randomly connected layers, without biases.
        trainable_weights: All weights that training changes.
        load_seconds: Inside of the component's `load`.
        first_prediction_ms: Milliseconds of the first prediction after loading.
        prediction_ms: Those of the predictions that were recorded.
    """

    train_seconds: Optional[float] = None
    fit_seconds: Optional[float] = None
    first_step_seconds: Optional[float] = None
    epoch_seconds: List[float] = field(default_factory=list)
    learning_curve: Dict[str, List[Optional[float]]] = field(default_factory=dict)
    connections: Optional[int] = None
    trainable_weights: Optional[int] = None
    load_seconds: Optional[float] = None
    first_prediction_ms: Optional[float] = None
    prediction_ms: List[float] = field(default_factory=list)


class Instruments:
    """Measures components while Rasa trains, loads and uses them.

    The methods are wrapped in the classes themselves, as Rasa finds them there. Rasa
    reads their signatures, which the wrappers keep.
    """

    def __init__(
        self,
        on_epoch: Callable[[str, int, int, Optional[float]], None] = lambda *_: None,
    ) -> None:
        """Begins without measurements.

        Args:
            on_epoch: Told at the beginning and after every epoch of a training: the
                name of the component's resource, how many epochs are finished, how
                many there will be, and how many seconds one takes now, `None` before
                the second one.
        """
        self._on_epoch = on_epoch
        self.measurements: Dict[str, Measurements] = {}
        """Measurements by the name of the component's resource."""
        self.recording = False
        """Whether the times of predictions are kept."""
        self._running: Set[Tuple[str, str]] = set()
        self._training: Optional[Measurements] = None
        self._trained = ""
        self._training_began = 0.0
        self._fitted: Optional[Any] = None
        self._skipped = False

    def of(self, resource: str) -> Measurements:
        """Gives the measurements of a component.

        Args:
            resource: The name of the component's resource.

        Returns:
            The measurements, empty if nothing was measured.
        """
        return self.measurements.setdefault(resource, Measurements())

    def attach(self, component: type) -> None:
        """Wraps a component's methods; wrapping it again changes nothing.

        Args:
            component: The class of a neural component.
        """
        self._wrap(component, "train", self._train)
        self._wrap(component, "load", self._load)
        for name in PREDICTION_METHODS:
            if hasattr(component, name):
                self._wrap(component, name, self._predict)
        if hasattr(component, SKIPS_PREDICTION):
            self._note_skips(component)

    def _wrap(self, owner: type, name: str, around: Callable[..., Any]) -> None:
        attribute = getattr(owner, name)
        is_class_method = hasattr(attribute, "__self__")
        function = attribute.__func__ if is_class_method else attribute
        if getattr(function, "_instruments", None) is self:
            return

        @functools.wraps(function)
        def wrapper(this: Any, *args: Any, **kwargs: Any) -> Any:
            return around(name, function, this, *args, **kwargs)

        wrapper._instruments = self  # type: ignore[attr-defined]
        setattr(owner, name, classmethod(wrapper) if is_class_method else wrapper)

    def _once(self, name: str, resource: str) -> bool:
        """Tells a call from the same call passed on to a base class."""
        return (name, resource) not in self._running

    def _timed(
        self, name: str, resource: str, call: Callable[[], Any]
    ) -> Tuple[Any, float]:
        self._running.add((name, resource))
        try:
            started = time.perf_counter()
            result = call()
            return result, time.perf_counter() - started
        finally:
            self._running.discard((name, resource))

    def _train(
        self, name: str, function: Callable[..., Any], this: Any, *args: Any, **kw: Any
    ) -> Any:
        resource = resource_name(this)
        if not self._once(name, resource):
            return function(this, *args, **kw)
        measured = self.of(resource)
        self._attach_to_models()
        self._training, self._fitted = measured, None
        self._trained, self._training_began = resource, time.perf_counter()
        try:
            result, seconds = self._timed(
                name, resource, lambda: function(this, *args, **kw)
            )
            measured.train_seconds = seconds
            model = self._fitted if self._fitted is not None else this.model
            if model is not None:
                # our models know both; stock's have to be counted
                own = getattr(model, "parameters", None)
                measured.connections = (
                    own.number_of_connections if own else count_connections(model)
                )
                measured.trainable_weights = (
                    own.trainable_weights if own else count_trainable(model)
                )
        finally:
            self._training, self._fitted = None, None
        return result

    def _load(
        self, name: str, function: Callable[..., Any], this: Any, *args: Any, **kw: Any
    ) -> Any:
        # a component may pass the call on to its base class without keywords
        call = inspect.signature(function).bind(this, *args, **kw)
        resource = call.arguments["resource"].name
        if not self._once(name, resource):
            return function(this, *args, **kw)
        training, self._training = self._training, None
        try:
            result, seconds = self._timed(
                name, resource, lambda: function(this, *args, **kw)
            )
        finally:
            self._training = training
        self.of(resource).load_seconds = seconds
        return result

    def _predict(
        self, name: str, function: Callable[..., Any], this: Any, *args: Any, **kw: Any
    ) -> Any:
        resource = resource_name(this)
        if not self._once(name, resource):
            return function(this, *args, **kw)
        self._skipped = False
        result, seconds = self._timed(
            name, resource, lambda: function(this, *args, **kw)
        )
        if self._skipped:
            return result
        measured = self.of(resource)
        if measured.first_prediction_ms is None:
            measured.first_prediction_ms = seconds * 1e3
        if self.recording:
            measured.prediction_ms.append(seconds * 1e3)
        return result

    def _note_skips(self, component: type) -> None:
        function = getattr(component, SKIPS_PREDICTION)
        if getattr(function, "_instruments", None) is self:
            return

        @functools.wraps(function)
        def wrapper(*args: Any, **kw: Any) -> Any:
            self._skipped = bool(function(*args, **kw))
            return self._skipped

        wrapper._instruments = self  # type: ignore[attr-defined]
        setattr(component, SKIPS_PREDICTION, staticmethod(wrapper))

    def _attach_to_models(self) -> None:
        from rasa.utils.tensorflow.models import RasaModel

        for model in (RasaModel, *_subclasses(RasaModel)):
            if model is RasaModel or "fit" in vars(model):
                self._wrap(model, "fit", self._fit)

    def _fit(
        self, name: str, function: Callable[..., Any], this: Any, *args: Any, **kw: Any
    ) -> Any:
        measured = self._training
        if measured is None or self._fitted is not None:
            return function(this, *args, **kw)
        self._fitted = this
        from rasa_randconn.stock.stopwatch import Stopwatch

        stopwatch = Stopwatch(
            self._training_began, functools.partial(self._on_epoch, self._trained)
        )
        kw["callbacks"] = [*(kw.get("callbacks") or []), stopwatch]
        started = time.perf_counter()
        result = function(this, *args, **kw)
        measured.fit_seconds = time.perf_counter() - started
        if stopwatch.first_step_ended is not None:
            measured.first_step_seconds = stopwatch.first_step_ended - started
        measured.epoch_seconds = stopwatch.epochs
        measured.learning_curve = stopwatch.curve
        return result


def _subclasses(owner: Any) -> Iterator[type]:
    for subclass in owner.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def percentiles(milliseconds: List[float]) -> Optional[Dict[str, float]]:
    """Summarises the times of predictions.

    Args:
        milliseconds: The times in ms.

    Returns:
        The percentiles `p50`, `p95` and `p99` in ms; `None` without times.
    """
    import numpy as np

    if not milliseconds:
        return None
    values = np.percentile(milliseconds, [50, 95, 99])
    return {name: float(value) for name, value in zip(("p50", "p95", "p99"), values)}
