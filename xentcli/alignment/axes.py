"""Decides which axis holds the classes, and whether labels are indices or probabilities."""

from typing import NamedTuple

from xentcli.alignment.shift import Shift, check_shift
from xentcli.core.dtypes import is_floating
from xentcli.core.shapes import fits, same_but_for_ones, without_axis
from xentcli.errors import ShapeError
from xentcli.formats.base import Shape, Source

_BINARY_HINT = "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary"


class Axes(NamedTuple):
    """How logits and labels lie in their files.

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
    """

    logits: Shape
    class_axis: int
    probabilities: bool
    note: str | None = None
    shift: Shift = Shift()

    @property
    def cut_axis(self) -> int | None:
        """The axis of the logits along which blocks are cut; None if there is only one row."""
        if len(self.logits) == 1:
            return None
        return 1 if self.class_axis == 0 else 0

    @property
    def labels_cut_axis(self) -> int:
        """The axis along which labels are cut, in step with the logits."""
        return (self.cut_axis or 0) if self.probabilities else 0

    @property
    def rows(self) -> Shape:
        """The shape of one number for each row of logits."""
        return without_axis(self.logits, self.class_axis)

    @property
    def lead(self) -> Shape:
        """The shape of one loss for each row that has a label."""
        return self.shift.lead(self.rows)

    @property
    def last_row_axis(self) -> int:
        """The last axis of the logits that does not hold the classes; a shift runs along it."""
        last = len(self.logits) - 1
        return last - 1 if self.class_axis == last else last

    @property
    def last_label_axis(self) -> int:
        """The axis of the labels that a shift runs along."""
        return self.last_row_axis if self.probabilities else len(self.rows) - 1


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
    axes = _find(logits, labels, class_axis, by_id=by_id)
    if shift and labels is None:
        raise AssertionError("labels beside logits are shifted as a source of their own")
    if shift:
        check_shift(logits, axes.rows, shift)
    return axes._replace(shift=Shift(shift, across_blocks=len(axes.rows) == 1))


def axes_alone(logits: Source, class_axis: int | None) -> Axes:
    """Decide which axis of logits without labels holds the classes.

    Raises
    ------
    ShapeError
        If there are three axes or more and no class axis is given, or if there is one column.
    """
    shape = logits.shape
    _check_axis(logits, class_axis)
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
    return Axes(shape, axis, probabilities=False)


def _check_axis(logits: Source, class_axis: int | None) -> None:
    shape = logits.shape
    if not shape:
        raise ShapeError(f"{logits.name}: a single number is not a row of logits")
    if class_axis is not None and not -len(shape) <= class_axis < len(shape):
        raise ShapeError(
            f"{logits.name}: there is no axis {class_axis} in shape {show_shape(shape)}"
        )


def _find(logits: Source, labels: Source | None, class_axis: int | None, *, by_id: bool) -> Axes:
    shape = logits.shape
    _check_axis(logits, class_axis)
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
        axis, note = _find_class_axis(shape, labels_shape, usual)
    if labels is None and axis == 0:
        raise ShapeError(f"{logits.name}: labels beside logits need one row a line: class axis 1")
    lead = without_axis(shape, axis)
    if not fits(lead, labels_shape) and not (lead == () and fits((1,), labels_shape)):
        from xentcli.alignment.misfits import misfit

        raise misfit(logits, labels or logits, axis, labels_shape, given=class_axis is not None)
    return Axes(shape, axis, probabilities=False, note=note)


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


def fitting(
    logits: Source, labels: Source, class_axis: int | None
) -> tuple[Source, Source, str | None]:
    """Return logits and labels without axes of length 1 that keep them from fitting, and a note.

    Each comes back as it was, or as a source that can be read twice, or in another shape.
    """
    shape = logits.shape
    if class_axis in (None, 1, -1) and len(labels.shape) == 2 and labels.shape[0] is None:
        from xentcli.alignment.reshaped import in_one_row

        before = show_shape(labels.shape)
        logits, labels, found_row = in_one_row(logits, labels)
        if found_row:
            return logits, labels, _read_as(labels, before)
    if not shape or fits(shape, labels.shape):
        return logits, labels, None
    last = len(shape) - 1
    given = class_axis is not None and -last <= class_axis + 1 <= last + 1
    axes = (class_axis % len(shape),) if given and class_axis is not None else (min(1, last), last)
    leads = [without_axis(shape, axis) for axis in dict.fromkeys(axes)]
    if any(fits(lead, labels.shape) for lead in leads):
        return logits, labels, None
    from xentcli.alignment.reshaped import in_shape

    for lead in leads:
        if lead and (found := in_shape(labels, lead)) is not None:
            return logits, found, _read_as(found, show_shape(labels.shape))
    return logits, labels, None


def _read_as(labels: Source, before: str) -> str:
    return f"{labels.name}: shape {before} is read as {show_shape(labels.shape)}"


def _with_probabilities(logits: Source, labels: Source, class_axis: int | None) -> Axes:
    if not is_floating(labels.dtype) and labels.dtype.kind not in "iub":
        raise ShapeError(
            f"{labels.name}: labels of the logits' shape {show_shape(labels.shape)} are class "
            f"probabilities, or one-hot, and must be numbers, not {labels.dtype}"
        )
    last = len(logits.shape) - 1
    axis = min(1, last) if class_axis is None else class_axis % len(logits.shape)
    note = _as_pytorch(last) if class_axis is None and last > 1 else None
    return Axes(logits.shape, axis, probabilities=True, note=note)


def _find_class_axis(shape: Shape, labels: Shape, usual: int) -> tuple[int, str | None]:
    last = len(shape) - 1
    if last <= 1 or not fits(without_axis(shape, last), labels):
        return usual, None
    if fits(without_axis(shape, usual), labels):
        return usual, _as_pytorch(last)
    return last, None


def _as_pytorch(last: int) -> str:
    return f"axis 1 holds the classes, as in PyTorch; so might {last}: --class-axis {last}"


def show_shape(shape: Shape) -> str:
    """Write a shape as NumPy does, with N for a length that is not known."""
    inner = ", ".join("N" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
