"""Where text is shown: rich consoles, and lines for people on standard error."""

import os
import sys
from typing import TYPE_CHECKING, Literal, TextIO

from xentcli.text import shown_text, visible

if TYPE_CHECKING:
    from rich.console import Console

Color = Literal["auto", "always", "never"]
_MOST_CHARACTERS = 2**13  # of a line: room for two of the longest paths
_DUMB_TERMINALS = ("dumb", "unknown")  # where rich shows colours on no account
_STYLES = {
    "error": "bold red",
    "fail": "bold red",
    "hint": "cyan",
    "warning": "yellow",
    "note": "dim",
}


def console(file: TextIO, color: Color = "auto") -> "Console":
    """Return a rich console that writes to `file`."""
    from shutil import get_terminal_size

    from rich.console import Console

    plain, always = _is_plain(color), color == "always"
    dumb = os.environ.get("TERM", "").lower() in _DUMB_TERMINALS
    columns, lines = get_terminal_size() if dumb else (None, None)  # of which rich takes 80 and 25
    return Console(
        file=file,
        width=columns,
        height=lines,
        no_color=plain,
        force_terminal=True if always else None,
        color_system=None if plain else "standard" if always and dumb else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def _is_plain(color: Color) -> bool:
    """Whether nothing is coloured; what was typed wins over the variable NO_COLOR."""
    return color == "never" or (color == "auto" and bool(os.environ.get("NO_COLOR")))


def tell(kind: str, message: str, color: Color = "auto") -> None:
    """Print one line on standard error: ``error: ...``, ``hint: ...``, ``note: ...``."""
    if sys.stderr is None:
        return
    text = visible(shown_text(message))
    if len(text) > _MOST_CHARACTERS:  # it quotes something as long, typed or from a file
        half = _MOST_CHARACTERS // 2
        text = f"{text[:half]} ... {text[-half:]}"
    if not _is_plain(color) and (color == "always" or sys.stderr.isatty()):
        from rich.text import Text

        line = Text.assemble((f"{kind}:", _STYLES[kind]), " ", text)
        console(sys.stderr, color).print(line, soft_wrap=True)
    else:
        print(f"{kind}: {text}", file=sys.stderr)  # noqa: T201
