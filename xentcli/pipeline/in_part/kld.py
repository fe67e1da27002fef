"""What the codes in a base of llama-perplexity say of the text's own tokens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xentcli.core.bounds import Bounds
from xentcli.core.coded_pairs import Codes, coded_pairs, loss_bounds
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.files import InputFile, looked_at, open_file
from xentcli.formats.inline import is_inline
from xentcli.formats.kld import MAGIC, KldSource
from xentcli.formats.table_blocks import cuts
from xentcli.metrics.coded_pairs import CodedPairsState
from xentcli.pipeline.flow import Part, Remark, collect, joined
from xentcli.pipeline.in_part.bounded import UNWRITTEN, RowBounds
from xentcli.pipeline.run import Run

_SAME = "both files must be made with the same text, tokenizer, -c and --chunks"


def is_base(file: InputFile) -> bool:
    """Whether a file is a base of llama-perplexity, or the stump of a file that is named as one.

    A file that opens only once is kept for later.
    """
    if is_inline(file.path) or file.format not in (None, "kld"):
        return False
    head = looked_at(file).peek(len(MAGIC))
    return head == MAGIC or (file.path.endswith(".kld") and MAGIC.startswith(head))


def open_base(file: InputFile) -> KldSource:
    """Open a base.

    Raises
    ------
    InputError
        If it is none, or cut off.
    """
    source = open_file(file._replace(options=file.options._replace(bounded=True)))
    if not isinstance(source, KldSource):
        raise InputError(f"{source.name}: no base of llama-perplexity")
    return source


@dataclass(frozen=True)
class KldLabels:
    """The tokens of the text in a base, each bounded by half a step of its row's codes."""

    source: KldSource
    first: int = 0
    rows: int | None = None
    """How many, from the first on; None for all that there are."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The file."""
        return (self.source,)

    @property
    def num_rows(self) -> int:
        """How many tokens have a row."""
        return self.source.num_rows if self.rows is None else self.rows

    @property
    def num_classes(self) -> int:
        """The size of the vocabulary."""
        return self.source.num_classes

    @property
    def why(self) -> str:
        """What a row does whose number is only bounded."""
        return "have a label at the floor"

    def steps(self) -> Iterator[tuple[int, int]]:
        """Yield the first row of each block, and how many it has."""
        return cuts(self.num_rows, self.source.rows_at_once(labels_only=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """What goes with their loss: nothing."""
        return ()

    def blocks(self) -> Iterator["KldLabels"]:
        """Yield the rows of each block by themselves."""
        for step in self.steps():
            yield KldLabels(self.source, *step)

    def bounds(self) -> RowBounds:
        """Return the bounds of all rows; a row at the floor has only a lower one."""
        found = self.source.label_rows(self.first, self.num_rows)
        log_probs, scales, floored = found.log_probs, found.scales, found.floored
        lower, upper = loss_bounds(log_probs, scales, floored)
        zeros = (scales == 0.0) & (found.least == 0.0) & (self.num_classes > 1)
        count = int(np.count_nonzero(zeros))
        remarks = (Remark(UNWRITTEN, count),) if count else ()
        return RowBounds(Bounds(lower, upper, ~floored), None, remarks)


class _PairWork(NamedTuple):
    base: KldSource
    new: KldSource

    def part_of(self, step: tuple[int, int]) -> Part[CodedPairsState]:
        """Measure the rows of a block in both bases."""
        start, rows = step
        labels = self.base.checked_labels(start, rows)
        pairs = coded_pairs(
            Codes(*self.base.coded(start, rows)), Codes(*self.new.coded(start, rows)), labels
        )
        return Part(rows, state=CodedPairsState.from_rows(pairs))


def compare_bases(base: KldSource, new: KldSource, run: Run) -> CodedPairsState:
    """Return what the statistics of ``llama-perplexity --kl-divergence`` need, from two files.

    Raises
    ------
    InputError
        If they are not of the same text.
    """
    _check_same_text(base, new)
    steps = cuts(base.num_rows, base.rows_at_once(labels_only=False))
    parts = run.where(base, new).map(_PairWork(base, new).part_of, steps, join=joined)
    progress = run.progress_of((base.num_rows,))
    total = collect(parts, None, progress, lambda p, _: p.at(base.name), [base, new])
    return total.state or CodedPairsState()


def _check_same_text(base: KldSource, new: KldSource) -> None:
    if base.shape != new.shape or base.tokens.shape != new.tokens.shape:
        told = [
            f"{each.tokens.shape[0]:,} windows of {each.tokens.shape[1]:,} tokens, "
            f"{each.num_classes:,} classes"
            for each in (new, base)
        ]
        raise InputError(f"{new.name}: {told[0]}; {base.name}: {told[1]}", hint=_SAME)
    other = np.argwhere(base.tokens != new.tokens)
    if other.size:
        window, place = other[0].tolist()
        ours, theirs = base.tokens[window, place], new.tokens[window, place]
        raise InputError(
            f"{new.name}: token {place} of window {window} is {theirs}, in {base.name} {ours}",
            hint=_SAME,
        )
