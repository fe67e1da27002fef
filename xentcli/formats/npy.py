"""NPY: NumPy's format for one array, versions 1 to 3. Nothing is ever unpickled."""

import io
import math
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from xentcli.errors import InputError, OutputError
from xentcli.formats.interface import ArrayHeader, Block, Format, Shape, Table
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

_MAGIC = npy_format.MAGIC_PREFIX
_LONGEST_HEADER = 10_000  # NumPy's own limit
_RUN = 2**16  # bytes that one read of a strided slice should bring
_LARGEST_STRIDED = 2**25  # bytes of a block made of such reads


class NpySource:
    """An array in an NPY file or stream."""

    format = "npy"
    columns: tuple[str, ...] | None = None
    labelled = False
    id_column: str | None = None

    def __init__(self, data: Input) -> None:
        self.name = data.name
        self.size = data.size
        self.notes: list[str] = []
        shape, self._fortran_order, self.dtype = _read_header(data)
        self.shape: tuple[int, ...] = shape
        self._begin = _header_size(data)
        self._data = data
        self._bytes = math.prod(shape) * self.dtype.itemsize
        if data.seekable or (self._fortran_order and len(shape) > 1):
            self.keep()  # in Fortran order the first row is spread over the whole file
        self._buffers = threading.local()

    @property
    def sliceable(self) -> bool:
        """Whether any slice can be read at any time."""
        return self._data.seekable

    def check_unchanged(self) -> None:
        """Raise InputError if the file is not any more what it was when it was opened."""
        self._data.check_unchanged()

    def keep(self) -> None:
        """Make the source readable more than once, and check its size."""
        self._data = self._data.spooled()
        self._check_size((self._data.size or 0) - self._begin)

    @property
    def _length(self) -> int:
        return self.shape[0] if self.shape else 1

    def _check_size(self, there: int) -> None:
        if there == self._bytes:
            return
        promise = f"the header promises {self._bytes} bytes ({self.dtype}, shape {self.shape})"
        hint = "the file is cut off" if there < self._bytes else "something follows the array"
        raise InputError(f"{self.name}: {promise}, there are {there}", hint=hint)

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as NumPy indexes it."""
        return f"{self.name}{list(index)}" if index else self.name

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks of `rows` rows, more where rows are not contiguous."""
        if not self.sliceable:
            yield from self._stream(rows)
            return
        step, length = self.step(rows, 0), self._length
        for start in range(0, length, step):
            yield self.block(start, min(step, length - start))

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of `axis` to read at a time, when `rows` are wanted."""
        outer, inner = self._around(axis)
        if outer == 1:
            return rows
        run = _RUN // max(1, inner * self.dtype.itemsize)
        most = _LARGEST_STRIDED // max(1, outer * inner * self.dtype.itemsize)
        return max(rows, min(run, most), 1)

    def _stored(self, axis: int) -> tuple[tuple[int, ...], int]:
        """Return the shape in the order of the bytes, slowest axis first, and `axis` in it."""
        if self._fortran_order:
            return self.shape[::-1], len(self.shape) - 1 - axis
        return self.shape, axis

    def _around(self, axis: int) -> tuple[int, int]:
        stored, axis = self._stored(axis)
        return math.prod(stored[:axis]), math.prod(stored[axis + 1 :])

    def block(self, start: int, rows: int, axis: int = 0) -> Block:
        """Return the block of any slice of `axis`."""
        return Block(start, rows, lambda: Table(self._slice(start, rows, axis)))

    def _slice(self, start: int, rows: int, axis: int) -> NDArray[Any]:
        """Read a slice into this thread's buffer: one run of bytes, or one for each outer index."""
        if not self.shape:
            buffer = self._buffer(self.dtype.itemsize)
            self._data.read_at(self._begin, buffer.data)
            return buffer.view(self.dtype).reshape(())
        stored, stored_axis = self._stored(axis)
        outer, inner = self._around(axis)
        run = rows * inner * self.dtype.itemsize
        buffer = self._buffer(outer * run)
        for i in range(outer if run else 0):
            first = (i * stored[stored_axis] + start) * inner * self.dtype.itemsize
            part = buffer[i * run : (i + 1) * run].data
            if self._data.read_at(self._begin + first, part) < run:
                raise InputError(f"{self.name}: it became shorter while it was read")
        shape = (*stored[:stored_axis], rows, *stored[stored_axis + 1 :])
        array = buffer.view(self.dtype).reshape(shape)
        return array.T if self._fortran_order else array

    def _buffer(self, size: int) -> NDArray[np.uint8]:
        kept: NDArray[np.uint8] | None = getattr(self._buffers, "kept", None)
        if kept is None or kept.size < size:
            kept = self._buffers.kept = np.empty(size, np.uint8)
        return kept[:size]

    def _stream(self, rows: int) -> Iterator[Block]:
        self._data.read(self._begin)
        row_size = math.prod(self.shape[1:]) * self.dtype.itemsize
        done = 0
        for start in range(0, self._length, rows):
            count = min(rows, self._length - start)
            content = self._data.read(count * row_size)
            done += len(content)
            if len(content) < count * row_size:
                self._check_streamed(done)
            yield Block(start, count, partial(self._rows, content, count))
        self._check_streamed(done)

    def _rows(self, content: bytes, count: int) -> Table:
        shape = (count, *self.shape[1:]) if self.shape else ()
        return Table(np.frombuffer(content, self.dtype).reshape(shape))

    def _check_streamed(self, done: int) -> None:
        self._check_size(done + len(self._data.peek(1)))


def _header_size(data: Input) -> int:
    major = data.peek(8)[6]
    length = data.peek(12)[8 : 10 if major == 1 else 12]
    return 8 + len(length) + int.from_bytes(length, "little")


def _read_header(data: Input) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    head = data.peek(12)
    if not head.startswith(_MAGIC):
        found = "it is empty" if not head else f"it starts with {head[:6]!r}"
        raise InputError(f"{data.name}: not an NPY file: {found}")
    if len(head) < 12 or head[6] not in (1, 2, 3):
        raise InputError(f"{data.name}: the NPY header is cut off or of an unknown version")
    size = _header_size(data)
    if size > _LONGEST_HEADER:
        raise InputError(f"{data.name}: an NPY header of {size} bytes is not believable")
    content = data.peek(size)
    read = npy_format.read_array_header_1_0 if head[6] == 1 else npy_format.read_array_header_2_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at a header of Python 2
            shape, fortran_order, dtype = read(io.BytesIO(content[8:]))
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{data.name}: the NPY header cannot be read: {first}") from error
    if dtype.hasobject or dtype.names or dtype.subdtype:
        hint = "save plain numbers: np.save(path, array.astype(float))"
        raise InputError(f"{data.name}: an array of {_kind_of(dtype)} is not read", hint=hint)
    if dtype.kind not in "fiub":
        raise InputError(f"{data.name}: an array of {dtype} does not hold real numbers")
    if any(n < 0 for n in shape) or math.prod(max(1, n) for n in shape) * dtype.itemsize >= 2**63:
        raise InputError(f"{data.name}: the NPY header has an impossible shape: {shape}")
    return shape, fortran_order, dtype


def _kind_of(dtype: np.dtype[Any]) -> str:
    return "Python objects" if dtype.hasobject else "structures"


class NpyWriter:
    """Writes an array in C order: the header first, and again if rows were not counted."""

    def __init__(self, output: Output, header: ArrayHeader) -> None:
        self._output = output
        self._header = header
        self._rows = 0
        self._kept: IO[bytes] | None = None
        if header.shape[:1] == (None,) and not output.seekable:
            import tempfile

            self._kept = tempfile.TemporaryFile()  # noqa: SIM115
        else:
            output.write(_header_bytes(header.shape, header.dtype))

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write rows, converted to the header's dtype."""
        if ids is not None:
            raise AssertionError("NPY holds no ids")
        self._rows += rows.shape[0] if rows.ndim else 1
        content = np.ascontiguousarray(rows, self._header.dtype)
        if content.size:
            (self._kept or self._output).write(content.reshape(-1).data)

    def close(self) -> None:
        """Put the number of rows in the header, where it was not known before."""
        if self._header.shape[:1] != (None,):
            return
        shape = (self._rows, *self._header.shape[1:])
        content = _header_bytes(shape, self._header.dtype)
        if self._kept is None:
            self._output.rewrite(0, content)
        else:
            self._output.write(content)
            self._kept.seek(0)
            while part := self._kept.read(2**20):
                self._output.write(part)


def _header_bytes(shape: Shape, dtype: np.dtype[Any]) -> bytes:
    """Return a header; NumPy pads it so that any number of rows fits where the first one stood."""
    if dtype.kind not in "fiub":
        raise OutputError(f"NPY does not hold {dtype}")
    described = {
        "descr": npy_format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": tuple(n or 0 for n in shape),
    }
    header = io.BytesIO()
    npy_format.write_array_header_1_0(header, described)
    return header.getvalue()


NPY = Format(
    name="npy",
    extensions=(".npy",),
    recognises=lambda head: head.startswith(_MAGIC),
    open_source=lambda data, _options: NpySource(data),
    open_writer=NpyWriter,
)
