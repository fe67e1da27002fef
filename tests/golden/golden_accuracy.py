"""Families of rows whose last digits are easily lost."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from golden_case import (
    INF,
    NAN,
    REDUCTIONS,
    Case,
    Option,
    class_count,
    generator,
    make_labels,
    make_logits,
    make_probabilities,
    make_weights,
    name_of,
)

CONFIDENT_ROWS: dict[str, list[float]] = {
    "gap_5": [5.25, 0.1, 0.2],
    "gap_20": [20.3, 0.3, -1.0],
    "gap_50": [50.0, 0.0, 0.0],
    "gap_700": [350.0, -350.0, -349.5],
    "gap_10000": [1e4, 0.0, 1.0],
    "offset": [1e8 + 0.5, 1e8, 1e8 - 1.25],
    "offset_gap": [1e8 + 40, 1e8, 1e8 - 1],
    "negative_offset": [-1e8 + 30, -1e8, -1e8 - 1],
    "tie": [60.0, 60.0, 0.5],
}


def confident_cases() -> Iterator[Case]:
    """Rows whose loss is small, or whose logits are large.

    PyTorch's log_softmax ends in log(1 + small), which rounds small away: absolutely it is right
    to 1e-15, relatively it may have no digit right. `second_opinion` uses log1p and does not
    cancel, so its answer is stored, and PyTorch is compared with an absolute tolerance.
    """
    logits = np.array(list(CONFIDENT_ROWS.values()))
    rows = len(logits)
    for label, reduction in product((0, 1, 2), REDUCTIONS):
        args = (logits, np.full(rows, label))
        options: dict[str, Option] = {"reduction": reduction}
        tail = f"label_{label}-{reduction}"
        yield Case(f"ce-confident-{tail}", "cross_entropy", args, None, options, confident=True)
        weight = np.array([2.0, 0.5, 0.0])
        yield Case(
            f"ce-confident_weight-{tail}", "cross_entropy", args, weight, options, confident=True
        )
        target = np.tile(np.eye(3)[label], (rows, 1))
        args = (logits, target)
        yield Case(
            f"ce-confident_probabilities-{tail}",
            "cross_entropy",
            args,
            None,
            options,
            confident=True,
        )
    spatial = np.moveaxis(logits[None], -1, 1)
    for smoothing, reduction in product((0.0, 1e-12, 0.1), REDUCTIONS):
        yield Case(
            f"ce-confident_spatial-{reduction}-smoothing_{smoothing}",
            "cross_entropy",
            (spatial, np.zeros((1, rows), dtype=np.int64)),
            None,
            {"label_smoothing": smoothing, "reduction": reduction},
            confident=True,
        )
    for call in ("softmax", "log_softmax"):
        yield Case(f"{call}-confident", call, (logits,), confident=True)
        yield Case(f"{call}-confident-axis_1", call, (spatial,), None, {"axis": 1}, confident=True)


def low_precision_cases() -> Iterator[Case]:
    """Multiples of 1/64, which float32 and float16 hold exactly: the answer is for those values."""
    rng = generator("low precision")
    dtypes = ("float32", "float16")
    for shape in ((3,), (6, 5), (2, 3, 4)):
        logits = np.round(make_logits(rng, shape) * 128) / 64
        args, weights = (logits, make_labels(rng, shape)), make_weights(class_count(shape))
        soft = (logits, make_probabilities(rng, shape))
        for reduction in REDUCTIONS:
            name, options = f"{name_of(shape)}-{reduction}", {"reduction": reduction}
            smooth: dict[str, Option] = {**options, "label_smoothing": 0.1}
            for kind in ("none", "zeros"):
                tail, weight = f"{name}-weight_{kind}", weights[kind]
                yield Case(
                    f"ce-low-{tail}", "cross_entropy", args, weight, {**options}, dtypes, True
                )
                yield Case(
                    f"ce-low-smoothed-{tail}", "cross_entropy", args, weight, smooth, dtypes, True
                )
                yield Case(
                    f"ce-low-soft-{tail}", "cross_entropy", soft, weight, {**options}, dtypes, True
                )
                yield Case(f"nll-low-{tail}", "nll_loss", args, weight, {**options}, dtypes)
        for call, axis in product(("softmax", "log_softmax"), range(len(shape))):
            name = f"{call}-low-{name_of(shape)}-axis_{axis}"
            yield Case(name, call, (logits,), None, {"axis": axis}, dtypes, True)


def low_precision_row_cases() -> Iterator[Case]:
    """Confident, offset and odd rows in float32 and float16."""
    both, single = ("float32", "float16"), ("float32",)
    rows = {
        "gap_12": ([12.0, 0.25, -0.5], both),
        "gap_50": ([50.0, 0.0, 0.5], both),
        "tie": ([8.0, 8.0, -8.0], both),
        "-inf": ([1.5, 0.25, -INF], both),
        "nan": ([1.5, 0.25, NAN], both),
        "large_offset": ([1048576.125, 1048576.0, 1048575.5], single),
        "float16_max": ([65504.0, 65472.0, 65440.0], both),
    }
    for kind, (row, dtypes) in rows.items():
        for label in (0, 1):
            args = (np.array([row]), np.array([label]))
            options: dict[str, Option] = {"reduction": "none"}
            name = f"ce-low-row_{kind}-label_{label}"
            yield Case(name, "cross_entropy", args, None, options, dtypes, True)
        for call in ("softmax", "log_softmax"):
            yield Case(f"{call}-low-row_{kind}", call, (np.array(row),), None, {}, dtypes, True)


FAMILIES = (
    confident_cases,
    low_precision_cases,
    low_precision_row_cases,
)
