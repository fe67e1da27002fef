"""The losses edge by edge: reductions, weights, smoothing, shapes and options."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from in_one_test import in_one_test
from loss_cases import INF, LABELS, LOGITS, NAN, WEIGHT, Array, losses, none

import xentcli as xent
from xentcli.errors import InputError, ShapeError

few = settings(max_examples=12, deadline=None, database=None)


def textbook(logits: Array) -> Array:
    """Return -log_softmax as the definition says it."""
    e = np.exp(logits)
    return np.asarray(-np.log(e / e.sum(axis=1, keepdims=True)))


# Reductions, weights, smoothing


def test_the_definition() -> None:
    rows = textbook(LOGITS)[np.arange(4), LABELS]
    np.testing.assert_allclose(none(LOGITS, LABELS), rows, rtol=1e-14)
    np.testing.assert_allclose(xent.cross_entropy(LOGITS, LABELS), rows.mean(), rtol=1e-14)
    total = xent.cross_entropy(LOGITS, LABELS, reduction="sum")
    np.testing.assert_allclose(total, rows.sum(), rtol=1e-14)


def test_a_weighted_mean_divides_by_the_weights() -> None:
    rows = textbook(LOGITS)[np.arange(4), LABELS] * WEIGHT[LABELS]
    np.testing.assert_allclose(none(LOGITS, LABELS, weight=WEIGHT), rows, rtol=1e-14)
    mean = xent.cross_entropy(LOGITS, LABELS, weight=WEIGHT)
    np.testing.assert_allclose(mean, rows.sum() / WEIGHT[LABELS].sum(), rtol=1e-14)


@in_one_test
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("weight", [np.ones(3), WEIGHT])
def test_smoothed_labels_are_class_probabilities(smoothing: float, weight: Array) -> None:
    """The rows and the sum are; the mean divides by the labels' weights."""
    spread = np.eye(3)[LABELS] * (1.0 - smoothing) + smoothing / 3.0
    want = (textbook(LOGITS) * spread * weight).sum(axis=1)
    got = none(LOGITS, LABELS, weight=weight, label_smoothing=smoothing)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    mean = xent.cross_entropy(LOGITS, LABELS, weight=weight, label_smoothing=smoothing)
    np.testing.assert_allclose(mean, want.sum() / weight[LABELS].sum(), rtol=1e-13)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_class_probabilities_divide_by_rows(smoothing: float) -> None:
    probs = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    mass = (probs * (1.0 - smoothing) + smoothing / 3.0) * WEIGHT
    want = (textbook(LOGITS) * mass).sum(axis=1)
    got = none(LOGITS, probs, weight=WEIGHT, label_smoothing=smoothing)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    mean = xent.cross_entropy(LOGITS, probs, weight=WEIGHT, label_smoothing=smoothing)
    np.testing.assert_allclose(mean, want.mean(), rtol=1e-13)


@few
@given(
    arrays(np.float64, (7, 5), elements=st.floats(-30, 30)),
    arrays(np.int64, 7, elements=st.sampled_from([0, 1, 2, 3, 4, -100])),
    st.none() | arrays(np.float64, 5, elements=st.floats(0.0, 9.0)),
)
def test_the_reductions_are_made_of_the_rows(
    logits: Array, labels: Array, weight: Array | None
) -> None:
    rows = none(logits, labels, weight=weight)
    assert xent.cross_entropy(logits, labels, weight=weight, reduction="sum") == math.fsum(rows)
    used = labels[labels >= 0]
    divisor = float(len(used)) if weight is None else math.fsum(weight[used])
    mean = float(xent.cross_entropy(logits, labels, weight=weight))
    assert mean == math.fsum(rows) / divisor if divisor else math.isnan(mean)


@few
@given(
    arrays(np.float64, (4, 6), elements=st.floats(-30, 30)),
    arrays(np.int64, 4, elements=st.integers(0, 5)),
)
def test_cross_entropy_is_nll_of_log_softmax(logits: Array, labels: Array) -> None:
    want = xent.nll_loss(xent.log_softmax(logits), labels, reduction="none")
    np.testing.assert_allclose(none(logits, labels), want, rtol=1e-13, atol=1e-13)
    hot = xent.one_hot(labels, 6).astype(np.float64)
    np.testing.assert_allclose(none(logits, hot), want, rtol=1e-13, atol=1e-13)


def test_nll_takes_what_stands_at_the_label() -> None:
    """No normalisation: any numbers do, and no digit is lost."""
    values = np.array([[0.1, -7.25, 3.5], [1e300, -0.0, -INF]])
    got = xent.nll_loss(values, [1, 0], reduction="none")
    np.testing.assert_array_equal(got, [7.25, -1e300])
    assert math.copysign(1.0, float(xent.nll_loss([[0.0, 1.0]], [0]))) == 1.0


# Shapes


@in_one_test
@losses
@pytest.mark.parametrize(
    ("shape", "lead"),
    [((3,), ()), ((4, 3), (4,)), ((2, 3, 5), (2, 5)), ((2, 3, 2, 1, 2), (2, 2, 1, 2))],
)
def test_shapes(loss: Any, shape: tuple[int, ...], lead: tuple[int, ...]) -> None:
    """Axis 1 holds the classes, or the only one; each row is as if it were alone."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=shape), rng.integers(3, size=lead)
    got = loss(logits, labels, reduction="none")
    assert np.shape(got) == lead
    moved = np.moveaxis(logits, min(1, len(shape) - 1), -1)
    for index in np.ndindex(lead):
        alone = loss(moved[index], labels[index])
        assert np.asarray(got)[index] == alone
    for reduction in ("mean", "sum"):
        scalar = loss(logits, labels, reduction=reduction)
        assert isinstance(scalar, np.float64)
    assert float(loss(logits, labels, reduction="sum")) == math.fsum(np.ravel(got))


def test_one_row_takes_a_label_in_an_array_of_one() -> None:
    assert xent.cross_entropy(LOGITS[0], [1]) == xent.cross_entropy(LOGITS[0], 1)


def test_probabilities_of_several_dimensions() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 3, 4))
    probs = rng.dirichlet(np.ones(3), size=(2, 4)).transpose(0, 2, 1)
    want = none(logits.transpose(0, 2, 1).reshape(8, 3), probs.transpose(0, 2, 1).reshape(8, 3))
    np.testing.assert_array_equal(none(logits, probs), want.reshape(2, 4))


def test_the_layout_of_class_probabilities_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    logits, probs = rng.normal(size=(200, 50)), rng.dirichlet(np.ones(50), size=200)
    want = none(logits, probs)
    alone = [float(xent.cross_entropy(z, t)) for z, t in zip(logits, probs, strict=True)]
    np.testing.assert_array_equal(want, alone)
    np.testing.assert_array_equal(none(logits, np.asfortranarray(probs)), want)
    np.testing.assert_array_equal(none(logits, probs.astype(">f8")), want)


@in_one_test
@pytest.mark.parametrize(
    ("logits", "labels", "options", "message"),
    [
        ((4, 3), (5,), {}, r"labels of shape \(5,\) do not fit logits of shape \(4, 3\)"),
        ((4, 3), (4, 1), {}, "must have shape"),
        ((4, 3, 2), (4, 3), {}, r"must have shape \(4, 2\)"),
        ((3,), (3, 1), {}, "must have shape"),
        ((), (), {}, "a single number is not a row of logits"),
        ((4, 3), (4,), {"weight": np.ones(4)}, "weight must have one number for each of the 3"),
        ((4, 3), (4,), {"weight": np.ones((3, 1))}, "weight must have one number"),
        ((4, 3), (4, 3), {}, "must be floating point, not int64"),
    ],
)
def test_shapes_that_do_not_fit(
    logits: tuple[int, ...], labels: tuple[int, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        xent.cross_entropy(np.zeros(logits), np.zeros(labels, int), **options)


def test_nll_takes_no_probabilities() -> None:
    with pytest.raises(ShapeError, match="class indices"):
        xent.nll_loss(np.zeros((2, 3)), np.zeros((2, 3)))


@pytest.mark.parametrize("labels", ["complex", "str"])
def test_logits_that_are_no_numbers(labels: str) -> None:
    with pytest.raises(ShapeError, match="are not real numbers"):
        xent.cross_entropy(np.zeros((2, 3)).astype(labels), [0, 1])


# Options


@in_one_test
@pytest.mark.parametrize("smoothing", [-0.1, 1.0001, NAN, INF])
def test_smoothing_is_a_share(smoothing: float) -> None:
    with pytest.raises(InputError, match=r"label_smoothing must be in \[0, 1\]"):
        xent.cross_entropy(LOGITS, LABELS, label_smoothing=smoothing)


@losses
def test_unknown_reduction(loss: Any) -> None:
    with pytest.raises(ValueError, match="reduction takes 'mean', 'sum' or 'none', not 'avg'"):
        loss(LOGITS, LABELS, reduction="avg")


def test_ignore_index_does_not_go_with_probabilities() -> None:
    probs = np.full((4, 3), 1 / 3)
    with pytest.raises(InputError, match="ignore_index"):
        xent.cross_entropy(LOGITS, probs, ignore_index=0)
    assert xent.cross_entropy(LOGITS, probs, ignore_index=-7) == xent.cross_entropy(LOGITS, probs)
