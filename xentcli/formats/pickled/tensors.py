"""PyTorch's tensors in pickles."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from xentcli.formats.pickled.calls import Call, Global
from xentcli.formats.pickled.leaves import Leaf, Placed, tensor_of
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.stored import Stored, is_possible
from xentcli.storage.inputs import Input
from xentcli.text import visible


class Storage(NamedTuple):
    """Where the numbers of tensors stand."""

    kind: Any
    """Its type, as the pickle names it."""
    apart: Input | None
    """What holds them, if it is not the file itself."""
    offset: int
    size: int
    """In bytes."""
    byte_order: str
    check: Callable[[Input], None] | None = None
    """What raises InputError if its bytes are damaged, in the file."""


class Storages(Protocol):
    """What finds the storages of a file."""

    def find(self, record: Any, text: PickleText) -> Storage | None:
        """Return the storage that a record in the pickle names; None for one without numbers."""


MOST_REPEATED = 2**30  # numbers of views that show each of them often
_DTYPES = {
    "float64": "f8",
    "float32": "f4",
    "float16": "f2",
    "bfloat16": "u2",
    "float8_e4m3fn": "u1",
    "float8_e5m2": "u1",
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint64": "u8",
    "uint32": "u4",
    "uint16": "u2",
    "uint8": "u1",
    "bool": "b1",
}
_NOT_NUMPYS = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2"})
_SHORT = {"double": "float64", "float": "float32", "half": "float16", "long": "int64"}
_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_NOT_READ = {"ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "QInt32Storage": 4}
_WRAPPERS = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state"})
_UNREAD = {
    "_rebuild_sparse_tensor": ("a sparse tensor", "to_dense()"),
    "_rebuild_qtensor": ("a quantised tensor", "dequantize()"),
}
"""Tensors that are not read, and the method that makes a plain one of each."""
_BY_TYPE = frozenset({"_rebuild_from_type_v2", "_rebuild_from_type"})
_PLAIN = frozenset({"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"})
_MOST_WRAPPERS = 10


def itemsize_of(kind: Any) -> int:
    """Return how many bytes a type of storage has for a number; 1 where it counts bytes."""
    name = kind.name if isinstance(kind, Global) else ""
    if name in _STORAGES:
        return np.dtype(_DTYPES[_STORAGES[name]]).itemsize
    return _NOT_READ.get(name, 1)


def tensor_leaf(call: Call, text: PickleText, storages: Storages) -> Leaf | None:
    """Return the tensor that a call of PyTorch's makes; None for any other call."""
    for _ in range(_MOST_WRAPPERS):
        function, arguments = call.function, call.arguments
        if not isinstance(function, Global) or not function.belongs_to("torch"):
            return None
        if function.name in _PLAIN:
            return _tensor(function.name, arguments, text, storages)
        if function.name in _WRAPPERS and arguments and isinstance(arguments[0], Call):
            call = arguments[0]
        elif function.name in _BY_TYPE and len(arguments) > 2:
            call = Call(arguments[0], arguments[2])
        elif function.name.startswith("_rebuild"):
            return tensor_of(*_UNREAD.get(function.name, (f"a tensor of {function}",)))
        else:
            return None
    return None


def _tensor(
    function: str, arguments: tuple[Any, ...], text: PickleText, storages: Storages
) -> Leaf:
    match arguments:
        case (storage, int(offset), tuple(shape), tuple(strides), *more):
            pass
        case _:
            raise text.wrong("a tensor is damaged")
    found = storages.find(storage, text)
    if found is None:
        return tensor_of("a tensor without numbers")
    named = function == "_rebuild_tensor_v3"
    dtype = more[2] if named and len(more) > 2 else found.kind
    metadata = more[3 if named else 2 :]
    name = _dtype_name(dtype)
    if name is None:
        shown = getattr(dtype, "name", "an unknown kind").removesuffix("Storage")
        return tensor_of(f"a tensor of {visible(shown)}")
    if metadata and metadata[0]:
        return tensor_of("a tensor that is to be conjugated or negated first")
    layout = _layout(offset, shape, strides, name, found.byte_order, found.size)
    if isinstance(layout, str):
        raise text.wrong(layout)
    begin, stored, strides = layout
    return Placed(found.apart, stored, found.offset + begin, strides, found.check)


@lru_cache
def _layout(
    offset: int,
    shape: tuple[Any, ...],
    strides: tuple[Any, ...],
    dtype: str,
    byte_order: str,
    size: int,
) -> tuple[int, Stored, tuple[int, ...]] | str:
    """Return at which byte of its storage of `size` bytes a tensor begins, and how it is stored.

    Equal arguments are not looked at again, and may be no integers. Text says what is wrong.
    """
    words = np.dtype(_DTYPES[dtype]).newbyteorder(byte_order)  # type: ignore[arg-type]
    numbers, itemsize = [offset, *shape, *strides], words.itemsize
    if not all(type(n) is int and 0 <= n < 2**63 for n in numbers) or len(shape) != len(strides):
        return "a tensor has an impossible shape"
    if not is_possible(shape, itemsize):
        return "a tensor has an impossible shape"
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if 0 not in shape and (last + 1) * itemsize > size:
        return "a tensor reaches outside its storage"
    count = math.prod(shape)
    if count > max(MOST_REPEATED, size // itemsize):
        return f"a tensor shows {count} numbers, and its storage has few of them"
    begin, meaning = offset * itemsize if 0 not in shape else 0, dtype in _NOT_NUMPYS
    return begin, Stored(shape, words, 0, 0, meaning=dtype if meaning else None), strides


def _dtype_name(dtype: Any) -> str | None:
    """Return the dtype that a type of storage, or PyTorch's name of a dtype, means."""
    if not isinstance(dtype, Global) or not dtype.belongs_to("torch"):
        return None
    name = _STORAGES.get(dtype.name, _SHORT.get(dtype.name, dtype.name))
    return name if name in _DTYPES else None
