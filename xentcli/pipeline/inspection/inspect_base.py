"""What a base of llama-perplexity holds, by the heads of its rows and the codes of their labels."""

import math
import shlex
from dataclasses import dataclass
from typing import NamedTuple, Self

from xentcli.formats.kld import FLOORS, STEPS, KldSource
from xentcli.pipeline.flow import Part, collect
from xentcli.pipeline.in_part.kld import KldLabels
from xentcli.pipeline.run import Run
from xentcli.results.info import ArraySummary


@dataclass(frozen=True)
class _Heads:
    """The range of rows, how many are cut off, and how many of these have lost their label."""

    least: float = math.inf
    most: float = -math.inf
    floor: float = 0.0
    cut: int = 0
    floored: int = 0

    def merge(self, other: Self) -> "_Heads":
        """Return those of the rows of both."""
        return _Heads(
            min(self.least, other.least),
            max(self.most, other.most),
            max(self.floor, other.floor),
            self.cut + other.cut,
            self.floored + other.floored,
        )


class _HeadsWork(NamedTuple):
    source: KldSource

    def part_of(self, step: tuple[int, int]) -> Part[_Heads]:
        """Return what the heads of some rows say."""
        rows = self.source.label_rows(*step)
        spans = rows.scales * STEPS
        heads = _Heads(
            float(rows.least.min()),
            float((rows.least + spans).max()),
            float(spans[rows.cut].max(initial=0.0)),
            int(rows.cut.sum()),
            int(rows.floored.sum()),
        )
        return Part(step[1], state=heads)


def summary_of_base(source: KldSource, run: Run, memory: int) -> ArraySummary:
    """Return what is known of a base; there is no mean, since its codes are not read."""
    parts = run.where(source).map(_HeadsWork(source).part_of, KldLabels(source).steps())
    progress = run.progress_of((source.num_rows,))
    total = collect(parts, None, progress, lambda p, _: p.at(source.name), [source])
    heads = total.state or _Heads()
    looks_like = f"log-probabilities of {source.tokens.shape[1]:,}-token windows"
    if heads.cut:
        floor = min(FLOORS, key=lambda each: abs(each - heads.floor))
        looks_like += f", cut off {floor:g} nats below the largest"
        looks_like += f" (labels lost: {heads.floored:,} of {source.num_rows:,})"
    return ArraySummary(
        file=source.name,
        name=None,
        format=source.format,
        shape=source.shape,
        dtype=source.stored_dtype,
        columns=None,
        bytes=source.size,
        minimum=heads.least,
        maximum=heads.most,
        mean=math.nan,
        nan=0,
        positive_infinities=0,
        negative_infinities=0,
        looks_like=looks_like,
        memory=memory,
        fits=f"xent nll {shlex.quote(source.name)}",
    )
