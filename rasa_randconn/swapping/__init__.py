"""Rewrites a bot's configuration from stock's components to ours and back.

Nothing here imports Rasa or TensorFlow, and nothing writes files.
"""

from rasa_randconn.swapping.components import Target
from rasa_randconn.swapping.configuration import Swap, SwappedComponent, swap
from rasa_randconn.swapping.errors import SwapError

__all__ = ["Swap", "SwapError", "SwappedComponent", "Target", "swap"]
