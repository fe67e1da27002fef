"""Where a command's array goes: a file, a pipe, JSON, or a table at a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xentcli.cli.options import Common, Writing
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xentcli.pipeline.flow import Sink
    from xentcli.pipeline.inputs import ArrayHeader


class ArraySink:
    """What takes the array that a command makes, and whatever else it has to say at the end."""

    def __init__(self, sink: "Sink") -> None:
        self._sink = sink
        self.result: Any = None

    def open(self, header: "ArrayHeader") -> None:
        """Begin the array."""
        self._sink.open(header)

    @property
    def positional(self) -> bool:
        """Whether `write_at` works, once the array is begun."""
        return self._sink.positional

    def write_at(self, start: int, rows: "NDArray[Any]") -> None:
        """Take rows from a given one on, in any order, in any thread or forked process."""
        self._sink.write_at(start, rows)

    def write(self, rows: "NDArray[Any]", ids: "NDArray[Any] | None" = None) -> None:
        """Take the next rows, and their ids if the header has a name for them."""
        self._sink.write(rows, ids)

    def finish(self, result: Any) -> None:
        """Take what JSON says behind the array."""
        self.result = result


@contextmanager
def array_sink(
    command: str, writing: Writing, common: Common, key: str = "values"
) -> Iterator[ArraySink]:
    """Open what takes the array that a command makes; JSON has it under `key`."""
    from xentcli.pipeline.outputs import array_file, shown_name, text_file

    if common.json:
        from xentcli.render.json import JsonArray

        with text_file(writing.output, writing.to, force=writing.force) as write:
            array = JsonArray(write, key, {"command": command})
            sink = ArraySink(array)
            yield sink
            array.close(sink.result)
    elif shows_table(writing):
        from xentcli.render.preview import Preview

        preview = Preview(command)
        yield ArraySink(preview)
        preview.show(_console(common), "-o FILE, or | cat")
    else:
        refuse_binary_terminal(writing)
        with array_file(writing.output, writing.to, force=writing.force) as file:
            yield ArraySink(file)
        common.tell_formulas(shown_name(writing.output), file.formulas)


def refuse_binary_terminal(writing: Writing) -> None:
    """Raise UsageError if bytes that are no text would be shown at a terminal."""
    from xentcli.pipeline.outputs import format_for

    at_terminal = writing.output == "-" and sys.stdout is not None and sys.stdout.isatty()
    if at_terminal and not format_for(writing.output, writing.to).is_text:
        raise UsageError(f"{writing.to} is no text for a terminal", hint="-o FILE, or | cat")


def shows_table(writing: Writing) -> bool:
    """Whether the output is a terminal and nothing else was asked for."""
    if writing.output != "-" or writing.to is not None or sys.stdout is None:
        return False
    return sys.stdout.isatty()


def show(renderable: Any, common: Common) -> None:
    """Print something on the terminal."""
    _console(common).print(renderable)


def terminal_width(common: Common) -> int:
    """Return how many characters fit in a line."""
    width: int = _console(common).width
    return width


def _console(common: Common) -> Any:
    from xentcli.render.console import console

    return console(sys.stdout, common.color)
