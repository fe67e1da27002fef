"""The options of a state's run; states of different options are not merged."""

import hashlib
import math
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import Kind
from xentcli.core.row_losses import Reduction
from xentcli.formats.base import Source
from xentcli.formats.hidden.head_options import HeadOptions, head_of
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measures.measure_plan import Options
from xentcli.pipeline.pairs.pair_plan import PairOptions
from xentcli.pipeline.saved_states.state_rows import whole_name
from xentcli.storage.paths import natural_key
from xentcli.text import shortened

_OF_LOGITS = ("layer", "final_norm", "logit_scale", "softcap", "bias", "logits_dtype")
"""The options of a head that change logits, and not only where they are read."""


KnownClasses = tuple[int, tuple[str, ...] | None]  # how many, and their names


@dataclass(frozen=True)
class Setting:
    """The options that numbers depend on, each under its name; weights by their SHA-256.

    So is a head, `head_digest`, wherever it is; `head_options` are the others that change logits.
    """

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
    lm_head: str | None = None
    head_options: str = ""
    head_digest: str | None = None

    @classmethod
    def of(
        cls, criterion: Criterion, source: Source | None = None, *, sample_weight: bool = False
    ) -> "Setting":
        """Return the options of a run over a source, which may be hidden states with a head."""
        options, binary = criterion.options, criterion.binary
        head = None if source is None else head_of(source)
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
            lm_head=None if head is None else whole_name(head.path),
            head_options="" if head is None else _said_of(head),
            head_digest=None if head is None else _digest_of_head(head),
        )

    def check(self) -> None:
        """Raise ValueError if no run has such options."""
        if self.kind not in get_args(Kind) or self.reduction not in get_args(Reduction):
            raise ValueError(f"{self.kind!r}, {self.reduction!r} are no options")
        if not 0.0 < self.temperature < math.inf:
            raise ValueError(f"a temperature of {self.temperature}")

    def difference(
        self, other: "Setting", classes: "tuple[KnownClasses, KnownClasses]"
    ) -> str | None:
        """Return how these options differ from the others, if they do.

        `classes` are those of both. An ignored label changes nothing unless it is a class, and so
        does what labels call the first one.
        """
        ignored = [each._ignored(*of) for each, of in zip((self, other), classes, strict=True)]
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            if field.name in ("label_base", "ignore_index") and ignored[0] == ignored[1]:
                continue
            if one != two and not field.name.startswith(("lm_head", "head_")):
                name = "what the rows hold" if field.name == "kind" else _option(field.name)
                return f"{name} is {_shown(one)}, and {_shown(two)}"
        heads = [(each.head_options, each.head_digest) for each in (self, other)]
        if heads[0] == heads[1]:
            return None
        shown = [self.head, other.head]
        if shown[0] == shown[1]:
            return f"the head in {_shown(self.lm_head)} was changed between the runs"
        return f"--lm-head is {_shown(shown[0])}, and {_shown(shown[1])}"

    def _ignored(self, num_classes: int, names: tuple[str, ...] | None) -> set[tuple[str, int]]:
        """Return the classes whose rows are ignored, by number or name; 0 is an unknown number."""
        most = 2 if self.binary else num_classes or math.inf
        numbers = (each - self.label_base for each in self.ignore_index)
        named = {("name", i) for i in self.ignore_index if str(i) in " ".join(names or ())}
        return named | {("number", i) for i in numbers if 0 <= i < most}

    @property
    def head(self) -> str | None:
        """What makes logits of hidden states, and how."""
        said = [self.head_options] if self.head_options else []
        return None if self.lm_head is None else ", ".join([*said, self.lm_head])

    def merge(self, other: "Setting") -> "Setting":
        """Return the options of both, which heads, and labels of other numbers, may differ in."""
        heads = (each.lm_head for each in (self, other) if each.lm_head is not None)
        head = min(heads, default=None, key=natural_key)
        base = min(self.label_base, other.label_base)
        ignored = tuple(sorted({*self.ignore_index, *other.ignore_index}))
        return replace(self, lm_head=head, label_base=base, ignore_index=ignored)


def _said_of(head: HeadOptions) -> str:
    """Return what the options say of how logits are made, where it is not the usual."""
    usual = HeadOptions("")._asdict()
    said = (f"{k} {v}" for k, v in head._asdict().items() if v != usual[k] and k in _OF_LOGITS)
    return ", ".join(said)


def _digest_of_head(head: HeadOptions) -> str:
    from xentcli.formats.hidden.head_digest import digest_of

    return digest_of(head)


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return shortened(", ".join(map(str, value)) or "none")
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
        The shape of a slice of the logits, and of its rows that have a label.
    probabilities : bool
        Whether labels are class probabilities.
    """

    options: Options
    by: str | None
    cluster: str | None
    shape: tuple[int, ...]
    lead: tuple[int, ...]
    probabilities: bool


@dataclass(frozen=True)
class PairAsked:
    """What ``xent compare`` was asked for, and what its report needs to know of the rows.

    Attributes
    ----------
    options : PairOptions
        What is measured.
    by, cluster : str or None
        What groups the rows; which rows depend on one another.
    shape, lead : tuple of int
        The shape of a slice of the first model's logits, and of its rows that have a label.
    labelled : bool
        Whether there are labels.
    """

    options: PairOptions
    by: str | None
    cluster: str | None
    shape: tuple[int, ...]
    lead: tuple[int, ...]
    labelled: bool


_KNOWN_OPTIONS = {"metrics": "--metric"}
BESIDES = ("also", "besides", "pictures")
"""What gates and pages need besides; states of which only some have it are merged without it."""
_KNOWN_FACTS = {
    "probabilities": "labels are class probabilities in one alone",
    "labelled": "one has labels, and the other none",
}


def difference_of(
    one: Asked | PairAsked | None, two: Asked | PairAsked | None, *, padded: bool = False
) -> str | None:
    """Return what two states of one command were asked for differently, if anything.

    Rows that are `padded` may be of two lengths.
    """
    if one is None or two is None:
        return None if one is two else "what is measured"
    for name in ("by", "cluster"):
        here, there = getattr(one, name), getattr(two, name)
        if here != there:
            return f"{_option(name)} is {_shown(here)}, and {_shown(there)}"
    for name in (each for each in one.options._fields if each not in BESIDES):
        here, there = getattr(one.options, name), getattr(two.options, name)
        if here != there:
            option = _KNOWN_OPTIONS.get(name, _option(name))
            return f"{option} is {_shown(here)}, and {_shown(there)}"
    same = (one.shape, one.lead) == (two.shape, two.lead)
    if not same and not padded:
        return f"rows of shape {(*one.shape,)}, and {(*two.shape,)}"
    for name, said in _KNOWN_FACTS.items():
        if getattr(one, name, None) != getattr(two, name, None):
            return said
    return None
