"""Decides which axis holds the classes, and whether labels are indices or probabilities."""

import math
from collections.abc import Iterable

from xentcli.alignment.fitting import ShapeFit
from xentcli.alignment.misfits import BINARY_HINT, check_fit
from xentcli.alignment.shift import Shift
from xentcli.core.dtypes import is_floating
from xentcli.core.shapes import show_shape
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Shape, Source
from xentcli.formats.hidden.head_options import head_of

PAIR_HINT = (
    "of a binary model, save both classes: numpy.stack([0 * z, z], axis=-1) of logits, "
    "numpy.stack([1 - p, p], axis=-1) of probabilities"
)
"""What helps where two models are compared, which have no `--binary`."""


class Axes:
    """How logits and labels lie in their files: decided once, and never asked again.

    Attributes
    ----------
    logits : Shape
        The shape of the logits.
    class_axis : int
        The axis of the classes, counted from the first.
    num_classes : int or None
        The length of that axis, if it is known.
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
    by_tiles : bool
        Whether few rows are read as cheaply as many, as the classes of a row lie side by side.
    last_row_axis, last_label_axis : int
        The axes of logits and of labels that a shift runs along.
    """

    __slots__ = (
        "by_tiles",
        "class_axis",
        "cut_axis",
        "inner",
        "labels_cut_axis",
        "last_label_axis",
        "last_row_axis",
        "lead",
        "logits",
        "note",
        "num_classes",
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
        self.num_classes = logits[class_axis]
        self.probabilities = probabilities
        self.note = note
        self.shift = shift
        self.rows = rows
        self.lead = shift.lead(rows)
        self.inner = tuple(n or 0 for n in self.lead[1:])
        self.slice_rows = math.prod(n or 0 for n in rows[1:])
        self.cut_axis = None if last == 0 else int(class_axis == 0)
        self.labels_cut_axis = (self.cut_axis or 0) if probabilities else 0
        no_gaps = 0 < last == class_axis and (last < 3 or not shift.by)
        self.by_tiles = no_gaps and not probabilities
        self.last_row_axis = last - 1 if class_axis == last else last
        self.last_label_axis = self.last_row_axis if probabilities else len(rows) - 1

    @property
    def only_by_place(self) -> str | None:
        """Why rows cannot be matched by id: they are no rows of a table, or shifted."""
        if self.cut_axis != 0:
            return "here columns are samples"
        if self.shift.across_blocks and self.shift.by:
            return "--shift goes by their order"
        return None


def class_axis_of(sources: Iterable[Source], class_axis: int | None) -> int | None:
    """Return the user's class axis, or the last one if any source is a product with a head."""
    made = any(each.shape[2:] and head_of(each) is not None for each in sources)
    return -1 if class_axis is None and made else class_axis


def axes_of(
    logits: Source,
    labels: Source | None,
    fit: ShapeFit,
    class_axis: int | None,
    shift: int = 0,
    *,
    alone: bool = False,
) -> Axes:
    """Decide which axis holds the classes; PyTorch's 1, unless only the last one fits.

    Labels are None where each row of logits has its own beside it in the file, or logits are
    `alone`.

    Raises
    ------
    ShapeError
        If labels do not fit logits, as far as their headers say.
    InputError
        If rows are docs, whose labels are their own, and labels are shifted.
    """
    _check_axis(logits, class_axis)
    probabilities, note = False, None
    if alone:
        axis = _axis_alone(logits, class_axis)
    else:
        axis, probabilities, note = _find(logits, labels, fit, class_axis)
    if shift and logits.of_samples:
        raise InputError(f"{logits.name}: --shift is for rows of a sequence, and these are docs")
    if shift and labels is None and not alone:
        raise AssertionError("labels beside logits are shifted as a source of their own")
    shifted = Shift(0 if alone else shift, across_blocks=len(logits.shape) == 2)
    axes = Axes(logits.shape, axis, fit.leads[axis], note, shifted, probabilities=probabilities)
    fits = alone or probabilities or axis in fit.axes
    if shifted.by or not fits:
        check_fit(logits, labels or logits, fit, axes.rows if fits else None, shifted.by)
    return axes


def _axis_alone(logits: Source, class_axis: int | None) -> int:
    """Return which axis of logits without labels holds the classes.

    Raises
    ------
    ShapeError
        If there are three axes or more, or only one, and no class axis is given, or if there is one
        column.
    """
    shape = logits.shape
    if shape == (None,) or (class_axis is None and len(shape) <= 2 and shape[-1] == 1):
        what = f"{logits.name}: one column is not a matrix of logits, (N, C)"
        raise ShapeError(what, hint=PAIR_HINT)
    if class_axis is None and len(shape) == 1 and logits.format != "typed":  # 1,2,3 is a row
        raise ShapeError(
            f"{logits.name}: of one axis, {show_shape(shape)}: either each number is a row, or all "
            "are one row",
            hint=f"{PAIR_HINT}; one row: --class-axis 0",
        )
    if class_axis is None and len(shape) > 2:
        raise ShapeError(
            f"{logits.name}: any axis of shape {show_shape(shape)} but the first may hold the "
            "classes",
            hint="the last one, as language models have it: --class-axis -1; the second, as "
            "PyTorch's losses have it: --class-axis 1",
        )
    return len(shape) - 1 if class_axis is None else class_axis % len(shape)


def _check_axis(logits: Source, class_axis: int | None) -> None:
    shape = logits.shape
    if not shape:
        raise ShapeError(f"{logits.name}: a single number is not a row of logits")
    if shape == (0,):
        what = f"{logits.name}: it is empty, and does not say how many classes there are"
        is_file = logits.format not in ("typed", "memory")
        raise ShapeError(what, hint="was it written to the end?" if is_file else None)
    if class_axis is not None and not -len(shape) <= class_axis < len(shape):
        raise ShapeError(
            f"{logits.name}: there is no axis {class_axis} in shape {show_shape(shape)}"
        )


def _find(
    logits: Source, labels: Source | None, fit: ShapeFit, class_axis: int | None
) -> tuple[int, bool, str | None]:
    """Return the class axis, whether labels are probabilities, and a note on the choice."""
    shape, last = logits.shape, len(logits.shape) - 1
    if labels is None and not logits.labelled:
        raise ShapeError(f"{logits.name}: {logits.format} has no column of labels: --labels FILE")
    if shape == (None,):
        raise ShapeError(
            f"{logits.name}: one column is not a matrix of logits, (N, C)", hint=BINARY_HINT
        )
    if class_axis is None:
        _check_classes(logits, fit)
    one_label = last == 0 and fit.labels == (None,)  # a column whose length is not known
    axis, *others = fit.expected
    as_pytorch = f"axis 1 holds the classes, as in PyTorch; so might {last}: --class-axis {last}"
    if fit.alike and not one_label:
        _check_probabilities(labels or logits)
        return axis, True, as_pytorch if others else None
    note = None
    if others and last in fit.axes:
        axis, note = (axis, as_pytorch) if axis in fit.axes else (last, None)
    if labels is None and axis == 0:
        raise ShapeError(f"{logits.name}: labels beside logits need one row a line: class axis 1")
    return axis, False, note


def _check_classes(logits: Source, fit: ShapeFit) -> None:
    """Raise ShapeError if there is only one class, or labels could be logits of one class each."""
    shape = logits.shape
    if len(shape) <= 2 and shape[-1] == 1:
        raise ShapeError(
            f"{logits.name}: logits of shape {show_shape(shape)} have one class, whose loss is 0 "
            "whatever they are",
            hint=BINARY_HINT,
        )
    if len(shape) == 1 and [n for n in fit.labels if n != 1] == [*shape]:
        raise ShapeError(
            f"{logits.name}: logits and labels both have one axis, {show_shape(shape)}: either "
            "each number has a label of its own, or they are one sample",
            hint=f"{BINARY_HINT}; one sample, with class probabilities: --class-axis 0",
        )


def _check_probabilities(labels: Source) -> None:
    """Raise ShapeError if labels of the logits' shape are no numbers."""
    if not is_floating(labels.dtype) and labels.dtype.kind not in "iub":
        raise ShapeError(
            f"{labels.name}: labels of the logits' shape {show_shape(labels.shape)} are class "
            f"probabilities, or one-hot, and must be numbers, not {labels.dtype}"
        )
