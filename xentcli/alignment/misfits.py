"""Explains why labels, or the logits of another model, do not fit logits, and what to do then."""

import math
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from xentcli.alignment.fitting import ShapeFit, same_but_for_ones
from xentcli.core.shapes import show_shape
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Shape, Source, blocks_along, read_whole
from xentcli.formats.label_columns import are_shares

if TYPE_CHECKING:
    from xentcli.alignment.axes import Axes

BINARY_HINT = "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary"
_JUDGED_ELEMENTS = 2**16  # of labels, where a column beside them is looked for
_LAYER_HINT = "are these layers, (T, layers, D)? --layer -1 takes the last one"


def check_fit(
    logits: Source, labels: Source, fit: ShapeFit, rows: Shape | None, shift: int
) -> None:
    """Raise ShapeError if labels do not fit rows, or no row can have a label so far on.

    `rows` are None if labels fit neither as class indices nor as probabilities.
    """
    if rows is None:
        raise _misfit(logits, labels, fit)
    if not shift:
        return
    if not rows:
        raise ShapeError(f"{logits.name}: one row of logits has no label {shift} further on")
    if rows[1:] == (1,) and logits.without_layer:
        # Sequences of one token may be hidden states, (T, layers, D).
        what = f"{logits.name}: a shift leaves no label to sequences of one token"
        raise ShapeError(what, hint=_LAYER_HINT)


def labels_of_one_row(labels: Source, logits: Source) -> NDArray[Any]:
    """Return the label, or the class probabilities, of logits of one axis.

    Raises
    ------
    ShapeError
        If there are several names, which a file of text does not tell before it is read.
    """
    found = read_whole(labels)
    if found.size > 1 and found.dtype.kind not in "fiub":
        raise ShapeError(
            f"{labels.name}: {found.size} labels for one row of logits, of shape "
            f"{show_shape(logits.shape)} ({logits.name})",
            hint=BINARY_HINT,
        )
    return found


def _misfit(logits: Source, labels: Source, fit: ShapeFit) -> ShapeError:
    """Return the error of labels that fit neither as class indices nor as probabilities.

    The classes should lie along the first of the expected axes, or else along the second.
    """
    axes = fit.expected
    shape, last = logits.shape, len(logits.shape) - 1
    axis, labels_shape, leads = axes[0], fit.labels, fit.leads
    cures = [cure for each in axes if (cure := _cure(fit, each))]
    if fit.axes and None not in shape:
        cures.append(f"do classes lie along axis {fit.axes[0]}? --class-axis {fit.axes[0]}")
    if logits.without_layer and fit.of_one_layer:
        cures.append(_LAYER_HINT)
    if any(labels_shape[:k] + labels_shape[k + 1 :] == shape for k in range(len(labels_shape))):
        cures.append("logits come first, then labels: are these in the other order?")
    lead = leads[axis]
    if len(lead) == len(labels_shape) == 1:
        rows = "columns" if last == 1 and axis == 0 else "rows"
        return ShapeError(
            f"{labels.name}: {labels_shape[0]} labels for the {lead[0]} {rows} of {logits.name}",
            hint="; or ".join(cures) or None,
        )
    where = {axis: f", classes along axis {axis}" if len(axes) > 1 else ""}
    where |= {last: ", classes along the last axis"} if len(axes) > 1 else {}
    wanted = ", ".join(f"{show_shape(leads[k])} (class indices{where[k]})" for k in axes)
    hint = ", or ".join(dict.fromkeys(cures)) or None
    if labels.columns and len(labels_shape) == 2 and last == 1:
        hint = "--label-column NAME reads one column"
        if labels_shape[1] == (shape[1] or 0) + 1 and (ranges := _ranges_of_shares(labels)):
            hint += f", or {' or '.join(ranges)} one for each class"
    return ShapeError(
        f"{labels.name}: labels of shape {show_shape(labels_shape)} do not fit logits of shape "
        f"{show_shape(shape)} ({logits.name}): they must have shape {wanted} or "
        f"{show_shape(shape)} (class probabilities)",
        hint=hint,
    )


def _ranges_of_shares(labels: Source) -> list[str]:
    """Return the options for class probabilities or one-hot labels with a column at either end.

    The first rows tell which column is the other one.
    """
    columns, header = labels.columns or (), labels.header or labels.columns or ()
    found: list[str] = []
    try:
        first = next(iter(blocks_along(labels, elements=_JUDGED_ELEMENTS)), None)
        table = None if first is None else labels.decode(first).values
    except InputError:
        return found
    if table is None or table.dtype.kind not in "fiub":
        return found
    for ends in (slice(1, None), slice(0, -1)):
        start = header.index(columns[ends][0])  # also where ids stand before them
        stop = start + len(columns) - 1
        if are_shares(table[:, ends]) and header[start:stop] == columns[ends]:
            found.append(f"--label-column {start + 1}-{stop}")
    return found


def hint_on_values(labels: Source, values: Shape) -> str:
    """Return what may help where `--binary` has values of some shape and other labels."""
    count = values[1] if len(values) == 2 else 1
    if labels.columns and len(labels.shape) == 2 and (labels.shape[1] or 0) > (count or 0):
        named = "NAME chooses the column" if count == 1 else "A-B chooses the columns"
        return f"--label-column {named} of labels"
    hint = "--columns NAME chooses the column of class 1"
    if count == 2:
        return f"two columns may be two classes, which need no --binary; else {hint}"
    return hint


def _cure(fit: ShapeFit, axis: int) -> str | None:
    """Return what makes labels fit that have another shape, or are shifted already."""
    lead, labels = fit.leads[axis], fit.labels
    if None in lead or None in labels or not lead:
        return None
    lengths, there = [n or 0 for n in lead], [n or 0 for n in labels]
    if len(lead) != len(labels) and math.prod(lengths) == math.prod(there):
        return f"as many labels as rows: save labels.reshape({show_shape(lead)})"
    if same_but_for_ones((*lengths[:-1], lengths[-1] - 1), labels):
        last = len(fit.leads) - 1
        rows = last - 1 if axis == last else last
        part = f"[{':, ' * rows}:-1]"
        return f"are labels shifted already? Then logits{part} belong to them, and no shift"
    is_last = axis == len(fit.leads) - 1
    if len(lengths) > 1 and is_last and lengths[:-1] == there[:-1] and lengths[-1] < there[-1]:
        part = f"[{':, ' * (len(there) - 1)}{there[-1] - lengths[-1]}:]"
        return f"do labels begin with a prompt, as generate() has it? Then save labels{part}"
    return None


def check_shape_of_model(first: Source, other: Source, axes: "Axes", *, by_id: bool) -> None:
    """Raise a ShapeError that names the axis if shapes differ, as far as headers tell."""
    one, two = first.shape, other.shape
    if len(one) != len(two):
        raise ShapeError(
            f"{other.name}: shape {show_shape(two)}, and {first.name} has {show_shape(one)}",
            hint="labels go by name: --labels FILE" if _is_label_shape(two, axes) else None,
        )
    for axis, (here, there) in enumerate(zip(one, two, strict=True)):
        if None in (here, there) or here == there or (by_id and axis == 0):
            continue
        if axis == axes.class_axis or (axis == axes.cut_axis and len(one) == 2):
            what = "classes" if axis == axes.class_axis else "rows"
            raise ShapeError(
                f"{other.name}: {there} {what}, and {first.name} has {here}",
                hint=f"both must be of the same {what}: leave out those that one of them lacks",
            )
        raise ShapeError(
            f"{other.name}: {there} along axis {axis} of shape {show_shape(two)}, and "
            f"{first.name} has {here} of {show_shape(one)}"
        )


def _is_label_shape(shape: Shape, axes: "Axes") -> bool:
    """Whether a shape is that of one label for each row, as far as headers tell."""
    return len(shape) == len(axes.rows) and all(
        None in pair or pair[0] == pair[1] for pair in zip(shape, axes.rows, strict=True)
    )
