"""The tokens of a block's answers, gathered sequence by sequence."""

import math
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.logprobs.answers import Answer
from xentcli.formats.logprobs.listed_tokens import Listed, TokenPlace
from xentcli.formats.logprobs.pieces import Pieces, Sequence, StreamedAnswers

NO_VALUE = -9999.0
"""Servers write this or less, down to -inf, in place of a log-probability."""
RAW_LOGITS_HINT = "are these raw logits? vLLM gives raw_logprobs where its logprobs-mode says so"
"""What helps where a log-probability is above 0."""
_NOT_TOLD = array("q", [-1])


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
    floored: int
    """How many tokens have the number that servers write for any less likely than all they list."""
    marks: NDArray[np.uint64]
    """A number for each answer with a name, made of that and of its numbers; or of a prompt's."""
    left_out: tuple[str, ...]
    """Which of several answers to one request have no log-probabilities, though others have."""
    cut: int
    """How many streams have tokens and no end."""
    named: NDArray[np.uint64]
    """Two numbers for each answer of a batch: one made of its name, one of its numbers too."""
    lists: list[TokenPlace] | None = None
    """What is listed beside each token, where that was asked for."""


class Gathered:
    """Takes sequences of tokens, whole ones and those that come in pieces.

    Parameters
    ----------
    keeps_lists : bool
        Whether what is listed beside the tokens is wanted.
    pieces : dict
        The pieces so far of answers that have not ended.

    Attributes
    ----------
    others, unclear : int
        As `Tokens` has them.
    """

    def __init__(self, *, keeps_lists: bool, pieces: Pieces) -> None:
        self.others = self.unclear = 0
        self._lists: list[TokenPlace] | None = [] if keeps_lists else None
        self._values = array("d")
        self._lengths: list[int] = []
        self._places: list[str] = []
        self._sizes, self._tells_sizes = array("q"), False
        self._open = pieces
        self._requests = self._first = 0
        self._failed: list[str] = []
        self._silent: list[str] = []
        self._left_out: list[str] = []
        self._marks, self._named = array("Q"), array("Q")
        self._cut = 0

    def tokens(self, *, last: bool) -> Tokens:
        """Return the tokens of all of them; what has not ended ends with the last block."""
        while last and self._open:
            self._end(next(iter(self._open)))
        values = np.array(self._values)
        floored = values <= NO_VALUE
        values[floored] = np.nan
        return Tokens(
            values,
            np.array(self._lengths, np.int64),
            tuple(self._places),
            np.array(self._sizes) if self._tells_sizes else None,
            self._requests,
            self._first,
            tuple(self._failed),
            tuple(self._silent),
            self.others,
            self.unclear,
            int(np.count_nonzero(floored)),
            np.array(self._marks, np.uint64),
            tuple(self._left_out),
            self._cut,
            np.array(self._named, np.uint64).reshape(-1, 2),
            self._lists,
        )

    def fail(self, what: str) -> None:
        """Take a request that failed, maybe after pieces of an answer, which then has no end."""
        if "" in self._open:
            self._end("")
        self._requests += 1
        self._failed.append(what)

    def leave_out(self, name: str, choices: Iterable[int]) -> None:
        """Note the choices of an answer that have no log-probabilities, though others have."""
        self._left_out += [f"{name}, choice {index}" for index in choices]

    def take(self, kept: list[Sequence], name: str, answer: Answer) -> None:
        """Take the tokens of an answer, or of a piece of one; `name` is what messages call it."""
        stream, ends = answer.stream, answer.ends
        goes_on = stream is not None and stream in self._open
        self._requests += not goes_on
        if stream is None or (ends and not goes_on):
            start = len(self._values)
            for sequence in kept:
                self._add(sequence)
            self._mark(answer, kept, self._values[start:])
        else:
            so_far = self._open.setdefault(stream, StreamedAnswers())
            so_far.add(kept, answer.finished)
            if ends and (so_far.is_finished or not answer.finished):
                so_far.finished.update(so_far.choices)
                self._end(stream)
        if ends and not goes_on and not kept:
            self._silent.append(name)

    def _mark(self, answer: Answer, kept: list[Sequence], numbers: "array[float]") -> None:
        """Mark an answer by its name and numbers; a prompt is the same in answers of any name."""
        name = answer.name or None
        if kept and name is not None and answer.in_batch:
            self._named.extend((_mark(name, b""), _mark(name, numbers.tobytes())))
        if kept and kept[0].scored.part != "generated":
            name = None if all(map(math.isnan, numbers)) else ""
        if kept and name is not None:
            self._marks.append(_mark(name, numbers.tobytes()))

    def _end(self, stream: str) -> None:
        """Take the answers to one request, which may have been cut."""
        ended = self._open.pop(stream)
        self._cut += not ended.is_finished
        if not ended.choices:
            self._silent.append(stream or "a stream")
        for sequence in ended.in_order():
            self._add(sequence)

    def _add(self, sequence: Sequence) -> None:
        """Take the tokens of a sequence."""
        scored, numbers, count = (
            sequence.scored,
            sequence.scored.logprobs,
            len(sequence.scored.logprobs),
        )
        starts = scored.part != "generated" and _is_none(numbers[0])
        if starts:
            numbers = [None, *numbers[1:]]
        _extend(self._values, numbers, math.nan)
        if scored.sizes is None:
            self._sizes.extend(_NOT_TOLD * count)
        else:
            _extend(self._sizes, scored.sizes, -1)
            self._tells_sizes = True
        if self._lists is not None:
            listed = sequence.lists or [TokenPlace(Listed(None, None, n)) for n in numbers]
            if starts and scored.logprobs[0] is not None:  # a zero that is no log-probability
                listed = [TokenPlace(listed[0].own._replace(logprob=None)), *listed[1:]]
            self._lists += listed
        self._lengths.append(count)
        self._places.append(sequence.place)
        self._first += starts


def _mark(name: str, numbers: bytes) -> int:
    """Return 64 bits that are the same for answers of the same name and numbers."""
    digest = blake2b(name.encode(errors="surrogatepass") + b"\0", digest_size=8)
    digest.update(numbers)
    return int.from_bytes(digest.digest(), "little")


def _extend(found: "array[Any]", numbers: list[Any], missing: float) -> None:
    """Put numbers into an array, and `missing` for null, which the first often is."""
    if numbers[0] is None:
        found.append(missing)
        numbers = numbers[1:]
    try:
        found.fromlist(numbers)  # all of them or none
    except TypeError:
        found.fromlist([missing if number is None else number for number in numbers])


def _is_none(number: float | None) -> bool:
    """Whether a first token has no number, or the zero that some write in its place."""
    return number is None or number == 0 or math.isnan(number)
