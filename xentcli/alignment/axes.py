"""Decides which axis holds the classes, and whether labels are indices or probabilities."""

import math
from collections.abc import Sequence

from xentcli.alignment.shift import Shift, check_shift
from xentcli.core.dtypes import is_floating
from xentcli.core.shapes import without_axis
from xentcli.errors import ShapeError
from xentcli.formats.base import Shape, Source

_BINARY_HINT = "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary"


class Axes:
    """How logits and labels lie in their files: decided once, and never asked again.

    Attributes
    ----------
    logits : Shape
        The shape of the logits.
    class_axis : int
        The axis of the classes, counted from the first.
    probabilities : bool
        Whether labels are class probabilities, of the logits' shape.
    note : str or None
        What was decided where there was a choice.
    shift : Shift
        How many rows further on the label of a row stands.
    rows, lead : Shape
        The shape of one number for each row of logits, and for each row that has a label.
    inner : tuple of int
        The shape of the rows with a label in a slice of the first axis.
    slice_rows : int
        How many rows, with a label or without, a slice of the first axis has.
    cut_axis, labels_cut_axis : int or None
        The axes along which logits and labels are cut in step; None if there is only one row.
    last_row_axis, last_label_axis : int
        The axes of logits and of labels that a shift runs along.
    """

    __slots__ = (
        "class_axis",
        "cut_axis",
        "inner",
        "labels_cut_axis",
        "last_label_axis",
        "last_row_axis",
        "lead",
        "logits",
        "note",
        "probabilities",
        "rows",
        "shift",
        "slice_rows",
    )

    def __init__(
        self,
        logits: Shape,
        class_axis: int,
        rows: Shape,
        note: str | None = None,
        shift: Shift = Shift(),  # noqa: B008 - a named tuple
        *,
        probabilities: bool,
    ) -> None:
        last = len(logits) - 1
        self.logits = logits
        self.class_axis = class_axis
        self.probabilities = probabilities
        self.note = note
        self.shift = shift
        self.rows = rows
        self.lead = shift.lead(rows)
        self.inner = tuple(n or 0 for n in self.lead[1:])
        self.slice_rows = math.prod(n or 0 for n in rows[1:])
        self.cut_axis = None if last == 0 else int(class_axis == 0)
        self.labels_cut_axis = (self.cut_axis or 0) if probabilities else 0
        self.last_row_axis = last - 1 if class_axis == last else last
        self.last_label_axis = self.last_row_axis if probabilities else len(rows) - 1


def find_axes(
    logits: Source,
    labels: Source | None,
    class_axis: int | None,
    shift: int = 0,
    *,
    by_id: bool = False,
) -> Axes:
    """Decide which axis holds the classes; PyTorch's 1, unless only the last one fits.

    Labels are None where each row of logits has its own beside it in the file. Labels that are
    found by id may be more or fewer than the rows.

    Raises
    ------
    ShapeError
        If labels do not fit logits, as far as their headers say.
    """
    leads = _leads(logits, class_axis)
    axis, probabilities, note = _find(logits, labels, leads, class_axis, by_id=by_id)
    if shift and labels is None:
        raise AssertionError("labels beside logits are shifted as a source of their own")
    if shift:
        check_shift(logits, leads[axis], shift)
    shifted = Shift(shift, across_blocks=len(leads) == 2)
    return Axes(logits.shape, axis, leads[axis], note, shifted, probabilities=probabilities)


def axes_alone(logits: Source, class_axis: int | None) -> Axes:
    """Decide which axis of logits without labels holds the classes.

    Raises
    ------
    ShapeError
        If there are three axes or more and no class axis is given, or if there is one column.
    """
    shape, leads = logits.shape, _leads(logits, class_axis)
    if shape == (None,) or (class_axis is None and len(shape) <= 2 and shape[-1] == 1):
        what = f"{logits.name}: one column is not a matrix of logits, (N, C)"
        raise ShapeError(what)
    if class_axis is None and len(shape) > 2:
        raise ShapeError(
            f"{logits.name}: any axis of shape {show_shape(shape)} but the first may hold the "
            "classes",
            hint="the last one, as language models have it: --class-axis -1; the second, as "
            "PyTorch's losses have it: --class-axis 1",
        )
    axis = len(shape) - 1 if class_axis is None else class_axis % len(shape)
    return Axes(shape, axis, leads[axis], probabilities=False)


def _leads(logits: Source, class_axis: int | None) -> list[Shape]:
    """Return the shape of the rows for each axis that may hold the classes."""
    shape = logits.shape
    if not shape:
        raise ShapeError(f"{logits.name}: a single number is not a row of logits")
    if class_axis is not None and not -len(shape) <= class_axis < len(shape):
        raise ShapeError(
            f"{logits.name}: there is no axis {class_axis} in shape {show_shape(shape)}"
        )
    return [without_axis(shape, axis) for axis in range(len(shape))]


def _find(
    logits: Source,
    labels: Source | None,
    leads: Sequence[Shape],
    class_axis: int | None,
    *,
    by_id: bool,
) -> tuple[int, bool, str | None]:
    """Return the class axis, whether labels are probabilities, and a note on the choice."""
    shape = logits.shape
    if labels is None and not logits.labelled:
        raise ShapeError(f"{logits.name}: {logits.format} has no column of labels: --labels FILE")
    if shape == (None,):
        raise ShapeError(
            f"{logits.name}: one column is not a matrix of logits, (N, C)", hint=_BINARY_HINT
        )
    usual = min(1, len(shape) - 1)
    labels_shape = (*shape[:1], *logits.label_row) if labels is None else labels.shape
    labels_shape = (None, *labels_shape[1:]) if by_id else labels_shape
    one_label = len(shape) == 1 and labels_shape == (None,)  # a column whose length is not known
    if class_axis is None:
        _check_classes(logits, labels_shape, usual)
    if len(labels_shape) == len(shape) and fits(shape, labels_shape) and not one_label:
        return _with_probabilities(logits, labels or logits, class_axis)
    if class_axis is not None:
        axis, note = class_axis % len(shape), None
    else:
        axis, note = _find_class_axis(leads, labels_shape, usual)
    if labels is None and axis == 0:
        raise ShapeError(f"{logits.name}: labels beside logits need one row a line: class axis 1")
    lead = leads[axis]
    if not fits(lead, labels_shape) and not (lead == () and fits((1,), labels_shape)):
        from xentcli.alignment.misfits import misfit

        raise misfit(logits, labels or logits, axis, labels_shape, given=class_axis is not None)
    return axis, False, note


def _check_classes(logits: Source, labels: Shape, usual: int) -> None:
    """Raise ShapeError if there is only one class, or labels could be logits of one class each."""
    shape = logits.shape
    if shape[usual] == 1 and len(shape) <= 2:
        raise ShapeError(
            f"{logits.name}: logits of shape {show_shape(shape)} have one class, whose loss is 0 "
            "whatever they are",
            hint=_BINARY_HINT,
        )
    alike = None not in labels and same_but_for_ones(shape, labels)
    if len(shape) == 1 and shape != (1,) and labels and alike:
        raise ShapeError(
            f"{logits.name}: logits and labels both have one axis, {show_shape(shape)}: either "
            "each number has a label of its own, or they are one sample",
            hint=f"{_BINARY_HINT}; one sample, with class probabilities: --class-axis 0",
        )


def _with_probabilities(
    logits: Source, labels: Source, class_axis: int | None
) -> tuple[int, bool, str | None]:
    if not is_floating(labels.dtype) and labels.dtype.kind not in "iub":
        raise ShapeError(
            f"{labels.name}: labels of the logits' shape {show_shape(labels.shape)} are class "
            f"probabilities, or one-hot, and must be numbers, not {labels.dtype}"
        )
    last = len(logits.shape) - 1
    axis = min(1, last) if class_axis is None else class_axis % len(logits.shape)
    note = _as_pytorch(last) if class_axis is None and last > 1 else None
    return axis, True, note


def _find_class_axis(leads: Sequence[Shape], labels: Shape, usual: int) -> tuple[int, str | None]:
    last = len(leads) - 1
    if last <= 1 or not fits(leads[last], labels):
        return usual, None
    if fits(leads[usual], labels):
        return usual, _as_pytorch(last)
    return last, None


def _as_pytorch(last: int) -> str:
    return f"axis 1 holds the classes, as in PyTorch; so might {last}: --class-axis {last}"


def show_shape(shape: Shape) -> str:
    """Write a shape as NumPy does, with N for a length that is not known."""
    inner = ", ".join("N" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def fits(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes are the same, as far as both are known."""
    return len(one) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(one, other, strict=True)
    )


def same_but_for_ones(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes differ by axes of length 1 only, as far as both are known."""
    return fits(*([n for n in shape if n != 1] for shape in (one, other)))
