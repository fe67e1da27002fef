"""Families of what is refused."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from golden_case import (
    INF,
    NAN,
    REDUCTIONS,
    Array,
    Case,
    Option,
    Shape,
    generator,
    make_labels,
    make_logits,
    name_of,
)


def label_error_cases() -> Iterator[Case]:
    """Labels outside 0..C-1 that are not ignore_index."""
    rng = generator("label errors")
    for shape, bad in product(((3,), (3, 3), (2, 3, 2)), (3, -1, 2**40)):
        labels = make_labels(rng, shape)
        labels.reshape(-1)[-1] = bad
        for call in ("cross_entropy", "nll_loss"):
            yield Case(
                f"{call}-label_{bad}-{name_of(shape)}", call, (make_logits(rng, shape), labels)
            )
    logits, options = np.zeros((3, 3)), {"none": None, "positive": np.array([0.5, 1.0, 2.0])}
    for smoothing, (kind, weight), reduction in product(
        (0.0, 0.1, 1.0), options.items(), REDUCTIONS
    ):
        yield Case(
            f"ce-label_3-{reduction}-weight_{kind}-smoothing_{smoothing}",
            "cross_entropy",
            (logits, np.array([0, 3, 1])),
            weight,
            {"label_smoothing": smoothing, "reduction": reduction},
        )
    wrong: dict[str, tuple[Array, int]] = {
        "-100-ignore_-1": (np.array([0, -100, 1]), -1),
        "-1-ignore_0": (np.array([0, -1, 1]), 0),
        "254-ignore_255": (np.array([0, 254, 255]), 255),
        "uint8_255-ignore_-1": (np.array([0, 255, 1], dtype=np.uint8), -1),
        "0.5": (np.array([0.0, 0.5, 1.0]), -100),
        "nan": (np.array([0.0, NAN, 1.0]), -100),
        "inf": (np.array([0.0, INF, 1.0]), -100),
    }
    for (kind, (labels, ignore)), call in product(wrong.items(), ("cross_entropy", "nll_loss")):
        name = f"{call}-label_{kind}"
        yield Case(name, call, (logits, labels), None, {"ignore_index": ignore})
    for call in ("cross_entropy", "nll_loss"):
        yield Case(f"{call}-label_0-no_classes", call, (np.zeros((2, 0)), np.array([0, 0])))


def shape_error_cases() -> Iterator[Case]:
    """Labels that fit neither as indices nor as probabilities, and logits without a class axis."""
    pairs: tuple[tuple[Shape, Shape], ...] = (
        ((), ()),
        ((3,), (2,)),
        ((3,), (2, 2)),
        ((2, 3), ()),
        ((1, 3), ()),
        ((2, 3), (3,)),
        ((2, 3), (0,)),
        ((2, 3), (2, 1)),
        ((1, 3), (1, 1)),
        ((0, 3), (1,)),
        ((2, 3, 4), ()),
        ((2, 3, 4), (2,)),
        ((2, 3, 4), (8,)),
        ((2, 3, 4), (2, 3)),
        ((2, 3, 4), (2, 5)),
        ((2, 3, 4), (1, 4)),
        ((2, 3, 4), (2, 4, 1)),
        ((2, 3, 1), (2,)),
        ((2, 3, 4, 5), (2, 5, 4)),
        ((2, 3, 4, 5), (2, 20)),
        ((2, 3, 2, 2, 2), (2, 2, 2)),
    )
    for (shape, labels), call in product(pairs, ("cross_entropy", "nll_loss")):
        args = (np.zeros(shape), np.zeros(labels, dtype=np.int64))
        yield Case(f"{call}-labels_{name_of(labels)}-for_{name_of(shape)}", call, args)
    soft_pairs: tuple[tuple[Shape, Shape], ...] = (
        ((2, 3), (2, 4)),
        ((2, 3), (1, 3)),
        ((3,), (1, 3)),
        ((2, 3, 4), (2, 3, 1)),
    )
    for shape, target in soft_pairs:
        args = (np.zeros(shape), np.full(target, 0.25))
        name = f"ce-probabilities_{name_of(target)}-for_{name_of(shape)}"
        yield Case(name, "cross_entropy", args)
    yield Case("nll-probabilities_2x3", "nll_loss", (np.zeros((2, 3)), np.full((2, 3), 0.25)))


def weight_error_cases() -> Iterator[Case]:
    """Weights of another shape than (C,), also when there is nothing to weigh."""
    weights = {"2": np.ones(2), "4": np.ones(4), "1": np.ones(1), "scalar": np.array(1.0)}
    for (kind, weight), rows in product((weights | {"1x3": np.ones((1, 3))}).items(), (0, 2)):
        logits, labels = np.zeros((rows, 3)), np.zeros(rows, dtype=np.int64)
        for call in ("cross_entropy", "nll_loss"):
            yield Case(f"{call}-weight_{kind}-for_{rows}x3", call, (logits, labels), weight)
        name = f"ce-probabilities-weight_{kind}-for_{rows}x3"
        yield Case(name, "cross_entropy", (logits, np.full((rows, 3), 0.25)), weight)


def probability_error_cases() -> Iterator[Case]:
    """Probabilities must be floating point and cannot be ignored."""
    soft = (np.zeros((2, 3)), np.full((2, 3), 0.25))
    for ignore in (0, 1, 255):
        name = f"ce-probabilities-ignore_{ignore}"
        yield Case(name, "cross_entropy", soft, None, {"ignore_index": ignore})
    for dtype, shape in product(("int64", "uint8", "bool"), ((3,), (2, 3), (2, 3, 2), (1,))):
        args = (np.zeros(shape), np.ones(shape, dtype=dtype))
        yield Case(f"ce-probabilities_{dtype}-{name_of(shape)}", "cross_entropy", args)


def option_error_cases() -> Iterator[Case]:
    hard = (np.zeros((2, 3)), np.array([0, 1]))
    soft = (np.zeros((2, 3)), np.full((2, 3), 0.25))
    for reduction, call in product(("Mean", "batchmean", ""), ("cross_entropy", "nll_loss")):
        name = f"{call}-reduction_{reduction or 'empty'}"
        yield Case(name, call, hard, None, {"reduction": reduction})
    for (kind, args), smoothing in product({"ce": hard, "ce-soft": soft}.items(), (1.1, 2.0, INF)):
        options: dict[str, Option] = {"label_smoothing": smoothing}
        yield Case(f"{kind}-smoothing_{smoothing}", "cross_entropy", args, None, options)
    for (kind, args), smoothing in product(
        {"ce": hard, "ce-soft": soft}.items(), (-0.1, -5.0, NAN)
    ):
        yield Case(
            f"{kind}-smoothing_{smoothing}",
            "cross_entropy",
            args,
            None,
            {"label_smoothing": smoothing},
            differs="PyTorch takes label_smoothing below 0, and NaN, for 0",
        )


FAMILIES = (
    label_error_cases,
    shape_error_cases,
    weight_error_cases,
    probability_error_cases,
    option_error_cases,
)
