"""Sources: arrays in files that are cut into blocks, decoded where they are wanted.

A format implements one of two classes. A `StreamSource` gives its blocks in order, from the first
row to the last; an `IndexedSource` reads any slice of any axis at any time. Blocks and sources are
data: both pickle, so that a block may be cut in one process and decoded in another.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from xentcli.formats.table_blocks import Block, Table, cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from xentcli.formats.files import InputFile
    from xentcli.formats.table_blocks import Shape


class Reference(Protocol):
    """What opens the same source in any process: plain data that pickles and can be hashed."""

    def open(self) -> Source:
        """Open the source."""

    def __hash__(self) -> int:
        """Return a number that is the same for equal references."""


class Source(ABC):
    """An array in a file, cut into blocks of rows (slices of the first axis).

    Attributes
    ----------
    name : str
        What messages call it.
    format : str
        The name of the file's format.
    shape : tuple of int or None
        The array's shape; an array without axes is one block of one row.
    dtype : dtype
        The dtype of the decoded values.
    size : int or None
        Bytes of the file; None for a stream.
    stored_dtype : str
        The name of the dtype in the file; `NO_DTYPE` where it has none, as a column without values.
    columns : tuple of str or None
        The names of the places along the last axis.
    of_samples : bool
        Whether rows are docs of lm-evaluation-harness, of which more was logged.
    of_tokens : bool
        Whether rows are tokens whose logits are formed first, which is most of the work.
    without_layer : bool
        Whether rows are formed of hidden states, of which no layer was chosen.
    labelled : bool
        Whether the tables hold labels beside the values.
    label_row : tuple of int
        The shape of one row's label beside the values: () for a number or a name.
    label_dtype : dtype or None
        The dtype of the labels beside the values: that of objects where they are names.
    header : tuple of str or None
        The names of all columns in the file, also of those that are no values.
    id_column : str or None
        The name of the ids that the tables hold beside the values.
    array : str
        What the file calls the array, where `name` does not end in it.
    notes : list of str
        What was decided about the file beyond the plain cases, for the user to know.
    reference : Reference or None
        What opens it in any process; a pipe has none, and decodes elsewhere what `carried` returns.
    tileable : bool
        Whether any rows along the last axis can be read at any time at little cost, by `tile`.
    shareable : bool
        Whether forked processes may each read it on their own.
    carries_bytes : bool
        Whether each block carries its bytes, so that `decode` never reads the input.
    is_sequence : bool
        Whether labels are the tokens of states beside them: each file is a sequence by itself.
    unchanged : callable or None
        What `check_unchanged` calls; unlike the source, it does not keep the file open.
    files : tuple of InputFile
        The shards, in the order of their rows; empty if there is only one file.
    opened : InputFile or None
        The only file, and how it is read.
    """

    name: str
    format: str
    shape: Shape
    dtype: np.dtype[Any]
    stored_dtype: str
    notes: list[str]
    size: int | None = None
    columns: tuple[str, ...] | None = None
    header: tuple[str, ...] | None = None
    of_samples: bool = False
    of_tokens: bool = False
    without_layer: bool = False
    labelled: bool = False
    label_row: Shape = ()
    label_dtype: np.dtype[Any] | None = None
    id_column: str | None = None
    array: str = ""
    reference: Reference | None = None
    tileable: bool = False
    shareable: bool = False
    carries_bytes: bool = False
    is_sequence: bool = False
    unchanged: Callable[[], None] | None = None
    files: tuple[InputFile, ...] = ()
    opened: InputFile | None = None

    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged",)
    """Attributes that do not pickle: without a reference, a source pickles without these."""

    def check_unchanged(self) -> None:
        """Raise InputError if the file is no longer what it was when it was opened."""
        if self.unchanged is not None:
            self.unchanged()

    def kept(self) -> Source:
        """Return the same array, readable more than once; ask before the first block is cut."""
        return self

    @abstractmethod
    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks of about `rows` rows, in order; a format cuts where it is cheap."""

    @abstractmethod
    def decode(self, block: Block) -> Table:
        """Read, parse and convert a block, in any thread and any process that has the source.

        What it returns may be memory that the thread's next `decode` of the same source uses again.
        """

    def carried(self, block: Block) -> Block:
        """Return the block with its content, to be decoded where the input cannot be read."""
        return block

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as a user finds it: ``labels.csv:1042``; by default as NumPy indexes it."""
        return f"{self.name}{list(index)}" if index else self.name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the reference, which is opened once a process, or else without the input."""
        from xentcli.formats.references import restored, source_of

        if self.reference is not None:
            return source_of, (self.reference,)
        state = {k: v for k, v in vars(self).items() if k not in self.of_this_process}
        return restored, (type(self), state)


class StreamSource(Source):
    """A source whose rows come in order, from the first to the last."""

    def kept(self) -> Source:
        """Return a copy; a source whose blocks can be cut again returns itself."""
        from xentcli.formats.blocks import copy_of

        return copy_of(self)


class IndexedSource(Source):
    """A source of which any slice of any axis can be read at any time."""

    @abstractmethod
    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read any slices of an axis, into memory that may be used again."""

    def step(self, rows: int, axis: int) -> int:  # noqa: ARG002
        """Return how many slices of `axis` are cheap to read at a time, when `rows` are wanted."""
        return rows

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), into memory that may be used again."""
        inner = math.prod(n or 0 for n in self.shape[1:-1])  # rows of a slice of axis 0
        first, stop = start // max(1, inner), -(-(start + rows) // max(1, inner))
        values = self.read(first, stop - first).values.reshape(-1, self.shape[-1] or 0)
        return values[start - first * inner :][:rows]

    def blocks(self, rows: int, axis: int = 0) -> Iterator[Block]:
        """Cut an axis into blocks of about `rows` slices, as is cheap."""
        length = (self.shape or (1,))[axis] or 0
        step = self.step(rows, axis)
        return (Block(start, count, axis) for start, count in cuts(length, step))

    def decode(self, block: Block) -> Table:
        """Read a block, unless it carries its table."""
        if block.content is not None:
            content: Table = block.content
            return content
        return self.read(block.start, block.rows, block.axis)

    def carried(self, block: Block) -> Block:
        """Return the block with its table, where no reference leads to the input."""
        if self.reference is not None or block.content is not None:
            return block
        return block._replace(content=self.decode(block).copied())
