"""Families of numbers that are not finite."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from golden_case import INF, NAN, ODD_ROWS, REDUCTIONS, Case, Option, generator, make_logits


def odd_row_cases() -> Iterator[Case]:
    """One odd row among ordinary ones; the label points at class 0, 1 or 2 of it."""
    rest = make_logits(generator("odd rows"), (2, 3))
    for (kind, row), label in product(ODD_ROWS.items(), (0, 1, 2)):
        args = (np.vstack([rest[:1], [row], rest[1:]]), np.array([2, label, 1]))
        for smoothing, reduction in product((0.0, 0.1, 1.0), ("none", "mean")):
            yield Case(
                f"ce-row_{kind}-label_{label}-{reduction}-smoothing_{smoothing}",
                "cross_entropy",
                args,
                None,
                {"label_smoothing": smoothing, "reduction": reduction},
            )


def odd_row_weight_cases() -> Iterator[Case]:
    """Odd rows under a weight of zero, which does not hide an infinity: 0 * inf is NaN."""
    rest = make_logits(generator("odd rows weighted"), (2, 3))
    weight = np.array([0.0, 1.5, 0.5])
    for (kind, row), label in product(ODD_ROWS.items(), (0, 1)):
        args = (np.vstack([rest, [row]]), np.array([2, 1, label]))
        for smoothing, reduction in product((0.0, 0.1), ("none", "sum")):
            yield Case(
                f"ce-row_{kind}-label_{label}-{reduction}-weight_zeros-smoothing_{smoothing}",
                "cross_entropy",
                args,
                weight,
                {"label_smoothing": smoothing, "reduction": reduction},
            )


def ignored_odd_row_cases() -> Iterator[Case]:
    """Odd rows that are ignored: they still give 0, smoothing included."""
    rest = make_logits(generator("ignored odd rows"), (2, 3))
    logits = np.vstack([rest, list(ODD_ROWS.values())])
    weights = {"none": None, "zeros": np.array([0.0, 1.5, 0.5])}
    for ignore, reduction in product((-100, 0), REDUCTIONS):
        labels = np.array([2, 1] + [ignore] * len(ODD_ROWS))
        options: dict[str, Option] = {"ignore_index": ignore, "reduction": reduction}
        for kind, weight in weights.items():
            tail = f"{reduction}-weight_{kind}-ignore_{ignore}"
            yield Case(
                f"nll-ignored_odd_rows-{tail}", "nll_loss", (logits, labels), weight, options
            )
            for smoothing in (0.0, 0.1, 1.0):
                yield Case(
                    f"ce-ignored_odd_rows-{tail}-smoothing_{smoothing}",
                    "cross_entropy",
                    (logits, labels),
                    weight,
                    options | {"label_smoothing": smoothing},
                )


def odd_spatial_cases() -> Iterator[Case]:
    """(N, C, d1) with an infinity, a NaN and an ignored NaN at different places."""
    logits = make_logits(generator("odd spatial"), (2, 3, 3))
    logits[0, 1, 0], logits[0, :, 1], logits[1, 2, 2] = -INF, NAN, NAN
    for place, label in {"inf_on": 1, "inf_off": 0}.items():
        for nan_label, reduction, smoothing in product((2, -100), REDUCTIONS, (0.0, 0.1)):
            labels = np.array([[label, -100, 0], [1, 2, nan_label]])
            yield Case(
                f"ce-spatial-{place}-nan_label_{nan_label}-{reduction}-smoothing_{smoothing}",
                "cross_entropy",
                (logits, labels),
                None,
                {"label_smoothing": smoothing, "reduction": reduction},
            )


def odd_probability_cases() -> Iterator[Case]:
    """Class probabilities against odd rows: a probability of 0 does not hide an infinity."""
    odd = np.array(list(ODD_ROWS.values()))
    targets = {"dense": [0.25, 0.25, 0.5], "zero_0": [0.0, 0.5, 0.5], "one_0": [1.0, 0.0, 0.0]}
    weights = {"none": None, "zeros": np.array([0.0, 1.5, 0.5])}
    for (kind, target), smoothing in product(targets.items(), (0.0, 0.1, 1.0)):
        for weight_kind, weight in weights.items():
            yield Case(
                f"ce-odd_rows-probabilities_{kind}-none-weight_{weight_kind}-smoothing_{smoothing}",
                "cross_entropy",
                (odd, np.tile(target, (len(odd), 1))),
                weight,
                {"label_smoothing": smoothing, "reduction": "none"},
            )
        for row, reduction in product(("one_-inf", "nan"), ("sum", "mean")):
            logits = np.array([ODD_ROWS[row], [0.5, -1.0, 0.25]])
            yield Case(
                f"ce-row_{row}-probabilities_{kind}-{reduction}-smoothing_{smoothing}",
                "cross_entropy",
                (logits, np.tile(target, (2, 1))),
                None,
                {"label_smoothing": smoothing, "reduction": reduction},
            )


def odd_nll_cases() -> Iterator[Case]:
    """nll_loss only picks: what is not under the label does not matter, and nothing is checked."""
    picked = {
        "-inf": [-INF, -0.5],
        "+inf": [INF, -0.5],
        "both_inf": [INF, -INF, -0.5],
        "nan": [NAN, -0.5],
        "positive": [2.0, -0.5],
        "zero": [0.0, -0.5],
        "inf_nan": [-INF, NAN],
    }
    for (kind, values), reduction in product(picked.items(), REDUCTIONS):
        log_probs = np.array([[NAN, value, -INF] for value in values])
        labels = np.ones(len(values), dtype=np.int64)
        for name, weight in {"none": None, "zeros": np.array([1.0, 0.0, 1.0])}.items():
            args = (log_probs, labels)
            case_id = f"nll-picked_{kind}-{reduction}-weight_{name}"
            yield Case(case_id, "nll_loss", args, weight, {"reduction": reduction})
    huge = (np.array([[-1e308, 0.0], [-1e308, 0.0]]), np.array([0, 0]))
    for reduction in ("none", "sum"):
        yield Case(f"nll-overflow-{reduction}", "nll_loss", huge, None, {"reduction": reduction})


FAMILIES = (
    odd_row_cases,
    odd_row_weight_cases,
    ignored_odd_row_cases,
    odd_spatial_cases,
    odd_probability_cases,
    odd_nll_cases,
)
