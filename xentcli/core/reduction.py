"""Reduces the losses of rows as PyTorch's ``reduction`` does, for the functions in Python."""

from collections.abc import Callable

import numpy as np

from xentcli.core.checks import index_of
from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.core.row_losses import Reduction, mean_of
from xentcli.errors import InputError


def reduce_losses(
    facts: RowFacts,
    shape: tuple[int, ...],
    reduction: Reduction,
    weight_sum: Callable[[RowFacts], float],
) -> Doubles | np.float64:
    """Return the losses in ``shape``, their exact sum, or that sum divided by ``weight_sum``.

    Raises
    ------
    LabelError
        If a label is not a class.
    InputError
        If there is no such reduction.
    """
    for problem in facts.problems:
        if problem.input == "labels":
            raise problem.at(f"labels{index_of(problem.row, shape)}")
    if reduction == "none":
        losses: Doubles | np.float64 = facts["loss"].reshape(shape)[()]
        return losses
    total = float(ExactSum.of(facts["loss"]))
    if reduction == "sum":
        return np.float64(total)
    if reduction == "mean":
        return np.float64(mean_of(total, weight_sum(facts)))
    raise InputError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")
