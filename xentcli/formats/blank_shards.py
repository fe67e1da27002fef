"""Shards that hold no row, and do not say what one would be: a header, an empty list, no byte."""

from collections.abc import Sequence
from pathlib import Path

from xentcli.formats import registry
from xentcli.formats.base import Source
from xentcli.formats.files import InputFile
from xentcli.formats.shard_facts import ShardFacts
from xentcli.storage.names import suffix_of
from xentcli.storage.paths import is_blank

OnlyCells = tuple[str, ...] | None
EMPTY = "the file is empty, and counts as one without rows"


def is_empty_text(file: InputFile, path: str) -> bool:
    """Whether a file at a path has no byte, in a format of text that may be left so."""
    if not is_blank(path) or suffix_of(path) != Path(path).suffix.lower():
        return False
    format_ = registry.by_name(file.format) if file.format else registry.by_extension(path)
    return format_ is None or format_.is_text


def only_cells_of(source: Source) -> OnlyCells:
    """Return the only row of text, which may be a header; () for an empty list; else None."""
    only_cells: OnlyCells = getattr(source, "only_cells", None)
    return only_cells


def blank_among(shards: Sequence[tuple[ShardFacts, OnlyCells]]) -> frozenset[int]:
    """Return the numbers of the shards that take the shape, dtype and columns of the others.

    The only row of one is a header if it is that of the others.

    Parameters
    ----------
    shards : sequence of tuple
        What is known of each, and its `only_cells_of`.
    """
    known = {facts.header for facts, only_cells in shards if only_cells is None and facts.header}
    known |= {header[1:] for header in known if not header[0]}  # names of rows that R writes
    blank = [i for i, (_, only_cells) in enumerate(shards) if only_cells in {(), *known}]
    return frozenset(blank if len(blank) < len(shards) else ())
