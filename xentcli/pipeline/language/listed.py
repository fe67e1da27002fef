"""Labels of one's own at the tokens of servers' answers: exact where they are listed, else bounded.

A server lists the most probable tokens and the token that stands there, which may be less probable.
So a label that is neither is at most as probable as the last token of the list, and as what all of
them leave of 1.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.shard_counts import note_of_places
from xentcli.core.bounds import MOST_ABOVE_1, Bounds, nll_bounds
from xentcli.errors import InputError
from xentcli.formats.base import MemorySource, Source
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.logprobs.gathered import NO_VALUE, RAW_LOGITS_HINT
from xentcli.formats.logprobs.listed_tokens import Listed, TokenPlace
from xentcli.formats.logprobs.source import AnswersSource
from xentcli.pipeline.in_part.bounded import BoundedRows, JoinedRows, RowBounds
from xentcli.pipeline.language.token_labels import Label, token_labels
from xentcli.pipeline.provenance import file_facts
from xentcli.results.provenance import FileFacts
from xentcli.storage.names import shown_name

_AFTER_GENERATED = (
    "each label is predicted from what the model generated before it, not from the labels before it"
)
_IGNORED = (None, -100)  # labels of tokens that are left out
_BLOCK_ROWS = 2**16
_ROUNDED = 1e-4  # how far apart two numbers of one token may be


@dataclass(frozen=True)
class ListedRows:
    """The labels at tokens, each with its bounds, in the order of the answers."""

    sources: tuple[Source, ...]
    found: Bounds
    used: NDArray[np.bool_]
    num_classes: int | None = None
    why: str = "have a label that the server does not list"
    notes: tuple[str, ...] = ()

    @property
    def num_rows(self) -> int:
        """How many tokens there are."""
        return len(self.used)

    def blocks(self) -> Iterator["ListedRows"]:
        """Yield the rows of each block by themselves."""
        lower, upper, exact = self.found
        for start in range(0, self.num_rows, _BLOCK_ROWS):
            these = slice(start, start + _BLOCK_ROWS)
            found = Bounds(lower[these], upper[these], exact[these])
            yield replace(self, sources=(), found=found, used=self.used[these])

    def bounds(self) -> RowBounds:
        """Return the bounds of all rows."""
        return RowBounds(self.found, self.used)


def open_listed(
    answers: InputFile, labels: InputFile | list[Any], num_classes: int | None = None
) -> tuple[ListedRows, AnswersSource]:
    """Return the labels of a file at the tokens of answers, and the source of the answers.

    Raises
    ------
    InputError
        If there are not as many labels as tokens, or they are of another kind than the answers
        tell: numbers where these tell texts alone, or texts where they tell numbers alone.
    """
    source = open_file(answers)
    if not isinstance(source, AnswersSource):
        raise InputError(f"{source.name}: no answers of a server")
    wanted, in_lists = token_labels(labels)
    found, used, lengths = _bounds_of(source, wanted, num_classes)
    source.check_unchanged()
    told = None if len(used) == len(wanted) else f"{len(used):,} tokens, and {len(wanted):,} labels"
    if in_lists is not None and len(in_lists) == len(lengths):  # a list for each sequence
        pairs = enumerate(zip(lengths, in_lists, strict=True), 1)
        odd = (f"{n:,} tokens in sequence {i:,}, and {m:,} labels" for i, (n, m) in pairs if n != m)
        told = next(odd, told)
    if told is not None:
        hint = "a label for each token, in their order; null leaves one out"
        raise InputError(f"{source.name}: {told}", hint=hint)
    notes = () if source.part == "prompt" else (_AFTER_GENERATED,)
    return ListedRows((source,), found, used, num_classes, notes=notes), source


def _bounds_of(
    source: AnswersSource, wanted: Sequence[Label], num_classes: int | None
) -> tuple[Bounds, NDArray[np.bool_], list[int]]:
    """Return the bounds of all labels, which are not left out, and the tokens of each sequence.

    The lists of one block are held.
    """
    parts, lengths, done = [_bounds([], num_classes)], [], 0
    source.read_in_order()
    for block in source.blocks(1):
        tokens = source.read_tokens(block, lists=True)
        places = tokens.lists or []
        labels = islice(chain(wanted[done : done + len(places)], repeat(None)), len(places))
        rows = [
            _row(place, label, partial(source.place_of, tokens, i))
            for i, (place, label) in enumerate(zip(places, labels, strict=True))
        ]
        parts.append(_bounds(rows, num_classes))
        lengths += tokens.lengths.tolist()
        done += len(rows)
    found, used = zip(*parts, strict=True)
    return Bounds(*map(np.concatenate, zip(*found, strict=True))), np.concatenate(used), lengths


def open_each(
    answers: Sequence[InputFile], labels: Sequence[InputFile], num_classes: int | None = None
) -> BoundedRows:
    """Return the labels of each file at the tokens of as many files of answers.

    Raises
    ------
    InputError
        If files do not belong together.
    """
    placed = note_of_places(
        *([shown_name(file.path) for file in each] for each in (answers, labels))
    )
    both = zip(answers, labels, strict=True)
    parts = [open_listed(*each, num_classes)[0] for each in both]
    parts[0].sources[0].notes += [] if placed is None else [placed]
    for file, part in zip(answers, parts, strict=True):
        if part.notes != parts[0].notes:
            raise InputError(
                f"{file.path}: other tokens than those of {answers[0].path}: prompts, or generated",
                hint="--tokens prompt or --tokens generated",
            )
    return parts[0] if len(parts) == 1 else JoinedRows(tuple(parts))


def facts_of_listed(
    rows: BoundedRows, answers: Sequence[str], labels: Sequence[str]
) -> Iterator[FileFacts]:
    """Yield what is known of files of answers and of labels."""
    for source, path in zip(rows.sources, answers, strict=True):
        yield from file_facts("answers", source, [path])
    parts = rows.parts if isinstance(rows, JoinedRows) else (rows,)
    for part, path in zip(parts, labels, strict=True):
        read = MemorySource(path, np.empty(part.num_rows or 0, np.int64))
        yield from file_facts("labels", read, [path])


@dataclass(frozen=True, slots=True)
class _LabelRow:
    """The label's own log-probability, if it is listed, and those of the most probable tokens."""

    label: float | None
    others: list[float]
    used: bool
    beside: float = -np.inf
    """The log-probability of the token that stands there, if it is none of these."""
    most: float | None = None
    """The largest one of several tokens that are called as the label is."""


def _row(place: TokenPlace, label: Label, where: Callable[[], str]) -> _LabelRow:
    own, others = place.own, [one for one in place.others if _has_value(one)]
    numbers = [float(one.logprob or 0.0) for one in others]
    if _has_value(own) and own not in others:
        others = [own, *others]
    if any(float(one.logprob or 0.0) > MOST_ABOVE_1 for one in others):
        raise InputError(f"{where()}: a log-probability above 0", hint=RAW_LOGITS_HINT)
    if float(np.exp(numbers).sum()) > 1.0 + MOST_ABOVE_1:
        raise InputError(
            f"{where()}: the probabilities of a list sum to more than 1", hint=RAW_LOGITS_HINT
        )
    if label in _IGNORED or not others:
        return _LabelRow(None, [], used=False)
    named = [one.id if isinstance(label, int) else one.text for one in others]
    if all(one.id is None and one.text is None for one in others):
        raise InputError(f"{where()}: the answers do not name their tokens, so no label is found")
    if all(name is None for name in named):
        kind, other = ("numbers", "texts") if isinstance(label, int) else ("texts", "numbers")
        what = f"the answers name their tokens by {other}, the labels {kind}"
        raise InputError(f"{where()}: {what}", hint=f"save the labels as {other}")
    pairs = zip(others, named, strict=True)
    found = [float(one.logprob or 0.0) for one, name in pairs if name == label]
    if found and max(found) - min(found) <= _ROUNDED:
        return _LabelRow(found[0], [], used=True)
    if found:  # parts of letters are one text, and tokens may differ in what it does not show
        return _LabelRow(None, [], used=True, most=max(found))
    beside = float(own.logprob or 0.0) if _has_value(own) else -np.inf
    if numbers and beside <= min(numbers):
        numbers = [number for number in numbers if number > beside]
    return _LabelRow(None, numbers, used=True, beside=-np.inf if beside in numbers else beside)


def _has_value(one: Listed) -> bool:
    number = one.logprob
    return isinstance(number, (int, float)) and number > NO_VALUE


def _bounds(rows: Sequence[_LabelRow], num_classes: int | None) -> tuple[Bounds, NDArray[np.bool_]]:
    used = np.array([row.used for row in rows], np.bool_)
    exact = np.array([row.label is not None for row in rows], np.bool_)
    known = np.array([0.0 - (row.label or 0.0) for row in rows], np.float64)
    listed = max((len(row.others) for row in rows), default=0)
    values = np.full((len(rows), max(1, listed)), -np.inf)
    for row, numbers in zip(values, rows, strict=True):
        row[: len(numbers.others)] = numbers.others
    nobody = np.full(len(rows), -1)
    indices = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    found = nll_bounds(values, indices, nobody, num_classes)
    every = np.column_stack([values, [row.beside for row in rows]])
    places = np.broadcast_to(np.arange(every.shape[1]), every.shape)
    left = nll_bounds(every, places, nobody, largest=False).lower
    lower = np.where(exact, np.maximum(0.0, known), np.maximum(found.lower, left))
    upper = np.where(exact, np.maximum(0.0, known), found.upper)
    one_of = np.array([row.most is not None for row in rows], np.bool_)
    most = np.array([row.most or 0.0 for row in rows], np.float64)
    lower, upper = np.where(one_of, -most, lower), np.where(one_of, np.inf, upper)
    return Bounds(lower, upper, exact | (found.exact & ~one_of)), used
