"""Reads the answers of a block: the tokens of each, and what is to be said of the others."""

from codecs import BOM_UTF8
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.json.values import decoded, load, parser, shown
from xentcli.formats.logprobs.answers import Answer, Part, Refused, Scored, is_list, is_object
from xentcli.formats.logprobs.dialects import answer_of
from xentcli.formats.logprobs.lists import Listed, Place

SSE = b"data:"
"""What the lines of a stream of events begin with."""
_SSE_END = b"[DONE]"
SSE_OTHERS = (b"event:", b"id:", b"retry:", b":")
"""What other lines of such a stream begin with."""
_NUMBERS = {float, int, type(None)}


class Tokens(NamedTuple):
    """The tokens of some answers.

    Attributes
    ----------
    values : ndarray of float64 of shape (N,)
        Their log-probabilities; NaN where there is none.
    lengths : ndarray of int64
        How many tokens each sequence has.
    places : tuple of str
        Where each sequence stands.
    sizes : ndarray of int64 of shape (N,) or None
        The bytes of each token, -1 where they are not told.
    requests : int
        How many answers there are, those that failed among them.
    first : int
        How many sequences have no number for their first token.
    failed, silent : tuple of str
        Which requests failed, with the reason, and which have no log-probabilities.
    others, unclear : int
        How many tokens are of the other part, where that is no error, and how many are of an echo
        of which it is not known where its prompt ends.
    """

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    places: tuple[str, ...]
    sizes: NDArray[np.int64] | None
    requests: int
    first: int
    failed: tuple[str, ...]
    silent: tuple[str, ...]
    others: int
    unclear: int
    lists: list[Place] | None = None
    """What is listed beside each token, where that was asked for."""


class Whole(NamedTuple):
    """The content of a block: its first line, from 1, or None of a document; and its bytes."""

    line: int | None
    text: bytes


def payload_of(line: bytes) -> bytes:
    """Return the document of a line of a stream of events."""
    return line[len(SSE) :].strip() if line.startswith(SSE) else line.strip()


def any_number(numbers: Any) -> bool:
    """Whether there is a log-probability among those of some tokens."""
    return any(number is not None for number in numbers)


class _Sequence(NamedTuple):
    """Tokens that are gathered until their stream ends."""

    place: str
    scored: Scored
    lists: list[Place]


class Reader:
    """Reads the documents of a block."""

    def __init__(
        self,
        name: str,
        asked: Part | None,
        part: Part,
        *,
        strict: bool,
        keeps_lists: bool = False,
    ) -> None:
        self._lists: list[Place] | None = [] if keeps_lists else None
        self._name, self._asked, self._part, self._strict = name, asked, part, strict
        self._values: list[float | None] = []
        self._lengths: list[int] = []
        self._places: list[str] = []
        self._sizes: list[int | None] = []
        self._any_sizes = False
        self._open: dict[str, dict[int, _Sequence]] = {}
        self._requests = self._first = self._others = self._unclear = 0
        self._failed: list[str] = []
        self._silent: list[str] = []
        self._parser = parser()

    def read(self, content: Whole) -> Tokens:
        """Return the tokens of all of them."""
        text = content.text.removeprefix(BOM_UTF8)
        if content.line is None:
            self._document(text, self._name, 1)
        else:
            for number, line in enumerate(text.split(b"\n"), content.line):
                payload = payload_of(line)
                if payload and payload != _SSE_END and not line.startswith(SSE_OTHERS):
                    self._document(payload, f"{self._name}:{number}", number)
        for several in self._open.values():
            for sequence in several.values():
                self._add(sequence)
        sizes = [-1 if size is None else size for size in self._sizes]
        return Tokens(
            _values(self._values),
            np.array(self._lengths, np.int64),
            tuple(self._places),
            np.array(sizes, np.int64) if self._any_sizes else None,
            self._requests,
            self._first,
            tuple(self._failed),
            tuple(self._silent),
            self._others,
            self._unclear,
            self._lists,
        )

    def _document(self, text: bytes, place: str, line: int) -> None:
        try:
            document = (
                self._parser.parse(text, self._lists is not None)
                if self._parser is not None
                else None
            )
        except (ValueError, RuntimeError):
            document = None
        if document is None:  # NaN and infinities, or a mistake, which the other parser names
            document = load(decoded(text, place), self._name, line)
        if is_list(document):
            for i, each in enumerate(document):
                self._answer(each, f"{place}[{i}]")
        else:
            self._answer(document, place)

    def _answer(self, document: Any, place: str) -> None:
        try:
            answer = answer_of(document)
        except Refused as refused:
            raise InputError(f"{place}: {refused}", hint=refused.hint) from refused
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            raise InputError(
                f"{place}: the log-probabilities are not as servers write them"
            ) from error
        if answer is None:
            raise InputError(f"{place}: no answer of a server of language models that is known")
        self._take(answer, place)

    def _take(self, answer: Answer, place: str) -> None:
        if not answer.counts:
            return
        name = place.rpartition("/")[2] if answer.name is None else answer.name
        if answer.failure is not None:
            self._requests += 1
            self._failed.append(f"{name} ({answer.failure})")
            return
        goes_on = answer.stream is not None and answer.stream in self._open
        self._requests += not goes_on
        kept = [
            _Sequence(place, each, self._listed(each, place))
            for each in answer.scored
            if self._kept(each.part, each.logprobs, place)
        ]
        for sequence in kept:
            self._check(sequence.scored.logprobs, place)
        if answer.stream is None or (answer.ends and not goes_on):
            for sequence in kept:
                self._add(sequence)
        else:
            self._gather(answer.stream, kept, ends=answer.ends)
        if answer.ends and not goes_on and not kept:
            self._silent.append(name)

    def _listed(self, scored: Scored, place: str) -> list[Place]:
        """Return what is listed beside tokens, if that was asked for."""
        if self._lists is None or scored.lists is None:
            return []
        try:
            return scored.lists()
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            raise InputError(
                f"{place}: the lists of the most probable tokens are not as servers write them"
            ) from error

    def _gather(self, stream: str, pieces: "list[_Sequence]", *, ends: bool) -> None:
        """Put the pieces of a stream behind one another, and take them when it ends."""
        so_far = self._open.setdefault(stream, {})
        for piece in pieces:
            index = piece.scored.choice
            before = so_far.get(index)
            so_far[index] = piece if before is None else _joined(before, piece)
        if ends:
            for sequence in self._open.pop(stream).values():
                self._add(sequence)

    def _add(self, sequence: "_Sequence") -> None:
        """Take the tokens of a sequence."""
        scored, count = sequence.scored, len(sequence.scored.logprobs)
        self._values += scored.logprobs
        self._sizes += scored.sizes or [None] * count
        self._any_sizes = self._any_sizes or scored.sizes is not None
        if self._lists is not None:
            listed = sequence.lists or [Place(Listed(None, None, n)) for n in scored.logprobs]
            self._lists += listed
        self._lengths.append(count)
        self._places.append(sequence.place)
        self._first += scored.part != "generated" and scored.logprobs[0] is None

    def _kept(self, part: Part | None, numbers: Any, place: str) -> bool:
        """Whether tokens are those that are read.

        Raises
        ------
        InputError
            If there are others with log-probabilities too, and nobody asked for either.
        """
        if part is None:
            self._unclear += len(numbers)
            if self._strict and self._asked != "prompt":
                raise InputError(
                    f"{place}: an echo, and nothing says where its prompt ends: there is no usage "
                    "of one choice",
                    hint="if nothing was generated (max_tokens 0): --tokens prompt",
                )
            return self._part == "prompt"
        if part == self._part:
            return True
        if any_number(numbers):
            self._others += len(numbers)
            if self._strict and self._asked is None:
                raise InputError(
                    f"{place}: log-probabilities of prompts and of generated tokens, which are not "
                    "the same measure",
                    hint="--tokens prompt or --tokens generated",
                )
        return False

    def _check(self, numbers: Any, place: str) -> None:
        """Raise InputError if a log-probability is neither a number nor missing."""
        kinds = set(map(type, numbers))
        if kinds <= _NUMBERS and (int not in kinds or not any(map(_is_huge, numbers))):
            return
        odd = next(each for each in numbers if type(each) not in _NUMBERS or _is_huge(each))
        told = "a list" if is_list(odd) else "an object" if is_object(odd) else shown(odd)
        raise InputError(f"{place}: the log-probability {told} is not a number of float64")


def _joined(one: _Sequence, other: _Sequence) -> _Sequence:
    """Return the tokens of two pieces of a stream."""
    first, second = one.scored, other.scored
    sizes: list[int | None] | None = None
    if first.sizes is not None and second.sizes is not None:
        sizes = first.sizes + second.sizes
    logprobs = first.logprobs + second.logprobs
    scored = Scored(first.part, logprobs, sizes, first.choice)
    return one._replace(scored=scored, lists=one.lists + other.lists)


def _values(numbers: list[float | None]) -> NDArray[np.float64]:
    """Return log-probabilities, NaN where there is none: -inf stands for no value here."""
    found = np.array(numbers, np.float64)
    found[found == -np.inf] = np.nan
    return found


def _is_huge(number: Any) -> bool:
    """Whether a whole number is larger than any float64."""
    return isinstance(number, int) and abs(number) >= 2**1024
