"""Finds what belongs to rows by place or by id: weights, and names of groups and clusters."""

from collections.abc import Sequence

from xentcli.alignment.ids import Matching, by_id
from xentcli.alignment.reshaped import names_of_rows, weights_of_rows
from xentcli.alignment.steps import BESIDE_ROWS
from xentcli.formats.base import Shape, Source

SourcesBeside = tuple[Source | None, Source | None, Source | None]


def matched_beside(
    logits: Source, beside: Sequence[Source | None], rows: Shape
) -> tuple[SourcesBeside, tuple[Matching, ...]]:
    """Return weights, groups and clusters in the shape of rows, and matchings by id.

    Raises
    ------
    ShapeError
        If there are more or fewer of them than rows of this shape.
    """
    found: list[Source | None] = []
    matchings = []
    for inputs, source in zip(BESIDE_ROWS, beside, strict=True):
        if source is None:
            found.append(None)
            continue
        there, matching = by_id(logits, source, inputs)
        if matching is not None:
            matchings.append(matching)
        elif inputs == "weights":
            there = weights_of_rows(logits, there, rows)
        else:
            there = names_of_rows(logits, there, rows)
        found.append(there)
    weights, groups, clusters = found
    return (weights, groups, clusters), tuple(matchings)
