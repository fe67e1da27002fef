"""Families of index labels: every option and shape, and labels of every dtype."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from golden_case import (
    EMPTY_SHAPES,
    INF,
    NAN,
    PLAIN_SHAPES,
    REDUCTIONS,
    Case,
    Option,
    class_count,
    generator,
    make_labels,
    make_log_probs,
    make_logits,
    make_weights,
    name_of,
    row_shape,
    with_ignored,
)


def option_cases() -> Iterator[Case]:
    """Every option with every other one, for one ordinary shape."""
    rng = generator("options")
    logits, labels = make_logits(rng, (5, 3)), np.array([2, 0, 1, 2, 0])
    grid = product((-100, -1, 0, 1, 255, 2**40), make_weights(3).items(), (0.0, 0.1, 0.5, 1.0))
    for (ignore, (kind, weight), smoothing), reduction in product(grid, REDUCTIONS):
        yield Case(
            f"ce-{reduction}-weight_{kind}-ignore_{ignore}-smoothing_{smoothing}",
            "cross_entropy",
            (logits, with_ignored(labels, ignore)),
            weight,
            {"ignore_index": ignore, "label_smoothing": smoothing, "reduction": reduction},
        )


def default_cases() -> Iterator[Case]:
    """No options at all: the defaults are PyTorch's."""
    rng = generator("defaults")
    for shape in PLAIN_SHAPES:
        labels = make_labels(rng, shape)
        yield Case(
            f"ce-defaults-{name_of(shape)}", "cross_entropy", (make_logits(rng, shape), labels)
        )
        yield Case(
            f"nll-defaults-{name_of(shape)}", "nll_loss", (make_log_probs(rng, shape), labels)
        )


def shape_cases() -> Iterator[Case]:
    """Index labels in every shape, empty ones included, for both losses."""
    rng = generator("shapes")
    for shape in PLAIN_SHAPES + EMPTY_SHAPES:
        logits, log_probs = make_logits(rng, shape), make_log_probs(rng, shape)
        labels = make_labels(rng, shape)
        if labels.size > 1:
            labels = with_ignored(labels, -1)
        weights = make_weights(class_count(shape))
        for kind, reduction in product(("none", "zeros"), REDUCTIONS):
            tail = f"{name_of(shape)}-{reduction}-weight_{kind}"
            options: dict[str, Option] = {"ignore_index": -1, "reduction": reduction}
            yield Case(f"nll-{tail}", "nll_loss", (log_probs, labels), weights[kind], options)
            for smoothing in (0.0, 0.1):
                yield Case(
                    f"ce-{tail}-smoothing_{smoothing}",
                    "cross_entropy",
                    (logits, labels),
                    weights[kind],
                    options | {"label_smoothing": smoothing},
                )


def nll_option_cases() -> Iterator[Case]:
    rng = generator("nll options")
    log_probs, labels = make_log_probs(rng, (5, 3)), np.array([1, 2, 2, 0, 1])
    grid = product((-100, -1, 0, 2, 255, 2**40), make_weights(3).items(), REDUCTIONS)
    for ignore, (kind, weight), reduction in grid:
        yield Case(
            f"nll-{reduction}-weight_{kind}-ignore_{ignore}",
            "nll_loss",
            (log_probs, with_ignored(labels, ignore)),
            weight,
            {"ignore_index": ignore, "reduction": reduction},
        )


def label_dtype_cases() -> Iterator[Case]:
    """Any integer, bool and whole floats name a class; PyTorch is asked with int64."""
    rng = generator("label dtypes")
    logits = make_logits(rng, (3, 2))
    integers = [f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")]
    for dtype, call in product(
        [*integers, "bool", "float32", "float64"], ("cross_entropy", "nll_loss")
    ):
        labels = np.array([1, 0, 1]).astype(dtype)
        yield Case(f"{call}-labels_{dtype}", call, (logits, labels), None, {"reduction": "none"})
    yield Case(
        "ce-labels_uint8-ignore_255",
        "cross_entropy",
        (logits, np.array([1, 255, 0], dtype=np.uint8)),
        None,
        {"ignore_index": 255, "reduction": "none"},
    )


def one_dimension_cases() -> Iterator[Case]:
    """Logits (C,): a label of shape (1,) will do there too, and the result stays a scalar."""
    rng = generator("one dimension")
    row = make_logits(rng, (3,))
    for reduction, weight in product(REDUCTIONS, (None, np.array([0.5, 0.0, 2.0]))):
        tail = f"{reduction}-weight_{'none' if weight is None else 'zeros'}"
        options: dict[str, Option] = {"reduction": reduction}
        yield Case(f"ce-row-label_1-{tail}", "cross_entropy", (row, np.array([2])), weight, options)
        yield Case(f"nll-row-label_1-{tail}", "nll_loss", (row, np.array([2])), weight, options)
        for call in ("cross_entropy", "nll_loss"):
            yield Case(f"{call}-row-ignored-{tail}", call, (row, np.array(-100)), weight, options)
        yield Case(
            f"ce-row-smoothed-{tail}",
            "cross_entropy",
            (row, np.array(2)),
            weight,
            options | {"label_smoothing": 0.1},
        )


def nothing_used_cases() -> Iterator[Case]:
    """All rows ignored, or weights that sum to zero: the mean is NaN, the sum is 0."""
    rng = generator("nothing used")
    for shape in ((3, 3), (2, 3, 2)):
        logits = make_logits(rng, shape)
        ignored, zeros = np.full(row_shape(shape), -100), np.zeros(row_shape(shape), dtype=np.int64)
        weight = np.array([0.0, 1.0, 1.0])
        for reduction, smoothing in product(REDUCTIONS, (0.0, 0.1, 1.0)):
            options: dict[str, Option] = {"reduction": reduction, "label_smoothing": smoothing}
            tail = f"{name_of(shape)}-{reduction}-smoothing_{smoothing}"
            yield Case(f"ce-ignored-{tail}", "cross_entropy", (logits, ignored), None, options)
            yield Case(
                f"ce-ignored_weight-{tail}", "cross_entropy", (logits, ignored), weight, options
            )
            yield Case(f"ce-weight_sum_0-{tail}", "cross_entropy", (logits, zeros), weight, options)
        for reduction in REDUCTIONS:
            tail = f"{name_of(shape)}-{reduction}"
            yield Case(
                f"nll-ignored-{tail}", "nll_loss", (logits, ignored), None, {"reduction": reduction}
            )
            yield Case(
                f"nll-weight_sum_0-{tail}",
                "nll_loss",
                (logits, zeros),
                weight,
                {"reduction": reduction},
            )


def no_class_cases() -> Iterator[Case]:
    """C = 0 can be asked for when every row is ignored, or as probabilities."""
    ignored = np.full(2, -100)
    for reduction in REDUCTIONS:
        options: dict[str, Option] = {"reduction": reduction}
        for call, rows in product(("cross_entropy", "nll_loss"), (0, 2)):
            args = (np.zeros((rows, 0)), ignored[:rows])
            yield Case(f"{call}-{rows}x0-{reduction}", call, args, None, options)
        args = (np.zeros((2, 0)), np.zeros((2, 0)))
        yield Case(f"ce-probabilities-2x0-{reduction}", "cross_entropy", args, None, options)


def odd_weight_cases() -> Iterator[Case]:
    """Weights PyTorch does not look at: negative, infinite, and NaN that is or is not used."""
    rng = generator("odd weights")
    args = (make_logits(rng, (3, 3)), np.array([1, 2, 1]))
    odd = {"negative": [1.0, -0.5, 0.25], "nan_unused": [NAN, 1.0, 2.0], "nan": [1.0, NAN, 1.0]}
    for (kind, weight), reduction in product((odd | {"inf": [1.0, 1.0, INF]}).items(), REDUCTIONS):
        for call in ("cross_entropy", "nll_loss"):
            name = f"{call}-weight_{kind}-{reduction}"
            yield Case(name, call, args, np.array(weight), {"reduction": reduction})


FAMILIES = (
    default_cases,
    option_cases,
    shape_cases,
    nll_option_cases,
    label_dtype_cases,
    one_dimension_cases,
    nothing_used_cases,
    no_class_cases,
    odd_weight_cases,
)
