"""What a run keeps in a file for ``xent merge``: states, and what says which belong together."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.metrics.interface import States
from xentcli.metrics.plain import from_plain, to_plain
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Merging, Remark
from xentcli.pipeline.outputs import text_file
from xentcli.pipeline.state_rows import FileRows, check_apart, joined
from xentcli.pipeline.written import read_object
from xentcli.results.provenance import FileFacts
from xentcli.storage.paths import natural_key
from xentcli.text import shortened

_WHAT = "a state is what --state FILE.json of xent loss, nll or merge wrote"
_DAMAGED = "write it again: --state FILE.json"


@dataclass(frozen=True)
class Setting:
    """The options that numbers depend on, each under its name; weights by their SHA-256."""

    kind: str
    reduction: str
    class_axis: int | None
    dtype: str | None
    temperature: float
    non_finite: str
    shift: int
    weight: str | None
    pos_weight: str | None
    sample_weight: bool
    ignore_index: tuple[int, ...]
    label_smoothing: float
    label_base: int
    binary: bool
    picked: bool
    normalize: bool
    clip: float

    @classmethod
    def of(cls, criterion: Criterion, *, sample_weight: bool) -> "Setting":
        """Return those of a run."""
        options, binary = criterion.options, criterion.binary
        return cls(
            kind=criterion.kind,
            reduction=criterion.reduction,
            class_axis=criterion.class_axis,
            dtype=None if criterion.dtype is None else criterion.dtype.name,
            temperature=criterion.temperature,
            non_finite="propagate" if criterion.propagate else "error",
            shift=criterion.shift,
            weight=_digest(options.weight if binary is None else binary.weight),
            pos_weight=None if binary is None else _digest(binary.pos_weight),
            sample_weight=sample_weight,
            ignore_index=tuple(sorted(options.ignored if binary is None else binary.ignored)),
            label_smoothing=options.label_smoothing,
            label_base=options.label_base,
            binary=binary is not None,
            picked=criterion.picked,
            normalize=criterion.normalize,
            clip=criterion.clip,
        )

    def difference(self, other: "Setting") -> str | None:
        """Return what this has and the other has not, if they differ."""
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            if one != two:
                name = "what the rows hold" if field.name == "kind" else _option(field.name)
                return f"{name} is {_shown(one)}, and {_shown(two)}"
        return None


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if value is None or isinstance(value, bool):
        return "given" if value else "not given"
    return shortened(str(value))


def _digest(weight: NDArray[np.float64] | None) -> str | None:
    return None if weight is None else hashlib.sha256(weight.astype("<f8").tobytes()).hexdigest()


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
        return (each.role, natural_key(each.name), repr(each))

    return tuple(sorted(dict.fromkeys(files), key=order))


@dataclass(frozen=True)
class SavedState:
    """States of rows, with what they are of; `name` is the file, and is not part of it."""

    header: Header
    states: States
    name: str = ""

    def merge(self, other: "SavedState") -> "SavedState":
        """Return the state of both states' rows; that they belong together is checked before."""
        return SavedState(
            self.header.merge(other.header), self.states.merge(other.states), self.name
        )

    def text(self) -> str:
        """Return a line of JSON."""
        plain = {**to_plain(self.header), "states": self.states.to_plain()}
        return json.dumps(plain, separators=(",", ":"), allow_nan=False) + "\n"

    def write(self, path: str, *, force: bool) -> None:
        """Write it, whole or not at all."""
        text = self.text()
        with text_file(path, "json", force=force) as write:
            write(text)


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
    if mine.num_classes != yours.num_classes:
        classes = f"{mine.num_classes}, and {yours.num_classes}"
        raise InputError(f"{names}: other classes: {classes}")
    if mine.class_names != yours.class_names:
        raise InputError(f"{names}: other names of classes, or in another order")
    if one.states.states.keys() != other.states.states.keys():
        raise InputError(f"{names}: other measures")
