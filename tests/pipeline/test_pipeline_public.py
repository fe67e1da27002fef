"""What public functions of Python do: hints name their arguments, and masked arrays are refused."""

import pickle
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from in_one_test import in_one_test

import xentcli as xent
from xentcli.errors import ArgumentError, InputError, XentError
from xentcli.pipeline.from_python.python_hints import hint_in_python

Z = np.random.default_rng(5).normal(size=(6, 3))
Y = np.array([0, 1, 2, 0, 1, 2])
NAN = np.where(np.arange(18).reshape(6, 3) == 4, np.nan, Z)


def right(rows: Any = slice(None), labels: Any = Y) -> float:
    log_sums = np.log(np.exp(Z).sum(axis=1))
    return float((log_sums - Z[np.arange(6), labels])[rows].mean())


@in_one_test
@pytest.mark.parametrize(
    ("function", "given", "hint", "loss"),
    [
        (xent.loss, (Z, Y + 1), "labels look 1-based; try label_base=1", right()),
        (xent.evaluate, (Z, Y + 1), "labels look 1-based; try label_base=1", right()),
        (
            xent.cross_entropy,
            (Z, np.where(Y == 2, 7, Y)),
            "if 7 marks rows to leave out: ignore_index=7",
            right(Y != 2),
        ),
        (
            xent.loss,
            (NAN, Y),
            "non_finite='propagate' computes what PyTorch does: NaN",
            float("nan"),
        ),
        (
            xent.loss,
            ("id.csv", Y),
            "leave out what is none: drop='id', or name the classes: columns=['a', 'b', 'c']",
            right(),
        ),
        (xent.loss, ("labelled.csv",), "label_column='label'", right()),
    ],
)
def test_what_a_hint_says_is_an_argument(
    function: Callable[..., Any],
    given: tuple[Any, ...],
    hint: str,
    loss: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, header, table in (
        ("id.csv", "id,a,b,c", np.c_[np.arange(7, 13), Z]),
        ("labelled.csv", "a,b,c,label", np.c_[Z, Y]),
    ):
        np.savetxt(name, table, "%.17g", ",", header=header, comments="")
    with pytest.raises(XentError) as raised:
        function(*given)
    assert raised.value.hint == hint
    assert f"\nhint: {hint}\n" in "".join(traceback.format_exception(raised.value))
    for way in re.findall(r"\w+=(?:\[.*?\]|[^\s,]+)", hint):
        found = function(*given, **eval(f"dict({way})"))  # noqa: S307 - an argument, as said
        value = found.loss.value if hasattr(found, "metrics") and found.metrics else found
        np.testing.assert_allclose(getattr(value, "loss", value), loss, rtol=1e-13)


@in_one_test
@pytest.mark.parametrize(
    ("hint", "arguments", "said"),
    [
        ("leave --columns out", "columns", "leave columns out"),
        ("--decimal , reads decimal commas", "decimal", "decimal=',' reads decimal commas"),
        (
            "say which with --header or --no-header",
            "header",
            "say which with header=True or header=False",
        ),
        ("name it: --lm-head FILE:KEY", "lm_head", "name it: lm_head=FILE:KEY"),
        (
            "binary ones: --binary; or --report F",
            "binary",
            "binary ones: binary=True; or --report F",
        ),
        ("probabilities: --probs FILE", "input", "probabilities: input='probs'"),
        ("of these: --classes A,B,C or --classes FILE", "classes", "of these: classes=[A, B, C]"),
        ("--columns A,B,..., or 3-12", "columns", "columns=[A, B, ...], or 3-12"),
        (
            "xent nll --probs FILE; else --key NAME",
            "probs key",
            "xent nll --probs FILE; else key=NAME",
        ),
    ],
)
def test_options_become_arguments(hint: str, arguments: str, said: str) -> None:
    assert hint_in_python(hint, frozenset(arguments.split())) == said


class Lazy:
    """An array as dask has it: NumPy drops the mask of what it computes."""

    def __init__(self, values: Any) -> None:
        self._values, self._meta = values, values[:0]

    def compute(self) -> Any:
        return self._values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._values, dtype, copy=copy)


@in_one_test
@pytest.mark.parametrize(
    "call",
    [
        xent.softmax,
        lambda z: xent.evaluate(z, Y),
        lambda z: xent.compare(Z, z),
        lambda z: xent.calibrate(Z, Y, test=(z, Y)),
        lambda z: xent.loss(logits=z, labels=Y),
        lambda z: xent.loss([Z[0], *z[1:]], Y),
        lambda z: xent.loss([[*Z[0]], *z[1:]], Y),
        lambda z: xent.calibrate(Z, Y, test=([*z], Y)),
        lambda z: xent.cross_entropy(Lazy(z), Y),
    ],
)
def test_masked_numbers_are_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(InputError, match=r"masked numbers.*\nhint: fill them"):
        call(np.ma.masked_less(Z, 0.0))


def test_what_is_read_once_is_no_array() -> None:
    rows = (row for row in Z)
    with pytest.raises(ArgumentError, match="base takes an array or a list, not <gen") as raised:
        xent.compare(rows, Z)  # type: ignore[arg-type]
    assert raised.value.hint == "base=list(...)"
    assert len(xent.softmax([*rows])) == len(Z)  # and nothing of it was read
    with (
        Path(__file__).open("rb") as file,
        pytest.raises(ArgumentError, match="Reader name=") as raised,
    ):
        xent.calibrate(file, Y)  # type: ignore[arg-type]
    assert raised.value.hint == "give its name"
    for what, nothing in (("None", None), ("a dict", {})):
        with pytest.raises(XentError, match=f"new: an array is needed, not {what}"):
            xent.compare(Z, nothing)  # type: ignore[arg-type]


@in_one_test
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("metric", "did you mean metrics?"),
        ("axis", "did you mean class_axis?"),
        ("foo", None),
    ],
)
def test_an_argument_that_there_is_not(name: str, hint: str | None) -> None:
    with pytest.raises(XentError, match=f"there is no argument '{name}'") as raised:
        xent.compare(Z, Z, **cast("Any", {name: "kl"}))
    assert raised.value.hint == hint


def test_the_ways_to_give_labels_are_arguments(tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", Z)
    with pytest.raises(XentError) as raised:
        xent.calibrate(tmp_path / "z.npy")
    said = "second file, labels=FILE, or here: label_column=NAME, or label_key=NAME, of the same"
    assert said in raised.value.message == str(raised.value)


def test_an_array_that_masks_nothing_is_an_array() -> None:
    assert xent.cross_entropy(np.ma.masked_array(Z), Y) == xent.cross_entropy(Z, Y)


def test_one_measure_may_be_named_alone() -> None:
    assert [*xent.evaluate(Z, Y, metrics="ece").metrics] == ["ece"]
    assert [*xent.compare(Z, Z * 2.0, metrics="kl").metrics] == ["kl"]


def test_a_function_goes_to_another_process() -> None:
    for name in ("softmax", "loss", "compare"):
        assert pickle.loads(pickle.dumps(getattr(xent, name))) is getattr(xent, name)


def test_what_the_caller_makes_of_underflow_changes_nothing() -> None:
    """A square that is 0 was a FloatingPointError of ``numpy.seterr(all='raise')``."""
    far = np.random.default_rng(0).normal(size=(200, 3)) * 300.0
    labels = np.arange(200) % 3
    want = xent.compare(far, 2 * far, labels, metrics="all", jobs=1).to_json()
    with np.errstate(all="raise"):
        assert xent.compare(far, 2 * far, labels, metrics="all", jobs=1).to_json() == want
        assert np.geterr()["under"] == "raise"
