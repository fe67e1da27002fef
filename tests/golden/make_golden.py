"""Write ``cases.json``: inputs for the Python functions with the answers PyTorch gives in float64.

Run ``python tests/golden/make_golden.py`` after a change here or to follow a new PyTorch
(``pip install torch``). The tests that read the file need no PyTorch.

The file has two parts, one entry per line so that a change shows as a short difference:

``arrays``  every distinct input, under a name made of its shape and a hash of its content.
``cases``   ``call``, ``args`` (names of arrays), ``weight`` (a name), ``options``, and either
            ``expect`` (shape and flat data) or ``raises``. Some cases carry more:
            ``dtypes``     also run with the first argument cast to these (the values survive it);
            ``confident``  PyTorch's own answer cancels, see `confident_cases`;
            ``differs``    this project refuses on purpose what PyTorch accepts, and why.

Numbers are written by ``json`` with ``repr``, which reads back to the same bits, and with the
tokens NaN and Infinity that Python's ``json`` also reads.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

try:
    import torch  # type: ignore[import-not-found, unused-ignore]
    from torch.nn import functional  # type: ignore[import-not-found, unused-ignore]
except ModuleNotFoundError as error:
    raise SystemExit("make_golden.py asks PyTorch for the answers: pip install torch") from error

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
Option = int | float | str

TARGET = Path(__file__).with_name("cases.json")
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

# How far PyTorch may be from `second_opinion` before a case has to be marked as confident.
SECOND_OPINION_RTOL = 2e-14


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


# Inputs


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


# Families: index labels


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


# Families: class probabilities


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


# Families: numbers that are not finite

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


# Families: accuracy

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


# Families: softmax and one_hot


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


# Families: what is refused


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


FAMILIES: tuple[Callable[[], Iterator[Case]], ...] = (
    default_cases,
    option_cases,
    shape_cases,
    nll_option_cases,
    label_dtype_cases,
    one_dimension_cases,
    nothing_used_cases,
    no_class_cases,
    odd_weight_cases,
    probability_cases,
    loose_probability_cases,
    odd_row_cases,
    odd_row_weight_cases,
    ignored_odd_row_cases,
    odd_spatial_cases,
    odd_probability_cases,
    odd_nll_cases,
    confident_cases,
    low_precision_cases,
    low_precision_row_cases,
    softmax_cases,
    softmax_empty_cases,
    softmax_error_cases,
    one_hot_cases,
    label_error_cases,
    shape_error_cases,
    weight_error_cases,
    probability_error_cases,
    option_error_cases,
)


# Answers


def label_tensor(labels: Array) -> torch.Tensor:
    """PyTorch takes int64 labels; whole numbers of other dtypes are turned into that."""
    if labels.dtype.kind == "f" and not np.all(np.isfinite(labels) & (labels == np.floor(labels))):
        return torch.from_numpy(np.array(labels))
    return torch.from_numpy(np.array(labels).astype(np.int64))


def target_tensor(logits: Array, target: Array) -> torch.Tensor:
    """Tell class probabilities, which have the logits' shape, from labels.

    Floating probabilities become float64: PyTorch would smooth float32 ones in float32.
    """
    if logits.shape != target.shape:
        return label_tensor(target)
    tensor = torch.from_numpy(np.array(target))
    return tensor.double() if tensor.is_floating_point() else tensor


def torch_answer(
    call: str, args: tuple[Array, ...], weight: Array | None, options: dict[str, Option]
) -> Array | None:
    """Return what PyTorch answers for these float64 inputs, or None where it raises."""
    first = args[0]
    keywords: dict[str, Any] = dict(options)
    if weight is not None:
        keywords["weight"] = torch.from_numpy(np.array(weight))
    try:
        if call == "one_hot":
            result = functional.one_hot(label_tensor(first), **keywords)
        elif call in ("softmax", "log_softmax"):
            function = functional.softmax if call == "softmax" else functional.log_softmax
            result = function(torch.from_numpy(np.array(first)), dim=keywords.get("axis", -1))
        elif call == "nll_loss":
            labels = label_tensor(args[1])
            result = functional.nll_loss(torch.from_numpy(np.array(first)), labels, **keywords)
        else:
            target = target_tensor(first, args[1])
            result = functional.cross_entropy(torch.from_numpy(np.array(first)), target, **keywords)
    except (RuntimeError, ValueError, IndexError):
        return None
    return np.asarray(result.numpy())


def exact_log_softmax(logits: torch.Tensor, dim: int) -> torch.Tensor:
    """log_softmax without cancellation: the maximum is left out of the sum that log1p is given."""
    top, place = logits.max(dim, keepdim=True)
    powers = (logits - top).exp().scatter(dim, place, 0.0)
    result = (logits - top) - torch.log1p(powers.sum(dim, keepdim=True))
    return torch.where(top.isfinite(), result, NAN)


def exact_cross_entropy(
    logits: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """Cross entropy as its definition reads, on top of `exact_log_softmax`."""
    dim = 0 if logits.ndim == 1 else 1
    classes = logits.shape[dim]
    log_probs = exact_log_softmax(logits, dim)
    weights = torch.ones(classes, dtype=torch.float64) if weight is None else weight
    column = weights.reshape([-1 if axis == dim else 1 for axis in range(logits.ndim)])
    if target.shape == logits.shape:
        mixed = target * (1 - label_smoothing) + label_smoothing / classes
        rows = -(column * mixed * log_probs).sum(dim)
        return {"none": rows, "sum": rows.sum(), "mean": rows.sum() / rows.numel()}[reduction]
    hard = functional.nll_loss(
        log_probs, target, weight=weight, ignore_index=ignore_index, reduction=reduction
    )
    if label_smoothing == 0:
        return hard
    target = target.reshape(log_probs.sum(dim).shape)
    rows = (-(column * log_probs).sum(dim)).masked_fill(target == ignore_index, 0.0)
    used = weights[target[target != ignore_index]].sum()
    smooth = {"none": rows, "sum": rows.sum(), "mean": rows.sum() / used}[reduction]
    return (1 - label_smoothing) * hard + label_smoothing / classes * smooth


def second_opinion(case: Case) -> Array | None:
    """Compute the same by another route, for the calls whose last digits PyTorch may lose."""
    first = torch.from_numpy(case.args[0].copy())
    if case.call == "log_softmax" and first.ndim and first.numel():
        return np.asarray(exact_log_softmax(first, int(case.options.get("axis", -1))).numpy())
    if case.call == "cross_entropy" and 0 not in first.shape[:2]:
        weight = None if case.weight is None else torch.from_numpy(case.weight)
        options: dict[str, Any] = dict(case.options)
        target = target_tensor(*case.args)
        return np.asarray(exact_cross_entropy(first, target, weight, **options).numpy())
    return None


def answer(case: Case) -> Array | None:
    """Return what to store, None for an error. PyTorch and the second opinion must agree."""
    result = torch_answer(case.call, case.args, case.weight, case.options)
    if case.differs:
        if result is None:
            raise ValueError(f"{case.id}: PyTorch raises too, so this is no difference")
        return None
    if result is None:
        return None
    other = second_opinion(case)
    if other is None:
        return result
    # The absolute part is the rounding of log(1 + s) next to 1, once per row.
    atol = 2e-15 * case.args[0].size if case.confident else 0.0
    np.testing.assert_allclose(
        result, other, rtol=SECOND_OPINION_RTOL, atol=atol, equal_nan=True, err_msg=case.id
    )
    return other if case.confident else result


# The file


def encode(array: Array) -> dict[str, Any]:
    return {"shape": list(array.shape), "data": array.reshape(-1).tolist()}


def array_name(array: Array) -> str:
    """Name an array by its content, so that adding a case renames nothing."""
    content = np.ascontiguousarray(array).tobytes() + f"{array.dtype}{array.shape}".encode()
    return f"{array.dtype}-{name_of(array.shape)}-{hashlib.sha256(content).hexdigest()[:8]}"


def record(case: Case, arrays: dict[str, Any]) -> dict[str, Any]:
    """One line of the file; inputs not seen before are added to `arrays`."""

    def refer(array: Array) -> str:
        name = array_name(array)
        arrays[name] = {"dtype": str(array.dtype), **encode(array)}
        return name

    line: dict[str, Any] = {"id": case.id, "call": case.call}
    line["args"] = [refer(array) for array in case.args]
    if case.weight is not None:
        line["weight"] = refer(case.weight)
    if case.options:
        line["options"] = case.options
    if case.dtypes:
        line["dtypes"] = case.dtypes
    if case.confident:
        line["confident"] = True
    if case.differs:
        line["differs"] = case.differs
    result = answer(case)
    line |= {"raises": True} if result is None else {"expect": encode(result)}
    return line


def document() -> str:
    """Return the text of the whole file."""
    arrays: dict[str, Any] = {}
    cases = [record(case, arrays) for family in FAMILIES for case in family()]
    names = [case["id"] for case in cases]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ValueError(f"two cases of one name: {sorted(doubled)}")

    def dumps(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    array_lines = ",\n".join(f"{dumps(name)}:{dumps(value)}" for name, value in arrays.items())
    case_lines = ",\n".join(map(dumps, cases))
    version = torch.__version__.split("+")[0]
    head = f'{{"torch":"{version}",\n"arrays":{{\n'
    return f'{head}{array_lines}\n}},\n"cases":[\n{case_lines}\n]}}\n'


def main() -> None:
    torch.set_num_threads(1)  # the order of sums, hence the last digit, must not depend on threads
    text = document()
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    count = text.count('{"id":')
    print(f"{TARGET.name}: {count} cases, {len(text) / 1000:.0f} kB, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
