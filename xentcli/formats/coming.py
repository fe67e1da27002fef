"""Tells storage in advance which rows of arrays will be read."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate, pairwise
from typing import Any

from xentcli.formats.base import Block, Source
from xentcli.formats.references import FileReference
from xentcli.storage.open import wanting

_IN_ORDER = "npy"  # the format whose files are rows, one after the other


def coming(sources: Iterable[Source], blocks: Iterable[Block]) -> AbstractContextManager[None]:
    """Have storage fetch the rows of these blocks, and no others, where they are elsewhere."""
    found = list(blocks)
    if not found or any(block.axis for block in found):
        return nullcontext()
    start = min(block.start for block in found)
    stop = max(block.start + block.rows for block in found)
    return wanting([share for source in sources for share in _shares(source, start, stop)])


def _shares(source: Source, start: int, stop: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield each file that holds some of the rows, and the share of the file that they are."""
    if not source.tileable or source.format != _IN_ORDER:
        return
    reference = source.reference
    files = (reference.file,) if isinstance(reference, FileReference) else source.files
    lengths: Any = getattr(source, "lengths", source.shape[:1])
    for file, (begin, end) in zip(files, pairwise(accumulate(lengths, initial=0)), strict=True):
        first, last = max(start, begin) - begin, min(stop, end) - begin
        if first < last:
            yield file.path, (first / (end - begin), last / (end - begin))
