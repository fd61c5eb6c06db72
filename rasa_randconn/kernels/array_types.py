"""The types of the arrays that kernels take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from typing_extensions import Annotated


class ArrayType(NamedTuple):
    """A contiguous array of a type and a rank.

    Attributes:
        dtype: Type of its numbers.
        rank: Number of its dimensions.
    """

    dtype: np.dtype
    rank: int


Floats1 = Annotated[np.ndarray, ArrayType(np.dtype(np.float32), 1)]
Floats2 = Annotated[np.ndarray, ArrayType(np.dtype(np.float32), 2)]
Floats3 = Annotated[np.ndarray, ArrayType(np.dtype(np.float32), 3)]
Doubles1 = Annotated[np.ndarray, ArrayType(np.dtype(np.float64), 1)]
Integers1 = Annotated[np.ndarray, ArrayType(np.dtype(np.int64), 1)]
Integers2 = Annotated[np.ndarray, ArrayType(np.dtype(np.int64), 2)]
ShortIntegers1 = Annotated[np.ndarray, ArrayType(np.dtype(np.int32), 1)]
Bytes1 = Annotated[np.ndarray, ArrayType(np.dtype(np.uint8), 1)]
