"""Arrays as PyTorch, NumPy and JAX print them, tuples as Python does, as JSON.

``tensor([[1., nan]], dtype=...)``, ``[array([1., 2.])]``, ``(np.float64(1.5), 2)``.
"""

import re
from typing import NamedTuple

from xentcli.errors import InputError

# A text that is never closed goes on to the end: no quote within it begins another.
_STRING = r'"[^"\\]*+(?:(?s:\\.)[^"\\]*+)*+(?:"|\\?\Z)'
_BRACKET = re.compile(
    _STRING + r"|(?<![\w.])(?:(?:(?:torch|numpy|np)\.)?(?P<array>[tT]ensor|[aA]rray)"
    r"|(?:numpy|np)\.\w++|(?P<list>c))\s*+\(|[\[\]()]"
)
_PARAMETER = "Parameter containing:"
_ODD = re.compile(
    _STRING + r"|(?P<int>(?<![\w.])-?\d++)\.(?P<exponent>[eE][+-]?\d++)?(?!\d)"
    r"|(?P<fraction>(?<![\w.])-?)\.(?=\d)|(?P<nan>\b(?:nan|NaN)\b)|(?P<inf>\binf\b)"
    r"|(?P<true>\bTrue\b)|(?P<false>\bFalse\b)|(?P<none>\bNone\b)"
)
_IN_ODD = (".", "nan", "NaN", "inf", "True", "False", "None")  # what takes long to look for
_DEEPEST = 1000  # brackets, one in another
_WORDS = {"nan": "NaN", "inf": "Infinity", "true": "true", "false": "false", "none": "null"}
_ELLIPSIS = re.compile(_STRING + r"|(\.\.\.|\u2026)")


MOST_VALUES = 2**22
"""The most values of a line: each becomes an object of Python."""


class Text(NamedTuple):
    """JSON, and what it was printed by."""

    json: str
    printed: str | None


def as_json(text: str, name: str, most: int = MOST_VALUES) -> Text:
    """Return text with what only Python writes said in JSON.

    Raises
    ------
    InputError
        If numbers were left out when it was printed, or there are more than `most` values: each
        becomes an object of Python.
    """
    if text.count(",") > most:
        raise InputError(
            f"{name}: more than {most} values in one, which would be held in memory",
            hint="write one row a line, as JSON lines, or an NPY file",
        )
    cut = "..." in text or "\u2026" in text
    for match in _ELLIPSIS.finditer(text) if cut else ():
        if match[1]:
            raise InputError(
                f"{name}: printed in short, and cut where the dots stand",
                hint="write the whole array: numpy.save(path, array)",
            )
    plain = as_lists(text.replace(_PARAMETER, "", 1))
    if plain.end is not None and plain.text[plain.end :].strip(" \t\r\n;"):
        raise InputError(f"{name}: something follows the printed array", hint="one array a file")
    whole = plain.text if plain.end is None else plain.text[: plain.end]
    odd = any(map(whole.__contains__, _IN_ODD))
    return Text(_ODD.sub(_in_json, whole) if odd else whole, plain.printed)


class ListsText(NamedTuple):
    """Text whose tuples, and arrays as they are printed, are lists.

    Attributes
    ----------
    text : str
        The lists.
    printed : str or None
        What the arrays are: ``tensor``.
    end : int or None
        Where the first one ends; None where brackets do not say.
    """

    text: str
    printed: str | None = None
    end: int | None = None


def as_lists(text: str) -> ListsText:
    """Return text with lists in place of tuples, and of calls, whose first argument is kept.

    One number in brackets is no tuple, but an accountant's negative.
    """
    if "(" not in text:
        return ListsText(text)
    writer = _ListWriter()
    in_object = text.lstrip().startswith("{")  # the first list that ends is not all of it
    at = 0
    for match in _BRACKET.finditer(text):
        mark = match[0]
        if mark.startswith('"'):
            continue
        piece, at = text[at : match.start()], match.end()
        if mark[-1] in "[(" and writer.depth == _DEEPEST:
            return ListsText(text)
        if mark[-1] in "[(":
            writer.open(piece, mark, is_list=mark in "[(" or match["list"] is not None)
            writer.printed = writer.printed or match["array"]
        elif not writer.close(piece, mark):
            return ListsText(text)
    end = None if in_object else writer.end
    return ListsText("".join([*writer.parts, text[at:]]), writer.printed, end)


class _ListWriter:
    """Writes lists, bracket by bracket.

    Attributes
    ----------
    parts : list of str
        What was written.
    printed, end
        As those of `ListsText`.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.printed: str | None = None
        self.end: int | None = None
        self._closing: list[tuple[str, str]] = []  # what closes, and what is written for it
        self._silent = 0  # how many brackets are open where other arguments began
        self._last = ""

    @property
    def depth(self) -> int:
        """How many brackets are open."""
        return len(self._closing)

    def open(self, piece: str, mark: str, *, is_list: bool) -> None:
        """Write what stands before a bracket that opens, and the bracket."""
        self._write(piece)
        self.parts.append("[" if is_list and not self._silent else "")
        self._closing.append(("]" if mark == "[" else ")", "]" if is_list else ""))
        self._last = mark

    def close(self, piece: str, mark: str) -> bool:
        """Write what stands before a bracket that closes, and the bracket; False if it may not."""
        is_negative = self._last == "(" and "," not in piece and piece.strip()
        if not self._closing or self._closing[-1][0] != mark or is_negative:
            return False
        self._write(piece.rstrip().removesuffix(",") if mark == ")" else piece)
        _, written = self._closing.pop()
        self._last = mark
        if not self._silent:
            self.parts.append(written)
        elif len(self._closing) < self._silent:
            self._silent = 0
        if not self._closing and self.end is None:
            self.end = sum(map(len, self.parts))
        return True

    def _write(self, piece: str) -> None:
        if self._silent:
            return
        is_call = self._closing and not self._closing[-1][1]
        if is_call and "," in piece:
            piece, self._silent = piece.partition(",")[0], len(self._closing)
        self.parts.append(piece)


def _in_json(match: re.Match[str]) -> str:
    """Return what only Python writes as JSON has it."""
    kind = match.lastgroup
    if kind in ("int", "exponent"):
        return f"{match['int']}.0{match['exponent'] or ''}"
    if kind == "fraction":
        return f"{match['fraction']}0."
    return _WORDS[kind] if kind else match[0]
