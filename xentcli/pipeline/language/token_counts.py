"""What was seen of the requests in a server's answers, and of their tokens: a state that merges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xentcli.metrics.tokens import TokensState
from xentcli.results.loss import Loss
from xentcli.results.measure import Measure
from xentcli.storage.paths import natural_key

_Marks = tuple[NDArray[np.uint64], ...]
_NO_TOKENS = TokensState()
SHOWN_REQUESTS = 3  # how many a note names
_MOST_MARKED_REQUESTS = 2**22
"""The marks of so many requests take 32 MB; of more, none are kept to find repeated ones."""


@dataclass(frozen=True)
class TokensAsked:
    """Which tokens the answers of a state are of, and whose keys they have."""

    part: str
    dialect: str


@dataclass(frozen=True)
class TokenCounts:
    """What was seen of the requests, and of their tokens.

    Attributes
    ----------
    tokens : TokensState
        The losses of the tokens.
    requests, failed, silent : int
        How many requests there are; of these, how many failed, and how many answers have no
        log-probabilities of the tokens that were asked for.
    first, others, floored : int
        How many tokens are the first of their text, belong to the other part of an answer, and are
        so improbable that the server tells a floor instead.
    named_failed, named_silent : tuple of str
        The names of the first few such requests.
    left_out, named_left_out : int, tuple of str
        How many of several answers to one request have no log-probabilities, though others have;
        and the names of the first few.
    unclear : int
        How many tokens are of an echo that does not tell where its prompt ends.
    cut : int
        How many streams have tokens and no end.
    marks, named : tuple of ndarray of uint64
        What tells answers apart within a run, and answers of a batch by their names; a state that
        is kept has none.
    """

    tokens: TokensState = _NO_TOKENS
    requests: int = 0
    first: int = 0
    failed: int = 0
    silent: int = 0
    others: int = 0
    floored: int = 0
    named_failed: tuple[str, ...] = ()
    named_silent: tuple[str, ...] = ()
    left_out: int = 0
    named_left_out: tuple[str, ...] = ()
    unclear: int = 0
    cut: int = 0
    marks: tuple[NDArray[np.uint64], ...] = ()
    named: tuple[NDArray[np.uint64], ...] = ()

    def merge(self, other: "TokenCounts") -> "TokenCounts":
        """Return the counts of both, with the names of the first few."""
        return TokenCounts(
            self.tokens.merge(other.tokens),
            self.requests + other.requests,
            self.first + other.first,
            self.failed + other.failed,
            self.silent + other.silent,
            self.others + other.others,
            self.floored + other.floored,
            _first(self.named_failed, other.named_failed),
            _first(self.named_silent, other.named_silent),
            self.left_out + other.left_out,
            _first(self.named_left_out, other.named_left_out),
            self.unclear + other.unclear,
            self.cut + other.cut,
            *self._joined_marks(other),
        )

    def _joined_marks(self, other: "TokenCounts") -> tuple[_Marks, _Marks]:
        if self.requests + other.requests > _MOST_MARKED_REQUESTS:
            return (), ()
        return (*self.marks, *other.marks), (*self.named, *other.named)

    @property
    def repeated(self) -> int:
        """How many answers repeat name and numbers of one before them; of prompts, the numbers."""
        if not self.marks or self.requests > _MOST_MARKED_REQUESTS:
            return 0
        marks = np.concatenate(self.marks)
        return len(marks) - len(np.unique(marks))

    @property
    def answered_again(self) -> int:
        """How many answers of a batch have the name of one before them, and other numbers."""
        if not self.named or self.requests > _MOST_MARKED_REQUESTS:
            return 0
        names, answers = (len(np.unique(each)) for each in np.concatenate(self.named).T)
        return answers - names

    def compute(self) -> tuple[Loss, Measure, Measure | None]:
        """Return the loss of the tokens, for the interface that states share."""
        return self.tokens.compute()


def _first(*names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the first few requests, in any order of merging."""
    every = {name for each in names for name in each}
    return tuple(sorted(every, key=natural_key)[:SHOWN_REQUESTS])
