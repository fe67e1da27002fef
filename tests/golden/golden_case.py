"""A case, and the inputs that it is made of."""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
Option = int | float | str
SEED = 20240229
NAN, INF = float("nan"), float("inf")
REDUCTIONS = ("none", "sum", "mean")
PLAIN_SHAPES: tuple[Shape, ...] = (
    (3,),
    (1,),
    (4, 3),
    (1, 3),
    (4, 1),
    (2, 3, 4),
    (2, 3, 2, 2),
    (2, 3, 2, 1, 2),
)
EMPTY_SHAPES: tuple[Shape, ...] = ((0, 3), (0, 3, 2), (2, 3, 0), (2, 3, 2, 0), (0, 3, 2, 2, 2))


@dataclass(frozen=True)
class Case:
    """One call: the function's name, its arrays and its options."""

    id: str
    call: str
    args: tuple[Array, ...]
    weight: Array | None = None
    options: dict[str, Option] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ()
    confident: bool = False
    differs: str = ""


def generator(family: str) -> np.random.Generator:
    """Seed each family apart, so that a change to one leaves the numbers of others alone."""
    return np.random.default_rng([SEED, zlib.crc32(family.encode())])


def row_shape(shape: Shape) -> Shape:
    """Return the shape of the labels that belong to logits of this shape."""
    return shape[:1] + shape[2:] if len(shape) > 1 else ()


def class_count(shape: Shape) -> int:
    return shape[1] if len(shape) > 1 else shape[0]


def make_logits(rng: np.random.Generator, shape: Shape) -> Array:
    """Few decimals, and a spread that keeps every loss above 0.018.

    Below that the last digits of PyTorch's own log_softmax are no longer right.
    """
    return np.round(rng.uniform(-2.0, 2.0, shape), 2)


def make_labels(rng: np.random.Generator, shape: Shape) -> Array:
    return np.asarray(rng.integers(0, class_count(shape), row_shape(shape)), dtype=np.int64)


def make_log_probs(rng: np.random.Generator, shape: Shape) -> Array:
    """nll_loss takes any numbers for log-probabilities; rows need not sum to one."""
    return np.round(rng.uniform(-3.0, -0.05, shape), 2)


def make_probabilities(rng: np.random.Generator, shape: Shape) -> Array:
    """Multiples of 1/64 whose rows sum to exactly one."""
    axis = 0 if len(shape) == 1 else 1
    counts = rng.multinomial(
        64, np.full(class_count(shape), 1 / class_count(shape)), row_shape(shape)
    )
    return np.moveaxis(counts / 64, -1, axis)


def make_weights(classes: int) -> dict[str, Array | None]:
    """No weights, positive ones, and some that are zero."""
    positive = np.array([0.5, 1.25, 2.0, 0.3, 1.0, 3.0])[:classes]
    return {"none": None, "positive": positive, "zeros": positive * (np.arange(classes) % 2)}


def with_ignored(labels: Array, value: int) -> Array:
    """Every third label replaced."""
    out = labels.copy()
    out.reshape(-1)[::3] = value
    return out


def name_of(shape: Shape) -> str:
    return "x".join(map(str, shape)) if shape else "scalar"


ODD_ROWS: dict[str, list[float]] = {
    "one_-inf": [-INF, 0.5, 1.0],
    "two_-inf": [-INF, 0.25, -INF],
    "all_-inf": [-INF, -INF, -INF],
    "nan": [NAN, 0.5, 1.0],
    "nan_-inf": [NAN, -INF, 0.0],
    "+inf": [INF, 0.5, 1.0],
    "two_+inf": [INF, INF, 1.0],
    "+inf_-inf": [-INF, INF, 0.0],
    "+inf_nan": [NAN, INF, 0.0],
    "overflow": [-1e308, 1e308, 0.0],
}
