"""Which rows of which files a state covers, which are there twice, and which are missing."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.inline import is_inline
from xentcli.pipeline.provenance import lengths_of, paths_of
from xentcli.storage.names import is_url, local_name, shown_name, uncompressed_name
from xentcli.storage.paths import natural_key, reads_once

ONE_STATE = "each row belongs to one state: leave one of them out"
_ONE_FILE = "run again what was run with the other files"
_MOST_ROWS = 2**63  # NumPy counts no further


NamedSource = tuple[Source, Sequence[str]] | None
"""What was read, if it was, and what the user named its files."""


class BesideRows(NamedTuple):
    """What stands beside rows in files of its own: their weights, and names of what they are in."""

    weights: NamedSource = None
    groups: NamedSource = None
    clusters: NamedSource = None


NOTHING_BESIDE = BesideRows()


class FileRows(NamedTuple):
    """Consecutive rows of a file.

    Attributes
    ----------
    file : str
        Its whole path, or its URL without secrets; empty for a pipe and for typed data.
    start, stop : int
        The first row, and the one after the last, along the first axis.
    length : int or None
        The rows of the file, where that is known.
    name : str
        What the user called the file.
    labels : str
        The file of their labels, in the same way; empty where they stand beside the logits.
    target, target_of_labels : str
        The files that these lead to, where they are links.
    models : tuple of str
        The files that they are compared with, past any link; empty where none is known.
    weights, groups, clusters : str
        The files of their own with their weights, and with the names of their groups and clusters,
        past any link; empty where none is known.
    digest : str
        What tells rows without a file from those of other runs: what was measured of them, as a
        digest, and their number in their run. Empty for the rows of a file.
    """

    file: str
    start: int
    stop: int
    length: int | None = None
    name: str = ""
    labels: str = ""
    target: str = ""
    target_of_labels: str = ""
    models: tuple[str, ...] = ()
    weights: str = ""
    groups: str = ""
    clusters: str = ""
    digest: str = ""

    @property
    def itself(self) -> str:
        """The file by one path, through links or compressed or not; empty of what is no file."""
        return uncompressed_name(self.target or self.file)

    @property
    def key(self) -> tuple[object, ...]:
        """What sorts rows by the natural order of names, and then by their numbers.

        Rows without a file have an order too, whichever state comes first.
        """
        return (natural_key(self.file), self.start, self.stop, self.digest, repr(self))

    def check(self) -> None:
        """Raise ValueError if no file has such rows."""
        known = 0 <= (self.length or 0) <= _MOST_ROWS
        if not (known and 0 <= self.start < self.stop <= _MOST_ROWS):
            raise ValueError("no file has its rows")

    def touches(self, other: "FileRows") -> bool:
        """Whether the other rows are those that come next in the same file."""
        return self.file != "" and self.file == other.file and self.stop == other.start

    def difference(self, other: "FileRows") -> str | None:
        """Return why the two cannot be rows of the same file, if there is a reason."""
        if len({uncompressed_name(f.target_of_labels or f.labels) for f in (self, other)}) > 1:
            both = (each or "those beside them" for each in (self.labels, other.labels))
            return f"its labels are in {' and '.join(both)}"
        for one, two in zip(self.models, other.models, strict=True):
            if uncompressed_name(one) != uncompressed_name(two) and one and two:
                return f"it is compared with {one}, and with {two}"
        for what in BesideRows._fields:
            here, there = getattr(self, what), getattr(other, what)
            if uncompressed_name(here) != uncompressed_name(there) and here and there:
                return f"the {what} of its rows are in {here} and {there}"
        if None not in (self.length, other.length) and self.length != other.length:
            return f"it has {self.length} rows, and {other.length}"
        return None

    def covers(self, other: "FileRows") -> bool:
        """Whether the other rows are among these; those without a file only if they are these."""
        if not self.file:
            return self == other
        return self.file == other.file and self.start <= other.start and other.stop <= self.stop


def rows_of(
    source: Source,
    names: Sequence[str],
    chosen: slice | None,
    rows: int,
    labels: NamedSource = None,
    models: Iterable[tuple[Source, Sequence[str]]] = (),
    beside: BesideRows = NOTHING_BESIDE,
) -> Iterator[tuple[FileRows, int]]:
    """Yield the rows read of each file of a source, and how many rows stand before that file.

    `rows` is the number of rows read in all: every row, or those `chosen`. `labels` are their
    labels, and what the user named these; so are `models`, the other models'. `beside` is what
    stands beside the rows.
    """
    paths = paths_of(source, names)
    of_labels = _beside(labels, len(paths))
    of_beside = [[_itself(p) for p in _beside(each, len(paths))] for each in beside]
    of_models = [[_itself(each) for each in _beside(model, len(paths))] for model in models]
    first = 0 if chosen is None else chosen.start or 0
    if len(paths) == 1:
        to_the_end = chosen is None or chosen.stop is None
        length = first + rows if to_the_end else (source.shape or (None,))[0]
        lengths: Sequence[int | None] = [length]
    else:
        lengths = lengths_of(source, len(paths))
    before = 0
    for i, (path, length, of_label) in enumerate(zip(paths, lengths, of_labels, strict=True)):
        start, stop = max(first, before), first + rows
        stop = stop if length is None else min(stop, before + length)
        if start < stop:
            ends = (start - before, stop - before)
            found = _named(path, *ends, length, of_label)
            found = found._replace(models=tuple(each[i] for each in of_models))
            weights, groups, clusters = (each[i] for each in of_beside)
            yield found._replace(weights=weights, groups=groups, clusters=clusters), before
        if length is None:
            return
        before += length


def _beside(inputs: NamedSource, count: int) -> list[str]:
    """Return the file that goes with each of `count` files; empty where that is unknown."""
    found = [] if inputs is None else [whole_name(path) for path in paths_of(*inputs)]
    return found if len(found) == count else [found[0] if len(found) == 1 else ""] * count


def whole_files(paths: Iterable[str]) -> tuple[FileRows, ...]:
    """Return files that go into a state as they are, each as one row."""
    return joined(_named(path, 0, 1, 1) for path in paths)


def _named(path: str, start: int, stop: int, length: int | None, labels: str = "") -> FileRows:
    """Return rows of a file by its names; that of the labels is whole."""
    file = whole_name(path)
    targets = _target(file), _target(labels)
    return FileRows(file, start, stop, length, shown_name(path), labels, *targets)


def _target(whole: str) -> str:
    """Return which file a whole path leads to, if it is a link or leads through one."""
    target = _itself(whole)
    return "" if target == whole else target


def _itself(whole: str) -> str:
    """Return which file a whole path leads to, past any link; a URL is itself."""
    return whole if not whole or is_url(whole) else os.path.realpath(whole)


def whole_name(path: str) -> str:
    """Return what names a file from any folder; nothing for what is no file."""
    if is_url(path) and local_name(path) == path:
        return shown_name(path)
    path = local_name(path)
    return "" if is_inline(path) or reads_once(path) else os.path.abspath(path)  # noqa: PTH100


def joined(rows: Iterable[FileRows]) -> tuple[FileRows, ...]:
    """Return rows in order, with those that follow one another joined."""
    found: list[FileRows] = []
    for each in sorted(rows, key=lambda each: each.key):
        if found and found[-1].touches(each):
            length = each.length if found[-1].length is None else found[-1].length
            found[-1] = found[-1]._replace(stop=each.stop, length=length)
        else:
            found.append(each)
    return tuple(found)


def check_apart(rows: Iterable[tuple[FileRows, str]]) -> None:
    """Raise InputError if rows are there twice, or their file was replaced between runs.

    Each comes with the name of its state.
    """
    ordered = sorted(rows, key=lambda each: (each[0].itself, each[0].start, each[0].stop, each[1]))
    most: tuple[FileRows, str] | None = None
    for each, state in ordered:
        if most is not None and each.file and each.itself == most[0].itself:
            before, other = most
            if each.start < before.stop:
                stop = min(each.stop, before.stop)
                also = f", of {before.file}" if before.file != each.file else ""
                raise InputError(
                    f"{state}: rows {each.start}:{stop} of {each.file} are in {other} too{also}",
                    hint=ONE_STATE,
                )
            if what := before.difference(each):
                raise InputError(f"{other} and {state}: {each.file}: {what}", hint=_ONE_FILE)
        most = (each, state)


def leads_to(path: str, name: str) -> bool:
    """Whether a whole path may be that of the file with this name."""
    end = name.removeprefix("./")
    return path == end or path.endswith(f"/{end}")
