"""What a format gives: sources that hand out lazily decoded blocks, and writers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

Shape = tuple[int | None, ...]
"""An array's shape; the first length is None where only the end of the file tells it."""


class Table(NamedTuple):
    """Decoded rows: the numbers, and each row's label and id where the file holds them too.

    Numbers or text: labels may be class names, ids whatever names a row.
    """

    values: NDArray[Any]
    labels: NDArray[Any] | None = None
    ids: NDArray[Any] | None = None

    @classmethod
    def joined(cls, tables: "list[Table]") -> "Table":
        """Return the rows of several tables, of which all or none hold labels and ids, as one."""
        if len(tables) == 1:
            return tables[0]

        def join(parts: Sequence[Any]) -> Any:
            return None if parts[0] is None else np.concatenate(parts)

        return cls(*map(join, zip(*tables, strict=True)))


class Block(NamedTuple):
    """Consecutive rows of a source, still encoded.

    `decode` reads, parses and converts; it may run in any thread. What it returns may be memory
    that the thread's next `decode` of the same source uses again.
    """

    start: int
    rows: int
    decode: Callable[[], Table]


class ReadOptions(NamedTuple):
    """What a user says about an input file. Each format takes what concerns it."""

    delimiter: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    label_column: str | None = None
    id_column: str | None = None
    """The column that names each row and is carried to the output."""
    labels: bool = False
    """Whether this is a file of labels, which may be names of classes."""
    classes: tuple[str, ...] = ()
    """The names of the classes, as far as they are known."""
    encoding: str | None = None
    """What text is written in, if not in UTF-8."""
    key: str | None = None
    """The array, in a file that holds several."""
    key_option: str | None = "--key"
    """The option that names it; None where there is none."""
    input_dtype: str | None = None
    """What raw words of 2 bytes are: bfloat16."""


class ArrayHeader(NamedTuple):
    """What a writer must know before the first row."""

    shape: Shape
    dtype: np.dtype[Any]
    columns: tuple[str, ...] | None = None
    id_column: str | None = None
    """The name of the rows' ids, which each write then brings along."""
    name: str = "values"
    """What the array is called, where a format names its arrays."""


class Source(Protocol):
    """An array in a file, read in blocks of rows (slices of the first axis)."""

    name: str
    format: str
    size: int | None
    """Bytes of the file; None for a stream."""
    dtype: np.dtype[Any]
    """Of the decoded values."""
    stored_dtype: str
    """The name of the dtype in the file."""
    columns: tuple[str, ...] | None
    check_unchanged: Callable[[], None]
    """Raises InputError if the file is not any more what it was; does not keep it open."""
    notes: list[str]
    """What was decided about the file beyond the plain cases, for the user to know."""
    labelled: bool
    """Whether the tables hold labels beside the values."""
    id_column: str | None
    """The name of the ids that the tables hold beside the values."""

    @property
    def sliceable(self) -> bool:
        """Whether `block` works: any slice, of any axis, at any time."""

    @property
    def tileable(self) -> bool:
        """Whether `tile` works: any rows along the last axis, at any time."""

    @property
    def shareable(self) -> bool:
        """Whether forked processes may each cut and read it on their own, at little more cost."""

    @property
    def shape(self) -> Shape:
        """The array's shape."""

    def keep(self) -> None:
        """Make the source readable more than once; before the first block."""

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut into blocks of about `rows` rows, in order; a format may cut where it is cheap."""

    def block(self, start: int, rows: int, axis: int = 0) -> Block:
        """Return the block of any slice of `axis`; only if sliceable."""

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Read rows of the array laid out as (N, C), into memory that may be used again."""

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of `axis` are cheap to read at a time, when `rows` are wanted."""

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as a user finds it: ``labels.csv:1042``, ``logits.npy[3, 0]``."""


def cut(source: Source, rows: int, axis: int = 0) -> Iterator[Block]:
    """Cut a sliceable source into blocks of about `rows` slices of an axis, as is cheap for it."""
    length = (source.shape or (1,))[axis] or 0
    step = source.step(rows, axis)
    for start in range(0, length, step):
        yield source.block(start, min(step, length - start), axis)


class Writer(Protocol):
    """Takes an array's rows in order, or each where it belongs."""

    positional: bool
    """Whether `write_at` works."""

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write some rows; one id for each if the header names a column of them."""

    def write_at(self, start: int, rows: NDArray[Any]) -> None:
        """Write rows from a given one on, in any order, in any thread or forked process."""

    def close(self) -> None:
        """Write what comes after the last row."""


class SequentialWriter:
    """What all writers have in common to which rows must come in order."""

    positional = False

    def write_at(self, start: int, rows: NDArray[Any]) -> None:
        """Refuse: nobody may ask for this."""
        raise AssertionError(f"{len(rows)} rows from {start} on, which must come in order")


class Format(NamedTuple):
    """A file format: how to know it, read it and write it."""

    name: str
    extensions: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    """Whether these first bytes can only be this format."""
    open_source: Callable[[Input, ReadOptions], Source]
    open_writer: Callable[[Output, ArrayHeader], Writer] | None = None
    """None if the format is only read."""
    is_text: bool = False
    has_columns: bool = False
    """Whether columns can be chosen by name, labels and ids among them."""
    has_keys: bool = False
    """Whether a file may hold several arrays, of which one is chosen by name."""
