"""The options that a state is of: states of other options are not merged."""

import hashlib
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure_plan import Options
from xentcli.text import shortened


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
class Asked:
    """What ``xent eval`` was asked for, and what its report needs to know of the rows.

    Attributes
    ----------
    options : Options
        What is measured.
    by, cluster : str or None
        What groups the rows; which rows depend on one another.
    shape, lead : tuple of int
        Of a slice of the logits, and of its rows that have a label.
    probabilities : bool
        Whether labels are class probabilities.
    lost : tuple of str
        Measures that were computed of the whole file, and are in no state.
    """

    options: Options
    by: str | None
    cluster: str | None
    shape: tuple[int, ...]
    lead: tuple[int, ...]
    probabilities: bool
    lost: tuple[str, ...] = ()

    def difference(self, other: "Asked") -> str | None:
        """Return what this has and the other has not, if they differ."""
        for name in ("by", "cluster"):
            one, two = getattr(self, name), getattr(other, name)
            if one != two:
                return f"{_option(name)} is {_shown(one)}, and {_shown(two)}"
        for name in self.options._fields:
            if getattr(self.options, name) != getattr(other.options, name):
                known = {"metrics": "--metric", "also": "what gates and reports need"}
                return f"{known.get(name, _option(name))} differs"
        if (self.shape, self.lead) != (other.shape, other.lead):
            return f"rows of shape {(*self.shape,)}, and {(*other.shape,)}"
        if self.probabilities != other.probabilities:
            return "labels are class probabilities in one alone"
        return None
