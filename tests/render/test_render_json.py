"""Results as JSON: numbers in full, null for what JSON has no number for."""

import dataclasses
import json
import math
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.formats.base import ArrayHeader
from xentcli.render.json import JsonArray, json_parts, to_json


def refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def strictly(text: str) -> Any:
    return json.loads(text, parse_constant=refuse)


@dataclasses.dataclass(frozen=True)
class Inner:
    values: Any
    names: tuple[str, ...] | None


@settings(max_examples=20, deadline=None, database=None)
@given(st.lists(st.floats()))
def test_floats_come_back_to_the_same_bits(values: list[float]) -> None:
    got = strictly(to_json({"values": np.array(values), "inner": Inner(values, None)}))
    want = [value if math.isfinite(value) else None for value in values]
    assert got == {"values": want, "inner": {"values": want, "names": None}}


@settings(max_examples=20, deadline=None, database=None)
@given(st.text())
def test_text_comes_back(text: str) -> None:
    assert strictly(to_json(Inner([], (text,)))) == {"values": [], "names": [text]}
    assert "\n" not in to_json(text).removesuffix("\n"), "one object, one line"


def array_text(blocks: list[Any], shape: tuple[int | None, ...], result: Any = None) -> str:
    parts: list[str] = []
    array = JsonArray(parts.append, "values", {"command": "softmax"})
    array.open(ArrayHeader(shape, blocks[0].dtype, ("a", 'b"')))
    for block in blocks:
        array.write(block)
    array.close(result)
    return "".join(parts)


@in_one_test
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (4,), (4, 2), (4, 2, 3), (0, 2)])
def test_arrays_stream_into_one_object(shape: tuple[int, ...], dtype: str) -> None:
    values = np.random.default_rng(1).normal(scale=3, size=shape).astype(dtype)
    blocks = [values] if len(shape) == 0 else [values[:1], values[1:]]
    got = strictly(array_text(blocks, (None, *shape[1:]) if shape else ()))
    assert got["shape"] == list(shape)
    assert (got["dtype"], got["columns"]) == (dtype, ["a", 'b"'])
    np.testing.assert_array_equal(np.array(got["values"], dtype).reshape(shape), values)


def test_a_long_list_is_written_some_items_at_a_time() -> None:
    records = [Inner(i, ("\u202e",)) for i in range(2100)]
    result = {"none": [], "records": records, "numbers": (0.5, math.nan) * 550, "last": None}
    plain = [{"values": i, "names": ["\u202e"]} for i in range(2100)]
    want = {"none": [], "records": plain, "numbers": [0.5, None] * 550, "last": None}
    text = to_json(result)
    assert max(map(len, json_parts(result))) < len(text) / 2
    assert text == json.dumps(want) + "\n"


def test_what_is_not_finite_is_null() -> None:
    values = np.array([[1.0, np.nan], [-np.inf, np.inf]])
    assert strictly(array_text([values], (2, 2)))["values"] == [[1.0, None], [None, None]]


def test_an_array_before_its_result() -> None:
    @dataclasses.dataclass(frozen=True)
    class Result:
        command: str
        loss: float

    got = strictly(array_text([np.ones(2)], (None,), Result("loss", math.nan)))
    assert got == {
        "command": "softmax",
        "dtype": "float64",
        "columns": ["a", 'b"'],
        "values": [1.0, 1.0],
        "shape": [2],
        "loss": None,
    }
