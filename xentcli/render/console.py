"""Where text is shown: rich consoles, and lines for people on standard error."""

import os
import sys
from typing import TYPE_CHECKING, Literal, TextIO

from xentcli.text import shown_text, visible

if TYPE_CHECKING:
    from rich.console import Console

Color = Literal["auto", "always", "never"]
_MOST_CHARACTERS = 2**13  # of a line: room for two of the longest paths
_STYLES = {
    "error": "bold red",
    "fail": "bold red",
    "hint": "cyan",
    "warning": "yellow",
    "note": "dim",
}


def console(file: TextIO, color: Color = "auto") -> "Console":
    """Return a rich console that writes to `file`; NO_COLOR wins over `color`."""
    from rich.console import Console

    plain = color == "never" or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file,
        no_color=plain,
        force_terminal=True if color == "always" and not plain else None,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def tell(kind: str, message: str, color: Color = "auto") -> None:
    """Print one line on standard error: ``error: ...``, ``hint: ...``, ``note: ...``."""
    if sys.stderr is None:
        return
    text = visible(shown_text(message))
    if len(text) > _MOST_CHARACTERS:  # it quotes something as long, typed or from a file
        half = _MOST_CHARACTERS // 2
        text = f"{text[:half]} ... {text[-half:]}"
    colored = color == "always" or (color == "auto" and sys.stderr.isatty())
    if colored and not os.environ.get("NO_COLOR"):
        from rich.text import Text

        line = Text.assemble((f"{kind}:", _STYLES[kind]), " ", text)
        console(sys.stderr, color).print(line, soft_wrap=True)
    else:
        print(f"{kind}: {text}", file=sys.stderr)  # noqa: T201
