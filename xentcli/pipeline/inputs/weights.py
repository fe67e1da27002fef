"""A number for each class, as a user types them or a file has them."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xentcli.alignment.by_number import (
    check_one_order,
    check_order,
    in_two_orders,
    note_by_number,
)
from xentcli.core.dtypes import Doubles
from xentcli.core.labels import as_weight
from xentcli.errors import DoubtfulColumns, InputError, ShapeError
from xentcli.formats.base import Source, read_whole
from xentcli.formats.column_names import without_shared
from xentcli.metrics.loss import LossState
from xentcli.pipeline.opening import InputFile, open_file
from xentcli.records import Record

if TYPE_CHECKING:
    from xentcli.pipeline.criterion import Criterion

_MOST_WEIGHTS = 2**24  # of classes: more than any vocabulary has
_LARGEST_SIZE = 1e144
"""Up to it, and down to its inverse, float64 holds sums of squares of weights and their losses."""
_SHOWN_NAMES = 5  # in an error
_ALONE = (
    "write one row, with a column for each class that has its name; or the weights alone, in the "
    "order of the classes"
)


class Weights(Record):
    """A number for each class, and the names that the header of a file gives the classes.

    Attributes
    ----------
    values : sequence of float, or ndarray
        The numbers, in the order of the file.
    names : tuple of str
        Empty where nothing names the classes.
    file : str
        What messages call the file.
    """

    values: Sequence[float] | NDArray[np.float64]
    names: tuple[str, ...] = ()
    file: str = ""

    def order(self, classes: Sequence[str]) -> list[int] | None:
        """Return where the number of each class stands; None if they are in the classes' order.

        Names match whole, or without the text that all names of a header share.

        Raises
        ------
        InputError
            If the header names other classes.
        """
        names = self.names
        if len(names) < 2 or len(names) != len(classes) or names == tuple(classes):
            return None
        for one, two in product(*((each, without_shared(each)) for each in (classes, names))):
            if two and sorted(one) == sorted(two) and len({*two}) == len(two):
                return [two.index(name) for name in one]
        shown = ", ".join(map(repr, names[:_SHOWN_NAMES]))
        raise InputError(
            f"{self.file}: its header names {shown}, ...: other classes than the logits'",
            hint="name the classes as the logits do, or leave the header out",
        )

    def checked(self, option: str) -> Doubles:
        """Return the numbers; raise InputError if they are too large or too small to sum."""
        return _checked(np.asarray(self.values, np.float64), self.file or option)

    def called(self, option: str) -> str:
        """Return what messages call the numbers that this option gives."""
        return f"{self.file}: {option}" if self.file else option

    def names_in(self, labels: Source | None) -> tuple[str, ...]:
        """Return the names that class probabilities give the classes, if they are the same ones."""
        names = labels.columns if labels is not None and len(labels.shape) == 2 else None
        return tuple(names) if names and sorted(names) == sorted(self.names) else ()

    def notes(self, logits: str) -> Iterator[str]:
        """Yield a note if the header names the classes, which the `logits` do not."""
        note = note_by_number(self.names, self.file, logits)
        if note is not None:
            yield note


def read_weights(file: InputFile) -> Weights:
    """Return a file's class weights, stored as a row, a column or an array, as one row.

    The file is opened once: it may be a pipe.
    """
    try:
        source = open_file(file)
    except DoubtfulColumns as error:
        error.hint = _ALONE  # --drop and --columns are of the logits and the labels
        raise
    names = tuple(source.columns or ())
    if sum(map(bool, source.header or ())) > 1 and len(source.shape) < 2:
        # One that is left out may name the classes, as the index of a pandas Series does.
        raise InputError(
            f"{source.name}: class weights go by place, and there are other columns beside them",
            hint=_ALONE,
        )
    values = read_whole(source, _MOST_WEIGHTS)
    source.check_unchanged()
    if values.size not in values.shape and values.size != 1:
        raise ShapeError(
            f"{source.name}: one row or one column is needed, not shape {values.shape}",
            hint=_ALONE if len(values) == 2 else None,  # a first row of numbers may be names
        )
    return Weights(values.reshape(-1).astype(np.float64), names, source.name)


def as_class_weights(given: ArrayLike | None, name: str = "weight") -> Doubles | None:
    """Return class weights as float64; `name` is what messages call them.

    Raises
    ------
    InputError
        If they are so large or so small that sums of squares leave the range of float64.
    """
    weight = as_weight(given, name)
    return None if weight is None else _checked(weight, name)


def _checked(weight: Doubles, name: str) -> Doubles:
    if weight.size:
        _check_size(float(np.abs(weight).max()), name)
    return weight


def check_weight(criterion: "Criterion", logits: Source, weights: Weights | None = None) -> None:
    """Raise InputError if class weights may be in the order of the classes' numbers, or by place.

    Only the logits, or the weights, name the classes then, and number them in another order.
    """
    naming, loss = criterion.naming, criterion.options
    if loss.weight is None or naming.classes:
        return
    if weights is not None and weights.names:
        if not logits.columns:
            check_order(weights.names, weights.file, logits.name, "--classes")
    elif not naming.counted:
        check_order(logits.columns or (), logits.name, loss.weight_name, "--columns")


def check_order_of_weights(criterion: "Criterion", models: Sequence[Source]) -> None:
    """Raise InputError if the first model names no classes, and weights do otherwise than another.

    The criterion is that of the first model.
    """
    weights = criterion.weights[0]
    if weights is not None and not (criterion.naming.classes or models[0].columns):
        named = ((each.name, each.columns) for each in models[1:])
        check_one_order(models[0].name, [(weights.file, weights.names), *named])


def weights_of_others(criterion: "Criterion", fitted: Source, other: Source) -> "Criterion":
    """Return the criterion of other rows than those that were fitted, each class with its weight.

    Weights without names go by the place of the classes that were fitted, which may have another
    place among the others.
    """
    names = tuple(criterion.naming.classes or fitted.columns or ())
    others = tuple(other.columns or ())
    if not in_two_orders(names, others):
        return criterion
    named = [each is not None and bool(each.names) for each in criterion.weights]
    loss, binary = criterion.options, criterion.binary

    def ordered(weight: Doubles | None, *, by_name: bool) -> Doubles | None:
        if weight is None or by_name or weight.shape != (len(names),):
            return weight
        return weight[Weights(weight, names).order(others)]

    criterion = criterion._replace(
        options=loss.replaced(weight=ordered(loss.weight, by_name=named[0]))
    )
    if binary is None:
        return criterion
    weight = ordered(binary.weight, by_name=named[0])
    pos_weight = ordered(binary.pos_weight, by_name=named[1])
    return criterion._replace(binary=binary._replace(weight=weight, pos_weight=pos_weight))


def check_mean_weight(loss: LossState, name: str) -> None:
    """Raise InputError if finite weights of rows are as large or as small on average."""
    weight = loss.weight
    if loss.used and not (weight.positive_infinities or weight.negative_infinities):
        _check_size(abs(float(weight)) / loss.used, name)


def _check_size(size: float, name: str) -> None:
    if size > _LARGEST_SIZE or 0.0 < size < 1 / _LARGEST_SIZE:
        which = "small" if size < 1.0 else "large"
        raise InputError(
            f"{name}: weights so {which} that float64 does not hold the sums of their squares",
            hint="write weights between 1e-144 and 1e144",
        )
