"""Numbers as text in full, and text from files made safe to show."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
_NUMBER_TEXT = "S32"  # any float64 or int64 takes at most 32 bytes

# These are compiled when a URL is met, which most runs never do.
_CHAIN = r"(::|[\[\]])"
_HOLDS_FILES = "(?i)(zip|tar|libarchive)://[^?#]*$"
_LINK = r"(?i)[a-z][a-z0-9+.-]*(://|::)"
_AUTHORITY = r"[^/?#]*"
_HOST_AND_PORT = r"(\[[^\]]*\]|[^:@]*)(:[0-9]*)?"
_URL_IN_TEXT = r"(?i)(?<![a-z0-9+.-])[a-z0-9+.-]++://[^\s'\"]+"

# Possessive: a long text that is none is seen in one pass.
NUMBER = r"(?ai:[+-]?(?:(?:\d++\.?\d*+|\.\d++)(?:e[+-]?\d++)?|inf(?:inity)?|nan))"
"""What is read as a number, wherever one is typed or stands in text."""

# Bidirectional controls reorder what stands around them; separators break lines.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shortest(values: "NDArray[Any]") -> "NDArray[Any]":
    """Return numbers as the shortest ASCII bytes that read back to the same bits."""
    if values.dtype.kind == "b":
        values = values.astype("u1")
    return values.astype(_NUMBER_TEXT)


def read_float(text: str) -> float:
    """Return the float64 nearest to a number.

    Raises
    ------
    ValueError
        If it is none: Python alone would read ``1_0``, and digits of other scripts.

    Examples
    --------
    >>> read_float(" 1e-3 ")
    0.001
    """
    if re.fullmatch(NUMBER, text.strip()) is None:
        raise ValueError(f"{shortened(text)!r} is not a number")
    return float(text)


def read_int(text: str) -> int:
    """Return a whole number that is written with digits alone, and perhaps a sign.

    Raises
    ------
    ValueError
        If it is none, or has thousands of digits.
    """
    if re.fullmatch(r"(?a)[+-]?\d++", text.strip()) is None:
        raise ValueError(f"{shortened(text)!r} is not a whole number")
    return int(text)


def is_count(text: str) -> bool:
    """Whether a text is the digits of a whole number from 0 on, and nothing else."""
    return text.isascii() and text.isdecimal()


def is_missing(value: object) -> bool:
    """Whether a value says that there is none: None, NaN, NaT, or the NA of pandas."""
    try:
        return value is None or bool(value != value)  # noqa: PLR0124
    except TypeError:  # NA is neither equal nor unequal to itself
        return True


def shortened(text: str, characters: int = 40) -> str:
    """Return the beginning of a long text, with dots in place of the rest."""
    return text if len(text) <= characters else text[: characters - 3] + "..."


def visible(text: str) -> str:
    r"""Return text with control, format and bidirectional characters escaped: ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(_escaped(c) if _is_hidden(c) else c for c in text)


def _is_hidden(character: str) -> bool:
    from unicodedata import category  # most runs meet printable text alone

    return category(character) in _HIDDEN


def visible_lines(text: str) -> str:
    """Return lines of cells with hidden characters escaped, but for line ends and tabs."""
    kept = text.replace("\n", "").replace("\t", "")
    return text if kept.isprintable() else re.sub("[^\n\t]+", lambda m: visible(m[0]), text)


def json_text(value: Any) -> str:
    r"""Return plain values as JSON in which hidden characters are escaped: ``\u202e``."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(
        json.dumps(c)[1:-1] if _is_hidden(c) and c != "\x7f" else c for c in text
    ).replace("\x7f", "\\u007f")


def plain_cells(values: "NDArray[Any]") -> list[Any]:
    """Return values as numbers, text and None; times become ISO 8601, and bytes become text."""
    if values.dtype.kind in "Mm":
        texts = map(str, values)
        return [None if text == "NaT" else _without_zeros(text) for text in texts]
    cells: list[Any] = values.tolist()
    if _PLAIN_TYPES.issuperset(map(type, cells)):
        return cells
    return [_plain_cell(cell) for cell in cells]


def _without_zeros(text: str) -> str:
    """Return a time without the zeros at the end of its second's fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain_cell(cell: Any) -> Any:
    if isinstance(cell, bytes):
        return cell.decode(errors="backslashreplace")
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return cell if type(cell) in _PLAIN_TYPES else str(cell)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def runs_in_spreadsheet(text: str) -> bool:
    """Whether a spreadsheet would run a cell as a formula: ``=1+1``, ``@A1``, but not ``-1.5``."""
    if not text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return False
    try:
        read_float(text)
    except ValueError:
        return True
    return text[0].isspace()


def first_line(error: BaseException) -> str:
    """Return the first line of a library's error message, shortened and without addresses."""
    text = re.sub(r" at 0x[0-9a-f]+", "", str(error).strip().split("\n", 1)[0])
    return shortened(text, characters=200) or type(error).__name__


def shape_text(shape: "Iterable[int | None]") -> str:
    """Return a shape as it is read: ``450 × 10``; a length that is not known is a question mark."""
    return " × ".join("?" if n is None else f"{n:,}" for n in shape) or "one number"


def human_bytes(count: float) -> str:
    """Return a number of bytes with three digits, in the unit that fits."""
    size, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while len(units) > 1 and size >= 999.5:
        size /= 1000
        del units[0]
    return f"{size:.0f} {units[0]}" if size >= 100 or units[0] == "B" else f"{size:.3g} {units[0]}"


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list, which may quote a name that holds a comma."""
    return tuple(
        (quoted or plain).strip()
        for quoted, plain in re.findall(r'\s*(?:"([^"]*)"|([^,]+))\s*(?:,|$)', text)
    )


def name_option(name: str) -> str:
    """Return a name as `split_names` reads it, quoted for the shell where that is needed."""
    import shlex

    return shlex.quote(f'"{name}"' if "," in name else name)


def links_of(url: str) -> list[str]:
    """Return the parts of a chained URL: ``zip://a.csv`` and ``http://host/b.zip``.

    A ``::`` within brackets belongs to an address: ``http://[::1]/a.csv``.
    """
    links: list[list[str]] = [[]]
    inside = False
    for piece in reversed(re.split(_CHAIN, url)):
        if piece in ("[", "]"):
            inside = piece == "]"
        if piece == "::" and not inside:
            links.append([])
        else:
            links[-1].append(piece)
    return ["".join(reversed(link)) for link in reversed(links)]


def shown_url(url: str) -> str:
    """Return a URL, chained ones included, without user, password and query.

    Each of these may hold a secret, and messages end up in logs.
    """
    links: list[str] = []
    for link in links_of(url):
        # A query, a password or a malformed address may hold the `::` that chains URLs.
        before = links[-1] if links else ""
        holds = re.match(_HOLDS_FILES, before) or "://" not in before
        if not re.match(_LINK, link) and not holds:
            links[-1] += f"::{link}"
        else:
            links.append(link)
    return "::".join(map(_without_secrets, links))


def _without_secrets(link: str) -> str:
    scheme, separator, rest = link.partition("://")
    if not separator:  # a local file that holds another
        return link
    match = re.match(_AUTHORITY, rest)
    authority = match[0] if match else ""
    if "@" in authority:
        rest = rest[authority.rindex("@") + 1 :]
    elif "@" in rest and not re.fullmatch(_HOST_AND_PORT, authority):
        rest = rest[rest.rindex("@") + 1 :]  # a password that holds one of "/?#"
    return scheme + separator + re.split("[?#]", rest, maxsplit=1)[0]


def shown_text(text: str) -> str:
    """Return a message in which no URL shows a user, password or query."""
    if "://" not in text:
        return text
    return re.sub(_URL_IN_TEXT, lambda match: shown_url(match[0]), text)
