"""Matches rows of two files that have the same id.

Where a block has the same ids in both files, its labels are at the same places, and nothing is
kept. Otherwise the process that reads the block reads all labels once more and keeps them by id.
Whether each label belongs to one row is known at the end, when all parts have said what they used.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import BLOCK_ELEMENTS, Source, Table, blocks_along
from xentcli.records import Record
from xentcli.text import shortened, visible

if TYPE_CHECKING:
    from xentcli.alignment.steps import FollowedRows

Array = NDArray[Any]

_ONE_OF_EACH = "keep one row of each id"


class Matched(Protocol):
    """Where a worker found the labels and weights of some rows."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def matched(self) -> Mapping[str, Array]:
        """The places of their labels, weights, ..., if they differ from the places of the rows."""


AnyMatched = TypeVar("AnyMatched", bound=Matched)


class Matching:
    """Finds the labels of rows by their ids, and checks at the end that none is left over.

    Parameters
    ----------
    logits, labels : Source
        Both hand out ids. Labels can be read again: they have a reference, or are in memory.
    what : str
        What messages call several of them: 'labels', 'weights', 'groups', 'clusters' or 'rows'.
    inputs : str, optional
        What parts and problems call them; by default the same.
    """

    def __init__(
        self, logits: Source, labels: Source, what: str = "labels", inputs: str | None = None
    ) -> None:
        self._logits = logits
        self._labels = labels
        self.inputs = inputs or what
        self._what = what.removesuffix("s")
        self._used: list[tuple[int, int, Array | None]] = []
        self.labels_found: int | None = None
        """How many labels there are, once they have been counted."""

    def labels_of(
        self, ids: Array | None, there: "FollowedRows", start: int
    ) -> tuple[Array, Array | None]:
        """Return the labels of rows from `start` on, and their places if these differ.

        Parameters
        ----------
        ids : (N,)
            The ids of the rows.
        there : FollowedRows
            The labels at the same places, as far as there are any.

        Raises
        ------
        InputError
            If an id has no label, or more than one.
        """
        if ids is None or there.ids is None:
            raise AssertionError("both files have ids")
        if _equal(ids, there.ids):
            return there.values, None
        table = _labels_by_id(self._labels, self._what)
        places = np.array([table.places.get(id_, -1) for id_ in as_text(ids)], np.int64)
        missing = np.flatnonzero(places < 0)
        if missing.size:
            row = int(missing[0])
            id_, where = as_text(ids[row : row + 1])[0], self._logits.place((start + row,))
            what = f"there is no {self._what} with the id {_shown(id_)} in {self._name}"
            near = id_[:-2] if id_.endswith(".0") else f"{id_}.0"  # as pandas writes floats
            alike = f"there is {_shown(near)}: write the ids of both files as whole numbers"
            raise InputError(f"{where}: {what}", hint=alike if near in table.places else self._hint)
        return table.values[places], places

    @property
    def _name(self) -> str:
        return self._labels.name

    @property
    def _hint(self) -> str:
        column = self._labels.id_column
        return f"rows are matched by {column!r}: leave out those that one of the files lacks"

    def remember(self, start: int, rows: int, places: Array | None) -> None:
        """Record which labels the `rows` rows from `start` on have."""
        self._used.append((start, rows, places))

    def watch(self, parts: Iterable[AnyMatched]) -> Iterator[AnyMatched]:
        """Yield the parts; after the last, raise InputError unless each label belongs to a row."""
        start = 0
        for part in parts:
            self.remember(start, part.rows, part.matched.get(self.inputs))
            start += part.rows
            yield part
        if self.in_another_order or (self.labels_found or 0) > start:
            self._check_used_once()

    @property
    def in_another_order(self) -> bool:
        """Whether some labels were found elsewhere than at the place of their row."""
        return any(places is not None for _, _, places in self._used)

    @property
    def note(self) -> str | None:
        """A note for the user, if labels are in another order."""
        if not self.in_another_order:
            return None
        column = self._labels.id_column
        return f"{self._name}: in another order than {self._logits.name}; matched by {column!r}"

    def unknown_order_of(self, name: str) -> InputError:
        """Return the error of another file's rows, which may be in either order."""
        both = f"the rows of {self._name} and of {self._logits.name} are in two orders"
        column = self._labels.id_column
        return InputError(
            f"{name}: there is no column {column!r}, and {both}: which of them is this?",
            hint=f"if it is that of the labels, name {name} first; otherwise write ids beside it",
        )

    def place_of(self, row: int) -> int:
        """Return the place of a row's label."""
        for start, rows, places in self._used:
            if places is not None and start <= row < start + rows:
                return int(places[row - start])
        return row

    def _check_used_once(self) -> None:
        table = _labels_by_id(self._labels, self._what)
        used = np.zeros(len(table.values), np.int64)
        for start, rows, places in self._used:
            found = np.arange(start, start + rows) if places is None else places
            np.add.at(used, found, 1)
        twice, never = np.flatnonzero(used > 1), np.flatnonzero(used == 0)
        if twice.size:
            id_ = table.ids[int(twice[0])]
            what = f"{self._logits.name}: two rows have the id {_shown(id_)}"
            raise InputError(what, hint=_ONE_OF_EACH)
        if never.size:
            place = self._labels.place((int(never[0]),))
            count = f" ({len(never)} such {self._what}s)" if len(never) > 1 else ""
            id_ = _shown(table.ids[int(never[0])])
            what = f"there is no row with the id {id_} in {self._logits.name}{count}"
            raise InputError(f"{place}: {what}", hint=self._hint)


class _HeldLabels(Record):
    """All labels of a file, in memory."""

    values: Array
    ids: list[str]
    places: dict[str, int]


_kept: WeakKeyDictionary[Source, _HeldLabels] = WeakKeyDictionary()
_lock = threading.Lock()


def _labels_by_id(labels: Source, what: str) -> _HeldLabels:
    """Return all labels, which each process reads only once."""
    with _lock:
        if labels not in _kept:
            _kept[labels] = _read(labels, what)
        return _kept[labels]


def _read(labels: Source, what: str) -> _HeldLabels:
    source = labels if labels.reference is None else labels.reference.open()
    tables = [source.decode(block).copied() for block in blocks_along(source, 0, BLOCK_ELEMENTS)]
    if not tables:  # no row at all
        return _HeldLabels(np.empty(0), [], {})
    values, _, found = Table.joined(tables)
    if found is None:
        raise AssertionError("labels have ids")
    ids = as_text(found)
    places: dict[str, int] = {}
    for place, id_ in enumerate(ids):
        first = places.setdefault(id_, place)
        if first != place:
            raise InputError(
                f"{source.place((place,))}: a second {what} with the id {_shown(id_)}; the first "
                f"is in {source.place((first,))}, and rows are matched by id",
                hint=_ONE_OF_EACH,
            )
    return _HeldLabels(values, ids, places)


def as_text(ids: Array) -> list[str]:
    """Return ids as text, whether their file stores text or numbers."""
    return [_text(id_) for id_ in ids.tolist()]


def _text(id_: Any) -> str:
    if isinstance(id_, str):
        return id_.strip()
    if isinstance(id_, float) and id_.is_integer():
        return str(int(id_))
    return id_.decode(errors="replace").strip() if isinstance(id_, bytes) else str(id_)


def _equal(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return False
    alike = one.dtype == other.dtype and bool(np.all(one == other))
    return alike or as_text(one) == as_text(other)


def _shown(id_: str) -> str:
    return repr(visible(shortened(id_)))
