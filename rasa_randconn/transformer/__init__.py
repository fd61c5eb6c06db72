"""The transformer encoder on randomly connected layers."""

from rasa_randconn.transformer.encoder import Encoder
from rasa_randconn.transformer.settings import EncoderSettings

__all__ = ["Encoder", "EncoderSettings"]
