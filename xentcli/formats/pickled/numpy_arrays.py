"""NumPy's arrays in pickles."""

from typing import Any

import numpy as np

from xentcli.formats.pickled.calls import Call, Global, StoredBytes, name_of
from xentcli.formats.pickled.leaves import Leaf, LooseValues, Unread, placed
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.stored import is_possible

_KINDS = "fiubU"
_AS_NUMBERS = "save a plain array: numpy.array(array.tolist())"


def numpy_leaf(call: Call, text: PickleText) -> Leaf | None:
    """Return the array or number that a call of NumPy's makes; None for any other call."""
    function = call.function
    if not isinstance(function, Global) or not function.belongs_to("numpy"):
        return None
    match function.name, call.arguments, call.state:
        case "_reconstruct", _, (_, tuple(shape), dtype, bool(fortran), content):
            return _array(text, shape, dtype, content, fortran=fortran)
        case "_frombuffer", (content, dtype, tuple(shape), str(order)), _:
            return _array(text, shape, dtype, content, fortran=order == "F")
        case "scalar", (dtype, content), _:
            return _array(text, (), dtype, content, fortran=False)
        case "_reconstruct" | "_frombuffer" | "scalar", _, _:
            raise text.wrong("an array is damaged")
    return None


def _array(
    text: PickleText, shape: tuple[Any, ...], dtype: Any, content: Any, *, fortran: bool
) -> Leaf:
    kind = _dtype_of(dtype)
    if kind is None or kind.kind not in _KINDS:
        return Unread(f"an array of {kind or name_of(dtype)}", _AS_NUMBERS)
    if not all(type(n) is int for n in shape) or not is_possible(shape, kind.itemsize):
        raise text.wrong(f"an impossible shape: {shape[:8]}")
    size = int(np.prod(shape, dtype=object)) * kind.itemsize
    there = bytes_of(content, text)
    if there is None:
        raise text.wrong("an array is damaged")
    if (there.size if isinstance(there, StoredBytes) else len(there)) != size:
        raise text.wrong(f"an array of shape {shape} does not have {size} bytes")
    if isinstance(there, StoredBytes) and shape:
        return placed(text.apart, there.offset, shape, kind, fortran=fortran)
    if isinstance(there, StoredBytes):
        number = bytearray(there.size)
        text.data.read_at(there.offset, memoryview(number))
        there = bytes(number)
    values = np.frombuffer(there, kind).reshape(shape, order="F" if fortran else "C")
    return LooseValues(values)


def _dtype_of(record: Any) -> np.dtype[Any] | None:
    """Return the dtype that a record describes; None for any but a plain one."""
    match record:
        case Call(function=Global("numpy", "dtype"), arguments=(str(code), *_), state=state):
            order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
        case _:
            return None
    if len(code) < 2 or not code[0].isalpha() or not code[1:].isdigit() or len(code) > 8:
        return None
    try:
        dtype = np.dtype(code)
        return dtype.newbyteorder(">" if order == ">" else "<")
    except TypeError:
        return None


def bytes_of(record: Any, text: PickleText) -> bytes | StoredBytes | None:
    """Return bytes, which the older protocols write as text."""
    match record:
        case StoredBytes():
            return record
        case str():
            return text.encoded(record)
        case Call(function=Global("_codecs", "encode"), arguments=(str(content), *_)):
            return text.encoded(content)
        case Call(function=Global("__builtin__" | "builtins", "bytes" | "bytearray")):
            return b""
    return None
