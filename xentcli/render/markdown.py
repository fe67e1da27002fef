"""Pages of the documentation at a terminal."""

import sys

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown

from xentcli.render.console import console
from xentcli.render.help import LARGEST_WIDTH


class _PlainHeading(Heading):
    """A heading that stands at the left."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console, options
        self.text.justify = "left"
        yield self.text


class _Page(Markdown):
    elements = {**Markdown.elements, "heading_open": _PlainHeading}  # noqa: RUF012 - as rich has it


def show_markdown(text: str) -> None:
    """Print Markdown at the terminal that standard output is."""
    screen = console(sys.stdout)
    screen.print(_Page(text, hyperlinks=False), width=min(screen.width, LARGEST_WIDTH))
