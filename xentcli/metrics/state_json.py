"""Turns states into values that JSON can hold, and back, exactly.

Whole numbers of more than 53 bits become text, "0x1f...", since many readers of JSON round them; so
do NaN and infinities, which JSON lacks. The type of a field tells what its value was.
"""

import math
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.results.records import field_names

_WIDTHS = {"int": (8, 16, 32, 64), "uint": (8, 16, 32, 64), "float": (16, 32, 64)}
_DTYPES = {"bool", *(f"{kind}{bits}" for kind, widths in _WIDTHS.items() for bits in widths)}
_BARE = (object, np.ndarray, dict, list, tuple, set, frozenset)
_EXACT = 2**53  # whole numbers up to here are float64 too


def to_plain(value: Any) -> Any:
    """Return a state as dicts, lists, text, numbers, bools and None."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return _plain_int(value)
    if isinstance(value, float):
        return _plain_float(value)
    return _plain_collection(value)


def _plain_int(value: int) -> int | str:
    return value if abs(value) <= _EXACT else hex(value)


def _plain_float(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


_PLAIN_OF: dict[str, Callable[[Any], Any]] = {"f": _plain_float, "i": _plain_int, "u": _plain_int}
"""Of the numbers of an array, by the kind of its dtype."""


def _plain_collection(value: Any) -> Any:
    if names := field_names(value):
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, np.ndarray):
        plain_of = _PLAIN_OF.get(value.dtype.kind, to_plain)
        numbers = [plain_of(number) for number in value.reshape(-1).tolist()]
        return {"dtype": value.dtype.name, "shape": list(value.shape), "values": numbers}
    if isinstance(value, dict):
        if odd := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"the keys of a dict are text in JSON, and {odd[0]!r} is none")
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        items = sorted(value) if isinstance(value, frozenset) else value
        return [to_plain(item) for item in items]
    raise TypeError(f"a state cannot hold {type(value).__name__}")


def from_plain(kind: Any, plain: Any) -> Any:
    """Return the value of a type that `to_plain` was given.

    Raises
    ------
    InputError
        If it is not a value of that type.
    """
    try:
        return _from_plain(kind, plain)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise InputError(f"this is not the state of a {name}: {error}") from None


def _from_plain(kind: Any, plain: Any) -> Any:
    if kind is int:
        return _int_of(plain)
    if kind is float:
        return _float_of(plain)
    if names := field_names(kind):
        return _record_of(kind, names, plain)
    if get_origin(kind) is UnionType:
        return None if plain is None else _from_plain(get_args(kind)[0], plain)
    if kind in (bool, str):
        if not isinstance(plain, kind):
            raise TypeError(f"{plain!r} is not {kind.__name__}")
        return plain
    return _collection_of(kind, plain)


def _collection_of(kind: Any, plain: Any) -> Any:
    """Return an array, or a tuple, list, frozenset or dict of values of one type."""
    origin, args = get_origin(kind), get_args(kind)
    if kind in _BARE:
        raise TypeError(f"a field is annotated {kind.__name__}, which does not say of what")
    if origin in (np.ndarray, NDArray):  # newer NumPy has an alias of its own
        dtype = _dtype_of(plain["dtype"])
        of = {"f": float, "b": bool}.get(dtype.kind, int)
        numbers = [_from_plain(of, number) for number in plain["values"]]
        return np.array(numbers, dtype).reshape([_int_of(n) for n in plain["shape"]])
    if origin is dict:
        return {key: _from_plain(args[1], item) for key, item in plain.items()}
    if origin in (tuple, list, frozenset) and isinstance(plain, list):
        return origin(_from_plain(args[0], item) for item in plain)
    raise TypeError(f"{plain!r} is not {kind}")


def _dtype_of(name: Any) -> np.dtype[Any]:
    """Return a dtype of numbers; NumPy alone would take other names too, even for huge dtypes."""
    if name not in _DTYPES:
        raise TypeError(f"{name!r} is not a dtype of a state")
    dtype: np.dtype[Any] = np.dtype(name)
    return dtype


_types_of = cache(get_type_hints)  # it evaluates each anew, a third of reading a state


def _record_of(kind: Any, names: tuple[str, ...], plain: Any) -> Any:
    types = _types_of(kind)
    if sorted(plain) != sorted(names):
        raise ValueError(f"there should be {', '.join(names)}")
    found = kind(**{name: _from_plain(types[name], plain[name]) for name in names})
    if hasattr(found, "check"):
        found.check()
    return found


def _int_of(plain: Any) -> int:
    if isinstance(plain, str):
        return int(plain, 16)
    if isinstance(plain, bool) or int(plain) != plain:
        raise TypeError(f"{plain!r} is not a whole number")
    return int(plain)


def _float_of(plain: Any) -> float:
    if isinstance(plain, bool) or not isinstance(plain, (int, float, str)):
        raise TypeError(f"{plain!r} is not a number")
    return float(plain)
