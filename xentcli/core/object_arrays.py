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
    found = _rows(values) if values.ndim == 1 and values.size else None
    if found is None:
        found = _numbers(values)
    if not values.ndim and found is values:
        what = "None" if data is None else f"a {type(data).__name__}"
        raise UsageError(f"{name}: an array is needed, not {what}")
    return found


def _rows(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return rows of numbers, all of one length, as one array; None if they are something else."""
    kinds = {*map(type, values)}
    if not all(issubclass(kind, (list, np.ndarray)) for kind in kinds):
        return None
    try:
        found = np.asarray([*values])
    except ValueError:  # of different lengths
        return None
    return found if _is_real(found) else None


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
