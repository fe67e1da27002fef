"""JSON lines: one row a line, read in blocks of whole lines."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from xentcli.errors import RAGGED, InputError
from xentcli.formats.base import Block, ReadOptions, Shape, StreamSource, Table
from xentcli.formats.csv.line_blocks import LineCutter
from xentcli.formats.json.document import check_no_table, keys_of, value_of
from xentcli.formats.json.printed import MOST_VALUES, as_json
from xentcli.formats.json.values import (
    Array,
    careful,
    decoded,
    describe,
    fast,
    load,
    parser,
)
from xentcli.formats.json.whole_lines import LONGEST_LINE_BYTES, with_first_line
from xentcli.formats.keys import check_alone, choose, notes_of
from xentcli.formats.large_integers import as_integers, flat, may_be_rounded
from xentcli.formats.references import restored
from xentcli.storage.inputs import Input

_BLOCK_BYTES = 2**21
_LINES = (".jsonl", ".ndjson")
_BLANK_LINE = re.compile(rb"(?:\A|\n)[ \t\r]*\n")


def are_lines(data: Input) -> bool:
    """Whether the first line is a value, and another line follows or the name says lines.

    Blank lines at the top are passed over here; whoever reads the lines names them.
    """
    head = with_first_line(data)
    first, _, rest = head.removeprefix(BOM_UTF8).lstrip().partition(b"\n")
    if not rest.strip() and data.suffix not in _LINES:
        return False
    if first.count(b",") > MOST_VALUES:  # whoever reads it says what is wrong
        return True
    try:
        json.loads(as_json(first.decode(), data.name).json if b"(" in first else first)
    except (ValueError, InputError):
        return False
    except RecursionError:  # whoever reads it says what is wrong
        return True
    return True


def only_line(data: Input) -> Any:
    """Return the value in a file of one line; None for any other file."""
    return first_value(data) if len(first_lines(data)) == 1 else None


def first_value(data: Input) -> Any:
    """Return the value in the first line; None if that is no JSON."""
    lines = first_lines(data)
    try:
        return json.loads(lines[0]) if lines else None
    except (ValueError, RecursionError):
        return None


def first_lines(data: Input) -> list[str]:
    """Return whole lines from the top, as many as there are in the first 64 KiB; one at least."""
    head = with_first_line(data)
    whole = head[: head.rfind(b"\n") + 1] if data.peek(len(head) + 1) != head else head
    text = whole.removeprefix(BOM_UTF8).decode(errors="replace")
    return [line for line in text.split("\n") if line.strip()]


def _apart(data: Input) -> Input:
    """Return a seekable input with a position of its own: the same file may have two arrays."""
    if not data.seekable:
        return data
    file: Any = data.as_file()
    apart = Input(data.name, file, data.size, check=data.check_unchanged)
    apart.file_size = data.file_size
    return apart


class JsonLinesSource(StreamSource):
    """Rows that are JSON, one a line: numbers, lists, names, or objects that hold these.

    Blocks carry their bytes.
    """

    block_bytes = _BLOCK_BYTES
    longest_line_bytes = LONGEST_LINE_BYTES
    format = "json"
    carries_bytes = True
    of_this_process = ("unchanged", "_data")

    def __init__(self, data: Input, options: ReadOptions) -> None:
        self.name, self.size = data.name, data.file_size
        self.unchanged = data.check_unchanged
        self.notes: list[str] = []
        self._data = _apart(data)
        self._kinds = {
            "labels": options.takes_names,
            "names": options.names,
            "missing": options.missing,
        }
        self._takes_integers = not options.labels
        self._key: str | None = None
        text, printed = as_json(self._first_line(), self.name)
        if printed:
            self.notes.append(f"{self.name}: read as printed: {printed} rounds what it prints")
        first = load(text, self.name, once_in=f"{self.name}:1")
        if isinstance(first, dict):
            check_no_table(first, self.name, options, ", lines=True")
            row, keys = first, keys_of(first, options)
            self._key = choose(self.name, keys, options, lambda key: describe(row[key]))
            self.notes += notes_of(self.name, keys, options, self._key)
            first, self.array = first[self._key], self._key
        else:
            check_alone(self.name, options)
        row_values = careful(first, self._place_of(0), **self._kinds)
        self.dtype: np.dtype[Any] = row_values.dtype
        self.stored_dtype = "text" if self.dtype == object else "float64"
        self.shape: Shape = (None, *row_values.shape)

    def _first_line(self) -> str:
        head = with_first_line(self._data, self.longest_line_bytes + 1)
        return head.removeprefix(BOM_UTF8).lstrip().partition(b"\n")[0].decode(errors="replace")

    def place(self, index: tuple[int, ...]) -> str:
        """Name a row by its line."""
        return self._place_of(index[0])(index[1:]) if index else self.name

    def _place_of(self, row: int) -> Any:
        key = "" if self._key is None else f": {self._key}"
        where = f"{self.name}:{row + 1}{key}"
        return lambda index: f"{where}{list(index)}" if index else where

    def kept(self) -> "JsonLinesSource":
        """Return the same lines in a file that is read more than once: itself, or a copy of it."""
        if self._data.seekable:
            return self
        kept = restored(JsonLinesSource, vars(self))
        kept._data = _apart(self._data.spooled())
        return kept

    def blocks(self, rows: int) -> Iterator[Block]:  # noqa: ARG002
        """Cut at line ends, by bytes; blank lines at the end of the file are no rows.

        A blank line before others is an error here: rows may be counted, but not parsed.
        """
        if self._data.seekable:
            self._data.rewind()
        start = 0
        name, blank = self.name, False
        cutter = LineCutter(name, "\0", b"\n", self.block_bytes, self.longest_line_bytes)
        for lines, count, _ in cutter.cut(self._data, 0, 1):
            content = lines.text or b""
            text = content.rstrip() + b"\n"
            found = _BLANK_LINE.search(text if start else text.removeprefix(BOM_UTF8))
            if text != b"\n" and (blank or found):
                self.check_unchanged()  # lines that were written meanwhile are no mistakes
                row = start if blank or not found else start + text.count(b"\n", 0, found.end() - 1)
                raise InputError(f"{name}:{row + 1}: an empty line", hint="delete it")
            left = count if text == content else text.count(b"\n") if text != b"\n" else 0
            blank = blank or left < count
            if left:
                yield Block(start, left, content=text)
            start += left

    def decode(self, block: Block) -> Table:
        """Parse whole lines."""
        try:
            values = self._fast(block)
            return Table(self._careful(block) if values is None else values)
        except InputError:
            self.check_unchanged()  # lines that were written meanwhile are no mistakes
            raise

    def _fast(self, block: Block) -> Array | None:
        simdjson = parser()
        if simdjson is None or self.dtype == object or self._key is not None:
            return None
        content: bytes = block.content.removeprefix(BOM_UTF8).rstrip(b"\n")
        try:
            numbers = fast(simdjson.parse(b"[" + content.replace(b"\n", b",") + b"]"))
        except (ValueError, RuntimeError):
            return None
        if numbers is None or (self._takes_integers and may_be_rounded(numbers, content)):
            return None
        return numbers if numbers.shape == (block.rows, *self.shape[1:]) else None

    def _careful(self, block: Block) -> Array:
        lines = block.content.removeprefix(BOM_UTF8).rstrip(b"\n").split(b"\n")
        made = np.empty((block.rows, *(n or 0 for n in self.shape[1:])), self.dtype)
        for i, line in enumerate(lines):
            made[i] = self._row(line, block.start + i)
        if self._takes_integers and may_be_rounded(made, block.content):
            each = (self._value(line, block.start + i) for i, line in enumerate(lines))
            return as_integers(made, chain.from_iterable(map(flat, each)))
        return made

    def _value(self, line: bytes, row: int) -> Any:
        place = f"{self.name}:{row + 1}"
        text = decoded(line, place)
        value = load(as_json(text, self.name).json, self.name, row + 1, once_in=place)
        return value if self._key is None else value_of(value, self._key, place)

    def _row(self, line: bytes, row: int) -> Any:
        value, place = self._value(line, row), self._place_of(row)
        values = careful(value, place, **self._kinds)
        if values.shape != self.shape[1:]:
            shape = f"shape {values.shape}, and the first row has {self.shape[1:]}"
            hint = RAGGED if values.shape and len(values.shape) == len(self.shape) - 1 else None
            raise InputError(f"{place(())}: {shape}", hint=hint)
        if values.dtype != self.dtype:
            what = "a number, and the first row is a name"
            if values.dtype != object:
                return np.array(str(value), object) if not values.shape else values
            what = f"{describe(value)} is a name, and the first row is a number"
            raise InputError(f"{place(())}: {what}")
        return values if values.shape else values[()]
