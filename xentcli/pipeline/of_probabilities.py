"""What is said of probabilities whose logarithms are taken for logits, as calibrate takes them."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from xentcli.core.checks import Problem
from xentcli.core.dtypes import widen
from xentcli.core.tiled_rows import LogitRows
from xentcli.errors import NonFiniteError
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Remark

RESCALED = "rescaled"
"""The remark on rows that do not sum to 1: softmax divides them by their sums."""


def notes_of_rescaled(name: str, remarks: Mapping[str, Remark]) -> Iterator[str]:
    """Say how many rows of the file of this name do not sum to 1, and what is done about it."""
    if found := remarks.get(RESCALED):
        odd = f"rows whose probabilities do not sum to 1: {found.rows:,}, by up to {found.most:.3g}"
        yield f"{name}: {odd}; each is divided by its sum"


def of_calibrate(problem: Problem) -> Problem:
    """Return a problem of probabilities, with a hint for `calibrate` instead of `loss`."""
    hint = problem.hint and problem.hint.replace("xent loss ", "xent calibrate ")
    return problem._replace(hint=hint)


def of_probabilities(
    problems: Iterable[Problem], stored: LogitRows, criterion: Criterion
) -> tuple[Problem, ...]:
    """Return problems of the numbers that were computed with as those of the `stored` ones."""
    if criterion.from_probs:
        return tuple(map(_of_logits, problems))
    if criterion.normalize:
        return tuple(_of_sum(each, stored) for each in problems)
    return tuple(problems)


def _of_logits(problem: Problem) -> Problem:
    """Return a problem of a row's logits as one of the probabilities that they were made from."""
    if problem.input != "logits" or problem.error is not NonFiniteError:
        return problem
    message = problem.message.replace("logit", "probability")
    if problem.column is None:
        message = "every probability is 0"
    return problem._replace(message=message)


def _of_sum(problem: Problem, stored: LogitRows) -> Problem:
    """Return a problem of a row that its sum divided as one of the sum, or of what made it NaN."""
    if problem.input != "logits" or problem.error is not NonFiniteError:
        return problem
    (row,) = widen(stored[problem.row : problem.row + 1])
    places = np.flatnonzero(np.isnan(row))
    if places.size:
        return problem._replace(column=int(places[0]))
    if row.any():
        return problem
    return problem._replace(message="every probability is 0, and so is their sum", column=None)
