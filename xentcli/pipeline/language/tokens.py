"""The negative log likelihood of tokens, from the log-probabilities in a server's answers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from xentcli.core.picked import picked_facts
from xentcli.core.row_losses import Reduction
from xentcli.errors import InputError
from xentcli.formats.base import ArrayHeader, Block
from xentcli.formats.files import InputFile, holds_answers, notes_of_files, open_file
from xentcli.formats.inline import expand_all
from xentcli.formats.logprobs.gathered import RAW_LOGITS_HINT
from xentcli.formats.logprobs.source import AnswersSource
from xentcli.metrics.tokens import TokensState
from xentcli.pipeline.flow import Part, Sink, collect
from xentcli.pipeline.language.token_counts import SHOWN_REQUESTS, TokenCounts, TokensAsked
from xentcli.pipeline.measures.loss_measures import of_loss
from xentcli.pipeline.opening import expecting
from xentcli.pipeline.run import Run
from xentcli.results.measure import NOTHING
from xentcli.results.tokens import NAMES, TokenLoss

__all__ = ["TokenLoss", "holds_answers", "measure_tokens", "open_answers"]

PARTS = {"prompt": "prompts", "generated": "generated tokens"}
"""What messages call the tokens of each part of an answer."""


class _AnswersBlock(NamedTuple):
    file: int
    block: Block


class _TokensWork(NamedTuple):
    """The work on some answers."""

    sources: tuple[AnswersSource, ...]
    keeps_losses: bool

    def part_of(self, step: _AnswersBlock) -> Part[TokenCounts]:
        """Parse them, and measure their tokens."""
        source, block = self.sources[step.file], step.block
        tokens = source.read_tokens(block)
        facts = picked_facts(tokens.values)
        if facts.problems:
            place = source.place_of(tokens, facts.problems[0].row)
            problem = facts.problems[0]._replace(hint=RAW_LOGITS_HINT)
            raise problem.at(place)
        state = TokensState.from_tokens(facts, tokens.lengths, tokens.sizes)
        losses = facts["loss"]
        if self.keeps_losses and facts["used"] is not None:
            losses = np.where(facts["used"], losses, np.nan)
        counts = TokenCounts(
            state,
            tokens.requests,
            tokens.first,
            len(tokens.failed),
            len(tokens.silent),
            tokens.others,
            tokens.floored,
            tokens.failed[:SHOWN_REQUESTS],
            tokens.silent[:SHOWN_REQUESTS],
            len(tokens.left_out),
            tokens.left_out[:SHOWN_REQUESTS],
            tokens.unclear if source.part == "prompt" else 0,
            tokens.cut,
            marks=(tokens.marks,),
            named=(tokens.named,),
        )
        return Part(block.rows, losses if self.keeps_losses else None, counts)


def open_answers(
    names: Sequence[str], file_of: Callable[..., InputFile], without: Sequence[str] = ()
) -> list[AnswersSource]:
    """Open files of answers, all of the same part: prompts or generated tokens."""
    sources: list[AnswersSource] = []
    paths = expand_all(names, without)
    with expecting(paths):
        for path in paths:
            source = open_file(file_of(path))
            if not isinstance(source, AnswersSource):
                raise InputError(
                    f"{source.name}: no answers of a server, which the file before it has"
                )
            if sources and source.part != sources[0].part:
                raise InputError(
                    f"{source.name}: log-probabilities of {PARTS[source.part]}, and "
                    f"{sources[0].name} has those of {PARTS[sources[0].part]}",
                    hint="--tokens prompt or --tokens generated",
                )
            sources.append(source)
    sources[0].notes = [*sources[0].notes, *notes_of_files(names, paths)]
    return sources


def measure_tokens(
    sources: Sequence[AnswersSource], reduction: Reduction, run: Run, sink: Sink | None = None
) -> tuple[TokenLoss, list[str], TokenCounts]:
    """Return the loss of all tokens, what the user should know of it, and what was counted.

    Raises
    ------
    InputError
        If something is no answer, no answer has a log-probability, or answers have those of prompts
        and of generated tokens, and neither was asked for.
    """
    if sink is not None:
        sink.open(ArrayHeader((None,), np.dtype(np.float64), name="losses"))
    work = _TokensWork(tuple(sources), keeps_losses=sink is not None)
    if any(each.in_pieces for each in sources):
        run = run.in_order
    parts = run.map(work.part_of, _steps(sources), shareable=True)  # parsing is Python
    total = collect(parts, sink, run.progress_of((None,)), _unexpected, sources)
    counts = total.state or TokenCounts()
    asked = TokensAsked(sources[0].part, sources[0].dialect)
    found, notes = loss_of_tokens(counts, asked, reduction)
    if not found.used:
        raise _no_log_probs(counts, sources[0])
    return found, notes, replace(counts, marks=(), named=())


def loss_of_tokens(
    counts: TokenCounts, asked: TokensAsked, reduction: Reduction
) -> tuple[TokenLoss, list[str]]:
    """Return the loss of tokens that were counted, and what the user should know of it."""
    found = _result(counts, asked, reduction)
    return found, list(_notes(counts, found))


def _steps(sources: Iterable[AnswersSource]) -> Iterator[_AnswersBlock]:
    for i, source in enumerate(sources):
        for block in source.blocks(1):
            yield _AnswersBlock(i, block)


def _unexpected(*_: object) -> InputError:
    raise AssertionError("what is wrong with a token was raised where it was read")


def _result(counts: TokenCounts, asked: TokensAsked, reduction: Reduction) -> TokenLoss:
    loss, mean, of_bytes = counts.tokens.compute()
    name, perplexity, bits, bits_per_byte = NAMES[asked.part]
    follows = of_loss(mean, ("perplexity", "bits"))
    a_byte = NOTHING if of_bytes is None else of_loss(of_bytes, ("bits",))["bits"]
    return TokenLoss(
        part=asked.part,
        dialect=asked.dialect,
        reduction=reduction,
        total=loss.loss_sum if reduction == "sum" else loss.mean,
        total_sum=loss.loss_sum,
        used=loss.used,
        ignored=loss.ignored,
        first=counts.first,
        sequences=counts.tokens.sequences,
        requests=counts.requests,
        failed=counts.failed,
        silent=counts.silent,
        bytes=counts.tokens.bytes,
        metrics={
            name: mean,
            perplexity: follows["perplexity"],
            bits: follows["bits"],
            bits_per_byte: a_byte,
        },
    )


def _no_log_probs(counts: TokenCounts, source: AnswersSource) -> InputError:
    what = f"no {'prompt' if source.part == 'prompt' else 'generated token'} has a log-probability"
    if counts.failed == counts.requests and counts.failed:
        what = f"every request failed: {_listed(counts.named_failed, counts.failed)}"
    other = "generated" if source.part == "prompt" else "prompt"
    hint = f"--tokens {other}" if counts.others else "ask the server for logprobs"
    if source.dialect == "OpenAI responses" and not counts.others:
        hint = f"{hint}; those of a stream are in its last event, response.completed"
    return InputError(f"{source.name}: {what}", hint=hint)


def _notes(counts: TokenCounts, found: TokenLoss) -> Iterator[str]:
    if found.part == "generated":
        yield (
            "generated tokens: the mean NLL of what the model drew itself, which depends on the "
            "temperature and is no loss of a text"
        )
    if found.used > 1 and not found.total_sum:
        yield (
            "every token has the log-probability 0: servers write that for what they did not "
            "compute, or after sampling at temperature 0"
        )
    yield from _notes_on_requests(counts, found)
    if counts.unclear:
        what = "tokens of echoes that do not tell where their prompt ends, all counted as its own"
        yield f"{what}: {counts.unclear:,}"
    if found.first:
        yield f"first tokens, which no token precedes, left out: {found.first:,}"
    if counts.floored:
        yield (
            f"tokens at -9999, -Infinity or the like, left out: {counts.floored:,}; they are the "
            "least likely, and the mean over all would be higher"
        )
    if other := found.ignored - found.first - counts.floored:
        yield f"tokens without a log-probability (null or NaN), left out: {other:,}"


def _notes_on_requests(counts: TokenCounts, found: TokenLoss) -> Iterator[str]:
    """Yield what to say of whole answers: those that are left out, repeated or cut."""
    if found.failed:
        yield f"requests that failed, left out: {_listed(counts.named_failed, found.failed)}"
    if found.silent:
        named = _listed(counts.named_silent, found.silent)
        yield f"requests without such log-probabilities, left out: {named}"
    if counts.left_out:
        named = _listed(counts.named_left_out, counts.left_out)
        yield f"answers without log-probabilities beside others that have them, left out: {named}"
    if counts.repeated:
        what = "answers that repeat one before them, with its name and its numbers"
        if found.part == "prompt":
            what = "prompts that have the numbers of one before them, as in several answers to one"
        yield f"{what}, and count again: {counts.repeated:,}"
    if counts.answered_again:
        what = "answers with the custom_id of one before them, and other numbers, which count too"
        yield f"{what}: {counts.answered_again:,}"
    if counts.cut:
        yield f"streams without an end, whose last tokens may be missing: {counts.cut:,}"


def _listed(names: Sequence[str], count: int) -> str:
    shown = ", ".join(names)
    return f"{count:,} ({shown}{', ...' if count > len(names) else ''})"
