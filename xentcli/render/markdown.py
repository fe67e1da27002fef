"""Pages of the documentation at a terminal."""

import sys

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, TableElement
from rich.table import Table

from xentcli.render.console import console
from xentcli.render.help import LARGEST_WIDTH


class _PlainHeading(Heading):
    """A heading that stands at the left."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console, options
        self.text.justify = "left"
        yield self.text


class _WholeTable(TableElement):
    """A table whose long words go on in the next line: it is cut nowhere."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
            yield table


class _Page(Markdown):
    elements = {  # noqa: RUF012 - as rich has it
        **Markdown.elements,
        "heading_open": _PlainHeading,
        "table_open": _WholeTable,
    }


def show_markdown(text: str) -> None:
    """Print Markdown at the terminal that standard output is."""
    screen = console(sys.stdout)
    screen.print(_Page(text, hyperlinks=False), width=min(screen.width, LARGEST_WIDTH))
