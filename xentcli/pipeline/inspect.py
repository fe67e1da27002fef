"""What a file holds."""

import math
from typing import NamedTuple

from xentcli.core.dtypes import computing_dtype
from xentcli.execution import ordered_map
from xentcli.formats.base import Block, Source, blocks_along
from xentcli.metrics.summary import SummaryState
from xentcli.pipeline.flow import Part, collect
from xentcli.pipeline.inputs import Run
from xentcli.results.info import ArraySummary

_AT_REST_BYTES = 60 * 2**20  # that Python, NumPy and the command line take
_COPIES = 4  # of a block, at most: as read, as computed, working memory, output


class SummaryWork(NamedTuple):
    """Summarises the values of a block."""

    source: Source

    def part_of(self, block: Block) -> Part[SummaryState]:
        """Return the state of a block's values."""
        values = self.source.decode(block).values
        return Part(block.rows, state=SummaryState.from_block(values))


def inspect(source: Source, run: Run) -> ArraySummary:
    """Return the shape, range, mean, odd values and looks of an array; reads all of it."""
    blocks = blocks_along(source, 0, run.block_elements)
    parts = ordered_map(SummaryWork(source).part_of, blocks, run.jobs, shareable=source.shareable)
    progress = run.progress_of(source.shape)
    total = collect(parts, None, progress, lambda problem, _: problem.at(source.name), [source])
    found = (total.state or SummaryState()).compute()
    shape = (total.rows, *(n or 0 for n in source.shape[1:])) if source.shape else ()
    return ArraySummary(
        file=source.name,
        format=source.format,
        shape=shape,
        dtype=source.stored_dtype,
        columns=source.columns,
        bytes=source.size,
        minimum=found.minimum,
        maximum=found.maximum,
        mean=found.mean,
        nan=found.nan,
        positive_infinities=found.positive_infinities,
        negative_infinities=found.negative_infinities,
        looks_like=found.looks_like(len(shape)),
        memory=_memory(source, shape, run),
    )


def _memory(source: Source, shape: tuple[int, ...], run: Run) -> int:
    """Return about how many bytes a command on this array uses: a few blocks, whatever its size."""
    itemsize = max(source.dtype.itemsize, computing_dtype(source.dtype).itemsize)
    elements = min(math.prod(shape), max(run.block_elements, math.prod(shape[1:])))
    return _AT_REST_BYTES + _COPIES * run.jobs * elements * itemsize
