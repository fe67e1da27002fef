"""Writes an array after its header, as NPY, NPZ members and safetensors have it."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import ArrayHeader, Shape
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from xentcli.storage.temporary import TemporaryCopy


class ArrayWriter:
    """Writes a header and an array in C order.

    Parameters
    ----------
    output : Output
        What the array is written to.
    header : ArrayHeader
        Describes the array; where its rows are not counted yet, they are counted at the end.
    header_of : callable
        Returns the header of a shape and a dtype; it is as long for any number of rows.

    Attributes
    ----------
    positional : bool
        Whether rows can be written at their place: in a file, if they are counted before.
    """

    def __init__(
        self,
        output: Output,
        header: ArrayHeader,
        header_of: Callable[[tuple[int, ...], np.dtype[Any]], bytes],
    ) -> None:
        self._output = output
        self._header = header
        self._header_of = header_of
        self._rows = 0
        self._kept: TemporaryCopy | None = None
        first = self._header_bytes(header.shape)  # also to refuse a dtype before the first row
        if header.shape[:1] == (None,) and not output.seekable:
            from xentcli.storage import temporary

            self._kept = temporary.TemporaryCopy(output.name)
        else:
            output.write(first)
        self._begin = len(first)
        self.positional = header.shape[:1] not in ((), (None,)) and output.seekable

    def write_at(self, start: int, rows: NDArray[Any]) -> None:
        """Write rows where they belong, in any order, in any thread or forked process."""
        content = np.ascontiguousarray(rows, self._header.dtype)
        row_bytes = math.prod(content.shape[1:]) * content.itemsize
        if content.size:
            where = self._begin + start * row_bytes
            self._output.write_at(where, content.reshape(-1).data.cast("B"))

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write rows, converted to the header's dtype."""
        if ids is not None:
            raise AssertionError("an array holds no ids")
        self._rows += rows.shape[0] if rows.ndim else 1
        content = np.ascontiguousarray(rows, self._header.dtype)
        if not content.size:
            return
        if self._kept is None:
            self._output.write(content.reshape(-1).data)
        else:
            self._kept.write(content.reshape(-1).data)

    def close(self) -> None:
        """Put the number of rows in the header, where it was not known before."""
        if self._header.shape[:1] != (None,):
            return
        content = self._header_bytes((self._rows, *self._header.shape[1:]))
        if self._kept is None:
            self._output.write_at(0, content)
        else:
            self._output.write(content)
            with self._kept.file:
                for part in self._kept.parts():
                    self._output.write(part)

    def _header_bytes(self, shape: Shape) -> bytes:
        return self._header_of(tuple(n or 0 for n in shape), self._header.dtype)
