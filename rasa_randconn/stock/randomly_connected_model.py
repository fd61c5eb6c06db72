"""The model behind all our components, which can grow when it is finetuned."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import numpy as np
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.stock.network_model import TrainingError
from rasa_randconn.stock.stored_model import StoredModel

FeatureSizes = Mapping[str, Mapping[str, List[int]]]


class RandomlyConnectedModel(StoredModel):
    """A model with randomly connected layers; finetuning may bring new features.

    Rasa calls two methods for that: the first grows the weights of sparse features, the
    second builds the model anew.
    """

    def _update_dense_for_sparse_layers(
        self, new_sizes: FeatureSizes, old_sizes: FeatureSizes
    ) -> None:
        """Grows the kernels of sparse features for new features, as Rasa does.

        Args:
            new_sizes: Sizes of the features of every attribute and feature type.
            old_sizes: What they were before.
        """
        assert self._factory is not None
        arrays = self.parameters.arrays()
        random = np.random.default_rng(int(self.random_seed) % 2**32)
        for path, (attribute, feature_type) in self._factory.sparse_kernels.items():
            if feature_type not in new_sizes.get(attribute, {}):
                continue
            sizes = (
                old_sizes[attribute][feature_type],
                new_sizes[attribute][feature_type],
            )
            kernel = arrays[path]
            mean, deviation = float(kernel.mean()), float(kernel.std())
            arrays[path] = _grown(kernel, *sizes, (mean, deviation), random)
            for name, state in self._optimizer_state.items():
                if name.split("/", 1)[-1] == path:
                    self._optimizer_state[name] = _grown(
                        state, *sizes, (0.0, 0.0), random
                    )
        self._grown_arrays = arrays

    def _compile_and_fit(
        self, data_example: Dict[str, Dict[str, List[FeatureArray]]]
    ) -> None:
        """Builds the network anew for the larger features.

        Args:
            data_example: One training example with the new features.

        Raises:
            TrainingError: If features are new for which there is no room, such as new
                words in responses that are labels.
        """
        layers = self.parameters.layers
        self._update_data_signatures(RasaModelData(data=data_example))
        try:
            self._build(self._grown_arrays, layers)
        except ValueError as error:
            raise TrainingError(
                f"'{self.component_name}' cannot be trained on these data: {error}. "
                f"If it was to be finetuned, please train it from scratch."
            ) from error


def _grown(
    array: np.ndarray,
    old_sizes: List[int],
    new_sizes: List[int],
    distribution: Tuple[float, float],
    random: np.random.Generator,
) -> np.ndarray:
    """Appends normally distributed rows to those of every feature."""
    parts, start = [], 0
    for old, new in zip(old_sizes, new_sizes):
        added = random.normal(*distribution, size=(new - old, array.shape[1]))
        parts += [array[start : start + old], added.astype(np.float32)]
        start += old
    return np.concatenate(parts)
