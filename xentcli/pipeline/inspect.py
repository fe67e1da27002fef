"""What a file holds."""

import math

from xentcli.core.dtypes import computing_dtype
from xentcli.execution import ordered_map
from xentcli.formats.base import Block, Source
from xentcli.metrics.summary import SummaryState
from xentcli.pipeline.flow import Part, pour
from xentcli.pipeline.inputs import BLOCK, Run, blocks_along
from xentcli.results.info import ArraySummary

_AT_REST = 60 * 2**20  # bytes that Python, NumPy and the command line take
_COPIES = 4  # of a block, at most: as read, as computed, working memory, output


def inspect(source: Source, run: Run) -> ArraySummary:
    """Return the shape, range, mean, odd values and looks of an array; reads all of it."""

    def work(block: Block) -> Part[SummaryState]:
        return Part(block.rows, state=SummaryState.from_block(source.decode(block).values))

    parts = ordered_map(work, blocks_along(source), run.jobs, forks=source.shareable)
    progress = run.progress_of(source.shape)
    total = pour(parts, None, progress, lambda problem, _: problem.at(""), [source])
    state = total.state or SummaryState()
    shape = (total.rows, *(n or 0 for n in source.shape[1:])) if source.shape else ()
    return ArraySummary(
        file=source.name,
        format=source.format,
        shape=shape,
        dtype=source.stored_dtype,
        columns=source.columns,
        bytes=source.size,
        minimum=state.minimum if state.minimum <= state.maximum else math.nan,
        maximum=state.maximum if state.minimum <= state.maximum else math.nan,
        mean=state.mean,
        nan=state.total.nan,
        positive_infinities=state.total.positive_infinities,
        negative_infinities=state.total.negative_infinities,
        looks_like=state.looks_like(len(shape)),
        memory=_memory(source, shape, run.jobs),
    )


def _memory(source: Source, shape: tuple[int, ...], jobs: int) -> int:
    """Return about how many bytes a command on this array uses: a few blocks, whatever its size."""
    itemsize = max(source.dtype.itemsize, computing_dtype(source.dtype).itemsize)
    elements = min(math.prod(shape), max(BLOCK, math.prod(shape[1:])))
    return _AT_REST + _COPIES * jobs * elements * itemsize
