"""The rows of several models walked together: what the kernel has of them is used for both."""

from collections.abc import Sequence

import numpy as np

from xentcli.core.divergences import Divergences
from xentcli.core.fact_walk import FactWalk
from xentcli.core.long_rows import PAIR_ELEMENTS, LongRows
from xentcli.core.normalizer import FEW_CLASSES
from xentcli.core.tiled_rows import tiles


def read_together(walks: Sequence[FactWalk]) -> list[Divergences | None]:
    """Read the rows of all models, and return how far each but the first is from the first.

    None where that is to be found of the rows by themselves: of short ones, and of others than
    logits in float32. Where it is not, rows that are lost have NaN.
    """
    base, *others = walks
    if not _are_fast(walks):
        for walk in walks:
            walk.read_all()
        return [None] * len(others)
    for i, walk in enumerate(walks):
        walk.begin(f"model {min(i, 1)}")
    rows, num_classes = base.given.logits.shape
    pairs = [LongRows(rows, num_classes, f"near rows {i}") for i, _ in enumerate(others)]
    with np.errstate(all="ignore"):
        for part in tiles(rows, num_classes, PAIR_ELEMENTS):
            one = base.tile(part)
            for walk, pair in zip(others, pairs, strict=True):
                pair.add(part, one, walk.tile(part))
        for walk in walks:
            walk.end()
        norms = [walk.given.norm for walk in others]
        return [
            Divergences(*pair.sums(base.given.norm, norm))
            for pair, norm in zip(pairs, norms, strict=True)
        ]


def _are_fast(walks: Sequence[FactWalk]) -> bool:
    """Whether rows are long logits in float32, each in memory of their own.

    What reading the rows of one model overwrites is not kept while others are read.
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
