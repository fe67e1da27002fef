"""Computes the loss of tokens in sequences, with errors by sequence, and the bits per byte.

The tokens of a text depend on one another, so a sequence is one observation: see `clusters`.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xentcli.core.cell_sums import CellSums
from xentcli.core.row_facts import RowFacts
from xentcli.metrics.loss import LossState
from xentcli.metrics.moments import Moments
from xentcli.results.loss import Loss
from xentcli.results.measure import NOTHING, Measure

_NO_LOSS, _NO_MOMENTS = LossState(), Moments()


@dataclass(frozen=True)
class TokensState:
    """Sums over tokens, and over whole sequences of them.

    Attributes
    ----------
    loss : LossState
        The loss of the tokens.
    of_sequences, of_bytes : Moments
        The moments of the sequences' losses, with their tokens and their bytes as weights.
    sequences : int
        How many sequences there are, even those without a log-probability.
    without_bytes : int
        How many of the tokens that have a loss do not tell their bytes.
    """

    loss: LossState = _NO_LOSS
    of_sequences: Moments = _NO_MOMENTS
    of_bytes: Moments = _NO_MOMENTS
    sequences: int = 0
    without_bytes: int = 0

    @classmethod
    def from_tokens(
        cls, facts: RowFacts, lengths: NDArray[np.int64], sizes: NDArray[np.int64] | None
    ) -> Self:
        """Return the state of whole sequences, given their `lengths` and the `sizes` of tokens.

        Lengths are in tokens, and sizes in bytes; a size below 0 is not known.
        """
        count = len(lengths)
        at = np.repeat(np.arange(count), lengths)
        used = np.ones(facts.rows, np.bool_) if facts["used"] is None else facts["used"]
        totals = CellSums.of(facts["loss"], at, count).rounded()
        tokens = np.bincount(at[used], minlength=count).astype(np.float64)
        if sizes is None:
            unknown, lengths_in_bytes = int(np.count_nonzero(used)), np.zeros(count)
        else:
            unknown = int(np.count_nonzero(used & (sizes < 0)))
            known = np.where(used & (sizes >= 0), sizes, 0).astype(np.float64)
            lengths_in_bytes = np.bincount(at, known, count).astype(np.float64)
        there = tokens > 0.0
        return cls(
            LossState.from_rows(facts),
            Moments.of(totals, tokens),
            Moments.of(totals, lengths_in_bytes, there),
            count,
            unknown,
        )

    def merge(self, other: Self) -> Self:
        """Return the state of the sequences of both."""
        return type(self)(
            self.loss.merge(other.loss),
            self.of_sequences.merge(other.of_sequences),
            self.of_bytes.merge(other.of_bytes),
            self.sequences + other.sequences,
            self.without_bytes + other.without_bytes,
        )

    def compute(self) -> tuple[Loss, Measure, Measure | None]:
        """Return the loss of the tokens, its mean by sequence, and the mean loss of a byte.

        The last is None if a token does not tell its bytes.
        """
        loss = self.loss.compute()
        by_sequence = self.of_sequences.compute()
        of_bytes = None if self.without_bytes else self.of_bytes.compute()
        # The totals of sequences are rounded one by one; the total of all tokens is exact.
        mean = NOTHING if by_sequence is None else replace(by_sequence, value=loss.mean)
        return loss, mean, of_bytes

    @property
    def bytes(self) -> int | None:
        """How many bytes the tokens with a loss have; None if a token does not tell its bytes."""
        return None if self.without_bytes else int(float(self.of_bytes.weight))
