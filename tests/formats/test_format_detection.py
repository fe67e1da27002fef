"""Which format a file is in: by its first bytes, then its extension; else CSV."""

import io

import numpy as np
import pytest
from in_one_test import in_one_test
from opening import npy_bytes, zip_bytes
from safetensors.numpy import save as safetensors_bytes

from xentcli.errors import InputError, UsageError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions
from xentcli.formats.names import format_names
from xentcli.storage.inputs import Input

NPY = npy_bytes(np.zeros(3))
NPZ = zip_bytes({"a.npy": NPY})
SAFETENSORS = safetensors_bytes({"a": np.zeros(3)})
PICKLE_LIKE = (640).to_bytes(8, "little") + b'{"a"'


TORCH = zip_bytes({"run/data.pkl": b"", "run/data/0": b""})


def detect(name: str, content: bytes) -> str:
    return registry.detect(Input(name, io.BytesIO(content), len(content))).name


@in_one_test
@pytest.mark.parametrize(
    ("name", "content", "want"),
    [
        ("a.npy", NPY, "npy"),
        ("a.csv", NPY, "npy"),
        ("a", NPY, "npy"),
        ("<stdin>", NPY, "npy"),
        ("a.npz", NPZ, "npz"),
        ("a.csv", NPZ, "npz"),
        ("<stdin>", NPZ, "npz"),
        ("a.npz", b"1,2\n", "npz"),
        ("a.npz", zip_bytes({}), "npz"),
        ("a.xlsx", NPZ, "npz"),
        ("a.csv", b"PK,1\n", "csv"),
        ("a.npz", TORCH, "pt"),
        ("a", zip_bytes({"n" * 240 + "/data.pkl": b""}), "pt"),
        ("<stdin>", b"\x80\2\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "pt"),
        ("a", b"\x80\4\x95\r\n\0\0\0\0\0\0\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "pt"),
        ("a.pt", b"\x80\4]\x94.", "pickle"),
        ("a.csv", b"\x80\2]q\0.", "pickle"),
        ("a.bin", TORCH, "pt"),
        ("a.bin", b"1,2\n", "csv"),
        ("a.ckpt", b"1,2\n", "pt"),
        ("a.pkl", b"", "pickle"),
        ("a.safetensors", SAFETENSORS, "safetensors"),
        ("a.csv", SAFETENSORS, "safetensors"),
        ("<stdin>", SAFETENSORS, "safetensors"),
        ("a.safetensors", b"1,2\n", "safetensors"),
        ("a", PICKLE_LIKE, "safetensors"),
        ("a.csv", b"1,2\n", "csv"),
        ("a.CSV", b"1,2\n", "csv"),
        ("a.txt", b"1 2\n", "csv"),
        ("a.tsv", b"1\t2\n", "tsv"),
        ("a.tab", b"1\t2\n", "tsv"),
        ("a.npy", b"1,2\n", "npy"),
        ("a", b"1,2\n", "csv"),
        ("<stdin>", b"1\t2\n", "csv"),
        ("a.json", b"1,2\n", "json"),
        ("a", b"[[1,2],[0,1]]", "json"),
        ("a.csv", b"[[1,2],[0,1]]", "json"),
        ("a.csv", b" [\n -1e3", "json"),
        ("<stdin>", b'{"a": [1]}', "json"),
        ("a.txt", b"tensor([1., 2.])", "json"),
        ("a.txt", b"array([nan, 2.])", "json"),
        ("a.csv", b"[CLS],[SEP]\n1,2\n", "csv"),
        ("a.csv", b"{x},{y}\n1,2\n", "csv"),
        ("a.csv", b"array,b\n1,2\n", "csv"),
        ("a.jsonl", b"1\n2\n", "json"),
        ("dir.npy/a.csv", b"1,2\n", "csv"),
        ("a.csv", b"", "csv"),
        ("a.csv", b"\x93NUMPX\1\0", "csv"),
        ("a.csv", b"PAR1,PAR2\n1,2\n", "csv"),
        ("a.csv", b"ARROW1,ARROW2\n1,2\n", "csv"),
        ("a.csv", b"BZh,x\n1,2\n", "csv"),
        ("a.csv", b"PAR1\25\4\25\0\25\0\0\0", "parquet"),
        ("a", b"ARROW1\0\0\xff\xff\xff\xff", "arrow"),
        ("<stdin>", b"\xff\xff\xff\xff\x10\0\0\0", "arrows"),
        ("a.pq", b"", "parquet"),
        ("a.feather", b"", "arrow"),
    ],
)
def test_detection(name: str, content: bytes, want: str) -> None:
    assert detect(name, content) == want


@in_one_test
@pytest.mark.parametrize("name", ["a.npz", "a.pt", "a", "<stdin>", "a.pkl"])
def test_other_binary_files_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="a pickle of protocol 0 or 1, which is not one of npy, "):
        detect(name, b"}q\0(X\5\0\0\0")


def test_the_names_on_help_pages_are_those_of_the_formats() -> None:
    assert tuple(format_.name for format_ in registry.formats()) == format_names()


@in_one_test
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv"])
@pytest.mark.parametrize(
    "content",
    [b"PK\3\4\24\0\6\0\10\0\0\0!\0", b"PAR1\25\4\25\0\25\0\0\0", b"\x1f\x8b\10\0\0\0\0\0\0\3"],
    ids=["Excel", "Parquet", "gzip"],
)
def test_binary_files_in_the_clothes_of_text_are_refused(name: str, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        registry.open_source(Input(name, io.BytesIO(content), len(content)), None, ReadOptions())
    assert caught.value.message.startswith(name)
    assert "header" not in caught.value.message


def test_a_name_overrules() -> None:
    data = Input("a.csv", io.BytesIO(b"1\t2\n"), 4)
    assert registry.open_source(data, "TSV", ReadOptions()).format == "tsv"
    with pytest.raises(InputError, match="not an NPY file"):
        registry.open_source(Input("a.csv", io.BytesIO(b"1,2\n"), 4), "npy", ReadOptions())
    with pytest.raises(UsageError, match=r"'zarr'.*npy, .*json, .*csv, tsv"):
        registry.by_name("zarr")


@in_one_test
@pytest.mark.parametrize(
    ("path", "want"),
    [
        ("a.npy", "npy"),
        ("a.NPY", "npy"),
        ("a.npz", "npz"),
        ("a.safetensors", "safetensors"),
        ("x/a.csv", "csv"),
        ("a.tsv", "tsv"),
        ("a", None),
    ],
)
def test_by_extension(path: str, want: str | None) -> None:
    found = registry.by_extension(path)
    assert (found.name if found else None) == want


def test_a_key_needs_a_format_of_several_arrays() -> None:
    for name, content in (("a.csv", b"1,2\n"), ("a.npy", NPY)):
        data = Input(name, io.BytesIO(content), len(content))
        with pytest.raises(InputError, match="holds one array"):
            registry.open_source(data, None, ReadOptions(key="x"))
