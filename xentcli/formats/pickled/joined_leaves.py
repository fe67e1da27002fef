"""Arrays of a list that are one array: the batches of a run."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.base import IndexedSource, ReadOptions
from xentcli.formats.pickled.joined import JoinedSource
from xentcli.formats.pickled.leaves import Leaf, LooseValues, Placed, Unread, is_c_order, stored_in
from xentcli.formats.pickled.scattered import ScatteredSource
from xentcli.formats.stored import Stored
from xentcli.storage.inputs import Input


def joined(leaves: list[Leaf]) -> Leaf | None:
    """Return the arrays of a list as one; None where they are not alike."""
    first = leaves[0]
    if any(isinstance(leaf, Unread) for leaf in leaves):
        return None
    if len({(len(leaf.shape), leaf.shape[1:], leaf.dtype_name) for leaf in _kinds(leaves)}) > 1:
        return None
    if len(leaves) == 1 and first.shape:
        return first
    return _scattered(leaves) or JoinedArrays(tuple(leaves))


class Scattered(NamedTuple):
    """Arrays whose numbers stand side by side, each somewhere in the file; there may be thousands.

    Their places are kept in lists of numbers, not in an object for each array.
    """

    apart: Input | None
    """What holds them, if it is not the file itself."""
    stored: Stored
    """How all of them together are stored."""
    offsets: list[int]
    rows: list[int]
    checks: list[Callable[[Input], None]]
    """What raises InputError if the numbers of an array are damaged."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all together."""
        return self.stored.shape

    @property
    def dtype_name(self) -> str:
        """The name of their dtype."""
        return self.stored.dtype_name

    def open(self, data: Input, name: str, format_: str, options: ReadOptions) -> IndexedSource:
        """Return the arrays as one."""
        _check_rows(self.shape, self.rows, name, options)
        for check in self.checks:
            check(data)
        held = self.apart or data
        stored = stored_in(held, self.stored, name, options)
        row_bytes = math.prod(stored.shape[1:]) * stored.dtype.itemsize
        sizes = [rows * row_bytes for rows in self.rows]
        source = ScatteredSource(held, stored, self.offsets, sizes, format_, name)
        source.size, source.unchanged = data.size, data.check_unchanged
        source.batches = self.rows
        source.notes = _notes_of_shift(self.shape, len(self.rows), name, options)
        return source


def _scattered(leaves: list[Leaf]) -> Scattered | None:
    """Return arrays as one that is read at their places; None if one is not of C order."""
    first = leaves[0]
    if not isinstance(first, Placed) or not first.shape:
        return None
    placed = [leaf for leaf in leaves if isinstance(leaf, Placed) and leaf.apart is first.apart]
    kinds = [leaf for leaf in _kinds(placed) if isinstance(leaf, Placed)]
    if len(placed) < len(leaves) or any(kind.stored.dtype != first.stored.dtype for kind in kinds):
        return None
    if not all(is_c_order(kind.stored.shape, kind.strides) for kind in kinds):
        return None
    rows = [leaf.stored.shape[0] for leaf in placed]
    stored = first.stored._replace(shape=(sum(rows), *first.shape[1:]))
    checks = [leaf.check for leaf in placed if leaf.check is not None]
    return Scattered(first.apart, stored, [leaf.offset for leaf in placed], rows, checks)


def _kinds(leaves: Sequence[Leaf]) -> Iterable[Leaf]:
    """Return one object for equal ones: thousands of arrays are stored in one way."""
    return {
        (id(leaf.stored), id(leaf.strides)) if isinstance(leaf, Placed) else id(leaf): leaf
        for leaf in leaves
    }.values()


class JoinedArrays(NamedTuple):
    """Arrays one after the other along the first axis; single numbers become an array."""

    parts: tuple[Leaf, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all together."""
        _, *row = self.parts[0].shape or (1,)
        return (sum((part.shape or (1,))[0] for part in self.parts), *row)

    @property
    def dtype_name(self) -> str:
        """The name of their dtype."""
        return self.parts[0].dtype_name

    def open(self, data: Input, name: str, format_: str, options: ReadOptions) -> IndexedSource:
        """Return the arrays as one."""
        lengths = [part.shape[0] for part in self.parts if part.shape]
        _check_rows(self.shape, lengths, name, options)
        opened = [partial(part.open, data, name, format_, options) for part in self.parts]
        if self.parts[0].shape:
            source = JoinedSource(opened, lengths)
            source.notes = _notes_of_shift(self.shape, len(lengths), name, options)
            return source
        values = np.stack([open_().read(0, 1).copied().values for open_ in opened])
        return LooseValues(values).open(data, name, format_, options)


def _check_rows(
    shape: tuple[int, ...], lengths: Sequence[int], name: str, options: ReadOptions
) -> None:
    """Raise InputError if arrays of one axis, all of one length, may be the rows of one array.

    Labels are none, and neither is the log-probability of each row's label: they are batches. What
    is only looked at may be either.
    """
    batches = options.takes_names or options.names or options.weights or options.missing
    rows = len(lengths) > 1 and len({*lengths}) == 1 and lengths[0] > 1
    if len(shape) > 1 or not rows or batches or options.any_columns:
        return
    raise InputError(
        f"{name}: a list of {len(lengths)} arrays of {lengths[0]} numbers: rows, or batches of one "
        "number a row?",
        hint="in Python: numpy.stack makes rows of them, numpy.concatenate joins batches",
    )


def _notes_of_shift(
    shape: tuple[int, ...], count: int, name: str, options: ReadOptions
) -> list[str]:
    """Say that labels of sequences which a list holds one by one are shifted as those of one."""
    if not options.shifted or len(shape) != 1 or count < 2:
        return []
    what = f"{name}: the shift leads from each of {count:,} arrays of a list into the next"
    return [f"{what}, as in one text; if each is a text of its own, its first label must be -100"]
