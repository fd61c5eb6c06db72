"""Connection patterns: which inputs reach which outputs (pure NumPy)."""

from rasa_randconn.connections.block import Block
from rasa_randconn.connections.connectivity import Connectivity
from rasa_randconn.connections.grouped import GroupedConnectivity
from rasa_randconn.connections.sampling import (
    PATTERNS,
    check_fraction,
    check_pattern,
    connectivity_from_arrays,
    sample_connectivity,
)
from rasa_randconn.connections.settings import (
    LAYER_KINDS,
    ConnectionSettings,
    densities_by_kind,
)
from rasa_randconn.connections.unstructured import UnstructuredConnectivity

__all__ = [
    "LAYER_KINDS",
    "PATTERNS",
    "Block",
    "ConnectionSettings",
    "Connectivity",
    "GroupedConnectivity",
    "UnstructuredConnectivity",
    "check_fraction",
    "check_pattern",
    "connectivity_from_arrays",
    "densities_by_kind",
    "sample_connectivity",
]
