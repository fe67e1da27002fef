"""JSON of every kind that people have: what is read, and what is named where it cannot be."""

import json
from pathlib import Path

import numpy as np
import pytest
from contract import values_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from in_one_test import in_one_test
from opening import Array, assert_same_bits, file_input

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions, Source
from xentcli.formats.inline import is_inline
from xentcli.formats.json.document import read
from xentcli.formats.json.lines import JsonLinesSource
from xentcli.storage.inputs import Input

Z = [[1.5, -0.25, 0.125], [0.5, 2.0, -1.0]]
PLAIN = ReadOptions()
LABELS = ReadOptions(labels=True, key_option="--label-key")


def opened(folder: Path, text: str, name: str = "a.json", options: ReadOptions = PLAIN) -> Source:
    (folder / name).write_text(text)
    file = (folder / name).open("rb", buffering=0)
    return registry.open_source(Input(name, file, len(text)), None, options)


def array_of(text: str, options: ReadOptions | None = None) -> Array:
    return read(text.encode(), "a.json", options or ReadOptions())[0]


@settings(max_examples=25)
@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3), elements=st.floats(width=64)))
def test_what_python_writes_is_read_to_the_bit(array: Array) -> None:
    got = array_of(json.dumps(array.tolist()))
    np.testing.assert_array_equal(got, array)
    assert_same_bits(np.isnan(got), np.isnan(array))


@given(arrays.arrays(np.float64, (3, 2), elements=st.floats(-1e6, 1e6)))
def test_what_numpy_prints_is_read(array: Array) -> None:
    with np.printoptions(floatmode="unique", suppress=False):
        np.testing.assert_array_equal(array_of(repr(array)), array)


PRINTED = {
    "tensor([[1., 2.5000e-05],\n        [-3., nan]], device='cuda:0', dtype=torch.float16)": (
        [[1, 2.5e-5], [-3, np.nan]]
    ),
    "tensor([0, 2, 1])": [0, 2, 1],
    "tensor(3.)": 3.0,
    "tensor([1., -inf], grad_fn=<AddBackward0>)\n": [1.0, -np.inf],
    "array([[ 1.5  , -0.25 ],\n       [ 2.   ,  1.   ]], dtype=float32)": [[1.5, -0.25], [2, 1]],
    "Array([.5, 1.e+00], dtype=float32)": [0.5, 1.0],
    "Parameter containing:\ntensor([1., 2.], requires_grad=True)": [1.0, 2.0],
    "[array([1., 2.], dtype=float32), array([3., 4.], dtype=float32)]": [[1, 2], [3, 4]],
    "(tensor([1., 2.], grad_fn=<A>), tensor([3., 4.], device='cuda:0'))": [[1, 2], [3, 4]],
    "[tensor(1.), tensor(2., grad_fn=<A>)]": [1.0, 2.0],
}


@in_one_test
@pytest.mark.parametrize("text", PRINTED)
def test_printed_arrays(text: str) -> None:
    values, (note,), *_ = read(text.encode(), "a.txt", ReadOptions())
    np.testing.assert_array_equal(values, PRINTED[text])
    assert note.startswith("a.txt: read as printed")


TUPLES = {
    "(1, 2, 3)\n": [1, 2, 3],
    "(1.5,)": [1.5],
    "(nan, -inf)": [np.nan, -np.inf],
    "((1, 2),\n (3, 4),)": [[1, 2], [3, 4]],
    "[(1, 2), (3, 4)]": [[1, 2], [3, 4]],
    "(1, 2)\n(3, 4)\n": [[1, 2], [3, 4]],
    "tensor([1., 2.])\ntensor([3., 4.])\n": [[1, 2], [3, 4]],
    "[np.float64(1.5), np.float64(-2.0)]": [1.5, -2.0],
    "(np.float32(1.5), np.int64(2))": [1.5, 2.0],
}


@in_one_test
@pytest.mark.parametrize("text", TUPLES)
def test_tuples_and_numbers_of_numpy(tmp_path: Path, text: str) -> None:
    np.testing.assert_array_equal(values_of(opened(tmp_path, text, "a.txt"), 9), TUPLES[text])
    assert is_inline(text)


@in_one_test
@pytest.mark.parametrize(
    "text", ["(1.5)", "(1.5)\n(2.5)\n", "[(1.5), (2.5)]", "(0, 1]", "(a, b)", "(1.5),(2.5)"]
)
def test_brackets_that_are_no_tuple(tmp_path: Path, text: str) -> None:
    """An accountant's negative, or an interval, is no positive number."""
    with pytest.raises(InputError):
        values_of(opened(tmp_path, text, "a.txt"), 9)
    assert not is_inline("(1.5)")


def test_names_are_labels() -> None:
    assert array_of('["cat", "d.og"]', LABELS).tolist() == ["cat", "d.og"]
    assert array_of("[true, false]", LABELS).tolist() == ["True", "False"]  # names, as in CSV
    assert array_of("[[true, false]]", LABELS).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "keys"])
def test_names_of_groups_are_what_json_says(tmp_path: Path, suffix: str) -> None:
    """Integers beyond 2^53, which float64 rounds, were names of one group."""
    for names in ([2**53, 2**53 + 1, 2**64 - 1, 7], [7.5, None, True, "7", "\u00e9"]):
        key, lines = '{"g": %s}' if suffix == "keys" else "%s", map(json.dumps, names)
        text = (
            f"[{', '.join(lines)}]" if suffix == "json" else "".join(f"{key % n}\n" for n in lines)
        )
        options = LABELS._replace(names=True)
        source = opened(tmp_path, text, f"a.{suffix.replace('keys', 'jsonl')}", options)
        found = values_of(source, 9).tolist()
        assert [*map(str, found)] == [*map(str, names)]


WRONG = {
    "[[1, 2], [1]]": r"a\.json\[1\]: a list of 1 where the first has 2",
    "[[1, 2], [1, [2]]]": r"a\.json\[1, 1\]: a list where there should be a number",
    "[1, [2]]": r"a\.json\[1\]: a list where there should be a number",
    "[[1, 2], 3]": r"a\.json\[1\]: 3 where there should be a list",
    "[[1, 2], [3, null]]": r"a\.json\[1, 1\]: null is not a number",
    "[[1, 2], [3, true]]": r"a\.json\[1, 1\]: true is not a number",
    '[[1, 2], [3, "x"]]': r'a\.json\[1, 1\]: "x" is not a number',
    "[[1, 2],\n [3, 1e400]]": r"a\.json: 1e400 is larger than any float64",
    "[[1, 2],\n [3, 4": r"a\.json: the JSON ends too early",
    '{"a": [[1, 2],\n [3, 4]': r"a\.json: the JSON ends too early",
    '{"a": [[1, 2]], "b": nu': r"a\.json: the JSON ends too early",
    '{"a": [[1, 2]], "b": nu}': r"a\.json:1:22: no JSON: expecting value",
    "[[1, 2],\n [3 4]]": r"a\.json:2:5: no JSON: expecting ',' delimiter",
    "[[1, 2]] [[3]]": r"a\.json:1:10: no JSON: something follows the value",
    "tensor([1., 2.]) tensor([3., 4.])": r"a\.json: something follows the printed array",
    "(1, 2),\n(3, 4),\n": r"a\.json: something follows the printed array",
    "tensor([[1., 2.],\n        ...,\n        [3., 4.]])": "printed in short",
    "[" * 5000: "too deep|too early",
    '{"a": [1], "b": [2]}': r"a\.json: it holds 'a' \(1,\), 'b' \(1,\)",
    '{"loss": 1}': r"a\.json: it holds no array",
    "{}": r"a\.json: it holds no array",
}


@in_one_test
@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:20])
def test_what_is_wrong_is_one_line_with_a_place(text: str) -> None:
    with pytest.raises(InputError, match=WRONG[text]) as caught:
        array_of(text)
    assert "\n" not in caught.value.message


def test_objects(tmp_path: Path) -> None:
    both = {"id": 7, "labels": [0, 1], "logits": Z}
    rows = [{"id": i, "text": "a (b) [c", "label": i, "logits": row} for i, row in enumerate(Z)]
    both["text"] = "(a) what follows a list is no second array"
    for text in (json.dumps(both), json.dumps(rows), "\n".join(map(json.dumps, rows))):
        source = opened(tmp_path, text)
        assert values_of(source, 9).tolist() == Z
        assert source.notes in ([], ["a.json: the values are 'logits', by name (else --key)"])
        assert values_of(opened(tmp_path, text, options=LABELS), 9).tolist() == [0.0, 1.0]
        named = LABELS._replace(key="id")
        if "\n" in text:
            assert values_of(opened(tmp_path, text, options=named), 9).tolist() == [0.0, 1.0]


def test_lines_are_rows(tmp_path: Path) -> None:
    assert values_of(opened(tmp_path, "[1, 2]", "a.jsonl"), 9).tolist() == [[1.0, 2.0]]
    assert values_of(opened(tmp_path, "1\n2\n", "a.jsonl"), 9).tolist() == [1.0, 2.0]
    assert values_of(opened(tmp_path, "[1, 2]\n[3, NaN]\n"), 9).shape == (2, 2)
    assert opened(tmp_path, "[[1,\n 2]]", "a.jsonl").shape == (1, 2)
    names = opened(tmp_path, '"cat"\n"dog"\n', "a.jsonl", LABELS)
    assert values_of(names, 9).tolist() == ["cat", "dog"]


LINES = {
    "[1, 2]\n[3, null]\n": r"a\.jsonl:2\[1\]: null is not a number",
    "[1, 2]\n[3]\n": r"a\.jsonl:2: shape \(1,\), and the first row has \(2,\)",
    "[1, 2]\n\n[3, 4]\n": r"a\.jsonl:2: an empty line",
    "[1, 2]\r\n[3, 4]\r\n \t\r\n[5, 6]": r"a\.jsonl:3: an empty line",
    "\ufeff\n[1, 2]\n[3, 4]\n": r"a\.jsonl:1: an empty line",
    "[1, 2]\n[3, 4": r"a\.jsonl: the JSON ends too early",
    "[1, 2]\n[3 4]\n[1, 2]": r"a\.jsonl:2:4: no JSON",
    '{"logits": [1]}\n{"logit": [1]}\n': r"a\.jsonl:2: there is no 'logits'",
    '{"logits": [1]}\n{"logits": ["x"]}\n': r'a\.jsonl:2: logits\[0\]: "x" is not a number',
}


@in_one_test
@pytest.mark.parametrize("text", LINES, ids=repr)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    with (
        file_input(tmp_path / "a.jsonl", text.encode()) as data,
        pytest.raises(InputError, match=LINES[text]),
    ):
        values_of(registry.open_source(data, None, ReadOptions()), 9)


@in_one_test
@pytest.mark.parametrize("end", ["\n", "\n\n", "\r\n\r\n", "\n \t\n", "\n" + " \n\n" * 50])
@pytest.mark.parametrize("block_bytes", [8, 64, 2**21])
def test_blank_lines_at_the_end_are_no_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, block_bytes: int
) -> None:
    """Wherever blocks end, no row is counted that there is not, or an empty line is named."""
    monkeypatch.setattr(JsonLinesSource, "block_bytes", block_bytes)
    lines = "[1, 2]\n[3, 4]\n[5, 6]"
    source = opened(tmp_path, lines + end, "a.jsonl")
    assert sum(block.rows for block in source.blocks(1)) == 3
    assert values_of(source, 1).tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    if end.count("\n") > 1:
        with pytest.raises(InputError, match=r"^a\.jsonl:4: an empty line"):
            values_of(opened(tmp_path, f"{lines}{end}[7, 8]\n", "a.jsonl"), 1)


def test_lines_are_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JsonLinesSource, "block_bytes", 64)
    rows = np.random.default_rng(0).normal(size=(100, 3))
    with file_input(tmp_path / "a.jsonl", "\n".join(map(str, rows.tolist())).encode()) as data:
        source = registry.open_source(data, None, ReadOptions())
        assert max(block.rows for block in source.blocks(1)) < 5
        assert_same_bits(values_of(source, 1), rows)


@in_one_test
@pytest.mark.parametrize("text", ["1,2,3", "-1,2", ".5", "2", "[[1,2]]", "tensor([1.])", "nan, 1"])
def test_what_is_data(text: str) -> None:
    assert is_inline(text)


@in_one_test
@pytest.mark.parametrize("text", ["a,b", "1,x", "[0-9].npy", "z.npy", "", "-", "[ab]", "1.npy"])
def test_what_is_no_data(text: str) -> None:
    assert not is_inline(text)


@in_one_test
@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.json", '{"logits": [[1, 2]], "logits": [[3, 4]]}', "a.json"),
        ("a.jsonl", '{"logits": [1, 2], "logits": [3, 4]}\n{"logits": [1, 2]}\n', "a.jsonl:1"),
        ("a.jsonl", '{"logits": [1, 2]}\n{"logits": [1, 2], "logits": [3, 4]}\n', "a.jsonl:2"),
    ],
)
def test_a_name_that_is_there_twice(tmp_path: Path, name: str, text: str, where: str) -> None:
    """The last one was taken, as Python does."""
    with pytest.raises(InputError) as caught:
        values_of(opened(tmp_path, text, name), 9)
    assert caught.value.message.endswith(f"{where}: 'logits' is there twice")
