"""What public functions of Python do with arguments that they do not take."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test

import xentcli as xent
from xentcli.errors import ArgumentError, UsageError, XentError
from xentcli.pipeline.from_python.python_criterion import RowArguments
from xentcli.pipeline.from_python.python_data import ReadingArguments

Z = np.random.default_rng(1).normal(size=(8, 3)) + np.eye(3)[np.arange(8) % 3]
Y = np.arange(8) % 3
MOSTLY_RIGHT = np.where(np.arange(8) == 0, 1, Y)  # if all are right, no temperature is best
LOGS = np.log(np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))
GIVEN: dict[str, dict[str, Any]] = {
    "softmax": {"x": Z},
    "log_softmax": {"x": Z},
    "one_hot": {"labels": Y},
    "nll_loss": {"log_probs": LOGS, "labels": Y},
    "cross_entropy": {"logits": Z, "labels": Y},
    "binary_cross_entropy_with_logits": {"logits": Z, "labels": np.eye(3)[Y]},
    "loss": {"logits": Z, "labels": Y},
    "nll": {"log_probs": LOGS, "labels": Y},
    "evaluate": {"logits": Z, "labels": Y},
    "compare": {"base": Z, "new": Z * 1.1, "labels": Y},
    "calibrate": {"logits": Z, "labels": MOSTLY_RIGHT, "folds": 0},
    "load": {"files": "1,2,3"},
}
ODD = [
    None,
    "x",
    1.5,
    True,
    np.array([1.0, 2.0]),
    [None],
    [[1], [2, 3]],
    {"a": 1},
    object(),
    10**30,
    1 + 2j,
]


READING = {*ReadingArguments.__annotations__}
SHARED = READING | {*RowArguments._fields}  # which are the same for all functions
READERS = {"evaluate", "compare", "calibrate", "nll"}  # besides loss


def names_of(function: Callable[..., Any]) -> list[str]:
    """Return the names of all arguments, with those that are passed on."""
    names: list[str] = []
    for name, parameter in signature(function).parameters.items():
        more = [*READING]
        more += RowArguments._fields if name == "options" else ()
        names += more if parameter.kind is Parameter.VAR_KEYWORD else [name]
    return names


@pytest.mark.parametrize("name", GIVEN)
def test_no_error_of_python_comes_from_within(name: str) -> None:
    function = getattr(xent, name)
    function(**GIVEN[name])  # no error: those below are of what is odd
    refused: dict[str, list[str]] = {}
    for argument in names_of(function):
        for odd in ODD[::4] if name in READERS and argument in SHARED else ODD:
            try:
                function(**{**GIVEN[name], argument: odd})
            except XentError as error:
                refused.setdefault(argument, []).append(error.message)
    assert {*refused} == {*names_of(function)}
    assert not any("\n" in message for said in refused.values() for message in said)


def test_every_function_is_tried() -> None:
    assert {*GIVEN} == {*xent.__all__} - {"XentError", "__version__"}


@in_one_test
@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("softmax", {"axis": "x"}, "axis takes a whole number, not 'x'"),
        ("one_hot", {"num_classes": 2.0}, "num_classes takes a whole number, not 2.0"),
        ("one_hot", {"dtype": "wide"}, "dtype takes a dtype, not 'wide'"),
        ("cross_entropy", {"ignore_index": None}, "ignore_index takes a whole number, not None"),
        ("cross_entropy", {"label_smoothing": "0.1"}, "label_smoothing takes a number, not '0.1'"),
        ("cross_entropy", {"weight": ["a"]}, "weight takes real numbers, and an array or a list"),
        ("loss", {"reduction": "none"}, "(cross_entropy and nll_loss have 'none'), not 'none'"),
        ("loss", {"temperature": -1}, "temperature is above 0, not -1.0"),
        ("nll", {"picked": "no"}, "picked takes True or False, not 'no'"),
        ("nll", {"clip": 0.1}, "normalize and clip are for rows of probabilities"),
        ("evaluate", {"bins": "x"}, "bins takes a whole number, not 'x'"),
        ("evaluate", {"top_k": 5}, "top_k takes a list of whole numbers, not 5"),
        ("evaluate", {"metrics": 5}, "metrics takes text, a list of texts or None, not 5"),
        ("evaluate", {"worst": True}, "worst takes a whole number, not True"),
        ("evaluate", {"classes": [0, 1, 2]}, "classes takes a list of texts or None, not [0, 1"),
        ("loss", {"classes": ["a", "b", "a"]}, "classes: two classes are named 'a': 1 and 3"),
        ("compare", {"classes": ["a", "", "b"]}, "classes: a class without a name"),
        ("evaluate", {"jobs": 0}, "jobs is 1 or more, not 0"),
        ("evaluate", {"drop": 1.5}, "drop takes text, a whole number, a list of these or None"),
        ("evaluate", {"weight": [[1], [2, 3]]}, "weight takes real numbers"),
        ("evaluate", {"labels": [[1], [2, 3]]}, "labels: no array can be made of lists of"),
        ("evaluate", {"input": "odds"}, "input takes 'logits', 'log-probs' or 'probs', not 'odds'"),
        ("evaluate", {"temperature": 2, "input": "log-probs"}, "temperature divides logits"),
        ("evaluate", {"binary": True, "class_axis": 1}, "class_axis is for classes"),
        ("compare", {"by": {}}, "groups: a name for each row is needed"),
        (
            "compare",
            {"temperature": [None, 2]},
            "a path, the result of calibrate or a list",
        ),
        ("loss", {"temperature": "0.5"}, "temperature: there is no file 0.5"),
        ("calibrate", {"test": (Z,)}, "test takes a pair of arrays or files or None, not (array("),
        ("calibrate", {"folds": None}, "folds takes a whole number, not None"),
        ("calibrate", {"non_finite": "no"}, "non_finite takes 'error' or 'propagate', not 'no'"),
        ("calibrate", {"pos_weight": [1.0]}, "pos_weight needs binary=True"),
    ],
)
def test_the_error_says_what_the_argument_takes(name: str, given: Any, said: str) -> None:
    with pytest.raises(XentError) as raised:
        getattr(xent, name)(**{**GIVEN[name], **given})
    assert said in raised.value.message
    if " takes " in said and "weight" not in given:
        assert isinstance(raised.value, UsageError)
        assert isinstance(raised.value, TypeError)
        assert isinstance(raised.value, ValueError)
        assert raised.value.message.startswith(f"{next(iter(given))} takes ")


def test_scalars_and_lists_of_numpy_are_plain_numbers() -> None:
    evaluate: Any = xent.evaluate
    loss: Any = xent.loss
    cross_entropy: Any = xent.cross_entropy
    for kind in (np.int64, np.uint8, np.array):
        found = evaluate(Z, Y, bins=kind(4), worst=kind(2), jobs=kind(1), top_k=[kind(2)])
        plain = evaluate(Z, Y, bins=4, worst=2, jobs=1, top_k=(2,))
        assert found.to_json() == plain.to_json()
    ignored = loss(Z, Y, ignore_index=(0, 1)).loss
    for several in ([0, 1], np.array([0, 1]), range(2), {0, 1}):
        assert loss(Z, Y, ignore_index=several).loss == ignored
    assert loss(Z, Y, ignore_index=np.int64(0)).loss == loss(Z, Y, ignore_index=0).loss
    for half in (np.float16(0.5), np.float32(0.5), np.array(0.5)):
        assert loss(Z, Y, temperature=half).loss == loss(Z * 2, Y).loss
    smoothed = cross_entropy(Z, Y, label_smoothing=np.float64(0.25))
    assert smoothed == cross_entropy(Z, Y, label_smoothing=0.25)
    names = np.array(["a", "b", "c"])
    assert evaluate(Z, names[Y], classes=names).metrics == evaluate(Z, Y).metrics
    hot = evaluate(Z, np.eye(3)[Y], binary=np.True_)
    assert hot.metrics == evaluate(Z, np.eye(3)[Y], binary=True).metrics


class Tensor:
    """Refuses to be an array where one of PyTorch does."""

    def __init__(self, numbers: Any, dtype: str = "float64", refuses: str = "") -> None:
        self.dtype, self._numbers, self._refuses = f"torch.{dtype}", np.asarray(numbers), refuses

    def __array__(self, *_args: Any, **_more: Any) -> Any:
        if self._refuses or self.dtype == "torch.bfloat16":
            raise TypeError(f"{self._refuses or self.dtype} has no array")
        return self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def _without(self, what: str) -> "Tensor":
        return Tensor(self._numbers, self.dtype[6:], self._refuses.replace(what, "").strip())

    def detach(self) -> "Tensor":
        return self._without("gradient")

    def cpu(self) -> "Tensor":
        return self._without("device")

    def float(self) -> "Tensor":
        assert not self._refuses
        return Tensor(self._numbers.astype(np.float32), "float32")


def test_tensors_are_arrays_wherever_they_are_and_whatever_they_hold() -> None:
    labels: Any = Tensor(Y, "int64", refuses="device")
    for logits in (
        Tensor(Z, refuses="gradient device"),
        Tensor(Z.astype(np.float32), "bfloat16", refuses="gradient"),
        [Tensor(row, refuses="gradient") for row in Z],
    ):
        given: Any = logits
        plain = np.asarray(Z, np.float32) if getattr(given, "dtype", "")[-2:] == "16" else Z
        assert xent.evaluate(given, labels).metrics == xent.evaluate(plain, Y).metrics
        assert xent.softmax(given).tolist() == xent.softmax(plain).tolist()
    weight: Any = Tensor([1.0, 2.0, 3.0], refuses="gradient")
    learnt: Any = Tensor(Z, refuses="gradient")
    ragged: Any = [[0], [0, 1]]
    with pytest.raises(xent.XentError, match="labels: no array can be made of lists of different"):
        xent.cross_entropy(learnt, ragged)
    sparse: Any = Tensor(Z, refuses="sparse")
    for given, name in ((sparse, "Tensor"), ([[sparse, 1.0]], "list")):
        with pytest.raises(ArgumentError, match=rf"logits: no array.* of a {name}: sparse has no"):
            xent.evaluate(given, Y)
    weighted = xent.loss(Z, Y, weight=weight).loss
    assert weighted == xent.loss(Z, Y, weight=np.array([1.0, 2.0, 3.0])).loss


def test_pythons_own_errors_of_a_call_stay() -> None:
    softmax: Any = xent.softmax
    for given, named in (((), {}), ((Z, 0, 1), {}), ((Z,), {"x": Z}), ((Z,), {"dim": 1})):
        with pytest.raises(TypeError, match=r"softmax\(\)"):
            softmax(*given, **named)


@in_one_test
@pytest.mark.parametrize("name", GIVEN)
def test_help_shows_what_arguments_take_in_short_names(name: str) -> None:
    annotated = [each.annotation for each in signature(getattr(xent, name)).parameters.values()]
    assert all(isinstance(each, str) and len(each) < 50 for each in annotated), annotated
