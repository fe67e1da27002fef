"""Families of class probabilities."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from golden_case import (
    EMPTY_SHAPES,
    NAN,
    PLAIN_SHAPES,
    REDUCTIONS,
    Case,
    class_count,
    generator,
    make_logits,
    make_probabilities,
    make_weights,
    name_of,
)


def probability_cases() -> Iterator[Case]:
    """Labels of the logits' shape; negative ignore_index does nothing there."""
    rng = generator("probabilities")
    for shape in PLAIN_SHAPES + EMPTY_SHAPES:
        args = (make_logits(rng, shape), make_probabilities(rng, shape))
        weights = make_weights(class_count(shape))
        for kind, reduction, smoothing in product(("none", "zeros"), REDUCTIONS, (0.0, 0.1)):
            yield Case(
                f"ce-probabilities-{name_of(shape)}-{reduction}-weight_{kind}-smoothing_{smoothing}",
                "cross_entropy",
                args,
                weights[kind],
                {"label_smoothing": smoothing, "reduction": reduction},
            )


def loose_probability_cases() -> Iterator[Case]:
    """Rows that do not sum to one, are negative or NaN, or of another dtype than the logits."""
    rng = generator("loose probabilities")
    logits = make_logits(rng, (3, 3))
    kinds = {
        "sum_2": np.array([[1.0, 0.5, 0.5], [0.0, 2.0, 0.0], [0.25, 0.75, 1.0]]),
        "sum_0": np.zeros((3, 3)),
        "negative": np.array([[1.5, -0.5, 0.5], [0.0, 2.0, -0.25], [1.0, 0.0, 0.0]]),
        "nan": np.array([[NAN, 0.5, 0.5], [0.0, 1.0, 0.0], [0.25, 0.75, 0.0]]),
        "float32": np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [1, 0, 0]], dtype=np.float32),
    }
    for (kind, target), reduction, smoothing in product(kinds.items(), REDUCTIONS, (0.0, 0.1, 1.0)):
        yield Case(
            f"ce-probabilities_{kind}-{reduction}-smoothing_{smoothing}",
            "cross_entropy",
            (logits, target),
            None,
            {"label_smoothing": smoothing, "reduction": reduction, "ignore_index": -1},
        )


FAMILIES = (
    probability_cases,
    loose_probability_cases,
)
