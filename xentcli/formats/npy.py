"""NPY: NumPy's format for one array, versions 1 to 3. Nothing is ever unpickled."""

import io
import math
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format

from xentcli.errors import InputError, OutputError
from xentcli.formats.arrays import open_stored
from xentcli.formats.base import ArrayHeader, Format, ReadOptions, Source
from xentcli.formats.stored import Stored, is_possible
from xentcli.storage.inputs import Input
from xentcli.text import first_line

if TYPE_CHECKING:
    from xentcli.formats.array_writer import ArrayWriter
    from xentcli.storage.outputs import Output

_MAGIC = npy_format.MAGIC_PREFIX
_LONGEST_HEADER_BYTES = 10_000  # NumPy's own limit
# Shards are opened in several threads, but only one thread at a time may use `catch_warnings`, or
# the parser with which NumPy reads a header in Python 3.11.
_PARSING = threading.Lock()


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open an NPY file or stream."""
    return open_stored(
        data, read_header(data, options.input_dtype, labels=options.takes_names), "npy"
    )


def read_header(data: Input, input_dtype: str | None = None, *, labels: bool = False) -> Stored:
    """Return what the header says without consuming it; labels may be text."""
    size = _header_size(data)
    shape, fortran_order, dtype = _parse(data, size)
    if dtype.hasobject or dtype.names or dtype.subdtype:
        what = "Python objects" if dtype.hasobject else "structures"
        hint = "save a plain array: np.save(path, np.array(array.tolist()))"
        if shape == () and dtype.hasobject:
            hint = "save what is in it: np.savez(path, **array.item()) where it is a dict"
        elif labels:
            hint = "save names as text, np.save(path, array.astype(str)), or labels as numbers"
        raise InputError(f"{data.name}: an array of {what} is not read", hint=hint)
    if dtype == "V2" and input_dtype is None:
        hint = "NumPy saves bfloat16 so: --input-dtype bfloat16 reads logits that are"
        raise InputError(f"{data.name}: an array of raw words of 2 bytes", hint=hint)
    text = labels and dtype.kind in "US" and dtype.itemsize > 0
    if dtype.kind not in "fiub" and dtype != "V2" and not text:
        raise InputError(f"{data.name}: an array of {dtype} does not hold real numbers")
    if not is_possible(shape, dtype.itemsize):
        raise InputError(f"{data.name}: the NPY header has an impossible shape: {shape}")
    stored = Stored(
        shape, dtype, size, math.prod(shape) * dtype.itemsize, fortran_order=fortran_order
    )
    return stored.as_input_dtype(input_dtype, data.name)


def described(data: Input) -> tuple[tuple[int, ...], str]:
    """Return shape and dtype as the header has them."""
    shape, _, dtype = _parse(data, _header_size(data))
    return shape, str(dtype)


def _header_size(data: Input) -> int:
    head = data.peek(12)
    if not head.startswith(_MAGIC):
        found = "it is empty" if not head else f"it starts with {head[:6]!r}"
        raise InputError(f"{data.name}: not an NPY file: {found}")
    if len(head) < 12 or head[6] not in (1, 2, 3):
        raise InputError(f"{data.name}: the NPY header is cut off or of an unknown version")
    length = head[8 : 10 if head[6] == 1 else 12]
    size = 8 + len(length) + int.from_bytes(length, "little")
    if size > _LONGEST_HEADER_BYTES:
        raise InputError(f"{data.name}: an NPY header of {size} bytes is not believable")
    return size


def _parse(data: Input, size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    content = data.peek(size)
    read = npy_format.read_array_header_1_0 if content[6] == 1 else npy_format.read_array_header_2_0
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at a header of Python 2
            return read(io.BytesIO(content[8:]))
    except Exception as error:
        what = f"the NPY header cannot be read: {first_line(error)}"
        raise InputError(f"{data.name}: {what}") from error


def header_of(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Return a header; NumPy pads it so that any number of rows fits where the first one stood."""
    if dtype.kind not in "fiub":
        raise OutputError(f"NPY does not hold {dtype}")
    described = {
        "descr": npy_format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    header = io.BytesIO()
    npy_format.write_array_header_1_0(header, described)
    return header.getvalue()


def open_writer(output: "Output", header: ArrayHeader) -> "ArrayWriter":
    """Begin an array."""
    from xentcli.formats.array_writer import ArrayWriter

    return ArrayWriter(output, header, header_of)


NPY = Format(
    name="npy",
    extensions=(".npy",),
    recognises=lambda head: head.startswith(_MAGIC),
    open_source=open_source,
    open_writer=open_writer,
)
