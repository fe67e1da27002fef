"""NPY files that are cut off, changed or made up: refused in one line, and never run.

The same in a file, in a pipe, and as a member of an NPZ archive that is sound itself.
"""

from pathlib import Path

import numpy as np
import pytest
from damaged_arrays import ARRAY, KINDS, MAGIC, everywhere, keeps_a_copy, opened, read_some, refused
from in_one_test import in_one_test
from opening import npy_bytes

from xentcli.errors import InputError, XentError


@in_one_test
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    ("cut", "hint"), [(-1, "cut off"), (-90, "cut off"), (-96, "cut off"), (1, "follows")]
)
@keeps_a_copy
def test_wrong_length(tmp_path: Path, order: str, cut: int, hint: str) -> None:
    content = npy_bytes(ARRAY if order == "C" else np.asfortranarray(ARRAY))
    content = content[:cut] if cut < 0 else content + bytes(cut)
    for kind in KINDS:
        with opened(kind, content, tmp_path) as data, refused(kind, "96 bytes") as caught:
            read_some(data)
        assert hint in (caught.value.hint or ""), kind


@everywhere
@keeps_a_copy
def test_every_truncation(tmp_path: Path, kind: str) -> None:
    content = npy_bytes(np.asfortranarray(ARRAY), (2, 0))
    for size in range(0, len(content), 1 if kind == "file" else 5):
        with opened(kind, content[:size], tmp_path) as data, pytest.raises(InputError):
            read_some(data)


@pytest.mark.parametrize(("kind", "step"), [("file", 3), ("pipe", 13), ("stored", 13)])
@keeps_a_copy
def test_flipped_bits_of_the_header(tmp_path: Path, kind: str, step: int) -> None:
    """Of the blanks that fill it, every fifth bit."""
    content = npy_bytes(ARRAY[:1, :1])
    blank = range(8 * (content.index(b"}") + 1), 8 * content.index(b"\n"))
    escaped = set()
    for bit in range(0, 8 * len(content), step):
        if bit in blank and bit % 5:
            continue
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with opened(kind, bytes(flipped), tmp_path) as data:
            try:
                read_some(data)
            except XentError:
                pass
            except Exception as error:  # noqa: BLE001
                escaped.add(f"{type(error).__name__}: {error}")
    assert not escaped


@in_one_test
@pytest.mark.parametrize(
    "content",
    [b"", b"\x93", MAGIC, MAGIC + b"\1", MAGIC + b"\1\0", MAGIC + b"\1\0\x76", b"PK\3\4" * 9],
)
def test_not_npy(tmp_path: Path, content: bytes) -> None:
    for kind in KINDS:
        says = "NPY" if content else "empty"
        with opened(kind, content, tmp_path) as data, refused(kind, says):
            read_some(data)
