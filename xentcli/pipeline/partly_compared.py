"""Models whose rows are known in part, compared with the first of them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import Bounds
from xentcli.core.listed_pairs import least_divergence
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.files import InputFile
from xentcli.formats.kld import KldSource
from xentcli.metrics.listed_pairs import ListedPairsState
from xentcli.metrics.names import OF_BASES
from xentcli.pipeline.flow import Part, collect, joined
from xentcli.pipeline.kld import compare_bases, is_base, open_base
from xentcli.pipeline.partly import TopOptions, open_partly
from xentcli.pipeline.run import Run
from xentcli.pipeline.top_rows import TopRows
from xentcli.results.comparison import Comparison
from xentcli.storage.names import shown_name

OF_LISTS = ("loss_base", "loss_new", "loss_difference", "kl", "agreement")
"""What is measured of two models by their lists."""

_PAIRS = 2**20  # of listed classes, which are compared at once


class Models(NamedTuple):
    """Bases of llama-perplexity, or lists of the most probable classes, of a model each.

    Attributes
    ----------
    models : sequence of KldSource or of TopRows
        The first is what the others are compared with.
    paths : list of str
        Their files.
    notes : list of str
        What the user should know of them.
    """

    models: Sequence[KldSource | TopRows]
    paths: list[str]
    notes: list[str]

    @property
    def are_bases(self) -> bool:
        """Whether they are bases."""
        return isinstance(self.models[0], KldSource)

    @property
    def what(self) -> str:
        """What messages call them."""
        return (
            "bases of llama-perplexity" if self.are_bases else "lists of the most probable classes"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What is measured of them."""
        return OF_BASES if self.are_bases else OF_LISTS

    @property
    def sources(self) -> list[Source]:
        """The files."""
        return [each.lists.values if isinstance(each, TopRows) else each for each in self.models]

    def compared(self, index: int, run: Run) -> Comparison:
        """Compare one of them with the first."""
        base, new = self.models[0], self.models[index]
        if isinstance(base, KldSource) and isinstance(new, KldSource):
            return compare_bases(base, new, run)
        assert isinstance(base, TopRows)  # noqa: S101 - all are of one kind
        assert isinstance(new, TopRows)  # noqa: S101
        return compare_lists(base, new, run)


def open_models(files: Sequence[InputFile], options: TopOptions, run: Run) -> Models | None:
    """Open models whose rows are known in part; None where the first file has whole rows.

    Raises
    ------
    InputError
        If another file is of another kind.
    """
    paths = [file.path for file in files]
    if is_base(files[0]):
        for file in files[1:]:
            if not is_base(file):
                first, other = (shown_name(each.path) for each in (files[0], file))
                raise InputError(
                    f"{other}: no base of llama-perplexity, as {first} is, which is cut off "
                    "below the largest: whole rows are not compared with such",
                    hint="make a base of both models; or their losses: xent nll BASE, and xent "
                    "loss LOGITS LABELS",
                )
        return Models([open_base(file) for file in files], paths, [])
    models: list[TopRows] = []
    notes: list[str] = []
    for file in files:
        opened = open_partly([file], options, run, bases=False)
        if opened is None and not models:
            return None
        if opened is None:
            raise InputError(f"{file.path}: no lists, which the file before it has")
        models += opened.lists
        notes += opened.notes
    return Models(models, paths, notes)


def _part_of(both: tuple[TopRows, TopRows]) -> Part[ListedPairsState]:
    """Compare the rows of a block."""
    count = both[0].num_rows
    bounds = [each.bounds() for each in both]
    rows = [each.read(0, count) for each in both]
    used = np.ones(count, np.bool_)
    for each in bounds:
        used &= True if each.used is None else each.used
    same = np.equal(*(_first_class(*each) for each in rows))[used]
    kl = None
    if all(each.kind == "log-probabilities" for each in both):
        slack = max(each.slack for each in both)
        kl = least_divergence(*rows[0], *rows[1], slack=slack)[used]
    base, new = (_only(each.bounds, used) for each in bounds)
    return Part(count, state=ListedPairsState.from_rows(base, new, kl, same))


def _only(bounds: Bounds, used: NDArray[np.bool_]) -> Bounds:
    return Bounds(bounds.lower[used], bounds.upper[used], bounds.exact[used])


def _first_class(values: NDArray[np.float64], indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the most probable class of each row, the first of equals."""
    peak = np.max(values, axis=1, initial=-np.inf)[:, None]
    last = np.iinfo(np.int64).max
    first: NDArray[np.int64] = np.min(np.where(values == peak, indices, last), axis=1, initial=last)
    return first


def compare_lists(base: TopRows, new: TopRows, run: Run) -> Comparison:
    """Return how far apart the lists of two models are on the same rows.

    Raises
    ------
    InputError
        If they have not as many rows, or other labels.
    """
    if base.num_rows != new.num_rows:
        raise InputError(
            f"{_name(new)}: {new.num_rows:,} rows, and {_name(base)} has {base.num_rows:,}"
        )
    other = base.lists.used & new.lists.used & (base.lists.labels != new.lists.labels)
    if other.any():
        row = int(np.argmax(other))
        labels = (new.lists.labels[row], base.lists.labels[row])
        raise InputError(
            f"{new.place(row)}: label {labels[0]}, and {_name(base)} has {labels[1]}",
            hint="the rows of both files must be the same ones, in the same order",
        )
    step = max(1, _PAIRS // max(1, base.listed * new.listed))
    starts = range(0, base.num_rows, step)
    steps = ((start, min(step, base.num_rows - start)) for start in starts)
    parts = run.map(_part_of, ((base.cut(*each), new.cut(*each)) for each in steps), join=joined)
    progress = run.progress_of((base.num_rows,))
    sources = [*base.sources, *new.sources]
    total = collect(parts, None, progress, lambda p, _: p.at(""), sources)
    state = total.state or ListedPairsState()
    return Comparison(
        base=_name(base),
        new=_name(new),
        metrics=state.compute(),
        rows=base.num_rows,
        used=state.rows,
        measured=state.rows,
        num_classes=base.num_classes or 0,
        notes=tuple(_notes(base, new)),
    )


def _name(rows: TopRows) -> str:
    return rows.lists.values.name


def _notes(base: TopRows, new: TopRows) -> Iterator[str]:
    if base.kind == new.kind == "log-probabilities":
        yield "of lists, a KL divergence is known from below: classes that not both list are one"
    else:
        yield "KL needs log-probabilities of both, or their log-sum-exp"
