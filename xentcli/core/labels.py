"""Checks the labels of rows by the options of a loss, which tell what a label may be."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xentcli.core.checks import MASKED, Problem, bounds_of, check_labels, whole_labels
from xentcli.core.dtypes import Doubles, is_bfloat16
from xentcli.core.object_arrays import stacked
from xentcli.errors import InputError

NO_LABEL = -(2**63)
"""A label that no class and no label base reaches."""


class LossOptions:
    """PyTorch's options of a loss; `weight` has shape (C,)."""

    __slots__ = (
        "ignore_index",
        "label_base",
        "label_smoothing",
        "nan_of_zero",
        "weight",
        "weight_name",
    )

    def __init__(
        self,
        weight: Doubles | None = None,
        ignore_index: int | tuple[int, ...] = -100,
        label_smoothing: float = 0.0,
        label_base: int = 0,
        *,
        nan_of_zero: bool = False,
        weight_name: str = "weight",
    ) -> None:
        if not 0.0 <= label_smoothing <= 1.0:
            raise InputError(f"label_smoothing must be in [0, 1], not {label_smoothing}")
        self.weight = weight
        self.ignore_index = ignore_index
        """The label of rows to leave out, or several."""
        self.label_smoothing = label_smoothing
        self.label_base = label_base
        """The label of the first class."""
        self.nan_of_zero = nan_of_zero
        """Whether a probability of 0 times a log-probability of -inf is NaN, as in PyTorch."""
        self.weight_name = weight_name
        """What messages call the weights."""

    @property
    def ignored(self) -> tuple[int, ...]:
        """The labels of rows to leave out."""
        return self.ignore_index if isinstance(self.ignore_index, tuple) else (self.ignore_index,)

    def replaced(self, **changes: Any) -> "LossOptions":
        """Return the same options with some changes."""
        return LossOptions(**{name: getattr(self, name) for name in self.__slots__} | changes)

    def ignores(self, index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return a mask of the labels whose rows are left out."""
        mask = self.ignored_among(index, bounds_of(index))
        return np.zeros(index.shape, np.bool_) if mask is None else mask

    def ignored_among(
        self, index: NDArray[np.int64], bounds: tuple[int, int]
    ) -> NDArray[np.bool_] | None:
        """Return a mask of the labels whose rows are left out; None if there are none of them."""
        least, most = bounds
        mask = None
        for label in (MASKED, *self.ignored):
            if least <= label <= most:  # else no label is equal to it
                equal = index == label
                mask = equal if mask is None else mask | equal
        return mask if mask is not None and mask.any() else None


def as_weight(weight: ArrayLike | None, name: str = "weight") -> Doubles | None:
    """Return weights as float64; raise InputError, which calls them `name`, if that cannot be."""
    return None if weight is None else real_numbers(weight, name).astype(np.float64)


def real_numbers(data: Any, name: str, error: type[InputError] = InputError) -> NDArray[Any]:
    """Return real numbers as an array; raise `error`, which calls them `name`, of what is none.

    NumPy drops imaginary parts, counts the units of times and parses text. An array of objects
    becomes float64, in which None is NaN.
    """
    try:
        values = stacked(np.asarray(data))
        if values.dtype == object and not any(map(_is_no_number, values.flat)):
            return values.astype(np.float64)
        if values.dtype.kind in "fiub" or is_bfloat16(values.dtype):
            return values
    except (TypeError, ValueError):
        pass
    raise error(f"{name} takes real numbers, and an array or a list of them")


def _is_no_number(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "cmMSU"


class Labels:
    """Class indices, safe to index with, and the weights that they select."""

    __slots__ = ("index", "problems", "used", "weight")

    def __init__(
        self,
        index: NDArray[np.int64],
        used: NDArray[np.bool_] | None,
        weight: Doubles | None,
        problems: tuple[Problem, ...],
    ) -> None:
        self.index = index
        self.used = used
        self.weight = weight
        self.problems = problems

    @classmethod
    def of(cls, labels: NDArray[Any], num_classes: int, options: LossOptions) -> "Labels":
        """Check labels of shape (N,); ignored and wrong ones become class 0."""
        index, problems = whole_labels(labels)
        bounds = bounds_of(index)
        ignored = options.ignored_among(index, bounds)
        used = None if ignored is None else ~ignored
        outside = check_labels(index, num_classes, used, base=options.label_base, bounds=bounds)
        outside = tuple(_with_hint(problem, num_classes, options) for problem in outside)
        problems = tuple(sorted(problems + outside, key=lambda problem: problem.row)[:1])
        if options.label_base:
            index = index - options.label_base
        if problems:
            index = np.where((index >= 0) & (index < num_classes), index, 0)
        if used is not None:
            index = np.where(used, index, 0)
        weight = None
        if options.weight is not None:
            weight = options.weight.take(index) if num_classes else np.zeros(index.shape)
            weight = weight if used is None else np.where(used, weight, 0.0)
        return cls(index, used, weight, problems)

    def of_used(self, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return `bad` without the ignored rows."""
        return bad if self.used is None else bad & self.used


def _with_hint(problem: Problem, num_classes: int, options: LossOptions) -> Problem:
    """Add a hint on how to leave rows out, if all wrong labels are the same and may mark them."""
    label = problem.label
    if problem.hint or label is None or not num_classes:
        return problem
    if label == options.label_base + num_classes:
        return problem
    return problem._replace(hint=f"if {label} marks rows to leave out: --ignore-index {label}")
