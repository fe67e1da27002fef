"""What a run keeps in a file for ``xent merge``: states, and what says which belong together."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.metrics.interface import States
from xentcli.metrics.plain import from_plain, to_plain
from xentcli.pipeline.flow import Merging, Remark
from xentcli.pipeline.outputs import text_file
from xentcli.pipeline.state_options import Asked, Setting
from xentcli.pipeline.state_rows import FileRows, Numbering, check_apart, joined
from xentcli.pipeline.written import read_object
from xentcli.results.provenance import FileFacts
from xentcli.storage.paths import natural_key
from xentcli.text import shortened

_WHAT = "a state is what --state FILE.json of xent loss, nll, eval or merge wrote"
_DAMAGED = "write it again: --state FILE.json"


@dataclass(frozen=True)
class Header:
    """What a state is of.

    Attributes
    ----------
    xent_state : str
        The version of xent that wrote it.
    command : str
        The command that it is of.
    setting : Setting
        Its options.
    rows : tuple of FileRows
        The rows of the logits, in the natural order of names.
    files : tuple of FileFacts
        What was read.
    num_classes, unpaired : int
        The length of a row; rows without a label.
    class_names : tuple of str or None
        Of the classes.
    crosses : bool
        Whether labels that are shifted may stand in the next file.
    looks_like : str
        What the first rows look like.
    missing : Remark or None
        The rows of probabilities that miss a sum of 1.
    asked : Asked or None
        What an evaluation was asked for.
    """

    xent_state: str
    command: str
    setting: Setting
    rows: tuple[FileRows, ...]
    files: tuple[FileFacts, ...]
    num_classes: int
    class_names: tuple[str, ...] | None = None
    unpaired: int = 0
    crosses: bool = False
    looks_like: str = "unknown"
    missing: Remark | None = None
    asked: Asked | None = None

    @property
    def inner(self) -> int:
        """The rows that have a label in a slice of the first axis."""
        return math.prod(self.asked.lead) if self.asked else 1

    def merge(self, other: "Header") -> "Header":
        """Return that of both states' rows."""
        first = min((self, other), key=lambda each: _place(each.rows))
        one, two = self.missing, other.missing
        return replace(
            first,
            rows=joined((*self.rows, *other.rows)),
            files=each_once((*self.files, *other.files)),
            unpaired=self.unpaired + other.unpaired,
            missing=one.merge(two) if one and two else one or two,
        )


def _place(rows: Sequence[FileRows]) -> tuple[Any, ...]:
    """Return what sorts states by their first rows; those without any come last."""
    return (0, rows[0].key) if rows else (1,)


def each_once(files: Iterable[FileFacts]) -> tuple[FileFacts, ...]:
    """Return files by what they were read as and the natural order of names, each once."""

    def order(each: FileFacts) -> tuple[Any, ...]:
        return (each.role == "labels", natural_key(each.name), repr(each))

    return tuple(sorted(dict.fromkeys(files), key=order))


@dataclass(frozen=True)
class SavedState:
    """States of rows, with what they are of; `name` is the file, and is not part of it."""

    header: Header
    states: States
    name: str = ""

    def merge(self, other: "SavedState") -> "SavedState":
        """Return the state of both states' rows; that they belong together is checked before."""
        header = self.header.merge(other.header)
        after = Numbering.of(header.rows)
        one, two = (
            renumbered(each.states, Numbering.of(each.header.rows).to(after, each.header.inner))
            for each in (self, other)
        )
        return SavedState(header, one.merge(two), self.name)

    def text(self) -> str:
        """Return a line of JSON."""
        plain = {**to_plain(self.header), "states": self.states.to_plain()}
        return json.dumps(plain, separators=(",", ":"), allow_nan=False) + "\n"

    def write(self, path: str, *, force: bool) -> None:
        """Write it, whole or not at all."""
        text = self.text()
        with text_file(path, "json", force=force) as write:
            write(text)


def renumbered(states: States, number: Callable[[int], int]) -> States:
    """Return states in which rows that are named have another number."""
    worst = states.states.get("worst_rows")
    if worst is None:
        return states
    rows = tuple(replace(each, row=number(each.row)) for each in worst.rows)
    return States({**states.states, "worst_rows": replace(worst, rows=rows)})


def read_state(path: str) -> SavedState:
    """Return the state in a file.

    Raises
    ------
    InputError
        If there is none, it is damaged, or another version of xent wrote it.
    """
    name, plain = read_object(path, _WHAT)
    if "xent_state" not in plain:
        raise InputError(f"{name}: this is no state of a run", hint=_WHAT)
    version = plain["xent_state"]
    if version != __version__:
        other = shortened(str(version))
        raise InputError(
            f"{name}: a state of xent {other}, and this is xent {__version__}",
            hint="states are merged by the version that wrote them",
        )
    try:
        states = States.from_plain(plain.pop("states"))
        header: Header = from_plain(Header, plain)
        for each in header.rows:
            each.check()
        results = states.compute()
        if results["loss"].rows < 0 or not 0 <= results["loss"].used <= results["loss"].rows:
            raise ValueError(f"{results['loss'].used} of {results['loss'].rows} rows are used")
    except _DAMAGES as error:
        what = shortened(str(error).replace("\n", " "), characters=120)
        raise InputError(f"{name}: the state is damaged: {what}", hint=_DAMAGED) from error
    return SavedState(header, states, name)


_DAMAGES = (InputError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def merged(paths: Iterable[str]) -> SavedState:
    """Return the state of all rows of states in files.

    Raises
    ------
    InputError
        If they do not belong together, with the names of two that do not.
    """
    first: SavedState | None = None
    merging = Merging[SavedState]()
    rows: list[tuple[FileRows, str]] = []
    for path in paths:
        found = read_state(path)
        first = found if first is None else first
        _check_alike(first, found)
        rows += [(each, found.name) for each in found.header.rows]
        try:
            merging.add(found)
        except _DAMAGES as error:
            raise InputError(f"{found.name}: the state is damaged", hint=_DAMAGED) from error
    total = merging.merged()
    if total is None:
        raise InputError("there is no state to merge", hint=_WHAT)
    check_apart(rows)
    header = total.header
    if header.crosses and header.unpaired > header.setting.shift:
        raise InputError(
            f"{total.name}: --shift {header.setting.shift} pairs the last rows of a file with the "
            "labels of the next, which single files miss",
            hint="name all files in each run, and part them by --rows A:B",
        )
    return total


def _check_alike(one: SavedState, other: SavedState) -> None:
    """Raise InputError if two states do not belong together."""
    names, mine, yours = f"{one.name} and {other.name}", one.header, other.header
    if mine.command != yours.command:
        what = f"xent {shortened(mine.command)}, and xent {shortened(yours.command)}"
        raise InputError(f"{names}: states of two commands: {what}")
    if what_differs := mine.setting.difference(yours.setting):
        raise InputError(f"{names}: other options: {what_differs}")
    differs = mine.asked and yours.asked and mine.asked.difference(yours.asked)
    if differs or (mine.asked is None) != (yours.asked is None):
        raise InputError(f"{names}: other options: {differs or 'what is measured'}")
    if mine.num_classes != yours.num_classes:
        classes = f"{mine.num_classes}, and {yours.num_classes}"
        raise InputError(f"{names}: other classes: {classes}")
    if mine.class_names != yours.class_names:
        raise InputError(f"{names}: other names of classes, or in another order")
    if one.states.states.keys() != other.states.states.keys():
        raise InputError(f"{names}: other measures")
