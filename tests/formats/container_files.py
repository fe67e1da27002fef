"""Small NPZ and safetensors files, and what is said of damaged ones."""

import json
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opening import Array, file_input, npy_bytes, open_array, pipe_input, read_array, zip_bytes
from safetensors.numpy import save as safetensors_bytes

from xentcli.errors import InputError
from xentcli.storage.inputs import Input

ARRAY = np.arange(12, dtype="<f4").reshape(3, 4)
MEMBER = npy_bytes(ARRAY)
FILES = {
    "npz stored": zip_bytes({"z.npy": MEMBER}),
    "npz deflated": zip_bytes({"z.npy": MEMBER}, zipfile.ZIP_DEFLATED),
    "safetensors": safetensors_bytes({"z": ARRAY}),
}


def opened(way: str, content: bytes, folder: Path) -> AbstractContextManager[Input]:
    return pipe_input(content) if way == "pipe" else file_input(folder / "a", content)


def read(way: str, kind: str, content: bytes, folder: Path) -> Array:
    with opened(way, content, folder) as data:
        return read_array(open_array(data, kind.split(maxsplit=1)[0]), 2)


def error_of(kind: str, content: bytes, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read("file", kind, content, folder)
    assert "\n" not in caught.value.message
    return caught.value.message


# Headers of safetensors


def with_header(header: Any, data: bytes = bytes(8), size: int | None = None) -> bytes:
    """Return a file with any header: text as it is, anything else as JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + data


def tensor(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}
