"""Arrays as PyTorch, NumPy and JAX print them, tuples as Python does, as JSON.

``tensor([[1., nan]], dtype=...)``, ``[array([1., 2.])]``, ``(np.float64(1.5), 2)``.
"""

import re
from typing import NamedTuple

from xentcli.errors import InputError

_STRING = r'"(?:[^"\\]|\\.)*+"'
_BRACKET = re.compile(
    _STRING + r"|(?<![\w.])(?:(?:(?:torch|numpy|np)\.)?(?P<array>[tT]ensor|[aA]rray)"
    r"|(?:numpy|np)\.\w++|(?P<list>c))\s*+\(|[\[\]()]"
)
_PARAMETER = re.compile(r"\s*Parameter containing:")
_ODD = re.compile(
    _STRING + r"|(?P<int>(?<![\w.])-?\d+)\.(?P<exponent>[eE][+-]?\d+)?(?!\d)"
    r"|(?P<fraction>(?<![\w.])-?)\.(?=\d)|(?P<nan>\b(?:nan|NaN)\b)|(?P<inf>\binf\b)"
    r"|(?P<true>\bTrue\b)|(?P<false>\bFalse\b)|(?P<none>\bNone\b)"
)
_WORDS = {"nan": "NaN", "inf": "Infinity", "true": "true", "false": "false", "none": "null"}
_ELLIPSIS = re.compile(_STRING + r"|(\.\.\.|\u2026)")


MOST_VALUES = 2**22
"""Of a line: each becomes an object of Python."""


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
    for match in _ELLIPSIS.finditer(text):
        if match[1]:
            raise InputError(
                f"{name}: printed in short, and cut where the dots stand",
                hint="write the whole array: numpy.save(path, array)",
            )
    plain = as_lists(_PARAMETER.sub("", text, count=1))
    if plain.end is not None and plain.text[plain.end :].strip(" \t\r\n;"):
        raise InputError(f"{name}: something follows the printed array", hint="one array a file")
    whole = plain.text if plain.end is None else plain.text[: plain.end]
    return Text(_ODD.sub(_said, whole), plain.printed)


class Lists(NamedTuple):
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


def as_lists(text: str) -> Lists:
    """Return text with lists in place of tuples and of what calls hold; of these the first argument.

    One number in brackets is no tuple, but an accountant's negative.
    """
    if "(" not in text:
        return Lists(text)
    parts: list[str] = []
    closing: list[tuple[str, str]] = []  # what closes each open bracket, and what is written then
    at, silent, opened, printed, end = 0, 0, "", None, None
    for match in _BRACKET.finditer(text):
        mark, piece = match[0], text[at : match.start()]
        if mark.startswith('"'):
            continue
        at = match.end()
        if not silent:
            if closing and not closing[-1][1] and "," in piece:  # other arguments
                piece, silent = piece.partition(",")[0], len(closing)
            parts.append(piece)
        if mark[-1] in "[(":
            printed = printed or match["array"]
            is_list = mark in "[(" or match["list"] is not None
            opened = mark
            closing.append(("]" if mark == "[" else ")", "]" if is_list else ""))
            parts.append("[" if is_list and not silent else "")
            continue
        is_negative = opened == "(" and "," not in piece and piece.strip()
        if not closing or closing[-1][0] != mark or is_negative:
            return Lists(text)
        opened, (_, written) = "", closing.pop()
        if not silent:
            if mark == ")":
                parts[-1] = parts[-1].rstrip().removesuffix(",")
            parts.append(written)
        elif len(closing) < silent:
            silent = 0
        if not closing and end is None:
            end = sum(map(len, parts))
    return Lists("".join([*parts, text[at:]]), printed, end)


def _said(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind in ("int", "exponent"):
        return f"{match['int']}.0{match['exponent'] or ''}"
    if kind == "fraction":
        return f"{match['fraction']}0."
    return _WORDS[kind] if kind else match[0]
