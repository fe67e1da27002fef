"""Which arrays and buffers of a record batch belong to each column."""

from typing import Any

from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.messages import Message
from xentcli.formats.arrow.types import is_fixed, is_text_or_bytes, stored_type


class Layout:
    """Counts the arrays and buffers of each column.

    Parameters
    ----------
    schema : Schema
        The columns of the file.
    """

    def __init__(self, schema: Any) -> None:
        self._types = {}
        self.fits = True
        self._nodes = self._buffers = 0
        for field in schema:
            first = self._buffers
            self._count(field.type)
            self._types[field.name] = (field.type, range(first, self._buffers))

    def matches(self, message: Message) -> bool:
        """Whether a batch has just these arrays and buffers."""
        return self.fits and (self._nodes, self._buffers) == (message.nodes, len(message.buffers))

    def buffers(self, columns: tuple[str, ...]) -> list[int]:
        """Return the numbers of the buffers of some columns."""
        return [i for name in columns for i in self._types[name][1]]

    def column(self, name: str) -> tuple[Any, int]:
        """Return a column's type and the number of its first buffer."""
        type_, buffers = self._types[name]
        return type_, buffers.start

    def _count(self, type_: Any) -> None:
        is_ = pyarrow().types
        type_ = stored_type(type_)
        type_ = type_.index_type if is_.is_dictionary(type_) else type_
        views = ("string_view", "binary_view", "list_view", "large_list_view")
        if (
            str(type_).split("<")[0] in views
            or is_.is_union(type_)
            or is_.is_run_end_encoded(type_)
        ):
            self.fits = False
        self._nodes += 1
        if is_.is_null(type_):
            return
        self._buffers += 1 if is_.is_struct(type_) or is_fixed(type_) else 2
        self._buffers += is_text_or_bytes(type_)
        for i in range(type_.num_fields):
            self._count(type_.field(i).type)
