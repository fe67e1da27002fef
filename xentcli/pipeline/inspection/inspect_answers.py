"""What a file of a server's answers holds: log-probabilities of tokens."""

import shlex
from dataclasses import dataclass
from typing import NamedTuple, Self

from xentcli.core.picked import picked_facts
from xentcli.formats.base import Block
from xentcli.formats.logprobs.source import AnswersSource
from xentcli.metrics.summary import SummaryState
from xentcli.pipeline.flow import Part, collect
from xentcli.pipeline.inspection.summary_work import range_of
from xentcli.pipeline.language.tokens import PARTS
from xentcli.pipeline.run import Run
from xentcli.results.info import ArraySummary

_NO_NUMBERS = SummaryState()


@dataclass(frozen=True)
class _TokenSummary:
    """The numbers of the tokens that are read, and how many tokens there are of each kind.

    Attributes
    ----------
    numbers : SummaryState
        The log-probabilities.
    count, others, unclear : int
        The tokens of the part that is read, of the other part, and those that may be of either.
    """

    numbers: SummaryState = _NO_NUMBERS
    count: int = 0
    others: int = 0
    unclear: int = 0

    def merge(self, other: Self) -> "_TokenSummary":
        """Return the sums of both."""
        return _TokenSummary(
            self.numbers.merge(other.numbers),
            self.count + other.count,
            self.others + other.others,
            self.unclear + other.unclear,
        )


class _AnswersWork(NamedTuple):
    source: AnswersSource

    def part_of(self, block: Block) -> Part[_TokenSummary]:
        """Summarise the tokens of some answers."""
        tokens = self.source.read_tokens(block)
        used = picked_facts(tokens.values)["used"]
        numbers = tokens.values if used is None else tokens.values[used]
        counts = (len(tokens.values), tokens.others, tokens.unclear)
        return Part(block.rows, state=_TokenSummary(SummaryState.from_block(numbers), *counts))


def summary_of_answers(source: AnswersSource, run: Run, memory: int) -> ArraySummary:
    """Return what is known of the answers; NaN counts tokens without a log-probability."""
    run = run.in_order if source.in_pieces else run
    parts = run.map(_AnswersWork(source).part_of, source.blocks(1), shareable=True)
    total = collect(
        parts, None, run.progress_of((None,)), lambda problem, _: problem.at(source.name), [source]
    )
    found = total.state or _TokenSummary()
    values = found.numbers.compute()
    looks_like = f"log-probabilities of {PARTS[source.part]} ({source.dialect})"
    command = "xent nll"
    if found.others:
        other = PARTS["generated" if source.part == "prompt" else "prompt"]
        looks_like = looks_like.replace(" (", f", and of {other} (", 1)
        command += f" --tokens {source.part}"
    elif found.unclear:
        looks_like = looks_like.replace(" (", ", or also of generated tokens (", 1)
    return ArraySummary(
        file=source.name,
        name=None,
        format=source.format,
        shape=(found.count,),
        dtype=source.stored_dtype,
        columns=None,
        bytes=source.size,
        **{**range_of(values), "nan": found.count - values.count},
        looks_like=looks_like,
        memory=memory,
        fits=f"{command} {shlex.quote(source.name)}",
    )
