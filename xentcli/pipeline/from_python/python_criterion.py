"""What the arguments of the Python API say of a loss: the kind of outputs, and the options."""

import math
from collections.abc import Sequence
from typing import Literal

from numpy.typing import ArrayLike

from xentcli.core.binary import BinaryOptions
from xentcli.core.checks import Kind
from xentcli.core.labels import LossOptions
from xentcli.errors import UsageError
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.inputs.weights import as_class_weights
from xentcli.pipeline.opening import Naming

_LARGEST_BASE = 2**31


def ignored_labels(ignore_index: int | Sequence[int]) -> tuple[int, ...]:
    """Return the labels of rows that are left out, of which one or several are given."""
    return (ignore_index,) if isinstance(ignore_index, int) else tuple(ignore_index)


def check_temperature(temperature: float, kind: Kind) -> None:
    """Raise UsageError if the outputs of a kind cannot be divided by a temperature."""
    if not 0.0 < temperature < math.inf:
        raise UsageError(f"temperature is above 0, not {temperature}")
    if kind != "logits" and temperature != 1.0:
        raise UsageError("temperature divides logits")


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
    temperature: float = 1.0,
    normalize: bool = False,
    clip: float = 0.0,
) -> Criterion:
    """Return the loss of outputs of a kind, as the arguments of these names say.

    Raises
    ------
    UsageError
        If a number makes no sense.
    """
    if shift < 0:
        raise UsageError(f"shift is a whole number from 0 on, not {shift}")
    if label_base is not None and abs(label_base) > _LARGEST_BASE:
        raise UsageError(f"label_base is at most {_LARGEST_BASE}, not {label_base}")
    if not 0.0 <= clip <= 0.5:
        raise UsageError(f"clip is from 0 to 0.5, not {clip}")
    if (normalize or clip) and (kind != "probabilities" or binary):
        raise UsageError("normalize and clip are for rows of probabilities")
    if pos_weight is not None and not binary:
        raise UsageError("pos_weight needs binary=True")
    of_classes = {"class_axis": class_axis, "label_base": label_base, "classes": classes}
    for name, given in (*of_classes.items(), ("shift", shift or None)):
        if binary and given is not None:
            raise UsageError(f"{name} is for classes, and binary numbers each have a label")
    check_temperature(temperature, kind)
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
        shift=shift,
        naming=Naming(tuple(classes or ()), counted=label_base is not None),
        binary=elements,
        temperature=temperature,
        normalize=normalize,
        clip=clip,
    )
