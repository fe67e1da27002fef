"""Explains why labels fit no axis of the logits, and what to do about it."""

import math

from xentcli.alignment.axes import fits, same_but_for_ones, show_shape
from xentcli.core.shapes import without_axis
from xentcli.errors import ShapeError
from xentcli.formats.base import Shape, Source
from xentcli.formats.hidden.head_options import head_of

_LAYER_HINT = "are these layers, (T, layers, D)? --layer -1 takes the last one"


def misfit(
    logits: Source, labels: Source, axis: int, labels_shape: Shape, *, given: bool
) -> ShapeError:
    """Return the error of labels that fit neither as class indices nor as probabilities.

    Classes lie along `axis`; unless the user has `given` it, they may lie along the last one too.
    """
    shape, last = logits.shape, len(logits.shape) - 1
    axes = (axis,) if given or last <= 1 else (axis, last)
    leads = {each: without_axis(shape, each) for each in axes}
    cures = [cure for each in axes if (cure := _cure(shape, each, labels_shape))]
    others = [other for other in range(last + 1) if other not in axes]
    fitting_axes = [k for k in others if fits(without_axis(shape, k), labels_shape)]
    if fitting_axes and None not in shape:
        cures.append(f"do classes lie along axis {fitting_axes[0]}? --class-axis {fitting_axes[0]}")
    if _are_layers(logits, labels_shape):
        cures.append(_LAYER_HINT)
    lead = leads[axis]
    if len(lead) == len(labels_shape) == 1:
        rows = "columns" if last == 1 and axis == 0 else "rows"
        return ShapeError(
            f"{labels.name}: {labels_shape[0]} labels for the {lead[0]} {rows} of {logits.name}",
            hint="; or ".join(cures) or None,
        )
    where = {axis: "" if given or last <= 1 else f", classes along axis {axis}"}
    where |= {last: ", classes along the last axis"} if len(axes) > 1 else {}
    wanted = ", ".join(f"{show_shape(leads[k])} (class indices{where[k]})" for k in axes)
    hint = ", or ".join(dict.fromkeys(cures)) or None
    if labels.columns and len(labels_shape) == 2 and last == 1:
        hint = "--label-column NAME reads one column"
        if labels_shape[1] == (shape[1] or 0) + 1:
            hint += f", or --label-column 2-{labels_shape[1]} one for each class"
    return ShapeError(
        f"{labels.name}: labels of shape {show_shape(labels_shape)} do not fit logits of shape "
        f"{show_shape(shape)} ({logits.name}): they must have shape {wanted} or "
        f"{show_shape(shape)} (class probabilities)",
        hint=hint,
    )


def check_no_layer(logits: Source) -> None:
    """Raise ShapeError if sequences of one token may be hidden states, (T, layers, D)."""
    if _are_layers(logits, logits.shape[:-2]):
        what = f"{logits.name}: a shift leaves no label to sequences of one token"
        raise ShapeError(what, hint=_LAYER_HINT)


def _are_layers(logits: Source, labels: Shape) -> bool:
    """Whether labels would fit if one layer of the hidden states were taken."""
    head = head_of(logits)
    return head is not None and head.layer is None and fits(logits.shape[:-2], labels)


def _cure(shape: Shape, axis: int, labels: Shape) -> str | None:
    """Return what makes labels fit that have another shape, or are shifted already."""
    lead = without_axis(shape, axis)
    if None in lead or None in labels or not lead:
        return None
    lengths, there = [n or 0 for n in lead], [n or 0 for n in labels]
    if len(lead) != len(labels) and math.prod(lengths) == math.prod(there):
        return f"as many labels as rows: save labels.reshape({show_shape(lead)})"
    if same_but_for_ones((*lengths[:-1], lengths[-1] - 1), labels):
        last = len(shape) - 1
        rows = last - 1 if axis == last else last
        part = f"[{':, ' * rows}:-1]"
        return f"are labels shifted already? Then logits{part} belong to them, and no shift"
    return None
