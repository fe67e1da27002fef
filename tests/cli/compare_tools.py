"""Two models with forty rows of three classes each, and what a comparison of them is read from."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from cli_files import DIGITS, WEAK, write_rows
from cli_tools import Argument, Outcome, Run

Array = npt.NDArray[Any]
BASE, LABELS = DIGITS
NEW = WEAK
DIGITS_OF_TWO = (BASE, NEW, "--labels", LABELS)
CLASSES = ["cat", "dog", "fox"]
RNG = np.random.default_rng(14)
TRUE = RNG.integers(0, 3, 40)
ONE = RNG.normal(size=(40, 3)) * 2 + np.eye(3)[TRUE]  # better than equal probabilities
TWO = ONE + RNG.normal(size=(40, 3))
IDS = [f"r{i}" for i in range(40)]
WITH_LABELS = ("--labels", "y.npy")
MODELS = ("one.npy", "two.npy", *WITH_LABELS)


def save_models() -> None:
    """Write the logits of both, and the labels, into the folder."""
    np.save("one.npy", ONE)
    np.save("two.npy", TWO)
    np.save("y.npy", TRUE)


def metrics_of(outcome: Outcome) -> dict[str, Any]:
    """Return the metrics of a result in JSON."""
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = outcome.json["metrics"]
    return found


_KNOWN: dict[str, Any] = {}


def whole_comparison(run: Run) -> dict[str, Any]:
    """Write the models, and return the metrics of their comparison, which is made once."""
    save_models()
    if not _KNOWN:
        _KNOWN.update(metrics_of(run("compare", *MODELS, "--json")))
    return _KNOWN


def write_with_ids(path: str, values: Array, order: Iterable[int] = range(40)) -> None:
    write_rows(path, ["id", *CLASSES], [[IDS[i], *values[i].tolist()] for i in order])


def found(run: Run, *arguments: Argument, said: str = "") -> dict[str, Any]:
    """Return the metrics of a comparison that says something."""
    outcome = run("compare", *arguments, "--json")
    assert said in outcome.err, arguments
    return metrics_of(outcome)
