"""Arrays as PyTorch, NumPy and JAX print them, ``tensor([[1., nan]], dtype=...)``, as JSON."""

import re
from typing import NamedTuple

from xentcli.errors import InputError

_CALL = re.compile(r"\s*(?:torch\.)?(tensor|Tensor|array|Array)\s*\(")
_STRING = r'"(?:[^"\\]|\\.)*+"'
_ODD = re.compile(
    _STRING + r"|(?P<int>(?<![\w.])-?\d+)\.(?P<exponent>[eE][+-]?\d+)?(?!\d)"
    r"|(?P<fraction>(?<![\w.])-?)\.(?=\d)|(?P<nan>\b(?:nan|NaN)\b)|(?P<inf>\binf\b)"
    r"|(?P<true>\bTrue\b)|(?P<false>\bFalse\b)|(?P<none>\bNone\b)"
)
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
    for match in _ELLIPSIS.finditer(text):
        if match[1]:
            raise InputError(
                f"{name}: printed in short, and cut where the dots stand",
                hint="write the whole array: numpy.save(path, array)",
            )
    call = _CALL.match(text)
    if call:
        text = _first_argument(text[call.end() :], name)
    return Text(_ODD.sub(_said, text), call[1] if call else None)


def _first_argument(text: str, name: str) -> str:
    """Return what stands before the arguments that say dtype and device."""
    depth = 0
    for match in re.finditer(_STRING + r"|[\[\](),]", text):
        mark = match[0]
        if mark in "[(":
            depth += 1
        elif mark == ")" and not depth:
            return _alone(text, match.start(), match.end(), name)
        elif mark in "])":
            depth -= 1
        elif mark == "," and not depth:
            end = text.rfind(")")
            return _alone(text, match.start(), end + 1 if end >= 0 else None, name)
    return text


def _alone(text: str, stop: int, end: int | None, name: str) -> str:
    if end is not None and text[end:].strip(" \t\r\n;"):
        raise InputError(f"{name}: something follows the printed array", hint="one array a file")
    return text[:stop]


def _said(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind in ("int", "exponent"):
        return f"{match['int']}.0{match['exponent'] or ''}"
    if kind == "fraction":
        return f"{match['fraction']}0."
    return _WORDS[kind] if kind else match[0]
