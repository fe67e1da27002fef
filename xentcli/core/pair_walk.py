"""Reads the rows of several models together, so that exponentials serve facts and divergences."""

from collections.abc import Sequence

import numpy as np

from xentcli.core.divergences import Divergences
from xentcli.core.fact_walk import FactWalk
from xentcli.core.long_rows import PAIR_ELEMENTS, LongRows
from xentcli.core.normalizer import FEW_CLASSES
from xentcli.core.tiled_rows import row_by_row, tiles


def read_together(walks: Sequence[FactWalk]) -> list[Divergences | None]:
    """Read the rows of all models, and return the divergences of each other model from the first.

    They are None if they must be computed from the rows later: for short rows, and for anything but
    logits in float32. Else rows whose digits are lost have NaN.
    """
    base, *others = walks
    if not _are_fast(walks):
        for walk in walks:
            walk.read_all()
        return [None] * len(others)
    for i, walk in enumerate(walks):
        walk.begin(f"model {min(i, 1)}")
    rows, num_classes = base.given.logits.shape
    pairs = [
        LongRows((base.given.norm, walk.given.norm), num_classes, f"near rows {i}")
        for i, walk in enumerate(others)
    ]
    with np.errstate(all="ignore"), row_by_row(num_classes):  # once for all tiles
        for part in tiles(rows, num_classes, PAIR_ELEMENTS):
            one = base.tile(part)
            for walk, pair in zip(others, pairs, strict=True):
                pair.add(part, one, walk.tile(part))
        for walk in walks:
            walk.end()
        return [
            Divergences(*pair.sums(base.given.log_rest, walk.given.log_rest))
            for walk, pair in zip(others, pairs, strict=True)
        ]


def _are_fast(walks: Sequence[FactWalk]) -> bool:
    """Whether rows are long logits in float32, and each model's are in memory of their own.

    Reading the rows of one model must not overwrite those of another.
    """
    rows, num_classes = walks[0].given.logits.shape
    if rows == 0 or num_classes <= FEW_CLASSES:
        return False
    if any(walk.given.kind != "logits" or walk.given.logits.dtype != np.float32 for walk in walks):
        return False
    first, *others = (walk.given.logits[:1] for walk in walks)
    return all(each.dtype.isnative for each in (first, *others)) and not any(
        np.may_share_memory(first, each) for each in others
    )
