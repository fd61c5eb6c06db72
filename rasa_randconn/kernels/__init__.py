"""Compiled kernels: all arithmetic that takes time, on NumPy arrays."""

from rasa_randconn.kernels.products import JoinedProduct, LayerKernel, PackedProduct
from rasa_randconn.kernels.threads import in_parallel

__all__ = ["JoinedProduct", "LayerKernel", "PackedProduct", "in_parallel"]
