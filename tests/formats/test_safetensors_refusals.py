"""Headers of safetensors that lie."""

import json
from pathlib import Path

import pytest
from container_files import error_of, read, tensor, with_header
from in_one_test import in_one_test
from opening import file_input, open_array, read_array

from xentcli.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
HEADERS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "text": (b"1.5,2.5\n3.5,4.5\n", "not a safetensors file"),
    "no tensor": (with_header({}, b""), "it holds no array"),
    "only metadata": (with_header({"__metadata__": {"a": "b"}}, b""), "it holds no array"),
    "no JSON": (with_header(b"{a}"), "the safetensors header is wrong: Expecting"),
    "not UTF-8": (with_header(b'{"\xff": 1}'), "the safetensors header is wrong"),
    "UTF-16": (with_header("{}".encode("utf-16-le"), b""), "the safetensors header is wrong"),
    "something behind the JSON": (with_header(b"{}{}", b""), "Extra data"),
    "deep nesting": (with_header(b'{"a":' * 10_000), "the safetensors header is wrong"),
    "number without end": (with_header(b'{"a": %s}' % (b"9" * 5000)), "header is wrong"),
    "length of 2**63": (with_header({}, size=2**63), "is not believable"),
    "length of 100 MB": (with_header({}, size=10**8), "is not believable"),
    "length behind the end": (with_header({}, size=1000), "it is cut off"),
    "the same tensor twice": (
        with_header(json.dumps({"a": tensor(), "b": tensor()}).encode().replace(b"b", b"a")),
        "it has 'a' 2 times",
    ),
    "a field twice": (with_header(b'{"a": {"dtype": 1, "dtype": 2}}'), "it has 'dtype' 2 times"),
    "a list": (with_header({"a": []}), "'a' has no dtype, shape and data_offsets"),
    "a field less": (with_header({"a": {"dtype": "F32", "shape": [2]}}), "'a' has no dtype"),
    "three offsets": (with_header({"a": tensor(offsets=[0, 4, 8])}), "'a' has no dtype"),
    "shape of a float": (with_header({"a": tensor(shape=[2.0])}), "'a' has an impossible shape"),
    "shape of a bool": (with_header({"a": tensor("F64", [True])}), "'a' has an impossible shape"),
    "shape of NaN": (with_header({"a": tensor(shape=[float("nan")])}), "impossible shape"),
    "negative shape": (with_header({"a": tensor(shape=[-1, -2])}), "impossible shape"),
    "huge shape": (with_header({"a": tensor(shape=[2**62, 2**62])}), "impossible shape"),
    "wrapped product": (with_header({"a": tensor(shape=[2**62 + 2])}), "impossible shape"),
    "empty but huge": (with_header({"a": tensor(shape=[2**62, 0], offsets=[0, 0])}, b""), "imposs"),
    "more axes than NumPy has": (with_header({"a": tensor(shape=[1] * 65)}), "impossible shape"),
    "huge offsets": (with_header({"a": tensor(offsets=[2**64, 2**64 + 8])}), "impossible offsets"),
    "backwards": (with_header({"a": tensor(shape=[0], offsets=[8, 0])}), "has -8 bytes"),
    "fewer bytes": (with_header({"a": tensor(offsets=[0, 4])}, bytes(4)), "has 4 bytes"),
    "a gap before": (with_header({"a": tensor(offsets=[8, 16])}, bytes(16)), "at byte 8 of the"),
    "overlapping": (
        with_header({"a": tensor(), "b": tensor(offsets=[4, 12])}, bytes(12)),
        "'b' begins at byte 4 of the data, not 8",
    ),
    "one over the other": (with_header({"a": tensor(), "b": tensor()}), "begins at byte 0 of"),
    "a byte less": (with_header({"a": tensor()}, bytes(7)), "promises 8 bytes (float32, shape"),
    "a byte more": (with_header({"a": tensor()}, bytes(9)), "there are 9"),
    "more than there is": (with_header({"a": tensor(shape=[2**60], offsets=[0, 2**62])}), "are 8"),
    "unknown dtype": (with_header({"a": tensor("F8_E8M0", [8])}), "a:a: a tensor of F8_E8M0 is"),
}  # fmt: skip


@in_one_test
@pytest.mark.parametrize(("content", "message"), HEADERS.values(), ids=HEADERS)
def test_headers(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in error_of("safetensors", content, tmp_path)
    with pytest.raises(InputError):
        read("pipe", "safetensors", content, tmp_path)


def test_the_headers_made_here_would_be_read_if_nothing_was_wrong(tmp_path: Path) -> None:
    tensors = {"b": tensor("F8_E4M3", [3, 9], [0, 27]), "a": tensor("I16", [2], [27, 31])}
    content = with_header({**tensors, "__metadata__": {"x": "y"}}, bytes(27) + b"\1\0\2\0")
    with file_input(tmp_path / "a", content) as data:
        assert read_array(open_array(data, "safetensors", "a"), 1).tolist() == [1, 2]
