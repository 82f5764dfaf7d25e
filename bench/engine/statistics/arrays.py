"""The array type of this package, and the one check every entry point makes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]


def finite(values: npt.ArrayLike, name: str) -> FloatArray:
    """`values` as a one-dimensional array of float64.

    Raises `ValueError` when it is empty, has another shape, or holds a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name} must be a non-empty one-dimensional array, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite")
    return array
