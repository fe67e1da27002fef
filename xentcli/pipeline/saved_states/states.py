"""What a run keeps in a file for ``xent merge``: states, and which of them belong together."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from xentcli import __version__
from xentcli.errors import InputError, UsageError
from xentcli.metrics.coded_pairs import CodedSums
from xentcli.metrics.hits_of_choices import ChoicesState
from xentcli.metrics.interface import States, is_metric
from xentcli.metrics.listed_pairs import ListedPairsState
from xentcli.metrics.state_json import from_plain, to_plain
from xentcli.metrics.texts import TextsState
from xentcli.metrics.top_lists import TopListsState
from xentcli.pipeline.in_part.bounded import BoundedSums
from xentcli.pipeline.inputs.written import read_object
from xentcli.pipeline.language.samples import CHOICES
from xentcli.pipeline.language.token_counts import TokenCounts
from xentcli.pipeline.numbering import Numbering
from xentcli.pipeline.outputs import text_file
from xentcli.pipeline.saved_states.besides import merged_states
from xentcli.pipeline.saved_states.state_header import StateHeader
from xentcli.text import shortened

WHAT_IS_STATE = "a state is what xent merge and other commands write: --state FILE.json"
_DIGEST = "sha256"
_DIGITS = 16  # of what tells rows without a file apart
_DAMAGED = "write it again: --state FILE.json"
_NAMING_ROWS = {"worst_rows", "changed_rows"}  # states whose rows have numbers
_SOLE_STATES: dict[str, type[Any]] = {
    "tokens": TokenCounts,
    "bounded": BoundedSums,
    "lists": TopListsState,
    "texts": TextsState,
    "coded_pairs": CodedSums,
    "listed_pairs": ListedPairsState,
}
"""The sole state of rows that metrics do not take, by its name."""
_BESIDE: dict[str, type[Any]] = {CHOICES: ChoicesState}
"""The states that may stand beside those of metrics, by their names."""
_DAMAGES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,  # too deep, or nothing left to take
    StopIteration,
    TypeError,
    UsageError,  # options that no run takes
    ValueError,
)
"""What reading a state may raise if no run wrote it."""


@dataclass(frozen=True)
class SavedState:
    """States of rows, with what they are of.

    Attributes
    ----------
    header : StateHeader
        What they are of.
    states : tuple of States
        One; or, in a comparison, those of each model but the first with the first.
    name : str
        The file, which is not part of it.
    notes : tuple of str
        What the user should know of the merge that made it; no part of it, either.
    """

    header: StateHeader
    states: tuple[States, ...]
    name: str = ""
    notes: tuple[str, ...] = ()

    def merge(self, other: "SavedState") -> "SavedState":
        """Return the state of both states' rows, which were found to belong together."""
        header = self.header.merge(other.header)
        after = Numbering.of(header.rows)
        both = []
        for each in (self, other):
            number = Numbering.of(each.header.rows).to(after, each.header.inner)
            both.append([renumbered(states, number) for states in each.states])
        states = tuple(merged_states(one, two) for one, two in zip(*both, strict=True))
        return SavedState(header, states, self.name)

    def told_apart(self) -> "SavedState":
        """Return the same, whose rows without a file are told from those of other runs."""
        if all(each.file or each.digest for each in self.header.rows):
            return self
        digest = _digest_of([each.to_plain() for each in self.states])[:_DIGITS]
        rows = tuple(
            each if each.file or each.digest else each._replace(digest=f"{digest}:{i}")
            for i, each in enumerate(self.header.rows)
        )
        return replace(self, header=replace(self.header, rows=rows))

    def text(self) -> str:
        """Return a line of JSON."""
        plain = {**to_plain(self.header), "states": [each.to_plain() for each in self.states]}
        return _json_of({**plain, _DIGEST: _digest_of(plain)}) + "\n"

    def write(self, path: str, *, force: bool) -> None:
        """Write it, whole or not at all."""
        text = self.told_apart().text()
        with text_file(path, "json", force=force) as write:
            write(text)


def _json_of(plain: Any) -> str:
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)


def _digest_of(plain: Any) -> str:
    """Return the SHA-256 of JSON without blanks: that of a state's shows whether it was changed."""
    return hashlib.sha256(_json_of(plain).encode()).hexdigest()


def renumbered(states: States, number: Callable[[int], int]) -> States:
    """Return states with other numbers for the rows that they name."""
    found = dict(states.states)
    for name in _NAMING_ROWS & found.keys():
        rows = tuple(replace(each, row=number(each.row)) for each in found[name].rows)
        found[name] = replace(found[name], rows=rows)
    return States(found)


def read_state(path: str) -> SavedState:
    """Return the state in a file.

    Raises
    ------
    InputError
        If there is none, it is damaged, or another version of xent wrote it.
    """
    name, plain = read_object(path, WHAT_IS_STATE)
    if "xent_state" not in plain:
        raise InputError(f"{name}: this is no state of a run", hint=WHAT_IS_STATE)
    version = plain["xent_state"]
    if version != __version__:
        other = shortened(str(version))
        raise InputError(
            f"{name}: a state of xent {other}, and this is xent {__version__}",
            hint="states are merged by the version that wrote them",
        )
    with damage(name):
        if plain.pop(_DIGEST, None) != _digest_of(plain):
            raise ValueError("it is not as it was written")
        states = tuple(_states_of(each, name) for each in plain.pop("states"))
        header: StateHeader = from_plain(StateHeader, plain)
        _check_whole(header, states)
    return SavedState(header, states, name)


def _states_of(plain: dict[str, Any], file: str) -> States:
    """Return states of metrics, or of rows of a kind that metrics do not take."""
    if len(plain) == 1 and (name := next(iter(plain))) in _SOLE_STATES:
        return States({name: from_plain(_SOLE_STATES[name], plain[name])})
    beside = {n: from_plain(_BESIDE[n], plain[n]) for n in _BESIDE if n in plain}
    plain = {name: each for name, each in plain.items() if name not in beside}
    for metric in plain:
        if not is_metric(metric):
            raise InputError(
                f"{file}: a state of {shortened(repr(metric))}, which is no metric here",
                hint="was it added to xent? It must be added for xent merge, too: xent help design",
            )
    return States({**States.from_plain(plain).states, **beside})


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Turn whatever goes wrong in reading a state that no run wrote into one error."""
    try:
        yield
    except _DAMAGES as error:
        if isinstance(error, InputError) and str(error).startswith(f"{name}: "):
            raise
        what = shortened(str(error).replace("\n", " "), characters=120)
        message = f"{name}: the state is damaged: {what or type(error).__name__}"
        raise InputError(message, hint=_DAMAGED) from error


def _check_whole(header: StateHeader, states: tuple[States, ...]) -> None:
    """Raise an error if states are not what a run could have written."""
    if header.command == "compare":
        models, counts = len(header.models) - 1, "rows"
    else:
        models, counts = len(header.models), "loss"
    if len(states) != models or not models or (header.command != "compare" and models > 1):
        raise ValueError(f"{len(states)} states, and {len(header.models)} models")
    for each in states:
        for state in each.states.values():
            if getattr(state, "num_classes", 0) not in (0, header.num_classes):
                raise ValueError(f"{header.num_classes} classes, and {state.num_classes}")
        results = each.compute()
        if header.sole_state != next((name for name in _SOLE_STATES if name in results), None):
            raise ValueError("it does not say which rows it is of")
        found = results["tokens"][0] if header.tokens else results[header.sole_state or counts]
        if found.rows < 0 or not 0 <= found.used <= found.rows:
            raise ValueError(f"{found.used} of {found.rows} rows are used")
