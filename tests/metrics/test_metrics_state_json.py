"""Values and arrays of states go to JSON and back; states that are none."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from in_one_test import in_one_test

from xentcli.core.exact_sum import ExactSum
from xentcli.metrics.interface import States
from xentcli.metrics.state_json import from_plain, to_plain


@in_one_test
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, 2**53 + 1),
        (int, -(2**3000) - 1),
        (float, -0.0),
        (float, float("inf")),
        (float, float("-inf")),
        (float, float("nan")),
        (float, 5e-324),
        (float, 0.1),
        (bool, True),
        (str, "0x10"),
        (tuple[float, ...], (1.0, float("nan"))),
        (frozenset[str], frozenset({"a", "b"})),
        (dict[str, int], {"a": 2**60}),
        (ExactSum | None, ExactSum(2**70)),
        (ExactSum | None, None),
    ],
)
def test_values_go_to_json_and_back(kind: Any, value: Any) -> None:
    text = json.dumps(to_plain(value), allow_nan=False)
    back = from_plain(kind, json.loads(text, parse_int=float))
    assert repr(back) == repr(value)


@in_one_test
@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "uint8"])
def test_arrays_go_to_json_and_back(dtype: str) -> None:
    values = np.array([[0, 1, 2**40], [1, 0, 3]]).astype(dtype)
    if dtype == "int64":
        values[0, 0] = -(2**63)
    back = from_plain(npt.NDArray[Any], json.loads(json.dumps(to_plain(values))))
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_states_of_other_metrics_do_not_merge() -> None:
    with pytest.raises(ValueError, match="not the same metrics"):
        States.empty(["loss"]).merge(States.empty(["accuracy"]))


def test_there_is_no_such_metric() -> None:
    with pytest.raises(KeyError, match="there is no metric 'lose'"):
        States.empty(["lose"])
