"""Files of trained components: weights with their connections, and a manifest."""

from rasa_randconn.storage.errors import ModelFileError
from rasa_randconn.storage.format import FORMAT_VERSION
from rasa_randconn.storage.manifest import read_manifest, write_manifest
from rasa_randconn.storage.weights import (
    LayerFacts,
    read_file,
    read_weights,
    write_weights,
)

__all__ = [
    "FORMAT_VERSION",
    "LayerFacts",
    "ModelFileError",
    "read_file",
    "read_manifest",
    "read_weights",
    "write_manifest",
    "write_weights",
]
