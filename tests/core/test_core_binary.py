"""Binary cross entropy against PyTorch, and against 50 digits where elements are confident."""

import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import mpmath
import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli import binary_cross_entropy_with_logits as bce
from xentcli.core.binary import binary_losses
from xentcli.core.binary_options import BinaryOptions
from xentcli.core.row_losses import Reduction
from xentcli.errors import LabelError, ShapeError

REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum", "none")
SHAPES = [(), (1,), (7,), (4, 1), (3, 5), (2, 3, 4), (0,), (0, 3)]


NAMES = ("weight", "pos_weight")
Draw = tuple[Any, Any, dict[str, Any]]


def draws(shape: tuple[int, ...]) -> Iterator[Draw]:
    """Yield logits, labels and weights of every shape that broadcasts."""
    rng = np.random.default_rng(len(shape) + sum(shape))
    for draw in range(12):
        z = rng.normal(0, 4, shape)
        y = rng.integers(0, 2, shape).astype(float) if draw % 2 else rng.uniform(0, 1, shape)
        options: dict[str, Any] = {}
        if draw % 3 and shape:
            options["pos_weight"] = rng.uniform(0, 3, rng.choice([1, shape[-1]]))
        if draw % 4 > 1 and shape:
            options["weight"] = rng.uniform(0, 3, shape if draw % 5 else shape[-1:])
        yield z, y, options


def exact(z: float, y: float, q: float = 1.0) -> float:
    with mpmath.workdps(50):
        z, y, q = mpmath.mpf(z), mpmath.mpf(y), mpmath.mpf(q)
        return float(q * y * mpmath.log1p(mpmath.exp(-z)) + (1 - y) * mpmath.log1p(mpmath.exp(z)))


@in_one_test
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_as_pytorch(shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    function = torch.nn.functional.binary_cross_entropy_with_logits
    for z, y, options in draws(shape):
        tensors = {name: torch.tensor(value) for name, value in options.items()}
        for reduction in REDUCTIONS:
            want = function(torch.tensor(z), torch.tensor(y), reduction=reduction, **tensors)
            got = bce(z, y, reduction=reduction, **options)
            assert np.shape(got) == want.shape
            np.testing.assert_allclose(got, want.numpy(), rtol=1e-12, atol=1e-14)


@in_one_test
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_weights_and_reductions_as_defined(shape: tuple[int, ...]) -> None:
    for z, y, options in islice(draws(shape), 6):
        q = np.broadcast_to(options.get("pos_weight", 1.0), shape)
        weight = np.broadcast_to(options.get("weight", 1.0), shape)
        elements = zip(z.flat, y.flat, q.flat, weight.flat, strict=True)
        want = [float(w) * exact(float(a), float(b), float(c)) for a, b, c, w in elements]
        losses = bce(z, y, reduction="none", **options)
        assert np.shape(losses) == shape
        np.testing.assert_allclose(np.ravel(losses), want, rtol=1e-14)
        total = math.fsum(want)
        np.testing.assert_allclose(bce(z, y, reduction="sum", **options), total, rtol=1e-14)
        mean = total / len(want) if want else math.nan
        np.testing.assert_allclose(bce(z, y, **options), mean, rtol=1e-14)


@in_one_test
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_confident_elements_keep_their_digits(dtype: Any) -> None:
    z = np.array([-700.0, -50.0, -20.5, -1e-3, 0.0, 3.25, 37.0, 88.0, 500.0]).astype(dtype)
    for y in (0.0, 0.25, 1.0):
        got = bce(z, np.full(z.shape, y), pos_weight=[2.5], reduction="none")
        want = [exact(float(value), y, 2.5) for value in z]
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_probabilities_keep_their_digits() -> None:
    p = np.array([1e-300, 1e-9, 0.25, 1 - 2**-53, 0.5])
    y = np.array([0.0, 0.0, 0.5, 1.0, 0.125])
    with mpmath.workdps(50):
        want = [
            float(-(b * mpmath.log(a) + (1 - mpmath.mpf(b)) * mpmath.log1p(-mpmath.mpf(a))))
            for a, b in zip(p.tolist(), y.tolist(), strict=True)
        ]
    got = binary_losses(p, y, BinaryOptions(probs=True))
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_infinite_elements() -> None:
    got = bce([np.inf, np.inf, -np.inf, np.nan], [1, 0, 0, 1], reduction="none")
    np.testing.assert_array_equal(got, [0.0, np.inf, 0.0, np.nan])
    probs = binary_losses(np.array([0.0, 0.0, 1.0]), np.array([0, 1, 1]), BinaryOptions(probs=True))
    np.testing.assert_array_equal(probs, [0.0, np.inf, 0.0])


def test_the_sum_is_correctly_rounded() -> None:
    z = np.random.default_rng(0).normal(0, 30, 999)
    y = np.random.default_rng(1).integers(0, 2, 999)
    assert bce(z, y, reduction="sum") == math.fsum(np.asarray(bce(z, y, reduction="none")))


def test_axes_of_length_one_make_no_difference() -> None:
    assert bce([[0.5], [2.0]], [1, 0]) == bce([0.5, 2.0], [[1], [0]])
    assert np.shape(bce([[0.5], [2.0]], [1, 0], reduction="none")) == (2, 1)


def test_what_does_not_fit() -> None:
    with pytest.raises(ShapeError, match="needs a label"):
        bce([[1.0, 2.0]], [1])
    with pytest.raises(ShapeError, match="pos_weight"):
        bce([[1.0, 2.0]], [[1, 0]], pos_weight=[1, 2, 3])
    for shape, wider in (((), (1,)), ((), (1, 1)), ((3,), (1, 1))):
        logits = np.zeros(shape)
        each: list[dict[str, Any]] = [{name: np.full(wider, 2.0)} for name in NAMES]
        for options in each:
            with pytest.raises(ShapeError, match=rf"weight of shape {re.escape(str(wider))} does"):
                bce(logits, logits, **options)
    assert bce(0.0, 1.0, pos_weight=2.0) == 2.0 * bce(0.0, 1.0)
    with pytest.raises(LabelError, match=r"labels\[1\]: label 2 is not between 0 and 1"):
        bce([1.0, 2.0], [1, 2])
