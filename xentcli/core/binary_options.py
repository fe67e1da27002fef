"""Options of the binary cross entropy, whose weights may belong to rows."""

from typing import NamedTuple

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.shapes import AnyShape
from xentcli.errors import ShapeError


class BinaryOptions(NamedTuple):
    """Options of the binary cross entropy: weights, and what is left out.

    Attributes
    ----------
    weight : ndarray, optional
        A factor for each element: any shape that broadcasts to that of the logits.
    pos_weight : ndarray, optional
        A factor for labels of 1: one number, or one for each place along the last axis.
    ignored : tuple of int
        Labels of elements to leave out.
    probs : bool
        Whether the values are probabilities of class 1, and not logits.
    weight_name, pos_weight_name : str
        What messages call the factors.
    """

    weight: Doubles | None = None
    pos_weight: Doubles | None = None
    ignored: tuple[int, ...] = ()
    probs: bool = False
    weight_name: str = "weight"
    pos_weight_name: str = "pos_weight"

    def of_rows(self, rows: slice, shape: AnyShape) -> "BinaryOptions":
        """Return the options of some slices of the first axis of elements of a shape.

        Raises
        ------
        ShapeError
            If the weights do not broadcast to the shape, or have no number for some of the rows.
        """
        self.check(shape)
        for name, each in self._named:
            if each is not None and each.ndim == len(shape) and 1 < len(each) < rows.stop:
                raise ShapeError(
                    f"{name} of shape {each.shape} does not fit logits, which have more rows"
                )
        weight, pos_weight = (
            each[rows] if each is not None and each.ndim == len(shape) and len(each) > 1 else each
            for each in (self.weight, self.pos_weight)
        )
        return self._replace(weight=weight, pos_weight=pos_weight)

    @property
    def _named(self) -> tuple[tuple[str, Doubles | None], ...]:
        """The factors, and what messages call them."""
        return (self.pos_weight_name, self.pos_weight), (self.weight_name, self.weight)

    def check(self, shape: AnyShape) -> None:
        """Raise ShapeError unless the weights broadcast to elements of this shape.

        They may have any number of rows if that of the elements is not known yet.
        """
        last = shape[-1:] or (1,)
        for (name, weight), of in zip(self._named, (last, shape), strict=True):
            if weight is None or weight.size == 1:
                continue
            rows = weight.shape[0] if weight.ndim == len(of) else 1
            wanted = tuple(rows if n is None else n for n in of)
            try:
                fits = np.broadcast_shapes(weight.shape, wanted) == wanted
            except ValueError:
                fits = False
            if not fits:
                raise ShapeError(
                    f"{name} of shape {weight.shape} does not fit logits of shape {shape}: "
                    "one number, or one for each place along the last axis"
                )
