"""Where a result goes, and in which form: JSON, a table at a terminal, text or a file."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

from xentcli.cli.options import Common, Writing
from xentcli.errors import UsageError
from xentcli.text import shortened

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.flow import Sink


class Forms:
    """The forms of a result, each of which is made when it is needed."""

    def __init__(
        self,
        json: Callable[[], Any],
        table: Callable[[int], Iterable[Any]],
        text: Callable[[str], str] | None = None,
        number: float | None = None,
    ) -> None:
        if text is None and number is None:
            raise _misused("takes text or number, which a pipe or a file gets")
        if not (callable(json) and callable(table) and (text is None or callable(text))):
            raise _misused("takes functions that make JSON, a table and text: lambda: shown")
        self.json = json
        """Returns a dataclass or a dict of plain values."""
        self.table = table
        """Returns what to show at a terminal of this width, one after the other."""
        self.text = text
        """Returns text with this delimiter between cells; None if the result is `number`."""
        self.number = None if number is None else _plain(number)


def _plain(number: Any) -> float:
    """Return a number as one of Python's, whose digits are shown: NumPy adds its name."""
    if isinstance(number, Integral):
        return int(number)
    if not isinstance(number, Real):
        raise _misused(f"takes a number, and {shortened(repr(number))} is none")
    return float(number)


def _misused(how: str) -> TypeError:
    """Return a mistake, which is reported with the line of the command that has made it."""
    return TypeError(f"Forms(...) {how}")


class Destination:
    """Where the result of one command goes."""

    def __init__(self, command: str, writing: Writing, common: Common) -> None:
        self._command = command
        self._writing = writing
        self._common = common
        self._summary: Any = None

    @property
    def form(self) -> Literal["json", "table", "file"]:
        """Which form is written: JSON if asked for, a table at a terminal, else text or a file."""
        from xentcli.pipeline.outputs import is_json

        if self._common.json or is_json(self._writing.output, self._writing.to):
            return "json"
        at_terminal = self._writing.output == "-" and _is_terminal()
        return "table" if at_terminal and self._writing.to is None else "file"

    def check(self, *, is_text: bool = True) -> None:
        """Raise any error of writing now, before the work."""
        from xentcli.pipeline.outputs import check_output, check_text_output

        output, to, force = self._place
        if is_text or self.form == "json":
            check_text_output(output, to, force=force)
        else:
            check_output(output, force=force)

    def write(self, forms: Forms) -> None:
        """Write a result in the form that fits."""
        from xentcli.pipeline.outputs import delimiter_for, number_file, text_file

        output, to, force = self._place
        if self.form == "table":
            screen = _console(self._common)
            shown = forms.table(screen.width)
            if isinstance(shown, str):
                raise _misused(
                    "takes a function that makes a list of lines for a terminal, not text"
                )
            for renderable in shown:
                screen.print(renderable)
            return
        if self.form == "json":
            from xentcli.render.json import whole_json_parts

            parts = whole_json_parts(forms.json())
        elif forms.text is not None:
            parts = iter((forms.text(delimiter_for(output, to)),))
        else:
            assert forms.number is not None  # noqa: S101 - where there is no text
            number_file(forms.number, output, to, force=force)
            return
        with text_file(output, to, force=force) as write:
            for part in parts:
                write(part)

    @contextmanager
    def array(self, key: str = "values", *, whole: bool = False) -> "Iterator[Sink]":
        """Open the sink of the array that the command makes; JSON has it under `key`.

        JSON is written once the `whole` of it is made, if what is added may be no JSON.
        """
        from xentcli.pipeline.outputs import array_file, text_file

        output, to, force = self._place
        if self.form == "json":
            from xentcli.render.json import JsonArray

            with text_file(output, to, force=force) as write:
                array = JsonArray(write, key, {"command": self._command}, whole=whole)
                yield array
                array.close(self._summary)
        elif self.form == "table":
            from xentcli.render.preview import Preview

            preview = Preview(self._command, "loss" if key == "losses" else None)
            yield preview
            preview.show(_console(self._common), "-o FILE, or | cat")
        else:
            self._refuse_binary_terminal()
            with array_file(output, to, force=force) as file:
                yield file
            self.warn_of_formulas(file.formulas)

    @property
    def _place(self) -> tuple[str, str | None, bool]:
        """The file, the format, and whether an existing file is overwritten."""
        return self._writing.output, self._writing.to, self._writing.force

    def add_summary(self, summary: Any) -> None:
        """Add this to the JSON, after the array."""
        self._summary = summary

    def warn_of_formulas(self, cells: Iterable[str]) -> None:
        """Warn of the first cell of a text file that a spreadsheet would run, if there is one."""
        from xentcli.text import runs_in_spreadsheet

        if cell := next(filter(runs_in_spreadsheet, cells), None):
            file = "<stdout>" if self._writing.output == "-" else self._writing.output
            shown = repr(cell if len(cell) <= 40 else cell[:37] + "...")
            message = f"{file}: a spreadsheet would run the cell {shown} as a formula"
            self._common.tell("warning", message)

    def _refuse_binary_terminal(self) -> None:
        """Raise UsageError if a terminal would get bytes that are no text."""
        from xentcli.pipeline.outputs import format_for

        output, to = self._writing.output, self._writing.to
        if output == "-" and _is_terminal() and not format_for(output, to).is_text:
            raise UsageError(f"{to} is no text for a terminal", hint="-o FILE, or | cat")


def ready_output(
    command: str, keeper: "Gatekeeper", writing: Writing, common: Common
) -> Destination:
    """Return where a judged result goes.

    Whatever keeps it from being written or judged is an error now, before the work.
    """
    output = Destination(command, writing, common)
    output.check(is_text=False)
    keeper.open()
    return output


def _is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _console(common: Common) -> Any:
    from xentcli.render.console import console

    return console(sys.stdout, common.color)
