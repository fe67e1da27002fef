"""The Python functions against the answers of PyTorch that `golden/make_golden.py` stored.

The stored answers need no PyTorch. Where it is installed, they are also compared with what it
says now, and random calls are compared with it directly. The cases of a function share a test,
which names all that fail.
"""

import importlib
import importlib.util
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import xentcli as xent

Array = npt.NDArray[Any]

GOLDEN = Path(__file__).with_name("golden")
STORED = json.loads((GOLDEN / "cases.json").read_text(encoding="utf-8"))
RTOL = 1e-13


def decode(stored: dict[str, Any], dtype: str) -> Array:
    return np.array(stored["data"], dtype=dtype).reshape(stored["shape"])


ARRAYS = {name: decode(stored, stored["dtype"]) for name, stored in STORED["arrays"].items()}


CALLS = sorted({case["call"] for case in STORED["cases"]})
each_function = pytest.mark.parametrize("function", CALLS)


def check_all(function: str, check: Callable[[dict[str, Any]], None]) -> None:
    """Check all cases of a function, and raise the errors of those that fail together."""
    errors = []
    for case in STORED["cases"]:
        if case["call"] == function:
            try:
                check(case)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001
                error.add_note(f"in the case {case['id']}")
                errors.append(error)
    if errors:
        raise BaseExceptionGroup(f"{len(errors)} cases of {function}", errors)


def arguments(case: dict[str, Any]) -> tuple[tuple[Array, ...], Array | None, dict[str, Any]]:
    """Return arrays, weight and options; arrays are copies, so that no case spoils another."""
    args = tuple(ARRAYS[name].copy() for name in case["args"])
    weight = ARRAYS[case["weight"]].copy() if "weight" in case else None
    return args, weight, case.get("options", {})


def expected(case: dict[str, Any]) -> Array:
    return decode(case["expect"], "int64" if case["call"] == "one_hot" else "float64")


def call(name: str, args: tuple[Array, ...], weight: Array | None, options: dict[str, Any]) -> Any:
    """Call the function. Its warnings are the subject of other tests."""
    keywords = options if weight is None else {**options, "weight": weight}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(xent, name)(*args, **keywords)


def result_dtype(name: str, narrow: str | None) -> str:
    if name == "one_hot":
        return "int64"
    return "float32" if narrow and name.endswith("softmax") else "float64"


def assert_narrow_close(case: dict[str, Any], got: Any, want: Array) -> None:
    """Compare with what float32 exponentials allow; nll_loss takes none and stays exact."""
    if case["call"] == "nll_loss":
        np.testing.assert_allclose(got, want, rtol=RTOL, equal_nan=True)
        return
    np.testing.assert_allclose(got, want, rtol=4e-6, equal_nan=True)
    plain = "weight" not in case and "label_smoothing" not in case.get("options", {})
    if case["call"] == "cross_entropy" and plain and "-soft-" not in case["id"]:
        large = np.asarray(want) > 0.1
        np.testing.assert_allclose(np.asarray(got)[large], want[large], rtol=5e-7)


@each_function
def test_stored_answers(function: str) -> None:
    """In the dtypes of the arrays, then in the narrower ones that a case names."""

    def check(case: dict[str, Any]) -> None:
        for narrow in (None, *case.get("dtypes", ())):
            check_answer(case, narrow)

    check_all(function, check)


def check_answer(case: dict[str, Any], narrow: str | None) -> None:
    args, weight, options = arguments(case)
    if narrow:
        args = (args[0].astype(narrow), *args[1:])
        exact = arguments(case)[0][0]
        np.testing.assert_array_equal(args[0].astype(np.float64), exact)
    if "raises" in case:
        with pytest.raises(ValueError, match=r"\S"):
            call(case["call"], args, weight, options)
        return
    got = call(case["call"], args, weight, options)
    want = expected(case)
    assert np.shape(got) == want.shape
    assert got.dtype == result_dtype(case["call"], narrow)
    if want.ndim == 0 and case["call"].endswith(("loss", "entropy")):
        assert isinstance(got, float), "a scalar, not an array without dimensions"
    if narrow:
        assert_narrow_close(case, got, want)
    else:
        np.testing.assert_allclose(got, want, rtol=RTOL, equal_nan=True)


def test_the_answers_of_every_function_are_stored() -> None:
    others = {"__version__", "calibrate", "compare", "evaluate", "load", "loss", "nll"}  # ours
    others |= {"XentError", "binary_cross_entropy_with_logits"}  # see core/test_core_binary.py
    assert set(CALLS) == set(xent.__all__) - others


if importlib.util.find_spec("torch"):
    from hypothesis import given, settings
    from hypothesis import strategies as st
    from hypothesis.extra.numpy import arrays

    sys.path.insert(0, str(GOLDEN))
    ANSWERS, CASES = map(importlib.import_module, ("golden_answers", "golden_case"))

    @each_function
    def test_pytorch_still_agrees(function: str) -> None:
        check_all(function, check_torch)

    def check_torch(case: dict[str, Any]) -> None:
        args, weight, options = arguments(case)
        answer = ANSWERS.torch_answer(case["call"], args, weight, options)
        if "raises" in case:
            # A refusal of this project alone is stored as a difference; else PyTorch refuses too.
            assert (answer is None) == ("differs" not in case)
            return
        want = expected(case)
        assert answer is not None
        assert answer.shape == want.shape
        # PyTorch rounds log(1 + s) absolutely, once per row; those answers come from log1p.
        atol = 2e-15 * args[0].size if case.get("confident") else 0.0
        np.testing.assert_allclose(answer, want, rtol=RTOL, atol=atol, equal_nan=True)

    FINITE = st.integers(-2560, 2560).map(lambda k: k / 64)
    MASKED = st.one_of(FINITE, FINITE, st.just(-np.inf))
    ANY = st.one_of(FINITE, FINITE, st.sampled_from([-np.inf, np.inf, np.nan]))
    ELEMENTS = st.sampled_from([FINITE, MASKED, ANY])

    @st.composite
    def loss_shapes(draw: st.DrawFn) -> tuple[int, ...]:
        classes = draw(st.integers(1, 6))
        if draw(st.booleans()):
            spatial = draw(st.lists(st.integers(0, 3), max_size=3))
            return (draw(st.integers(0, 4)), classes, *spatial)
        return (classes,)

    @st.composite
    def loss_calls(draw: st.DrawFn) -> tuple[str, tuple[Array, ...], Array | None, dict[str, Any]]:
        """Draw a call with labels that may be wrong, or with probabilities."""
        name = draw(st.sampled_from(["cross_entropy", "cross_entropy", "nll_loss"]))
        shape = draw(loss_shapes())
        classes = CASES.class_count(shape)
        logits = draw(arrays(np.float64, shape, elements=draw(ELEMENTS)))
        options: dict[str, Any] = {
            "ignore_index": draw(st.sampled_from([-100, -1, 0, classes])),
            "reduction": draw(st.sampled_from(["none", "sum", "mean"])),
        }
        if name == "cross_entropy":
            options["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
        if name == "cross_entropy" and draw(st.booleans()):
            shares = st.integers(0, 64).map(lambda k: k / 64)
            target = draw(arrays(np.float64, shape, elements=shares))
        else:
            wrong = draw(st.sampled_from([0, 0, 0, 1]))
            values = st.one_of(
                st.integers(-wrong, classes - 1 + wrong), st.just(options["ignore_index"])
            )
            target = draw(arrays(np.int64, CASES.row_shape(shape), elements=values))
        weights = arrays(np.float64, classes, elements=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
        return name, (logits, target), draw(st.none() | weights), options

    @st.composite
    def softmax_calls(draw: st.DrawFn) -> tuple[str, tuple[Array, ...], None, dict[str, Any]]:
        shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
        logits = draw(arrays(np.float64, shape, elements=draw(ELEMENTS)))
        axis = draw(st.integers(-len(shape) - 1, len(shape)))
        return draw(st.sampled_from(["softmax", "log_softmax"])), (logits,), None, {"axis": axis}

    @st.composite
    def one_hot_calls(draw: st.DrawFn) -> tuple[str, tuple[Array, ...], None, dict[str, Any]]:
        shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
        lowest = draw(st.sampled_from([0, 0, 0, -1]))
        labels = draw(arrays(np.int64, shape, elements=st.integers(lowest, 6)))
        return "one_hot", (labels,), None, {"num_classes": draw(st.integers(-1, 8))}

    @settings(max_examples=250, deadline=None, database=None)
    @given(st.one_of(loss_calls(), softmax_calls(), one_hot_calls()))
    def test_random_calls_agree_with_pytorch(
        drawn: tuple[str, tuple[Array, ...], Array | None, dict[str, Any]],
    ) -> None:
        """The same number, or both refuse."""
        want = ANSWERS.torch_answer(*drawn)
        if want is None:
            with pytest.raises(ValueError, match=r"\S"):
                call(*drawn)
            return
        got = call(*drawn)
        assert np.shape(got) == want.shape
        # The absolute part is PyTorch's: its log(1 + s) loses an s below 1e-16 in every row.
        np.testing.assert_allclose(got, want, rtol=RTOL, atol=1e-13, equal_nan=True)
