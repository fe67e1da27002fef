"""Parses the text of a gate: ``loss > baseline + 2 se``."""

import math
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Literal, NamedTuple, NoReturn

from xentcli.errors import UsageError
from xentcli.metrics.names import GATE_WORDS, MEASURES, is_among, nearest, same_elsewhere
from xentcli.pipeline.gating.gates import Gate, Term

OF_A_MODEL = (*MEASURES, "top5_accuracy")
"""The measures of one model; the last one stands for any number."""

_FIRST = "the name of a measure"
_SECOND = "one of < <= > >="
_TERM = "a number, baseline or se"
_MORE = "+, - or the end"
_TOKEN = re.compile(
    r"\s*+(?:(?P<number>(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?)|(?P<word>[^\W\d]\w*+)"
    r"|(?P<comparison>[<>]=?)|(?P<sign>[-+])|(?P<end>\Z)|(?P<odd>\S))"
)
_NAME = re.compile(r"\s*+(?P<word>[^\W\d][\w-]*+)")  # with dashes, for the error
_SHOWN = 60  # characters of a gate


def parse_gate(text: str, measures: Sequence[str], *, elsewhere: str | None = None) -> Gate:
    """Return the gate that a text says.

    Parameters
    ----------
    text : str
        As it was typed.
    measures : sequence of str
        The names that a gate may use; one like ``top5_accuracy`` stands for any k.
    elsewhere : str, optional
        The command that has every other measure of one model.

    Raises
    ------
    UsageError
        If it is no gate, or there is no such measure.
    """
    gate = _GateReader(text).gate()
    if not is_among(gate.measure, measures):
        raise _unknown(text, gate.measure, measures, elsewhere)
    return gate


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


class _GateReader:
    """Reads a gate word by word."""

    def __init__(self, text: str) -> None:
        self._typed = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def gate(self) -> Gate:
        measure = self._take("word", _FIRST).text
        comparison = self._take("comparison", _SECOND).text
        sign = self._tokens[self._at]
        first = self._term(self._take("sign", _TERM).text if sign.kind == "sign" else "+")
        terms = [first]
        while self._tokens[self._at].kind != "end":
            terms.append(self._term(self._take("sign", _MORE).text))
        return Gate(measure, comparison, tuple(terms))

    def _term(self, sign: str) -> Term:
        plus_or_minus: Literal["+", "-"] = "-" if sign == "-" else "+"
        token = self._tokens[self._at]
        if token.text in GATE_WORDS:
            self._at += 1
            return Term(plus_or_minus, "se" if token.text == "se" else "baseline")
        factor = float(self._take("number", _TERM).text)
        if math.isinf(factor):
            raise self._error(f"{token.text} is larger than any float64")
        if self._tokens[self._at].text == "se":
            self._at += 1
            return Term(plus_or_minus, "se", factor, token.text)
        return Term(plus_or_minus, "number", factor, token.text)

    def _take(self, kind: str, expected: str) -> _Token:
        """Return the next token, which must be of a kind, and go on to what follows it."""
        token = self._tokens[self._at]
        if token.kind != kind:
            self._refuse(token, expected)
        self._at += 1
        return token

    def _refuse(self, token: _Token, expected: str) -> NoReturn:
        what = f"{token.text!r} at character {token.place} stands" if token.text else "it ends"
        what = f"{what} where {expected} should"
        if token.text == "%":
            what = "a gate takes no percents"
        raise self._error(what, self._hint(token, expected))

    def _hint(self, token: _Token, expected: str) -> str | None:
        if token.text == "%":
            return "write the number itself: a share of rows is from 0 to 1"
        if token.text == "," and re.search(r"[0-9],[0-9]", self._typed):
            return "a number has a point before its fraction"
        if token.text in ("and", "or", "&", "|", ",", ";") and expected == _MORE:
            return "each gate has an option of its own"
        if token.text in ("*", "/", "(") or (token.text == "baseline" and expected == _MORE):
            return "a bound is a sum or difference of numbers, baseline and K se, such as 2 se"
        if token.kind == "word" and expected == _TERM:
            return _meant(token.text.lower())
        return "a gate is like 'accuracy < 0.95'" if expected in (_FIRST, _SECOND) else None

    def _error(self, what: str, hint: str | None = None) -> UsageError:
        return UsageError(f"{_option(self._typed)}: {what}", hint=hint)


def _meant(word: str) -> str | None:
    """Return a hint on a word that stands where a number should."""
    stem, _, which = word.rpartition("_")
    if which in ("base", "new"):
        return f"the difference of two models is a measure: {stem}_difference"
    near = get_close_matches(word, GATE_WORDS, 1, 0.5)
    return f"did you mean {near[0]}?" if near else None


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while True:
        match = (_NAME.match(text) if place == 0 else None) or _TOKEN.match(text, place)
        assert match is not None  # noqa: S101 - whatever is no word is odd
        kind = match.lastgroup or "odd"
        yield _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "end":
            return
        place = match.end()


def _option(text: str) -> str:
    """Return an option with the gate that was typed, as a shell takes it."""
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return f"--fail-if {shown!r}"


def _unknown(text: str, name: str, measures: Sequence[str], elsewhere: str | None) -> UsageError:
    what = f"{_option(text)}: there is no measure {name!r}"
    plain = same_elsewhere(name)
    if elsewhere is not None and not is_among(plain, measures) and is_among(plain, OF_A_MODEL):
        return UsageError(f"{what} here", hint=f"{elsewhere} has {plain}")
    meant = nearest(name, measures)
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(measures)}"
    return UsageError(what, hint=hint)
