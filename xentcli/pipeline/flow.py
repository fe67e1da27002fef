"""What every command does with its blocks: merge, write in order, count, fail at the end."""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from numpy.typing import NDArray

from xentcli.core.checks import Problem, RowKind, merge_problems
from xentcli.core.row_facts import RowFacts
from xentcli.errors import InputError
from xentcli.formats.base import ArrayHeader, Block, Source
from xentcli.records import Record

if TYPE_CHECKING:
    from xentcli.pipeline.kept_rows import Keys

Array = NDArray[Any]
_LEAST_LABEL = "least label"  # the name of a remark


class Sink(Protocol):
    """Takes an array's rows in order, or each where it belongs."""

    @property
    def positional(self) -> bool:
        """Whether `write_at` works, once the sink is open."""

    def open(self, header: ArrayHeader) -> None:
        """Begin an array."""

    def write(self, rows: Array, ids: Array | None = None) -> None:
        """Take the next rows, and their ids if the header has a name for them."""

    def write_at(self, start: int, rows: Array) -> None:
        """Take rows from a given one on, in any order, in any thread or forked process."""


class Mergeable(Protocol):
    """A metric's state."""

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""


class Remark(Record):
    """What is odd about some rows without being a problem: how many rows, and how odd they are."""

    name: str
    rows: int
    most: float = 0.0

    def merge(self, other: "Remark") -> "Remark":
        """Return one remark for both."""
        return Remark(self.name, self.rows + other.rows, max(self.most, other.most))


State = TypeVar("State", bound=Mergeable)


class Part(Record, Generic[State]):
    """What a worker makes of a block: output, a metric's state, and what is wrong."""

    rows: int
    values: Array | None = None
    state: State | None = None
    problems: tuple[Problem, ...] = ()
    looks_like: RowKind | None = None
    num_classes: int | None = None
    ids: Array | None = None
    """What names the rows of `values`."""
    matched: Mapping[str, Array] = {}
    """The places of their labels, weights, ..., where ids led elsewhere than to the rows' own."""
    remarks: tuple[Remark, ...] = ()
    notes: tuple[str, ...] = ()
    kept: "Mapping[str, Keys] | None" = None
    """What is kept of every row, by name, until all have been seen."""

    def merge(self, later: Self) -> Self:
        """Return the sum of both, without what is handed on row by row."""
        remarks = {remark.name: remark for remark in self.remarks}
        for remark in later.remarks:
            seen = remarks.get(remark.name)
            remarks[remark.name] = seen.merge(remark) if seen else remark
        states = [part.state for part in (self, later) if part.state is not None]
        return type(self)(
            self.rows + later.rows,
            state=reduce(lambda one, other: one.merge(other), states) if states else None,
            problems=merge_problems((*self.problems, *later.problems)),
            looks_like=self.looks_like or later.looks_like,
            num_classes=later.num_classes or self.num_classes,
            remarks=tuple(remarks.values()),
            notes=(*self.notes, *later.notes),
        )

    def parted(self) -> "tuple[Part[State], Part[State] | None]":
        """Return what must be told in order, and the state, which may be merged in any order."""
        if self.state is None:
            return self, None
        return self._replace(state=None), Part(0, state=self.state)


def joined(part: Part[State], later: Part[State]) -> Part[State] | None:
    """Return one part for two neighbours, unless one of them holds something of each row."""
    _check_parts(part, later)
    if any(each.values is not None or each.matched or each.kept for each in (part, later)):
        return None
    return part.merge(later)


def _check_parts(*parts: object) -> None:
    """Raise TypeError if the work of a command from outside returns no part."""
    for part in parts:
        if not isinstance(part, Part):
            raise TypeError(f"the work on a step returns {type(part).__name__}, and no Part")


class Total(Record, Generic[State]):
    """What all blocks came to."""

    rows: int
    state: State | None
    looks_like: RowKind
    num_classes: int
    remarks: Mapping[str, Remark] = {}
    notes: tuple[str, ...] = ()

    def having_note(self, note: str | None) -> "Total[State]":
        """Return the same with one more note, if there is one."""
        return self if note is None else self._replace(notes=(*self.notes, note))


def least_label(labels: Array) -> Remark:
    """Return what `judged` asks of all rows: the least of some labels."""
    return Remark(_LEAST_LABEL, 0, -float(labels.min()))


def judged(problem: Problem, remarks: Mapping[str, Remark]) -> Problem:
    """Return a problem with the hint that all rows allow: no label 0 among labels from 1 on."""
    least = remarks.get(_LEAST_LABEL)
    if problem.one_based and least is not None and -least.most < 1:
        return problem._replace(hint=None)
    return problem


def begin_of(block: Block, source: Source) -> str:
    """Name the first row of a block as a user finds it."""
    return source.place((block.start,)) if source.shape and block.axis == 0 else source.name


def check_unchanged(*sources: Source | None) -> None:
    """Raise InputError if a file is no longer what it was when it was opened."""
    for source in sources:
        if source is not None:
            source.check_unchanged()


class Merging(Generic[State]):
    """Merges states as a tree: each goes into few merges, since some grow with what they saw.

    Where states tell their size, those that wait to be merged take together no more than half again
    what the largest of them takes. So states that all hold the same groups are merged at once.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, State]] = []
        """Each state, after the number of states that it is made of; these numbers fall."""

    def add(self, state: State) -> None:
        """Take one more."""
        count = 1
        while self._waiting and self._joins(self._waiting[-1], count, state):
            before, waiting = self._waiting.pop()
            state = waiting.merge(state)
            count += before
        self._waiting.append((count, state))

    def _joins(self, waiting: tuple[int, State], count: int, state: State) -> bool:
        before, other = waiting
        size = getattr(state, "size", 0)
        return before <= count or 0 < getattr(other, "size", 0) <= 3 * size

    def merged(self) -> State | None:
        """Return the state of all of them; None if there were none."""
        total: State | None = None
        for _, state in reversed(self._waiting):
            total = state if total is None else state.merge(total)
        return total


def collect(
    parts: Iterable[Part[State]],
    sink: Sink | None,
    progress: Callable[[int], None],
    error: Callable[[Problem, int], InputError],
    sources: Iterable[Source | None],
) -> Total[State]:
    """Merge states and write output in block order.

    After a problem nothing more is written, but all blocks are seen, so that it can be said how
    often the problem occurs.

    Parameters
    ----------
    parts : iterable of Part
        In order.
    sink : Sink, optional
        Gets the output.
    progress : callable
        Is told the number of rows done.
    error : callable
        Makes the error of a problem, given the number of all rows.
    sources : iterable of Source or None
        What the parts are made of; files that changed meanwhile are an error.
    """
    total = Part[State](0)
    states = Merging[State]()
    for part in parts:
        _check_parts(part)
        total = total.merge(part._replace(state=None))
        if sink and part.values is not None and not total.problems:
            sink.write(part.values, part.ids)
        if part.state is not None:
            states.add(part.state)
        progress(total.rows)
    check_unchanged(*sources)
    remarks = {remark.name: remark for remark in total.remarks}
    if total.problems:
        raise error(judged(total.problems[0], remarks), total.rows)
    looks_like, num_classes = total.looks_like or "unknown", total.num_classes or 0
    return Total(total.rows, states.merged(), looks_like, num_classes, remarks, total.notes)


def in_groups(facts: RowFacts, by_slices: bool) -> RowFacts:
    """Return facts whose groups are slices of the first axis, if that is asked for."""
    if not by_slices:
        return facts
    return facts.at(facts.origin._replace(groups=facts.origin.slices(facts.rows)))
