"""Files that PyTorch has written, the arrays that it reads from them, and how they are compared."""

import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opening import Array, assert_same_bits, read_array
from tables import new_file

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, ReadOptions, Source
from xentcli.storage.inputs import Input


def input_of(content: bytes, name: str) -> Input:
    """Return an input of a file of this content."""
    file = new_file()
    file.write(content)
    return Input(name, file, len(content), shareable=True)


@cache
def goldens() -> tuple[dict[str, bytes], dict[str, Array], dict[str, str]]:
    """Return the files, the arrays by file and key, and the names of their dtypes."""
    with zipfile.ZipFile(Path(__file__).with_name("torch_files.zip")) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with np.load(io.BytesIO(files.pop("want.npz"))) as want:
        arrays: dict[str, Any] = dict(want)
    return files, arrays, dict(arrays.pop("dtypes").tolist())


def check_golden(
    name: str, content: bytes, arrays: dict[str, Array], dtypes: dict[str, str]
) -> None:
    """Compare what is read from a file with what PyTorch reads: bits, dtypes and keys."""
    data, contents = registry.contents_of(input_of(content, name), None, ReadOptions())
    keys = [content.key or "" for content in contents]
    if not contents and "alone" not in name:
        keys = [""]
    want = [where.rpartition(":")[2] for where in arrays]
    assert sorted(set(keys) - {"other"}) == sorted(want), name
    for where, array in arrays.items():
        key = where.rpartition(":")[2] or None
        source = registry.open_source(data, None, ReadOptions(key=key))
        assert isinstance(source, IndexedSource)
        assert source.format == name.rpartition(".")[2].replace("pkl", "pickle"), name
        assert (source.shape, source.stored_dtype) == (array.shape, dtypes[where]), where
        native = array.astype(array.dtype.newbyteorder("="))
        for rows in (2, 100):
            assert_same_bits(read_array(source, rows), native)
        for axis in range(1, array.ndim):
            got = source.read(0, array.shape[axis], axis).values
            assert_same_bits(np.ascontiguousarray(got), native)
    if "other" in keys:
        with pytest.raises(InputError, match=r"is not read$"):
            registry.open_source(data, None, ReadOptions(key="other"))


def opened(content: bytes, name: str = "run.pt", **options: Any) -> Source:
    return registry.open_source(input_of(content, name), None, ReadOptions(**options))


def error_of(content: bytes) -> str:
    """Return the one line that refuses a file."""
    with pytest.raises(InputError) as caught:
        read_array(registry.open_source(input_of(content, "a"), None, ReadOptions()), 4)
    assert "\n" not in caught.value.message
    return caught.value.message
