"""Compiled kernels: all arithmetic that takes time, on NumPy arrays."""

from rasa_randconn.kernels.threads import in_parallel

__all__ = ["in_parallel"]
