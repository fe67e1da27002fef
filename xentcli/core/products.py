"""Computes sums of products of long rows, to the same bits on every processor."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from xentcli.core.dtypes import Doubles

_PART_CLASSES = 128  # of a row, whose products are summed at a time
_FEW_CLASSES, _MANY_CLASSES = 32, 128  # of a part, if all parts of a row have the same length


class SumsOfProducts:
    """The sum over each row of the products of two arrays (n, C), whose rows come some at a time.

    Parts of a row are summed in `dtype`, and their sums in float64 when they are asked for.
    np.vecdot takes half the time, but the order in which BLAS adds depends on the processor.

    Parameters
    ----------
    rows, num_classes : int
        The shape of all rows.
    dtype : dtype
        That of the products.
    """

    def __init__(self, rows: int, num_classes: int, dtype: DTypeLike) -> None:
        alike = _parts_alike(num_classes)
        parts = alike or num_classes // _PART_CLASSES
        self._length = num_classes // alike if alike else _PART_CLASSES
        self._whole = num_classes if alike else parts * _PART_CLASSES
        self._parts: NDArray[Any] = np.empty((rows, parts), dtype)
        self._last: NDArray[Any] | None = None if alike else np.empty(rows, dtype)

    def put(self, at: slice, one: NDArray[Any], other: NDArray[Any]) -> None:
        """Put the sums of the rows at some places."""
        out, whole = self._parts[at], self._whole
        if self._last is None:  # two axes take less time than three
            shape: tuple[int, ...] = (out.size, self._length)
            np.einsum("ij,ij->i", one.reshape(shape), other.reshape(shape), out=out.reshape(-1))
            return
        np.einsum("ij,ij->i", one[:, whole:], other[:, whole:], out=self._last[at])
        shape = (*out.shape, self._length)
        one, other = one[:, :whole].reshape(shape), other[:, :whole].reshape(shape)
        np.einsum("ijk,ijk->ij", one, other, out=out)

    def of(self, at: slice) -> Doubles:
        """Return the sums of the rows at some places, all of which have been put."""
        found: Doubles = np.einsum("ij->i", self._parts[at].astype(np.float64))
        if self._last is not None:
            found += self._last[at]
        return found


def sums_of_products(one: NDArray[Any], other: NDArray[Any]) -> Doubles:
    """Return the sum over each row of the products of two arrays (n, C)."""
    dtype = one.dtype if one.dtype == other.dtype else np.result_type(one, other)
    rows, num_classes = one.shape
    sums, every = SumsOfProducts(rows, num_classes, dtype), slice(None)
    sums.put(every, one, other)
    return sums.of(every)


@lru_cache
def _parts_alike(num_classes: int) -> int:
    """Return how many parts of one length a row is cut into; 0 if there is no such length.

    Lengths that are multiples of 4 are better: the processor adds up four products at a time.
    """
    if num_classes < _PART_CLASSES:
        return 1
    fewest = -(-num_classes // _MANY_CLASSES)
    most = num_classes // _FEW_CLASSES
    fitting = [n for n in range(fewest, most + 1) if num_classes % n == 0]
    return next((n for n in fitting if num_classes // n % 4 == 0), fitting[0] if fitting else 0)
