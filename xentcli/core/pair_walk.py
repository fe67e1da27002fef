"""Reads the rows of several models together, so that exponentials serve facts and divergences."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from xentcli.core.divergences import Divergences
from xentcli.core.fact_walk import FactWalk
from xentcli.core.long_pairs import MOST_PIECE_ELEMENTS, rows_of, walk_together
from xentcli.core.long_rows import LongRows
from xentcli.core.long_walk import LongWalk
from xentcli.core.normalizer import FEW_CLASSES


def read_together(walks: Sequence[FactWalk]) -> list[Divergences | None]:
    """Read the rows of all models, and return the divergences of each other model from the first.

    They are None if they must be computed from the rows later: for short rows, and for anything but
    logits in float32. Else rows whose digits are lost have NaN.
    """
    if not _are_fast(walks):
        for walk in walks:
            walk.read_all()
        return [None] * (len(walks) - 1)
    shape = walks[0].given.logits.shape
    most = rows_of(MOST_PIECE_ELEMENTS, shape[1])
    base, *others = (LongWalk(each, most, f"model {min(i, 1)}") for i, each in enumerate(walks))
    pairs = [
        LongRows((base.norm, other.norm), shape[1], f"near rows {i}")
        for i, other in enumerate(others)
    ]
    walk_together(base, others, pairs, shape)
    for walk in walks:
        walk.end()
    first, *rest = (walk.given.log_rest for walk in walks)
    with np.errstate(all="ignore"):
        return [
            Divergences(*pair.sums(first, log_rest))
            for pair, log_rest in zip(pairs, rest, strict=True)
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
    first_rows = [walk.given.logits[:1] for walk in walks]
    return all(each.dtype.isnative for each in first_rows) and not any(
        np.may_share_memory(*pair) for pair in combinations(first_rows, 2)
    )
