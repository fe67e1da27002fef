"""Compares the shape of labels with that of logits, once for all who decide by it."""

from xentcli.core.shapes import fits, leads_of
from xentcli.formats.base import Shape, Source


class ShapeFit:
    """How labels may belong to logits, as far as their shapes tell.

    Attributes
    ----------
    labels : Shape
        The shape of the labels: of those beside the logits, if they have no file of their own.
        The number of labels that are found by id does not matter.
    leads : list of Shape
        The shape of the rows, for each axis that may hold the classes.
    axes : list of int
        The axes that may hold the classes because each of these rows has a label.
    alike : bool
        Whether labels have the logits' shape, as class probabilities have.
    expected : list of int
        The axes that hold the classes: the user's, or else PyTorch's, or else the last one.
    found : bool
        Whether labels fit as they are, with the classes along such an axis.
    """

    __slots__ = ("alike", "axes", "expected", "found", "labels", "leads")

    def __init__(
        self,
        logits: Source,
        labels: Source | None,
        class_axis: int | None = None,
        *,
        by_id: bool = False,
    ) -> None:
        shape = logits.shape
        self.leads: list[Shape] = leads_of(shape)
        there = (*shape[:1], *logits.label_row) if labels is None else labels.shape
        self.labels: Shape = (None, *there[1:]) if by_id else there
        self.axes = [
            axis
            for axis, lead in enumerate(self.leads)
            if fits(lead, self.labels) or (lead == () and fits((1,), self.labels))
        ]
        self.alike = fits(shape, self.labels)
        last = len(shape) - 1
        if class_axis is not None and -last <= class_axis + 1 <= last + 1:
            self.expected = [class_axis % len(shape)]
        else:
            self.expected = [min(1, last), last] if last > 1 else [last]
        self.found = self.alike or not {*self.axes}.isdisjoint(self.expected)


def show_shape(shape: Shape) -> str:
    """Write a shape as NumPy does, with N for a length that is not known."""
    inner = ", ".join("N" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
