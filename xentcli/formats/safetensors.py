"""safetensors: a JSON header that says where each tensor is, then the tensors.

The format's own library maps a file into memory, so it reads no pipe, and what it has read stays
resident. A header is short: it is checked here, by the library's rules, and the tensors are
arrays at an offset like any other.
"""

import math
from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from xentcli.errors import InputError, OutputError
from xentcli.formats.array_writer import ArrayWriter
from xentcli.formats.arrays import open_stored
from xentcli.formats.base import ArrayHeader, Format, ReadOptions, Source
from xentcli.formats.contents import Content
from xentcli.formats.keys import choose, notes_of, shown
from xentcli.formats.stored import MOST_AXES, Stored, is_possible
from xentcli.records import Record
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

_LONGEST_HEADER_BYTES = 2**22  # enough for 40,000 tensors; parsed, it takes twenty times as much
_METADATA = "__metadata__"
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "F8_E4M3": "|u1",
    "F8_E5M2": "|u1",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_MEANINGS = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items() if name not in _MEANINGS}


class _Tensor(Record):
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open a tensor of a safetensors file or stream."""
    header_bytes, tensors = _read_header(data)
    key = choose(data.name, tensors, options, lambda key: _described(tensors[key]))
    tensor, name = tensors[key], f"{data.name}:{shown(key)}"
    if tensor.dtype not in _DTYPES:
        raise InputError(f"{name}: a tensor of {tensor.dtype} is not read")
    stored = Stored(
        tensor.shape,
        np.dtype(_DTYPES[tensor.dtype]),
        header_bytes,
        max(t.end for t in tensors.values()),
        tensor.begin,
        meaning=_MEANINGS.get(tensor.dtype),
    )
    stored = stored.as_input_dtype(options.input_dtype, name)
    source = open_stored(data, stored, "safetensors", name)
    source.notes += notes_of(data.name, tensors, options, key)
    return source


def contents(data: Input, options: ReadOptions) -> list[Content]:
    """Return the tensors of a file, if there are several."""
    del options
    _, tensors = _read_header(data)
    if len(tensors) < 2:
        return []
    return [Content(key, t.shape, _dtype_name(t), key=key) for key, t in tensors.items()]


def _described(tensor: _Tensor) -> str:
    return f"{tensor.shape} {_dtype_name(tensor)}"


def _dtype_name(tensor: _Tensor) -> str:
    if tensor.dtype in _MEANINGS:
        return _MEANINGS[tensor.dtype]
    return np.dtype(_DTYPES[tensor.dtype]).name if tensor.dtype in _DTYPES else tensor.dtype


def _read_header(data: Input) -> tuple[int, dict[str, _Tensor]]:
    """Return the bytes before the tensors, and what they say of each."""
    head = data.peek(9)
    size = int.from_bytes(head[:8], "little")
    if head[8:] != b"{":
        raise InputError(f"{data.name}: not a safetensors file, or cut off")
    if size > _LONGEST_HEADER_BYTES:
        raise InputError(f"{data.name}: a safetensors header of {size} bytes is not believable")
    content = data.peek(8 + size)[8:]
    try:
        if len(content) < size:
            raise ValueError("it is cut off")
        import json

        header = json.loads(content.decode(), object_pairs_hook=_without_repeats)
        header.pop(_METADATA, None)
        tensors = {key: _tensor(key, entry) for key, entry in header.items()}
        _check_side_by_side(tensors)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{data.name}: the safetensors header is wrong: {error}") from error
    return 8 + size, tensors


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (key, count), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"it has {shown(key)!r} {count} times")
    return found


def _tensor(key: str, entry: Any) -> _Tensor:
    name = repr(shown(key))
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]}:
            numbers = [*shape[: MOST_AXES + 1], begin, end]
        case _:
            raise ValueError(f"{name} has no dtype, shape and data_offsets")
    if len(shape) > MOST_AXES or not all(type(n) is int and 0 <= n < 2**63 for n in numbers):
        raise ValueError(f"{name} has an impossible shape or impossible offsets")
    if dtype in _DTYPES:
        itemsize = np.dtype(_DTYPES[dtype]).itemsize
        if not is_possible(tuple(shape), itemsize):
            raise ValueError(f"{name} has an impossible shape")
        if math.prod(shape) * itemsize != end - begin:
            raise ValueError(f"{name} of {dtype}, shape {tuple(shape)}, has {end - begin} bytes")
    return _Tensor(dtype, tuple(shape), begin, end)


def _check_side_by_side(tensors: dict[str, _Tensor]) -> None:
    """Raise ValueError unless the tensors cover the data once, without a gap."""
    before = 0
    for key, tensor in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if tensor.begin != before or tensor.end < before:
            at = f"begins at byte {tensor.begin} of the data, not {before}"
            raise ValueError(f"{shown(key)!r} {at}")
        before = tensor.end


def header_of(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> bytes:
    """Return a header, whose length is the same for any number of rows."""
    if dtype not in _NAMES:
        raise OutputError(f"safetensors does not hold {dtype}")
    import json

    def text(shape: tuple[int, ...], size: int) -> bytes:
        entry = {"dtype": _NAMES[dtype], "shape": shape, "data_offsets": [0, size]}
        return json.dumps({name: entry}).encode()

    length = len(text((2**63, *shape[1:]) if shape else shape, 2**63))
    length += -length % 8  # the library aligns the tensors so
    content = text(shape, math.prod(shape) * dtype.itemsize)
    return length.to_bytes(8, "little") + content.ljust(length)


def open_writer(output: Output, header: ArrayHeader) -> ArrayWriter:
    """Return what writes a file of one tensor."""
    little = header._replace(dtype=header.dtype.newbyteorder("<"))
    return ArrayWriter(output, little, partial(header_of, name=header.name))


SAFETENSORS = Format(
    name="safetensors",
    extensions=(".safetensors",),
    recognises=lambda head: head[8:9] == b"{" and head[4:8] == bytes(4),
    open_source=open_source,
    open_writer=open_writer,
    has_keys=True,
    contents=contents,
)
