"""Numbers as text in full, and text from files made safe to show."""

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDEST = "S32"  # bytes that hold any float64 or int64

# Bidirectional controls reorder what stands around them; separators break lines.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shortest(values: "NDArray[Any]") -> "NDArray[Any]":
    """Return numbers as the shortest ASCII bytes that read back to the same bits."""
    if values.dtype.kind == "b":
        values = values.astype("u1")
    return values.astype(_WIDEST)


def visible(text: str) -> str:
    r"""Return text with control, format and bidirectional characters escaped: ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _HIDDEN else c for c in text)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def human_bytes(count: float) -> str:
    """Return a number of bytes in the unit that gives it one to three digits."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list, which may quote a name that holds a comma."""
    return tuple(
        (quoted or plain).strip()
        for quoted, plain in re.findall(r'\s*(?:"([^"]*)"|([^,]+))\s*(?:,|$)', text)
    )
