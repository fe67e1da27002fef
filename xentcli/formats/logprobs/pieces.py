"""Sequences of tokens that come in pieces, gathered until their stream ends."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from xentcli.formats.logprobs.answers import Scored
from xentcli.formats.logprobs.listed_tokens import TokenPlace


class Sequence(NamedTuple):
    """Tokens that are gathered until their stream ends."""

    place: str
    scored: Scored
    lists: list[TokenPlace]


@dataclass
class StreamedAnswers:
    """The answers to one request so far: the tokens of each choice, and which choices have ended.

    The choices of a stream come in any order, and one ends before another.
    """

    choices: dict[int, Sequence] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)

    @property
    def is_finished(self) -> bool:
        """Whether each choice that has tokens has ended."""
        return self.choices.keys() <= self.finished

    def add(self, pieces: Iterable[Sequence], finished: Iterable[int]) -> None:
        """Join pieces to what came before them; choices that are `finished` end with them."""
        for piece in pieces:
            index = piece.scored.choice
            before = self.choices.get(index)
            goes_on = before is not None and not piece.scored.whole
            self.choices[index] = _joined(before, piece) if before and goes_on else piece
        self.finished.update(finished)

    def in_order(self) -> list[Sequence]:
        """Return the choices in their order, whichever piece came first."""
        return [self.choices[index] for index in sorted(self.choices)]


Pieces = dict[str, StreamedAnswers]
"""What has not ended, by what the pieces of a stream have in common."""


def _joined(one: Sequence, other: Sequence) -> Sequence:
    """Return the tokens of two pieces of a stream, those of the first one first."""
    first, second = one.scored, other.scored
    first.logprobs.extend(second.logprobs)
    one.lists.extend(other.lists)
    if first.sizes is None or second.sizes is None:
        return one._replace(scored=first._replace(sizes=None, lists=None))
    first.sizes.extend(second.sizes)
    if first.lists is None:
        return one
    return one._replace(scored=first._replace(lists=None))
