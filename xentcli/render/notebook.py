"""Results as notebooks show them."""

import io
from collections.abc import Iterable
from html import escape

from rich.console import Console, RenderableType

WIDTH = 110  # columns of the terminal


def as_html(renderables: Iterable[RenderableType]) -> str:
    """Return what a terminal of `WIDTH` columns would show, as a piece of HTML."""
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False)
    for renderable in renderables:
        console.print(renderable)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    style = "line-height: 1.2; font-family: monospace; white-space: pre"
    return f'<pre style="{style}">{escape(shown)}</pre>'
