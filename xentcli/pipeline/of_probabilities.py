"""What is said of probabilities whose logarithms are taken for logits, as calibrate takes them."""

from collections.abc import Iterator, Mapping

from xentcli.core.checks import Problem
from xentcli.errors import NonFiniteError
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


def of_probability(problem: Problem) -> Problem:
    """Return a problem of a row's logits as one of the probabilities that they were made from."""
    if problem.input != "logits" or problem.error is not NonFiniteError:
        return problem
    message = problem.message.replace("logit", "probability")
    if problem.column is None:
        message = "every probability is 0"
    return problem._replace(message=message)
