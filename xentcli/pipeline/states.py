"""What a run keeps in a file for ``xent merge``: states, and what says which belong together."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.metrics.interface import States
from xentcli.metrics.plain import from_plain, to_plain
from xentcli.pipeline.flow import Merging
from xentcli.pipeline.outputs import text_file
from xentcli.pipeline.state_header import Header, differences
from xentcli.pipeline.state_rows import FileRows, Numbering, check_apart
from xentcli.pipeline.written import read_object
from xentcli.text import shortened

_WHAT = "a state is what xent merge and other commands write: --state FILE.json"
_DAMAGED = "write it again: --state FILE.json"


@dataclass(frozen=True)
class SavedState:
    """States of rows, with what they are of.

    Attributes
    ----------
    header : Header
        What they are of.
    states : tuple of States
        One; of each model but the first with it.
    name : str
        The file, which is not part of it.
    """

    header: Header
    states: tuple[States, ...]
    name: str = ""

    def merge(self, other: "SavedState") -> "SavedState":
        """Return the state of both states' rows; that they belong together is checked before."""
        header = self.header.merge(other.header)
        after = Numbering.of(header.rows)
        both = []
        for each in (self, other):
            number = Numbering.of(each.header.rows).to(after, each.header.inner)
            both.append([renumbered(states, number) for states in each.states])
        states = tuple(one.merge(two) for one, two in zip(*both, strict=True))
        return SavedState(header, states, self.name)

    def text(self) -> str:
        """Return a line of JSON."""
        plain = {**to_plain(self.header), "states": [each.to_plain() for each in self.states]}
        return json.dumps(plain, separators=(",", ":"), allow_nan=False) + "\n"

    def write(self, path: str, *, force: bool) -> None:
        """Write it, whole or not at all."""
        text = self.text()
        with text_file(path, "json", force=force) as write:
            write(text)


def renumbered(states: States, number: Callable[[int], int]) -> States:
    """Return states in which rows that are named have another number."""
    found = dict(states.states)
    for name in _NAMING_ROWS & found.keys():
        rows = tuple(replace(each, row=number(each.row)) for each in found[name].rows)
        found[name] = replace(found[name], rows=rows)
    return States(found)


_NAMING_ROWS = {"worst_rows", "changed_rows"}


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
        states = tuple(States.from_plain(each) for each in plain.pop("states"))
        header: Header = from_plain(Header, plain)
        _check_whole(header, states)
    except _DAMAGES as error:
        what = shortened(str(error).replace("\n", " "), characters=120)
        raise InputError(f"{name}: the state is damaged: {what}", hint=_DAMAGED) from error
    return SavedState(header, states, name)


def _check_whole(header: Header, states: tuple[States, ...]) -> None:
    """Raise an error if states are not what a run could have written."""
    for rows in header.rows:
        rows.check()
    if len(states) != max(1, len(header.models) - 1):
        raise ValueError(f"{len(states)} states of {len(header.models)} models")
    for each in states:
        results = each.compute()
        counts = results["rows" if header.command == "compare" else "loss"]
        if counts.rows < 0 or not 0 <= counts.used <= counts.rows:
            raise ValueError(f"{counts.used} of {counts.rows} rows are used")


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
    names = f"{one.name} and {other.name}"
    for what in differences(one.header, other.header):
        raise InputError(f"{names}: {what}")
    if [[*each.states] for each in one.states] != [[*each.states] for each in other.states]:
        raise InputError(f"{names}: other measures")
