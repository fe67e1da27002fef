"""Sinks and texts that go to files."""

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from xentcli.errors import OutputError, UsageError
from xentcli.formats import registry
from xentcli.formats.base import ArrayHeader, Format, Writer
from xentcli.formats.names import written_names
from xentcli.pipeline.flow import Array
from xentcli.storage.names import STANDARD_STREAM, is_url, local_name, shown_name, suffix_of
from xentcli.storage.open import check_output, open_output
from xentcli.storage.outputs import Output
from xentcli.storage.streams import descriptor_of
from xentcli.text import plain_cells, runs_in_spreadsheet, visible_lines

__all__ = [
    "array_file",
    "bytes_file",
    "check_output",
    "check_text_output",
    "is_stream",
    "number_file",
    "readable_format",
    "shown_name",
    "suffix_of",
    "text_file",
]


class _FileSink:
    """Writes an array to an output in a format; a pipe gets nothing before the first row comes.

    Attributes
    ----------
    positional : bool
        Whether `write_at` works, once the array is begun.
    formulas : list of str
        The first cell that a spreadsheet would run, if there is one.
    """

    def __init__(self, output: Output, format_: Format) -> None:
        self._output = output
        self._format = format_
        self._header: ArrayHeader | None = None
        self._writer: Writer | None = None
        self.positional = False
        self.formulas: list[str] = []

    def open(self, header: ArrayHeader) -> None:
        holds_ids = header.id_column is None or self._format.has_columns
        if not holds_ids and header.ids_optional:
            header = header._replace(id_column=None)
        elif not holds_ids:
            what = f"{self._output.name}: {self._format.name} holds no ids"
            others = ", ".join(
                f.name for f in registry.formats() if f.open_writer and f.has_columns
            )
            raise OutputError(
                f"{what}; these do: {others}, --json",
                hint="--output FILE.csv, or leave --id-column out",
            )
        self._header = header
        self._look_at((header.id_column or "", *(header.columns or ())))
        if self._output.seekable:
            self.positional = self._opened().positional

    def write(self, rows: Array, ids: Array | None = None) -> None:
        if self._header is not None and self._header.id_column is None:
            ids = None
        self._opened().write(rows, ids)
        if ids is not None:
            self._look_at(plain_cells(ids))

    def write_at(self, start: int, rows: Array) -> None:
        self._opened().write_at(start, rows)

    def _look_at(self, cells: Iterable[Any]) -> None:
        if self._format.is_text and not self.formulas:
            self.formulas += islice(filter(runs_in_spreadsheet, map(str, cells)), 1)

    def close(self, result: Any = None) -> None:
        """Write what comes after the last row; a file of an array has no place for a result."""
        del result
        self._opened().close()

    def _opened(self) -> Writer:
        if self._writer is None:
            if self._header is None:
                raise AssertionError("not open")
            self._writer = registry.open_writer(self._format, self._output, self._header)
        return self._writer


def format_for(path: str, name: str | None) -> Format:
    """Return the format to write: the one named, the extension's, or CSV into a stream.

    Raises
    ------
    UsageError
        If nothing names a format, or the format is only read.
    """
    hint = f"--to {'|'.join(written_names())}"
    found = registry.by_name(name) if name else registry.by_extension(path)
    if found is None and is_stream(path):
        return registry.by_name("csv")
    if found is None:
        raise UsageError(f"{shown_name(path)}: its extension names no format", hint=hint)
    if found.open_writer is None:
        what = "<stdout>" if path == STANDARD_STREAM else shown_name(path)
        raise UsageError(f"{what}: {found.name} is only read", hint=hint)
    return found


@contextmanager
def array_file(
    path: str, format_name: str | None, *, force: bool, waiting: str | None = None
) -> Iterator[_FileSink]:
    """Open a sink that writes an array to `path`; ``-`` is standard output.

    A file of several is left `waiting` for the others.
    """
    format_ = format_for(path, format_name)
    with (
        _output_for_text(path, force=force, waiting=waiting)
        if format_.is_text
        else open_output(path, force=force, waiting=waiting) as output
    ):
        sink = _FileSink(output, format_)
        yield sink
        sink.close()


def number_file(number: float, path: str, format_name: str | None, *, force: bool) -> None:
    """Write one float64 to `path`: bare, or as an array without axes if a format is named."""
    if format_name is None and registry.by_extension(path) is None:
        with text_file(path, force=force) as write:
            write(f"{number!r}\n")
        return
    with array_file(path, format_name, force=force) as sink:
        values = np.array(number)
        sink.open(ArrayHeader((), values.dtype, name="loss"))
        sink.write(values)


@contextmanager
def bytes_file(path: str, *, force: bool) -> Iterator[Callable[[bytes], None]]:
    """Open `path` for bytes that are neither an array nor text, such as a picture."""
    with open_output(path, force=force) as output:
        yield output.write


@contextmanager
def text_file(
    path: str, format_name: str | None = None, *, force: bool
) -> Iterator[Callable[[str], None]]:
    """Open `path` for text; ``-`` is standard output."""
    check_text_output(path, format_name, force=force)
    with _output_for_text(path, force=force) as output:
        yield lambda text: output.write(text.encode(errors="backslashreplace"))


@contextmanager
def _output_for_text(path: str, *, force: bool, waiting: str | None = None) -> Iterator[Output]:
    """Open an output of text; a terminal gets no character that it would interpret."""
    with open_output(path, force=force, waiting=waiting) as output:
        yield _Terminal(output) if output.is_terminal else output


class _Terminal(Output):
    """A terminal to which text is written, whatever characters it holds."""

    def __init__(self, output: Output) -> None:
        super().__init__(output.name, -1, seekable=False)
        self._output = output
        self._decoder = getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, data: bytes | memoryview) -> None:
        """Write text, in which a character may go on in the next part."""
        text = visible_lines(self._decoder.decode(data))
        self._output.write(text.encode(errors="backslashreplace"))


def is_stream(path: str) -> bool:
    """Whether a name is a device or a pipe, which gets what standard output would get."""
    from xentcli.storage.local_outputs import is_streamed

    path = local_name(path)
    return path == STANDARD_STREAM or (
        not is_url(path) and (descriptor_of(path) is not None or is_streamed(path))
    )


def is_json(path: str, format_name: str | None) -> bool:
    """Whether an output is the JSON object: by the format's name, or else by the extension."""
    return (format_name or suffix_of(path).removeprefix(".")).lower() == "json"


def readable_format(path: str, format_name: str | None, what: str) -> str | None:
    """Return the format of what another command reads again: a file has it as JSON.

    Raises
    ------
    UsageError
        If the file's extension, or the user, names another format.
    """
    if is_stream(path) or is_json(path, format_name):
        return format_name
    if format_name is None and registry.by_extension(path) is None:
        return "json"
    message = f"{shown_name(path)}: a file holds a {what} as JSON"
    raise UsageError(message, hint=f"--output {what}.json")


def check_text_output(path: str, format_name: str | None = None, *, force: bool) -> None:
    """Raise now if text cannot be written to `path` later, or not in that format."""
    if is_json(path, format_name):
        check_output(path, force=force)
        return
    named = registry.by_name(format_name) if format_name else registry.by_extension(path)
    if named is not None and not named.is_text:
        raise UsageError(
            f"{shown_name(path)}: this is text, and not {named.name}", hint="--output FILE.csv"
        )
    check_output(path, force=force)


def delimiter_for(path: str, format_name: str | None) -> str:
    """Return the delimiter of cells in this file."""
    named = registry.by_name(format_name) if format_name else registry.by_extension(path)
    return "\t" if named is not None and named.name == "tsv" else ","
