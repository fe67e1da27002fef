"""The losses of single rows against 50-digit arithmetic on the stored input values."""

import importlib.util
from typing import Any

import mpmath as mp
import numpy as np
import numpy.typing as npt
import pytest
from close_to import close_to
from in_one_test import in_one_test

import xentcli as xent
from xentcli.core.normalizer import normalizer

Array = npt.NDArray[Any]

DTYPES = [np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.float16)]
if importlib.util.find_spec("ml_dtypes"):
    import ml_dtypes

    DTYPES.append(np.dtype(ml_dtypes.bfloat16))

CLASS_COUNTS = [2, 3, 10, 39, 40, 41, 42, 129]  # few and many: laid out in two ways
WIDE = [32_000, 128_256]

mp.mp.dps = 50


def exact_loss(row: Array, mass: Array | dict[int, Any]) -> Any:
    """Return the sum over classes of ``mass * -log_softmax``, given the classes' masses."""
    z = row.astype(np.float64)
    values, counts = np.unique(z, return_counts=True)
    peak = mp.mpf(values[-1])
    rest = mp.fsum(
        int(n) * mp.exp(mp.mpf(v) - peak)
        for v, n in zip(values[:-1], counts[:-1], strict=True)
        if v > -np.inf
    )
    log_rest = mp.log1p(rest + (int(counts[-1]) - 1))
    masses = mass if isinstance(mass, dict) else dict(enumerate(mass.tolist()))
    return mp.fsum(mp.mpf(m) * (log_rest + (peak - mp.mpf(z[c]))) for c, m in masses.items())


def assert_exact(got: float, want: Any, dtype: np.dtype[Any]) -> None:
    error = float(abs(mp.mpf(float(got)) / want - 1)) if want else abs(float(got))
    if dtype == np.float64:
        assert error <= 1e-14
    else:
        assert error <= (5e-7 if want > 0.1 else 4e-6)


def assert_rows_exact(logits: Array, labels: Array) -> None:
    losses = np.atleast_1d(xent.cross_entropy(logits, labels, reduction="none"))
    for row, label, got in zip(logits, labels, losses, strict=True):
        assert_exact(got, exact_loss(row, {int(label): 1}), logits.dtype)


def dtype_id(dtype: np.dtype[Any]) -> str:
    return dtype.name


each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=dtype_id)


@in_one_test
@pytest.mark.parametrize(
    ("dtype", "num_classes"),
    [
        *((dtype, count) for dtype in DTYPES[:2] for count in CLASS_COUNTS),
        *((dtype, count) for dtype in DTYPES[2:] for count in (2, 40, 41, 129)),
    ],
)
def test_ordinary_rows(dtype: np.dtype[Any], num_classes: int) -> None:
    rng = np.random.default_rng(num_classes)
    scales = np.array([[0.1], [1.0], [4.0], [10.0]])
    logits = (rng.normal(size=(4, num_classes)) * scales).astype(dtype)
    assert_rows_exact(logits, rng.integers(num_classes, size=4))


@in_one_test
@pytest.mark.parametrize(
    ("dtype", "num_classes"), [*((dtype, WIDE[0]) for dtype in DTYPES), (DTYPES[1], WIDE[1])]
)
def test_wide_rows(dtype: np.dtype[Any], num_classes: int) -> None:
    """Of a hundred different values each, for the oracle's sake."""
    rng = np.random.default_rng(num_classes)
    values = np.array([rng.normal(size=100), rng.normal(size=100) * 8.0])
    logits = values[:, rng.integers(100, size=num_classes)].astype(dtype)
    logits[1, 77] = 30.0
    assert_rows_exact(logits, np.array([5, 77]))


@in_one_test
@each_dtype
@pytest.mark.parametrize("num_classes", [2, 40, 41])
def test_confident_rows(dtype: np.dtype[Any], num_classes: int) -> None:
    """The right class leads by so much that the loss is far below one rounding of 1."""
    rng = np.random.default_rng(num_classes)
    leads = [10.7, 16.6, 20.2, 36.8, 40.4, 63.1, 64.6, 70.3, 80.9, 90.1, 103.9, 200.3, 700.7]
    logits = rng.normal(size=(len(leads), num_classes)).astype(dtype)
    labels = rng.integers(num_classes, size=len(leads))
    logits[np.arange(len(leads)), labels] = np.array(leads).astype(dtype)
    assert_rows_exact(logits, labels)
    among_others = np.pad(logits, [(0, 60), (0, 0)])
    rest = normalizer(logits).rest
    np.testing.assert_array_equal(normalizer(among_others).rest[: len(leads)], rest)


@in_one_test
@pytest.mark.parametrize("num_classes", [100, 1000, 32_000])
@pytest.mark.parametrize("loss", [0.01, 1e-10, 1e-20, 3e-28, 1e-30])
def test_rows_whose_differences_all_round_alike(num_classes: int, loss: float) -> None:
    """Equal logits below the peak: what float32 loses in z - max does not average out."""
    rng = np.random.default_rng(num_classes)
    peak = rng.uniform(0.5, 2.0, 20_000).astype(np.float32)
    low = (peak - rng.uniform(0.99, 1.0, 20_000) * np.log(num_classes / loss)).astype(np.float32)
    rounded = low - peak
    lost = np.abs(rounded.astype(np.float64) - (low.astype(np.float64) - peak))
    for i in np.argsort(lost / np.spacing(np.abs(rounded)))[-6:]:
        logits = np.full((1, num_classes), low[i])
        logits[0, 0] = peak[i]
        assert_rows_exact(logits, np.array([0]))


OFFSETS = {
    "float64": (1e8, 1.37),
    "float32": (1e8, 8.0),
    "float16": (6e4, 32),
    "bfloat16": (1e3, 4),
}


@in_one_test
@each_dtype
@pytest.mark.parametrize("sign", [1, -1])
def test_a_far_offset_costs_nothing(dtype: np.dtype[Any], sign: int) -> None:
    """Near the end of what the dtype tells apart, the stored values are what counts."""
    offset, step = OFFSETS[dtype.name]
    steps = np.random.default_rng(8).integers(-6, 1, size=(6, 50))
    logits = (sign * offset + step * steps).astype(dtype)
    assert_rows_exact(logits, np.arange(6))


@in_one_test
@each_dtype
@pytest.mark.parametrize("num_classes", [3, 41])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_weight_and_label_smoothing(
    dtype: np.dtype[Any], num_classes: int, smoothing: float
) -> None:
    rng = np.random.default_rng(num_classes)
    logits = (rng.normal(size=(4, num_classes)) * 3.0).astype(dtype)
    logits[2:, 0] += np.array(30.0, dtype)
    weight = rng.uniform(0.1, 3.0, num_classes)
    labels = np.array([0, 1, 0, 2])
    got = xent.cross_entropy(
        logits, labels, weight=weight, label_smoothing=smoothing, reduction="none"
    )
    for i, label in enumerate(labels):
        mass = {c: mp.mpf(w) * mp.mpf(smoothing) / num_classes for c, w in enumerate(weight)}
        mass[int(label)] += mp.mpf(weight[label]) * (1 - mp.mpf(smoothing))
        assert_exact(np.atleast_1d(got)[i], exact_loss(logits[i], mass), dtype)


@in_one_test
@each_dtype
@pytest.mark.parametrize("num_classes", [3, 41])
def test_class_probabilities(dtype: np.dtype[Any], num_classes: int) -> None:
    rng = np.random.default_rng(num_classes)
    logits = (rng.normal(size=(3, num_classes)) * 3.0).astype(dtype)
    probs = rng.dirichlet(np.ones(num_classes), size=3)
    weight = rng.uniform(0.1, 3.0, num_classes)
    plain = np.atleast_1d(xent.cross_entropy(logits, probs, reduction="none"))
    weighted = np.atleast_1d(xent.cross_entropy(logits, probs, weight=weight, reduction="none"))
    smooth = np.atleast_1d(
        xent.cross_entropy(logits, probs, reduction="none", label_smoothing=0.25)
    )
    for i in range(3):
        assert_exact(plain[i], exact_loss(logits[i], probs[i]), dtype)
        scaled = {c: mp.mpf(probs[i, c]) * mp.mpf(weight[c]) for c in range(num_classes)}
        assert_exact(weighted[i], exact_loss(logits[i], scaled), dtype)
        mixed = {
            c: mp.mpf(p) * 0.75 + mp.mpf(1) / (4 * num_classes) for c, p in enumerate(probs[i])
        }
        assert_exact(smooth[i], exact_loss(logits[i], mixed), dtype)


@in_one_test
@pytest.mark.parametrize("dtype", DTYPES[1:], ids=dtype_id)
@pytest.mark.parametrize("num_classes", [2, 10, 41, 130])
def test_the_mean_of_many_narrow_rows(dtype: np.dtype[Any], num_classes: int) -> None:
    """Textbook arithmetic in float64 is exact enough to judge 1e-7."""
    rng = np.random.default_rng(num_classes)
    logits = (rng.normal(size=(4_000, num_classes)) * 3.0 + 5.0).astype(dtype)
    labels = rng.integers(num_classes, size=4_000)
    z = logits.astype(np.float64)
    want = np.log(np.exp(z).sum(axis=1)) - z[np.arange(4_000), labels]
    assert float(xent.cross_entropy(logits, labels)) == close_to(want.mean(), rel=1e-7)
    losses = np.asarray(xent.cross_entropy(logits, labels, reduction="none"))
    np.testing.assert_allclose(losses[want > 0.1], want[want > 0.1], rtol=5e-7)


@in_one_test
@each_dtype
def test_log_softmax_and_softmax(dtype: np.dtype[Any]) -> None:
    """To a rounding or two of the output's dtype; log_softmax where softmax is far below 1e-30."""
    rng = np.random.default_rng(5)
    logits = (rng.normal(size=(3, 60)) * np.array([[1.0], [5.0], [20.0]])).astype(dtype)
    log_probs, probs = xent.log_softmax(logits), xent.softmax(logits)
    unit = float(np.finfo(log_probs.dtype).eps)
    for i in range(3):
        first = exact_loss(logits[i], {0: 1})
        want = [mp.mpf(float(z)) - mp.mpf(float(logits[i, 0])) - first for z in logits[i]]
        np.testing.assert_allclose(log_probs[i], [float(w) for w in want], rtol=3 * unit)
        # An exponent of 60 may be off by half a unit in its own last place, 32 units of 1.
        np.testing.assert_allclose(probs[i], [float(mp.exp(w)) for w in want], rtol=40 * unit)
