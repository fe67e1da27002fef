"""Columns of a table as a source of rows."""

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.arrow.class_labels import check_class_labels
from xentcli.formats.arrow.columns import select
from xentcli.formats.arrow.convert import (
    ColumnRows,
    dense,
    flat,
    ids_of,
    lengths_of,
    times_of,
    wide,
)
from xentcli.formats.arrow.first_batch import FirstBatch
from xentcli.formats.arrow.library import understood
from xentcli.formats.arrow.table_files import RowGroups, open_table_file, schema_of
from xentcli.formats.arrow.types import (
    has_no_values,
    is_time,
    names_of,
    nested,
    number_dtype,
)
from xentcli.formats.base import NO_DTYPE, Block, ReadOptions, Shape, StreamSource, Table
from xentcli.formats.time_names import fineness_of, texts_of
from xentcli.storage.inputs import Input

_TIMES_AT_ONCE = 2**16


class TableSource(StreamSource):
    """Numbers in columns, of shape (N, columns), or in a column of lists, of shape (N, C).

    One column of numbers alone, without labels, has shape (N,). It is not shareable: pyarrow has
    threads, which no fork takes along. Blocks name row groups, or carry record batches.
    """

    of_this_process = ("unchanged", "_file")

    def __init__(self, data: Input, options: ReadOptions, format_: str) -> None:
        self._names, self._missing = options.names, options.missing
        self.name = data.name
        self.size = data.file_size
        self.unchanged = data.check_unchanged
        self.format = format_
        with self._understood():
            self._file = open_table_file(data.spooled(), format_)
            self._schema = schema_of(self._file)
            first = FirstBatch(self._file, self._schema, self.name)
            self._selection = select(
                self._schema, self.name, options, first.looks, first.sum_to_one
            )
            row, self.dtype = self._row()
            labels = self._selection.labels
            self._label_lists = None if labels is None else self._lists_of(labels)
        self.stored_dtype = self.dtype.name
        if any(has_no_values(self._file.schema.field(n).type) for n in self._selection.values):
            self.stored_dtype = NO_DTYPE
        self.notes = [*self._file.notes, *self._selection.notes]
        self.header = tuple(self._file.schema.names)
        self.labelled = self._selection.labels is not None
        if labels is not None:
            self.label_dtype = number_dtype(self._type(labels)) or np.dtype(object)
        if self._label_lists:
            length, self.label_dtype = self._label_lists
            self.label_row = () if length == (1,) else length
        self.id_column = self._selection.ids
        self._lists = self._nested is not None
        self._alone = not self._lists and not self.labelled and len(self._selection.values) == 1
        self.columns: tuple[str, ...] | None = self._selection.values
        if self._lists:
            self.array = self._selection.values[0]
            field = self._file.schema.field(self._selection.values[0])
            self.columns = names_of(field, row[0]) if len(row) == 1 else None
        self.shape: Shape = (self._file.rows, *(() if self._alone else row))
        if self.labelled or options.takes_names:
            classes = options.classes or (self.columns if self.labelled else ()) or ()
            label = self._selection.labels or self._selection.values[0]
            check_class_labels(self._file.schema, label, classes, self.name)

    def kept(self) -> "TableSource":
        """Return the same: what comes from a pipe is a copy already."""
        return self

    def _understood(self) -> Any:
        return understood(self.name, InputError, f"reading {self.format}")

    def _type(self, name: str) -> Any:
        return self._schema.field(name).type

    @property
    def _nested(self) -> Any:
        return nested(self._type(self._selection.values[0]))

    def _row(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Return the shape of one row and the dtype of all."""
        names = self._selection.values
        if lists := self._lists_of(names[0]):
            return lists
        dtypes = [number_dtype(self._type(name)) or np.dtype(object) for name in names]
        return (len(names),), np.result_type(*dict.fromkeys(dtypes))

    def _lists_of(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]] | None:
        """Return the shape and the dtype of the lists of a column, None where it holds none."""
        lists = nested(self._type(name))
        if lists is None:
            return None
        if None in lists.lengths:
            batch = self._file.first((name,), 1)
            if batch is not None:
                first = batch.column(name).slice(0, 1)
                ColumnRows(self.name, name, 0).check_nulls(first)
                return lengths_of(first), lists.dtype
        return tuple(n or 0 for n in lists.lengths), lists.dtype

    def place(self, index: tuple[int, ...]) -> str:
        """Name a row by its number from 0, as pandas does, and a column by its name."""
        if not index:
            return self.name
        place = f"{self.name}: row {index[0]}"
        if len(index) == 1:
            return place
        if self._lists:
            return f"{place}: column {self._selection.values[0]!r}{list(index[1:])}"
        return f"{place}: column {self._selection.values[index[1]]!r}"

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut at row groups or record batches, and within large ones."""
        start = 0
        with self._understood():
            for piece in self._file.pieces(self._selection.names, rows):
                yield Block(start, piece.rows, content=piece.content)
                start += piece.rows
        self._check_count(start, self._file.rows)

    def _check_count(self, found: int, promised: int | None) -> None:
        if promised not in (None, found):
            raise InputError(f"{self.name}: {promised} rows are promised, there are {found}")

    def carried(self, block: Block) -> Block:
        """Return the block with its record batches, where no reference leads to the file."""
        if self.reference is not None or isinstance(block.content, list):
            return block
        return block._replace(content=self._batches(block))

    def _batches(self, block: Block) -> list[Any]:
        content: RowGroups | list[Any] = block.content
        if isinstance(content, list):
            return content
        with self._understood():
            return self._file.read(self._selection.names, content)

    def decode(self, block: Block) -> Table:
        """Convert record batches, read from the file where the block does not carry them."""
        batches = self._batches(block)
        with self._understood():
            self._check_count(sum(batch.num_rows for batch in batches), block.rows)
            starts = accumulate((batch.num_rows for batch in batches), initial=block.start)
            return Table.joined([self._table(b, s) for b, s in zip(batches, starts, strict=False)])

    def _table(self, batch: Any, start: int) -> Table:
        selection = self._selection

        def beside(name: str | None, convert: Callable[[Any, ColumnRows], Any] = flat) -> Any:
            if name is None:
                return None
            return convert(batch.column(name), ColumnRows(self.name, name, start))

        columns = [batch.column(name) for name in selection.values]
        places = [ColumnRows(self.name, name, start, self._missing) for name in selection.values]
        if self._lists:
            values = dense(columns[0], tuple(n or 0 for n in self.shape[1:]), places[0])
        elif self._alone:
            values = self._names_in(columns[0], places[0])
        else:
            values = wide(columns, places, self.dtype)
        lists = self._label_lists is not None
        labels = self._labels(batch, start) if lists else beside(selection.labels)
        return Table(values, labels, beside(selection.ids, ids_of))

    def _names_in(self, column: Any, rows: ColumnRows) -> NDArray[Any]:
        """Return a column of numbers, or of names; times among these are as fine as all need."""
        if not (self._names and is_time(column.type)):
            return flat(column, rows, names=self._names)
        times = times_of(column, rows)
        return times if times.dtype == object else texts_of(times, self._fineness)

    @cached_property
    def _fineness(self) -> int:
        """How fine the times in the column are, all of which are read for it."""
        (name,) = self._selection.values
        found = 0
        for piece in self._file.pieces((name,), _TIMES_AT_ONCE):
            content = piece.content
            read = content if isinstance(content, list) else self._file.read((name,), content)
            for batch in read:
                times = times_of(batch.column(name), ColumnRows(self.name, name, 0))
                found = max(found, fineness_of(times))
        return found

    def _labels(self, batch: Any, start: int) -> NDArray[Any]:
        """Return labels that are lists."""
        name, (row, _) = self._selection.labels or "", self._label_lists or ((), None)
        labels = dense(batch.column(name), row, ColumnRows(self.name, name, start))
        return labels.reshape(len(labels), *(n or 0 for n in self.label_row))
