"""Connection patterns: which inputs reach which outputs (pure NumPy)."""

from rasa_randconn.connections.block import Block
from rasa_randconn.connections.connectivity import Connectivity
from rasa_randconn.connections.grouped import GroupedConnectivity
from rasa_randconn.connections.sampling import (
    PATTERNS,
    connectivity_from_arrays,
    sample_connectivity,
)
from rasa_randconn.connections.settings import (
    KINDS,
    ConnectionSettings,
    densities_by_kind,
)
from rasa_randconn.connections.unstructured import UnstructuredConnectivity

__all__ = [
    "KINDS",
    "PATTERNS",
    "Block",
    "ConnectionSettings",
    "Connectivity",
    "GroupedConnectivity",
    "UnstructuredConnectivity",
    "connectivity_from_arrays",
    "densities_by_kind",
    "sample_connectivity",
]
