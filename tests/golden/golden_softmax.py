"""Families of softmax, log_softmax and one_hot."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from golden_case import INF, NAN, ODD_ROWS, Case, Shape, generator, make_logits, name_of


def softmax_cases() -> Iterator[Case]:
    """Every axis, counted from both ends, of one to four dimensions."""
    rng = generator("softmax")
    shapes: tuple[Shape, ...] = ((4,), (1,), (3, 2), (2, 3, 2), (2, 2, 3, 2))
    for shape in shapes:
        clean = make_logits(rng, shape)
        odd = clean.copy()
        flat = odd.reshape(-1)
        flat[0] = -INF
        flat[-1:] = NAN if len(shape) % 2 else INF
        for call, axis in product(("softmax", "log_softmax"), range(-len(shape), len(shape))):
            tail = f"{name_of(shape)}-axis_{axis}"
            yield Case(f"{call}-{tail}", call, (clean,), None, {"axis": axis})
            yield Case(f"{call}-odd-{tail}", call, (odd,), None, {"axis": axis})
    odd_rows = np.array(list(ODD_ROWS.values()))
    for call in ("softmax", "log_softmax"):
        yield Case(f"{call}-default_axis", call, (make_logits(rng, (2, 3)),))
        yield Case(f"{call}-odd_rows", call, (odd_rows,))
        yield Case(f"{call}-odd_columns", call, (odd_rows.T.copy(),), None, {"axis": 0})
        for axis in (-1, 0):
            yield Case(f"{call}-scalar-axis_{axis}", call, (np.array(0.5),), None, {"axis": axis})
        for value in (NAN, INF, -INF):
            yield Case(f"{call}-one_class_{value}", call, (np.array([[value], [1.0]]),))


def softmax_empty_cases() -> Iterator[Case]:
    """Nothing in, nothing out: also along the axis of length 0."""
    shapes: tuple[Shape, ...] = ((0,), (0, 3), (3, 0), (2, 0, 3))
    for shape, call in product(shapes, ("softmax", "log_softmax")):
        for axis in range(len(shape)):
            name = f"{call}-empty-{name_of(shape)}-axis_{axis}"
            yield Case(name, call, (np.zeros(shape),), None, {"axis": axis})


def softmax_error_cases() -> Iterator[Case]:
    for call, (shape, axis) in product(
        ("softmax", "log_softmax"), (((), 1), ((), -2), ((3,), 1), ((2, 3), -3), ((0, 3), 2))
    ):
        name = f"{call}-bad_axis-{name_of(shape)}-axis_{axis}"
        yield Case(name, call, (np.zeros(shape),), None, {"axis": axis})


def one_hot_cases() -> Iterator[Case]:
    """Inferred, exact, too many, too few and no classes; PyTorch refuses what cannot be."""
    labels = {
        "scalar_0": np.array(0),
        "scalar_2": np.array(2),
        "1d": np.array([0, 2, 1, 0]),
        "2d": np.array([[0, 2], [1, 1]]),
        "3d": np.array([[[1]], [[0]]]),
        "empty": np.zeros(0, dtype=np.int64),
        "empty_2d": np.zeros((2, 0), dtype=np.int64),
        "negative": np.array([-1, 0]),
        "ignored": np.array([0, -100]),
    }
    for (kind, array), classes in product(labels.items(), (-1, 0, 1, 2, 3, 5)):
        yield Case(
            f"one_hot-{kind}-classes_{classes}", "one_hot", (array,), None, {"num_classes": classes}
        )
    yield Case("one_hot-default", "one_hot", (labels["1d"],))
    for dtype in ("bool", "int8", "uint8", "int32", "uint64", "float32", "float64"):
        yield Case(f"one_hot-labels_{dtype}", "one_hot", (np.array([1, 0]).astype(dtype),))
    yield Case("one_hot-labels_not_whole", "one_hot", (np.array([0.0, 1.5]),))


FAMILIES = (
    softmax_cases,
    softmax_empty_cases,
    softmax_error_cases,
    one_hot_cases,
)
