"""Which rows of lists depend on one another: sequences, or rows whose clusters have one name."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Source, read_whole
from xentcli.pipeline.inputs.beside_files import open_names
from xentcli.pipeline.inputs.given_names import GivenNames
from xentcli.pipeline.inputs.reading import ROW_WORDS, Reader
from xentcli.pipeline.top_lists.found_lists import FoundLists, columns_of_lists
from xentcli.pipeline.top_lists.top_files import array_of
from xentcli.pipeline.top_lists.top_inputs import TopLists, TopOptions
from xentcli.storage.paths import are_files

_MOST_CLUSTER_NAMES = 2**28  # one for each row, held in memory
_SHOWN_COLUMNS = 8


def with_clusters(
    lists: Sequence[TopLists], founds: Sequence[FoundLists | None], options: TopOptions
) -> list[TopLists]:
    """Return the lists of each file with the names of the clusters of their rows, if they have any.

    Names stand in the files of labels, in those of the lists, or in a file of their own: one for
    each row, or for each slice of the first axis.

    Raises
    ------
    InputError
        If there is no such column, or not one name for each row.
    """
    name = options.cluster
    told = [each._replace(cluster=name) for each in lists]
    if name is None or name in ROW_WORDS:
        return told
    labels = [each for each in options.labels if isinstance(each, str)]
    if labels and name in Reader().header_of(labels[:1]):
        columns = [Reader().column(name, [], [path]) for path in labels]
        pairs = zip(told, columns, strict=True)
        return [*_of_each(((each, *_read(source)) for each, source in pairs), options.shift)]
    known = [] if founds[0] is None else columns_of_lists(founds[0])
    if name in known:
        both = zip(told, founds, strict=True)
        found = ((each, *_beside(each, found, name)) for each, found in both)
        return [*_of_each(found, options.shift)]
    if are_files(name):
        source = open_names(name, Reader().labels, None)
        called = GivenNames(name, source).called
        told = [each._replace(cluster=called) for each in told]
        return [*_cut(told, *_read(source), options.shift)]
    shown = ", ".join(map(repr, known[:_SHOWN_COLUMNS]))
    raise InputError(
        f"{lists[0].values.name}: there is no column {name!r}",
        hint=f"the columns are {shown}" if known else None,
    )


def _read(source: Source | str) -> tuple[str, NDArray[Any]]:
    """Return the name of a column, and what it holds."""
    assert isinstance(source, Source)  # noqa: S101 - words were asked for before
    return source.name, read_whole(source, _MOST_CLUSTER_NAMES)


def _beside(lists: TopLists, found: FoundLists | None, key: str) -> tuple[str, NDArray[Any]]:
    """Return the names in a file of lists."""
    from xentcli.formats.line_lists import values_in_lines

    if found is None or key not in columns_of_lists(found):
        raise InputError(f"{lists.values.name}: there is no column {key!r}")
    if not (found.is_lines or found.is_table):
        return _read(array_of(found, key, labels=True, names=True))
    data = found.input()
    names: list[Any] = []
    rows = None
    if lists.sequences is not None:
        rows = np.bincount(lists.sequences, minlength=lists.slices)
    for place, (number, each) in enumerate(values_in_lines(data, key, found.format)):
        count = 1 if rows is None else int(rows[place])
        several = each if isinstance(each, list) else [each] * count
        if len(several) != count:
            raise InputError(f"{data.name}:{number}: {len(several)} {key!r} of {count} rows")
        names += several
    return data.name, _objects(names)


def _objects(names: list[Any]) -> NDArray[Any]:
    found = np.empty(len(names), object)
    found[:] = names
    return found


def _of_each(found: Iterable[tuple[TopLists, str, NDArray[Any]]], shift: int) -> Iterator[TopLists]:
    """Yield lists with the names that stand beside them, given those and where they are from."""
    for lists, name, names in found:
        yield from _cut([lists], name, names, shift)


def _cut(
    lists: Sequence[TopLists], name: str, names: NDArray[Any], shift: int
) -> Iterator[TopLists]:
    """Yield the lists of each file with their part of the names of all files.

    Each slice has a name, or each row has its own: a shifted row has that of its label.
    """
    _check_shape(lists, name, names.shape)
    names = names.reshape(-1)
    rows, slices = [len(each.labels) for each in lists], [each.slices for each in lists]
    counts = rows if len(names) == sum(rows) else slices
    if len(names) != sum(counts):
        raise InputError(
            f"{name}: clusters of shape ({len(names)},) for {sum(rows)} rows "
            f"({lists[0].values.name}): one for each row is needed"
        )
    ends = itertools.accumulate(counts)
    for each, count, end in zip(lists, counts, ends, strict=True):
        mine = names[end - count : end]
        of_slices = counts is slices and each.sequences is not None
        shifted = np.roll(mine, -shift)
        yield each._replace(clusters=mine[each.sequences] if of_slices else shifted)


def _check_shape(lists: Sequence[TopLists], name: str, shape: tuple[int, ...]) -> None:
    """Raise InputError if names of several axes are not of the rows of each slice."""
    axes = [n for n in shape if n != 1]
    if len(axes) < 2:
        return
    slices = sum(each.slices for each in lists)
    for each in lists:
        if each.sequences is None:
            continue
        rows = np.bincount(each.sequences, minlength=each.slices)
        if slices != axes[0] or (rows != math.prod(axes[1:])).any():
            raise InputError(
                f"{name}: clusters of shape {shape} for the rows of {each.slices} slices "
                f"({each.values.name}): one for each row is needed"
            )
