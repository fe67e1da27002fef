"""Labels that several models have beside their outputs: they tell whether rows are the same."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, XentError
from xentcli.formats.base import Source, blocks_along
from xentcli.pipeline.inputs.array_ids import has_keys, read_again
from xentcli.pipeline.inputs.labelled import Opening
from xentcli.text import shortened, visible

_ROWS_AT_A_TIME = 2**16
_MOST_ROWS = 2**22


def check_own_labels(paths: Sequence[str], opening: Sequence[Opening]) -> None:
    """Raise InputError if models have labels of their own, and these differ in a row.

    Rows of a table are looked at as far as its first block goes, since its text is parsed for it,
    and millions of rows of arrays: an order that is another one shows in the first rows. Files that
    can be read only once are not looked at.
    """
    first: tuple[str, Opening] | None = None
    for each in zip(paths, opening, strict=True):
        other = _labels_within(*each)
        one = None if other is None or first is None else _labels_within(*first)
        if one is not None and other is not None:
            _check_same(one, other, 1 if opening[0].options.label_column else _MOST_ROWS)
        elif other is not None:
            first = each


def _labels_within(path: str, how: Opening) -> Source | None:
    """Return the labels in a model's file; None if it has none that can be read once more."""
    first, options = read_again([path], how.without), how.options
    if first is None or not (options.label_column or has_keys(first, how.reader)):
        return None
    beside = options.label_key is None and options.label_column is None
    key = how.file(first).options.key
    try:
        return how.open([path], partial(how.labels, beside=beside, partner_key=key))
    except XentError:  # it has none of this name
        return None


def _check_same(one: Source, other: Source, most: int) -> None:
    """Raise InputError if labels differ in a row of the blocks that hold the first `most`."""
    row = 0
    for here, there in _pairs(one, other):
        if here.shape != there.shape or (here.dtype == object) != (there.dtype == object):
            return
        differs = (here != there) & ~((here != here) & (there != there))  # noqa: PLR0124 - NaN
        rows = np.flatnonzero(differs.reshape(len(here), -1).any(axis=1))
        if rows.size:
            first = int(rows[0])
            raise InputError(
                f"{other.name}: the label of row {row + first} is {_shown(there[first])}, and "
                f"{_shown(here[first])} in {one.name}: are these the same rows in the same order?",
                hint="if they are, --labels FILE names the labels of all; rows with ids are "
                "matched by these",
            )
        row += len(here)
        if row >= most:
            return


def _pairs(one: Source, other: Source) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield the labels of the same rows of two files, which may be cut elsewhere."""
    cuts = [blocks_along(each, 0, _ROWS_AT_A_TIME) for each in (one, other)]
    left: list[NDArray[Any]] = [np.zeros(0), np.zeros(0)]
    while True:
        for i, (source, blocks) in enumerate(zip((one, other), cuts, strict=True)):
            while not len(left[i]):
                block = next(blocks, None)
                if block is None:
                    return
                left[i] = source.decode(block).values
        rows = min(map(len, left))
        yield left[0][:rows], left[1][:rows]
        left = [each[rows:] for each in left]


def _shown(label: Any) -> str:
    whole = isinstance(label, np.floating) and label.is_integer()
    return visible(shortened(str(int(label) if whole else label)))
