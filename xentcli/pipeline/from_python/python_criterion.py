"""What the arguments of the Python API say of a loss: the kind of outputs, and the options."""

from collections.abc import Sequence
from typing import Literal

from numpy.typing import ArrayLike

from xentcli.core.binary import BinaryOptions
from xentcli.core.checks import Kind
from xentcli.core.labels import LossOptions
from xentcli.errors import UsageError
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.inputs.output_kinds import KINDS
from xentcli.pipeline.inputs.weights import as_class_weights
from xentcli.pipeline.opening import Naming


def kind_of(name: str) -> Kind:
    """Return the kind of outputs that `input` names.

    Raises
    ------
    UsageError
        If there is no such kind.
    """
    if name not in KINDS:
        raise UsageError(f"input is one of {', '.join(KINDS)}, not {name!r}")
    return KINDS[name]


def ignored_labels(ignore_index: int | Sequence[int]) -> tuple[int, ...]:
    """Return the labels of rows that are left out, of which one or several are given."""
    return (ignore_index,) if isinstance(ignore_index, int) else tuple(ignore_index)


def as_shift(shift: int) -> int:
    """Return by how many places labels follow their logits.

    Raises
    ------
    UsageError
        If it is no whole number, or below 0.
    """
    if not hasattr(type(shift), "__index__") or shift < 0:
        raise UsageError(f"shift is a whole number from 0 on, not {shift!r}")
    return shift


def criterion_from(
    kind: Kind,
    *,
    weight: ArrayLike | None,
    ignore_index: int | Sequence[int],
    label_base: int | None,
    label_smoothing: float = 0.0,
    class_axis: int | None,
    shift: int,
    non_finite: Literal["error", "propagate"],
    classes: Sequence[str] | None,
    binary: bool = False,
    pos_weight: ArrayLike | None = None,
) -> Criterion:
    """Return the loss of outputs of a kind, as the arguments of these names say."""
    propagate = non_finite == "propagate"
    factor, ignored = as_class_weights(weight), ignored_labels(ignore_index)
    elements = None
    if binary:
        of_ones = as_class_weights(pos_weight, "pos_weight")
        elements = BinaryOptions(factor, of_ones, ignored, kind == "probabilities")
    return Criterion(
        kind,
        LossOptions(
            None if binary else factor,
            ignored,
            label_smoothing,
            label_base or 0,
            nan_of_zero=propagate,
        ),
        class_axis=class_axis,
        propagate=propagate,
        shift=as_shift(shift),
        naming=Naming(tuple(classes or ()), counted=label_base is not None),
        binary=elements,
    )
