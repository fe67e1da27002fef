"""How a command is run: with how many workers, and who is told of its progress."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from xentcli.errors import InputError, UsageError
from xentcli.execution import available_jobs, ordered_map
from xentcli.execution.scheduler import Join
from xentcli.formats.base import BLOCK_ELEMENTS, Shape, Source
from xentcli.pipeline.flow import Part, Sink, State, Total, collect, joined
from xentcli.records import Record

if TYPE_CHECKING:
    from typing import Protocol

    from xentcli.alignment.ids import Matching
    from xentcli.alignment.steps import Step
    from xentcli.core.checks import Problem

    class Rows(Protocol):
        """What belongs together in some files, and can be read step by step."""

        @property
        def name(self) -> str:
            """The name of the leader."""

        @property
        def shape(self) -> Shape:
            """The shape of one number for each of its rows."""

        @property
        def sources(self) -> "Sequence[Source | None]":
            """The files that are read."""

        @property
        def shareable(self) -> bool:
            """Whether forked processes can read the steps on their own."""

        @property
        def matchings(self) -> "Sequence[Matching]":
            """Those that find rows by id."""

        def steps(self, elements: int, rows: slice | None = None) -> "Iterator[Step]":
            """Cut into blocks of about `elements` numbers; only those that hold some of `rows`."""

        def error(self, problem: "Problem", rows: int) -> InputError:
            """Return the error of a problem, given the number of all rows."""


Progress = Callable[[int, int | None], None]
"""Called with how many rows are done, and how many there are if that is known."""


Item = TypeVar("Item")
Result = TypeVar("Result")


class Run(Record):
    """How to run.

    Attributes
    ----------
    jobs : int
        How many threads or processes compute at once.
    progress : callable, optional
        Called with the number of rows done.
    block_elements : int
        About how many numbers a block has.
    cluster : str, optional
        The address of the scheduler whose workers compute instead.
    """

    jobs: int = available_jobs()
    progress: Progress | None = None
    block_elements: int = BLOCK_ELEMENTS
    cluster: str | None = None

    def map(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        shareable: bool = False,
        join: Join | None = None,
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`; processes may if it is `shareable`.

        Processes and clusters join the results of neighbouring items, where `join` makes one of
        two.
        """
        return ordered_map(
            work, items, self.jobs, shareable=shareable, cluster=self.cluster, join=join
        )

    def total(
        self,
        rows: "Rows",
        part_of: "Callable[[Step], Part[State]]",
        chosen: slice | None = None,
        sink: Sink | None = None,
        watch: "Callable[[Iterable[Part[State]]], Iterable[Part[State]]]" = iter,
    ) -> Total[State]:
        """Read all rows, or those that are chosen, and return what they come to.

        The parts pass through `watch`, in order.

        Raises
        ------
        InputError
            If something is wrong with a row, or there is none of those that are chosen.
        """
        steps, progress = rows.steps(self.block_elements, chosen), self.progress_of(rows.shape)
        parts: Iterable[Part[State]]
        parts = self.map(part_of, steps, shareable=rows.shareable, join=joined)
        for matching in rows.matchings if chosen is None else ():
            parts = matching.watch(parts)
        total = collect(watch(parts), sink, progress, rows.error, rows.sources)
        if chosen is not None and total.state is None:
            raise InputError(f"{rows.name}: there is no row {chosen.start or 0}")
        return total.having_note(note_of_end(rows.name, chosen, total.rows))

    def where(self, *sources: Source) -> "Run":
        """Return how to run over sources: here, if no worker of a cluster can open one of them."""
        if all(each.reference is not None for each in sources):
            return self
        return self._replace(cluster=None)

    @property
    def in_order(self) -> "Run":
        """Return how to run over an input that one process reads from beginning to end."""
        return self._replace(jobs=1, cluster=None)

    @property
    def notes(self) -> list[str]:
        """What the user should know of where it ran."""
        if self.cluster is None:
            return []
        from xentcli.execution.addresses import notes_of

        return notes_of(self.cluster)

    def progress_of(self, shape: Shape) -> Callable[[int], None]:
        """Return what reports the rows done of an array of `shape`."""
        progress, total = self.progress, shape[0] if shape else 1
        return (lambda rows: progress(rows, total)) if progress else (lambda _rows: None)


def note_of_end(name: str, chosen: slice | None, rows: int) -> str | None:
    """Say that rows end before those that are chosen do."""
    if chosen is None or chosen.stop is None:
        return None
    start = chosen.start or 0
    if start + rows >= chosen.stop:
        return None
    return f"{name}: of rows {start}:{chosen.stop}, the last is {start + rows - 1}"


def run_of(jobs: int | None, cluster: str | None = None) -> Run:
    """Return how to run; without `jobs`, as many workers as there are cores.

    Raises
    ------
    UsageError
        If there are no workers, or no scheduler can have this address.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is 1 or more, not {jobs}")
    run = Run(jobs) if jobs else Run()
    if cluster is None:
        return run
    from xentcli.execution.addresses import checked_address

    return run._replace(cluster=checked_address(cluster))


@contextmanager
def headers_on(cluster: str) -> Iterator[None]:
    """Have the workers of a cluster read the headers of many files, within a ``with``.

    Raises
    ------
    UsageError
        If no scheduler can have this address.
    """
    from xentcli.formats.shard_headers import reading_headers

    with reading_headers(run_of(None, cluster).map):
        yield
