"""What holds of softmax, log-softmax and the row kernel, whatever the numbers."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from in_one_test import in_one_test

import xentcli as xent
from xentcli.core.normalizer import normalizer
from xentcli.errors import ShapeError

Array = npt.NDArray[Any]

few = settings(max_examples=12, deadline=None, database=None)
functions = pytest.mark.parametrize("function", [xent.softmax, xent.log_softmax])
float_dtypes = st.sampled_from([np.float64, np.float32, np.float16])
WIDTHS = [1, 2, 3, 39, 40, 41, 42, 200]  # on both sides of the switch of layouts


@st.composite
def whole_logits(draw: st.DrawFn) -> Array:
    """Draw logits that are small whole numbers, exact in every dtype after any small shift."""
    shape = (draw(st.integers(1, 5)), draw(st.sampled_from(WIDTHS)))
    values = draw(arrays(np.int64, shape, elements=st.integers(-60, 60)))
    return values.astype(draw(float_dtypes))


@few
@given(whole_logits(), st.integers(-1000, 1000), st.data())
def test_an_exact_shift_changes_no_bit(logits: Array, shift: int, data: st.DataObject) -> None:
    labels = data.draw(arrays(np.int64, len(logits), elements=st.integers(0, logits.shape[1] - 1)))
    shifted = logits + np.array(shift, logits.dtype)
    for function in (xent.softmax, xent.log_softmax):
        assert function(shifted).tobytes() == function(logits).tobytes()
    ours, theirs = (xent.cross_entropy(x, labels, reduction="none") for x in (logits, shifted))
    assert ours.tobytes() == theirs.tobytes()


@few
@given(whole_logits(), st.randoms(use_true_random=False))
def test_rows_do_not_know_one_another(logits: Array, random: Any) -> None:
    order = list(range(len(logits)))
    random.shuffle(order)
    whole = xent.log_softmax(logits)
    assert xent.log_softmax(logits[order]).tobytes() == whole[order].tobytes()
    for i in order:
        assert xent.log_softmax(logits[i]).tobytes() == whole[i].tobytes()


@few
@given(whole_logits(), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_matters_by_rounding_only(logits: Array, random: Any) -> None:
    order = list(range(logits.shape[1]))
    random.shuffle(order)
    unit = float(np.finfo(xent.softmax(logits).dtype).eps)
    got, want = xent.softmax(logits[:, order]), xent.softmax(logits)[:, order]
    np.testing.assert_allclose(got, want, rtol=10 * unit)
    labels = np.zeros(len(logits), int)
    losses = [
        xent.cross_entropy(logits, labels, reduction="none"),
        xent.cross_entropy(logits[:, order], labels + order.index(0), reduction="none"),
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=10 * unit)


@few
@given(float_dtypes, st.integers(1, 300), st.floats(0.0, 60.0), st.integers(0, 2**32 - 1))
def test_probabilities(dtype: Any, num_classes: int, scale: float, seed: int) -> None:
    logits = (np.random.default_rng(seed).normal(size=(7, num_classes)) * scale).astype(dtype)
    probs, log_probs = xent.softmax(logits), xent.log_softmax(logits)
    unit = float(np.finfo(probs.dtype).eps)
    assert ((probs >= 0.0) & (probs <= 1.0)).all()
    assert (log_probs <= 0.0).all()
    np.testing.assert_allclose(probs.sum(axis=1, dtype=np.float64), 1.0, rtol=4 * unit)
    # A logarithm of -64 is rounded to 32 units; far below, float32 knows no small numbers.
    likely = log_probs > -64.0
    wide = np.exp(log_probs[likely].astype(np.float64))
    np.testing.assert_allclose(probs[likely], wide, rtol=70 * unit)
    at_peak = np.take_along_axis(probs, logits.argmax(axis=1)[:, None], axis=1)
    np.testing.assert_array_equal(at_peak[:, 0], probs.max(axis=1))


@in_one_test
@functions
@pytest.mark.parametrize(
    ("given_dtype", "dtype"),
    [("f8", "f8"), ("f4", "f4"), ("f2", "f4"), ("i4", "f8"), ("u1", "f8"), ("?", "f8")],
)
def test_dtypes(function: Any, given_dtype: str, dtype: str) -> None:
    assert function(np.ones((2, 3), given_dtype)).dtype == np.dtype(dtype)


@few
@given(arrays(np.float64, array_shapes(max_dims=4, max_side=4), elements=st.floats(-9, 9)))
def test_every_axis_of_every_shape(logits: Array) -> None:
    for axis in range(-logits.ndim, logits.ndim):
        e = np.exp(logits)
        want = e / e.sum(axis=axis, keepdims=True)
        got, log_probs = xent.softmax(logits, axis), xent.log_softmax(logits, axis)
        assert got.shape == logits.shape
        np.testing.assert_allclose(got, want, rtol=1e-13)
        np.testing.assert_allclose(log_probs, np.log(want), rtol=1e-13, atol=1e-13)


@in_one_test
@functions
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_nothing_in_nothing_out(function: Any, shape: tuple[int, ...]) -> None:
    assert function(np.zeros(shape)).shape == shape


@functions
def test_a_single_number_is_a_row_of_one_class(function: Any) -> None:
    assert float(function(7.0)) == (1.0 if function is xent.softmax else 0.0)


@in_one_test
@functions
@pytest.mark.parametrize(("shape", "axis"), [((2, 3), 2), ((2, 3), -3), ((), 1), ((4,), 1)])
def test_an_axis_that_is_not_there(function: Any, shape: tuple[int, ...], axis: int) -> None:
    with pytest.raises(ShapeError, match=rf"there is no axis {axis} in shape"):
        function(np.zeros(shape), axis)


@in_one_test
@functions
@pytest.mark.parametrize("values", [[1j, 2.0], ["a", "b"], [None, 1.0]])
def test_what_is_no_real_number(function: Any, values: list[Any]) -> None:
    with pytest.raises(ShapeError, match="are not real numbers"):
        function(np.array(values))


@in_one_test
@pytest.mark.parametrize("num_classes", WIDTHS[1:])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_rows_that_are_not_finite(num_classes: int, dtype: Any) -> None:
    """NaN, +inf or nothing but -inf make their own row NaN; a single -inf is a masked class."""
    logits = np.ones((6, num_classes), dtype)
    logits[1, -1] = np.nan
    logits[2, 0] = np.inf
    logits[3] = -np.inf
    logits[4, 0] = -np.inf
    probs, log_probs = xent.softmax(logits), xent.log_softmax(logits)
    for i in (1, 2, 3):
        assert np.isnan(probs[i]).all()
        assert np.isnan(log_probs[i]).all()
    for i in (0, 5):
        np.testing.assert_allclose(probs[i], 1.0 / num_classes, rtol=1e-6)
    assert probs[4, 0] == 0.0
    assert log_probs[4, 0] == -np.inf
    np.testing.assert_allclose(probs[4, 1:], 1.0 / (num_classes - 1), rtol=1e-6)
    assert np.isnan(normalizer(logits.astype(np.float64)).rest).tolist() == [0, 1, 1, 1, 0, 0]


@in_one_test
@pytest.mark.parametrize("num_classes", WIDTHS[1:])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_maximum_alone_is_left_out_of_the_rest(num_classes: int, dtype: Any) -> None:
    """Also where it stands several times, where only masks stand beside it, and at either end."""
    logits = np.full((4, num_classes), -np.inf, dtype)
    logits[0, 0] = logits[1, -1] = 5.0
    logits[2] = 5.0
    logits[3, [0, -1]] = 5.0
    norm = normalizer(logits)
    np.testing.assert_array_equal(norm.peak, 5.0)
    np.testing.assert_array_equal(norm.rest, [0.0, 0.0, num_classes - 1, 1.0])


def test_an_array_is_left_as_it_was() -> None:
    for dtype, order in (("f8", "C"), ("f4", "F"), ("f2", "C"), (">f4", "C")):
        logits = np.arange(12, dtype=dtype).reshape((3, 4), order=order)  # type: ignore[call-overload]
        before = logits.copy()
        xent.softmax(logits)
        xent.cross_entropy(logits, [0, 1, 2])
        np.testing.assert_array_equal(logits, before)


@in_one_test
@pytest.mark.parametrize("num_classes", WIDTHS)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2"])
def test_the_layout_of_an_array_changes_no_bit(num_classes: int, dtype: str) -> None:
    values = np.random.default_rng(1).normal(size=(50, num_classes)).astype(dtype)
    want = xent.softmax(values).tobytes()
    strided = np.zeros((100, 2 * num_classes), dtype)
    strided[::2, ::2] = values
    others = [
        np.asfortranarray(values),
        strided[::2, ::2],
        values.astype(values.dtype.newbyteorder()),
    ]
    for other in [*others, values[::-1][::-1], values.T.copy().T]:
        assert xent.softmax(other).tobytes() == want
    assert xent.softmax(values.T, axis=0).T.tobytes() == want


@pytest.mark.parametrize("function", [xent.softmax, xent.log_softmax])
def test_the_buffers_of_numpy_are_left_as_they_were(function: Any) -> None:
    with np.errstate():
        np.setbufsize(4096)
        function(np.zeros((3, 1000), np.float32))
        assert np.getbufsize() == 4096
