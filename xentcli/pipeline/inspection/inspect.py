"""What a file holds."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NamedTuple

from xentcli.core.dtypes import computing_dtype
from xentcli.errors import InputError
from xentcli.formats.base import Source, blocks_along
from xentcli.formats.contents import ColumnGroup, Content
from xentcli.formats.files import InputFile
from xentcli.formats.held import open_all
from xentcli.formats.kld import KldSource
from xentcli.formats.logprobs.source import AnswersSource
from xentcli.metrics.summary import SummaryState, TextState
from xentcli.pipeline.flow import collect, joined
from xentcli.pipeline.inspection.looks import BESIDE_OUTPUTS, NOT_READ, look_of_texts, look_of_whole
from xentcli.pipeline.inspection.summary_work import SummaryWork, range_of
from xentcli.pipeline.run import Run
from xentcli.results.info import ArraySummary
from xentcli.storage.names import input_name

_AT_REST_BYTES = 60 * 2**20  # what Python, NumPy and the command line take
HIDDEN_STATES = "hidden states"
_COPIES = 4  # the most of a block: as read, as computed, working memory, output


class FoundArray(NamedTuple):
    """An array of a file, with what is known of it beyond the report."""

    summary: ArraySummary
    content: Content | None = None
    group: ColumnGroup | None = None
    names: frozenset[str] = frozenset()
    """The names of the classes, where the array holds labels that are names."""


def inspect(
    file: InputFile, run: Callable[[Source], AbstractContextManager[Run]]
) -> tuple[list[FoundArray], list[str]]:
    """Return every array or column of a file with its range, odd values and looks; reads it all.

    Returns
    -------
    list of FoundArray
        The arrays, in the order of the file.
    list of str
        What the user should know.
    """
    found: list[FoundArray] = []
    notes: list[str] = []
    problems: list[InputError] = []
    for content, source, problem in open_all(file):
        notes += source.notes if source else []
        try:
            if problem is not None:
                raise problem
            if source is not None:
                with run(source) as how:
                    found += list(_read(content, source, how))
                continue
        except InputError as error:
            if content is None:
                raise
            problems.append(error)
        found += _unread(file, content, source)
    unread = any(each.summary.looks_like == NOT_READ for each in found)
    notes += dict.fromkeys(problem.message for problem in problems if unread)
    size = next((each.summary.bytes for each in found if each.summary.bytes), None)
    rows = next((each.summary.shape[0] for each in found if each.summary.shape), None)
    kind = next((each.summary.format for each in found if each.summary.format), "")
    return [_completed(each, kind, size, rows) for each in found], notes


def _completed(found: FoundArray, kind: str, size: int | None, rows: int | None) -> FoundArray:
    """Complete arrays that were not read with what the others tell: format, size and rows."""
    summary = found.summary
    if found.content is None or found.content.key is not None:
        rows = None
    shape = tuple(rows if length is None else length for length in summary.shape)
    return found._replace(
        summary=replace(
            summary, format=summary.format or kind, bytes=summary.bytes or size, shape=shape
        )
    )


def _unread(
    file: InputFile, content: Content | None, source: Source | None
) -> Iterator[FoundArray]:
    """Yield columns of text, whose first rows are known, and arrays that cannot be read."""
    if content is None:
        raise AssertionError("what is not listed is read")
    looks_like = look_of_texts(content)
    nothing = (math.nan,) * 3 + (0,) * 3
    kind, size = (source.format, source.size) if source else ("", None)
    path = input_name(file.path)
    for group in content.groups or (None,):
        name, shape, dtype = content.name, content.shape, content.dtype
        columns = None
        if group is not None:
            name, dtype, columns = group.name, group.dtype, group.columns
            shape = shape[:1] if name is not None else (shape[0], len(group.places))
        summary = ArraySummary(
            path, name, kind, shape, dtype, columns, size, *nothing, looks_like, None
        )
        yield FoundArray(summary, content, group, frozenset(content.texts))


def _read(content: Content | None, source: Source, run: Run) -> Iterator[FoundArray]:
    """Read an array, or columns together, and yield each array that these make up."""
    if isinstance(source, AnswersSource):
        from xentcli.pipeline.inspection.inspect_answers import summary_of_answers

        yield FoundArray(summary_of_answers(source, run, _memory(source, (0,), run)), content)
        return
    if source.of_samples:
        from xentcli.pipeline.inspection.inspect_samples import summary_of_samples

        yield FoundArray(summary_of_samples(source, _memory(source, (0,), run)), content)
        return
    if isinstance(source, KldSource):
        from xentcli.pipeline.inspection.inspect_base import summary_of_base

        yield FoundArray(summary_of_base(source, run, _memory(source, (0,), run)), content)
        return
    groups = content.groups if content else ()
    blocks = blocks_along(source, 0, run.block_elements)
    work = SummaryWork(source, groups)
    parts = run.map(work.part_of, blocks, shareable=source.shareable, join=joined)
    progress = run.progress_of(source.shape)
    total = collect(parts, None, progress, lambda problem, _: problem.at(source.name), [source])
    lead = (total.rows,) if source.shape else ()
    empty = TextState() if source.dtype.kind not in "fiub" else SummaryState()
    states = total.state.states if total.state else (empty,) * max(1, len(groups))
    for state, group in zip(states, groups or (None,), strict=True):
        inner = tuple(n or 0 for n in source.shape[1:])
        if group is not None:
            inner = () if group.name is not None else (len(group.places),)
        name = group.name if group else content.name if content else None
        yield _found(source, content, group, (*lead, *inner), name, state, run)


def _found(
    source: Source,
    content: Content | None,
    group: ColumnGroup | None,
    shape: tuple[int, ...],
    name: str | None,
    state: SummaryState | TextState,
    run: Run,
) -> FoundArray:
    numbers = state if isinstance(state, SummaryState) else SummaryState()
    values = numbers.compute()
    integers = source.dtype.kind in "iub"
    looks_like = values.looks_like(len(shape), integers=integers)
    names: frozenset[str] = frozenset()
    columns = group.columns if group else source.columns
    if isinstance(state, TextState):
        names = state.names
        few = content and look_of_texts(content)
        looks_like = few or ("class names" if 2 * len(names) <= state.count else "text")
    elif len(shape) > 1 and source.dtype.kind == "f" and _are_hidden(source, name):
        looks_like = HIDDEN_STATES
    elif looks_like == "labels":
        only = columns[0] if columns and len(columns) == 1 else ""
        looks_like = look_of_whole(name or only, values, len(shape))
    summary = ArraySummary(
        file=_file_name(source, content),
        name=name,
        format=source.format,
        shape=shape,
        dtype=group.dtype if group else "text" if names else source.stored_dtype,
        columns=columns,
        bytes=source.size,
        **range_of(values),
        looks_like=looks_like,
        memory=None if looks_like in BESIDE_OUTPUTS else _memory(source, shape, run),
    )
    return FoundArray(summary, content, group, names)


def _are_hidden(source: Source, name: str | None) -> bool:
    """Whether an array is hidden states, by its name or because it fits the head that is named."""
    named = (name or "").casefold().endswith(("hidden_states", "hidden_state"))
    return source.of_tokens or named


def _file_name(source: Source, content: Content | None) -> str:
    """Return the name of a file, also where a source is called by an array in it."""
    if content is not None and content.key is not None:
        from xentcli.formats.keys import shown

        return source.name.removesuffix(f":{shown(content.key)}")
    return source.name


def _memory(source: Source, shape: Sequence[int], run: Run) -> int:
    """Return about how many bytes a loss of these rows takes: a few blocks, whatever their size."""
    itemsize = source.dtype.itemsize
    if source.dtype.kind in "fiub":
        itemsize = max(itemsize, computing_dtype(source.dtype).itemsize)
    elements = min(math.prod(shape), max(run.block_elements, math.prod(shape[1:])))
    return _AT_REST_BYTES + _COPIES * run.jobs * elements * itemsize
