"""What a format gives: sources that hand out lazily decoded blocks, and writers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.blocks import BLOCK_ELEMENTS, blocks_along, indexed, read_whole
from xentcli.formats.memory import MemorySource
from xentcli.formats.sources import IndexedSource, Reference, Source, StreamSource
from xentcli.formats.table_blocks import Block, Shape, Table
from xentcli.records import Record
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from xentcli.formats.contents import Content
    from xentcli.formats.hidden.head_options import HeadOptions

__all__ = [
    "BLOCK_ELEMENTS",
    "NO_DTYPE",
    "ArrayHeader",
    "Block",
    "Format",
    "IndexedSource",
    "MemorySource",
    "ReadOptions",
    "Reference",
    "SequentialWriter",
    "Shape",
    "Source",
    "StreamSource",
    "Table",
    "Writer",
    "blocks_along",
    "indexed",
    "read_whole",
]

NO_DTYPE = "null"
"""What is stored where no value says what a column holds, as Parquet and Arrow call it."""


class ReadOptions(Record):
    """What a user says about an input file. Each format takes what concerns it."""

    delimiter: str | None = None
    header: bool | None = None
    decimal: str = "."
    """The decimal mark of numbers in text."""
    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    label_column: str | None = None
    id_column: str | None = None
    """The column that names each row and is carried to the output."""
    partner: tuple[str, ...] = ()
    """The columns of the files of labels and of other models, one of which may name the rows."""
    of_labels: tuple[str, ...] = ()
    """The columns of the file of labels alone."""
    goes_with: bool = False
    """Whether the rows belong to those of another file, which need not be a table."""
    alone: bool = False
    """Whether the rows belong to those of no other file, though they are labels."""
    partner_label: str | None = None
    """The column of labels in that file: a column of the same name here is no class."""
    any_columns: bool = False
    """Whether columns that may be no classes pass, since the file is only looked at."""
    labels: bool = False
    """Whether this is a file of labels, or of weights: one value for each row."""
    one_row: bool = False
    """Whether a table has one row of data, or one column: a row above another is its header."""
    weights: bool = False
    """Whether these are weights: numbers, of which none is missing."""
    groups: tuple[str, ...] = ()
    """Columns beside labels that are read by themselves: they name groups of rows."""
    names: bool = False
    """Whether these name groups of rows: any text, which rows may lack."""
    missing: bool = False
    """Whether cells without a value, such as null, are NaN and no mistake."""
    classes: tuple[str, ...] = ()
    """The names of the classes, as far as they are known."""
    encoding: str | None = None
    """What text is written in, if not in UTF-8."""
    key: str | None = None
    """The array, in a file that holds several."""
    key_option: str | None = "--key"
    """The option that names it; None where there is none."""
    beside: bool = False
    """Whether labels are an array of the logits' own file, known only by its name."""
    shifted: bool = False
    """Whether labels are of places before their own, as tokens are of the states before them."""
    unpredicted: int | None = None
    """How many tokens at the beginning of a file beside others no state in it predicts; None where
    labels do not stand beside their states."""
    partner_key: str | None = None
    """The array of logits in that file, if the user names it."""
    tokens: str | None = None
    """Which tokens of a server's answers are read: 'prompt', 'generated', or 'any', which is an
    error where there are both; None where log-probabilities of tokens are of no use."""
    bounded: bool = False
    """Whether the command can use rows in which some numbers are only bounded."""
    input_dtype: str | None = None
    """What raw words of 2 bytes are: bfloat16."""
    head: "HeadOptions | None" = None
    """The head that makes logits of the array, which then holds hidden states of a model."""

    @property
    def takes_names(self) -> bool:
        """Whether values may be names of classes, or marks of rows to leave out."""
        return self.labels and not self.weights


class ArrayHeader(Record):
    """What a writer must know before the first row."""

    shape: Shape
    dtype: np.dtype[Any]
    columns: tuple[str, ...] | None = None
    id_column: str | None = None
    """The name of the column of ids; each write then brings the ids of its rows."""
    name: str = "values"
    """What the array is called, where a format names its arrays."""
    ids_optional: bool = False
    """Whether the ids are left out where the output has no place for them."""


class Writer(Protocol):
    """Takes an array's rows in order, or each where it belongs."""

    @property
    def positional(self) -> bool:
        """Whether `write_at` works; to ask changes nothing."""

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write the next rows; one id for each if the header names a column of them."""

    def write_at(self, start: int, rows: NDArray[Any]) -> None:
        """Write rows from a given one on, in any order, in any thread or forked process."""

    def close(self) -> None:
        """Write what comes after the last row."""


class SequentialWriter:
    """What all writers that take rows only in order have in common."""

    positional = False

    def write_at(self, start: int, rows: NDArray[Any]) -> None:
        """Refuse: nobody may ask for this."""
        raise AssertionError(f"{len(rows)} rows from {start} on, which must come in order")


class Format(Record):
    """A file format: how to know it, read it and write it.

    A format of one file is added by `xentcli.formats.registry.register`.
    """

    name: str
    extensions: tuple[str, ...]
    open_source: Callable[[Input, ReadOptions], Source]
    recognises: Callable[[bytes], bool] = lambda _head: False
    """Whether these first bytes can only be this format; without it, its extension tells."""
    open_writer: Callable[[Output, ArrayHeader], Writer] | None = None
    """None where the format is only read."""
    is_text: bool = False
    has_columns: bool = False
    """Whether columns can be chosen by name, labels and ids among them."""
    has_keys: bool = False
    """Whether a file may hold several arrays, of which one is chosen by name."""
    requires: tuple[str, str] | None = None
    """The module that must be installed, and the extra of this package that brings it."""
    partly: tuple[str, str] | None = None
    """What the rows lack where some numbers are only bounded, and the command that takes such a
    file; None for whole rows."""
    contents: Callable[[Input, ReadOptions], list["Content"]] | None = None
    """Lists the arrays or columns of a file by its beginning, without reading them; the list is
    empty for a file of one array. None for a format in which every file is one array."""
