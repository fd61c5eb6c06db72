"""What the networks of all models have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Dict, List

from rasa_randconn.autodiff import Parameters, Tape
from rasa_randconn.batches.batch import Batch
from rasa_randconn.nn.metrics import Metrics


class Network(ABC):
    """A model's arithmetic, from features to losses and predictions.

    Predicting changes nothing, so many threads may do it at once.

    Attributes:
        parameters: All weights.
        accuracy_metrics: Names of the metrics that tell how well labels and tags are
            known.
    """

    def __init__(self, parameters: Parameters) -> None:
        """Takes the weights."""
        self.parameters = parameters
        self.accuracy_metrics: List[str] = []

    @abstractmethod
    def loss(self, tape: Tape, batch: Batch, metrics: Metrics) -> float:
        """Computes the loss of a batch, without regularisation.

        Gradients start from the losses by themselves; `Tape.backward` takes them
        back to the weights.

        Args:
            tape: The current pass.
            batch: Features with labels.
            metrics: Output: the metrics of the batch are added.
        """

    @abstractmethod
    def prepare_for_prediction(self) -> Any:
        """Computes what is the same for all predictions: the embedded labels."""

    @abstractmethod
    def predict(self, batch: Batch, prepared: Any) -> Dict[str, Any]:
        """Predicts, with the keys and shapes of stock's `batch_predict`.

        Args:
            batch: Features without labels.
            prepared: What `prepare_for_prediction` returned.
        """
