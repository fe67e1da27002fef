"""NPY files in a file, in a pipe, and as members of an NPZ archive that is sound itself."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy_format
from opening import file_input, open_array, pipe_input, zip_bytes

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.storage.inputs import Input

MAGIC = npy_format.MAGIC_PREFIX
ARRAY = np.arange(12, dtype="<f8").reshape(3, 4)
MANY_BLOCKS = 1000
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


@contextmanager
def opened(kind: str, content: bytes, folder: Path) -> Iterator[Input]:
    name = "a.npy"
    if kind in METHODS:
        name, content = "a.npz", zip_bytes({"a.npy": content}, METHODS[kind])
    with pipe_input(content) if kind == "pipe" else file_input(folder / name, content) as data:
        yield data


def open_it(data: Input) -> Source:
    return open_array(data, "npz" if data.name == "a.npz" else "npy")


def read_some(data: Input) -> None:
    """Read an array of a few blocks; a source that never ends is a failure."""
    source = open_it(data)
    blocks = source.blocks(2)
    for block in islice(blocks, MANY_BLOCKS):
        source.decode(block)
    assert next(blocks, None) is None


@contextmanager
def refused(kind: str, message: str | None = None) -> Iterator[pytest.ExceptionInfo[InputError]]:
    """Check that what is inside is refused, and say where it is not."""
    try:
        with pytest.raises(InputError, match=message) as caught:
            yield caught
    except BaseException as error:
        error.add_note(f"in a {kind}")
        raise


KINDS = ["file", "pipe", *METHODS]
everywhere = pytest.mark.parametrize("kind", KINDS)
keeps_a_copy = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
