"""Makes arrays of numbers where NumPy makes arrays of objects, as of columns of pandas."""

from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import is_floating
from xentcli.errors import UsageError


def array_of(data: Any, name: str) -> NDArray[Any]:
    """Return an array; objects that all are numbers, or rows of numbers, become numbers.

    Nullable columns of pandas, and lists in the cells of a column, are objects to NumPy. Where
    other objects are among them, as None, it stays an array of objects.

    Raises
    ------
    UsageError
        Of a single object; the message calls it `name`.

    Examples
    --------
    >>> import numpy as np
    >>> array_of(np.array([1, 0], object), "labels")
    array([1, 0])
    """
    values = np.asarray(data)
    if values.dtype != object:
        return values
    found = stacked(values)
    found = _numbers(values) if found is values else found
    if not values.ndim and found is values:
        what = "None" if data is None else f"a {type(data).__name__}"
        raise UsageError(f"{name}: an array is needed, not {what}")
    return found


def stacked(values: NDArray[Any]) -> NDArray[Any]:
    """Return rows of numbers, all of one length, as one array, and anything else as it is."""
    if values.dtype != object or values.ndim != 1 or not values.size:
        return values
    if not all(issubclass(kind, (list, np.ndarray)) for kind in {*map(type, values)}):
        return values
    try:
        found = np.asarray([*values])
    except ValueError:  # of different lengths
        return values
    return found if _is_real(found) else values


def _numbers(values: NDArray[Any]) -> NDArray[Any]:
    kinds = {*map(type, values.flat)}
    if not all(issubclass(kind, (Number, np.bool_)) for kind in kinds):
        return values
    found = np.asarray(values.tolist())
    try:
        found = found.astype(np.float64) if found.dtype == object else found
    except (TypeError, OverflowError):
        return values
    return found if _is_real(found) else values


def _is_real(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "iub" or is_floating(values.dtype)
