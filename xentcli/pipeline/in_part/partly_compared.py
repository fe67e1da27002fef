"""Models whose rows are known in part, compared with the first of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import Bounds
from xentcli.core.floors import NONE_LISTED, UNTOLD, first_classes
from xentcli.core.listed_pairs import least_divergence
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.files import InputFile
from xentcli.formats.kld import KldSource
from xentcli.formats.table_blocks import cuts
from xentcli.metrics.coded_pairs import CodedPairsState
from xentcli.metrics.listed_pairs import ListedPairsState, difference_of
from xentcli.metrics.pair_clusters import PairClustersState
from xentcli.pipeline.flow import Part, collect, joined
from xentcli.pipeline.in_part.kld import compare_bases, is_base, open_base
from xentcli.pipeline.in_part.partly import TopOptions, open_partly
from xentcli.pipeline.in_part.partly_pairs import CODES, MEANS_OF_LISTS, PairsKind
from xentcli.pipeline.inputs.array_ids import check_one_order
from xentcli.pipeline.inputs.clustering import Clustering
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.run import Run
from xentcli.pipeline.top_lists.clustered_rows import (
    Facts,
    blocks_of,
    clustering_of,
    of_clusters,
    where_exact,
)
from xentcli.pipeline.top_lists.top_rows import TopRows
from xentcli.storage.names import shown_name

_PAIRS = 2**20  # how many listed classes are compared at once


class Models(NamedTuple):
    """Bases of llama-perplexity, or lists of the most probable classes, one for each model.

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
    def num_classes(self) -> int:
        """The length of a row; 0 where it is not known."""
        return self.models[0].num_classes or 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the measures of them."""
        return PairsKind(self.kinds).names

    @property
    def sources(self) -> list[Source]:
        """The files."""
        return [each.lists.values if isinstance(each, TopRows) else each for each in self.models]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the values of each model are."""
        return tuple(each.kind if isinstance(each, TopRows) else CODES for each in self.models)

    @property
    def cluster(self) -> str | None:
        """What the user says of the rows that depend on one another."""
        first = self.models[0]
        return first.lists.cluster if isinstance(first, TopRows) else None

    @property
    def several_axes(self) -> bool:
        """Whether the rows of lists are in sequences."""
        first = self.models[0]
        return isinstance(first, TopRows) and first.lists.sequences is not None

    @property
    def clustering(self) -> Clustering:
        """Whether rows depend on one another."""
        return Clustering.of(self.cluster, several_axes=self.several_axes)

    def state(self, index: int, run: Run) -> CodedPairsState | ListedPairsState:
        """Compare the rows of one of them with those of the first."""
        base, new = self.models[0], self.models[index]
        if isinstance(base, KldSource) and isinstance(new, KldSource):
            return compare_bases(base, new, run)
        assert isinstance(base, TopRows)  # noqa: S101 - all are of one kind
        assert isinstance(new, TopRows)  # noqa: S101
        return compare_lists(base, new, run)


def open_models(files: Sequence[InputFile], asked: Sequence[TopOptions], run: Run) -> Models | None:
    """Open models whose rows are known in part; None where the first file has whole rows.

    `asked` is what the user says of each of them.

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
    for file, options in zip(files, asked, strict=True):
        mine = options._replace(cluster=None) if models else options  # the base names clusters
        opened = open_partly([file], mine, run, bases=False)
        if opened is None and not models:
            return None
        if opened is None:
            raise InputError(f"{file.path}: no lists, which the file before it has")
        check_one_order([paths[0]], [file.path], Reader(), of_lists=True)
        models += opened.lists
        notes += (note for each in opened.lists for note in each.lists.values.notes)
        notes += opened.notes
    return Models(models, paths, [*dict.fromkeys(notes)])


Both = tuple[TopRows, TopRows]


class _PairsWork(NamedTuple):
    step: int
    """How many rows are compared at once."""
    clusters: PairClustersState | None
    """That of no rows, if rows depend on one another."""

    def part_of(self, both: Both) -> Part[ListedPairsState]:
        """Compare the rows of a block, which may be more than are compared at once."""
        base, new = both
        pieces = [
            _compared((base.cut(*each), new.cut(*each))) for each in cuts(base.num_rows, self.step)
        ]
        state = reduce(ListedPairsState.merge, (state for state, _ in pieces))
        if self.clusters is not None:
            used = base.lists.used & new.lists.used
            facts = (facts for _, facts in pieces)
            state = replace(state, clusters=of_clusters(self.clusters, base, used, facts))
        return Part(base.num_rows, state=state)


def _compared(both: Both) -> tuple[ListedPairsState, Facts]:
    """Compare some rows, and return facts of those that are used."""
    count = both[0].num_rows
    bounds = [each.bounds() for each in both]
    rows = [each.read(0, count) for each in both]
    used = np.ones(count, np.bool_)
    for each in bounds:
        used &= True if each.used is None else each.used
    each_floor = [each.floors(values) for each, (values, _) in zip(both, rows, strict=True)]
    firsts = [first_classes(*row, floor) for row, floor in zip(rows, each_floor, strict=True)]
    same = ((firsts[0] == firsts[1]) & (firsts[0] != NONE_LISTED))[used]
    untold = int(np.count_nonzero(((firsts[0] == UNTOLD) | (firsts[1] == UNTOLD))[used]))
    kl = None
    if all(each.kind == "log-probabilities" for each in both):
        slack = max(each.slack for each in both)
        kl = least_divergence(*rows[0], *rows[1], slack=slack)[used]
    base, new = (_only(each.bounds, used) for each in bounds)
    state = ListedPairsState.from_rows(base, new, kl, same, count - len(same), untold)
    return state, {
        "loss_base": where_exact(base),
        "loss_new": where_exact(new),
        "difference": where_exact(difference_of(base, new)),
        "agrees": same,
    }


def _only(bounds: Bounds, used: NDArray[np.bool_]) -> Bounds:
    return Bounds(bounds.lower[used], bounds.upper[used], bounds.exact[used])


def compare_lists(base: TopRows, new: TopRows, run: Run) -> ListedPairsState:
    """Return the state of the lists of two models on the same rows.

    Raises
    ------
    InputError
        If their rows differ in number or labels.
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
    applies = clustering_of(base.lists).applies
    blocks = blocks_of(base, step, clustered=applies)
    work = _PairsWork(step, PairClustersState(MEANS_OF_LISTS) if applies else None)
    cut = ((base.cut(*each), new.cut(*each)) for each in blocks)
    parts = run.map(work.part_of, cut, join=joined)
    progress = run.progress_of((base.num_rows,))
    sources = [*base.sources, *new.sources]
    total = collect(parts, None, progress, lambda p, _: p.at(""), sources)
    return total.state or ListedPairsState()


def _name(rows: TopRows) -> str:
    return rows.lists.values.name
