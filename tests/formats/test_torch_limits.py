"""PyTorch files and pickles that claim more than they hold: they get no memory, and no time."""

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED

import numpy as np
import pytest
from in_one_test import in_one_test
from limited import said_of
from opening import zip_bytes
from torch_bytes import (
    called,
    dictionary,
    imported,
    listed,
    number,
    one,
    pickled,
    plain,
    several,
    tensor,
    text,
)
from torch_goldens import error_of

from xentcli.formats.pickled import operations, stack, tree, zipped

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

Z = np.arange(6, dtype="<f4").reshape(2, 3)


def laughs(count: int, width: int) -> bytes:
    """Return lists of lists of lists, the inner ones the same object: width**count values."""
    levels = [
        b"](" + b"h" + bytes([i]) + (b"h" + bytes([i])) * (width - 1) + b"e" for i in range(count)
    ]
    kept = [level + b"q" + bytes([i + 1]) for i, level in enumerate(levels)]
    return pickled(b"K\1q\0", *kept)


def length(operation: bytes, size: int) -> Callable[[int], bytes]:
    return lambda value: pickled(operation + value.to_bytes(size, "little"))


def bombs() -> dict[str, tuple[bytes, str]]:
    """Return files that claim much; they are made only where they are read, since one is large."""
    four = one(tensor("0", "f4", 4, (4,), (1,)))
    return {
        "memo": (pickled(b"Nr\xff\xff\xff\xff"), "it holds no array"),
        "deep tuples": (pickled(b")" + b"\x85" * 10**5), "more than 100 lists"),
        "text of 2**63": (length(b"\x8d", 8)(2**63), "it is cut off"),
        "bytes of 2**63": (length(b"\x8e", 8)(2**63), "it is cut off"),
        "bytearray of 2**64 - 1": (length(b"\x96", 8)(2**64 - 1), "it is cut off"),
        "text of 4 GB": (length(b"X", 4)(2**32 - 1), "it is cut off"),
        "a long name": (pickled(b"c" + b"a" * 2000), "does not end"),
        "text of 70 MB": (length(b"X", 4)(7 * 10**7)[:-1] + bytes(7 * 10**7), "it is longer"),
        "one list in itself": (pickled(b"]q\0h\0a"), "more than 100 lists"),
        "a number of 255 bytes": (pickled(listed(b"\x8a\xff" + b"\x7f" * 255)), "too large"),
        "one text of many arrays": (named_often(1000, 2**22), "arrays show 2621440000 numbers"),
        "a member of 4 GB": (four.replace(struct.pack("<L", 16) * 2, b"\xfe" * 8), "is cut off"),
    }


def named_often(count: int, size: int) -> bytes:
    """Return so many arrays of numbers and of text, whose content is the same text of the memo."""
    arrays = {}
    for i in range(count):
        code, items = ("u1", size) if i % 2 else ("U1", size // 4)
        empty = called("numpy.core.multiarray", "_reconstruct")
        dtype = called("numpy", "dtype", text(code))
        state = several(number(1), several(number(items)), dtype, b"\x89", b"h\0")
        arrays[str(i)] = empty + state + b"b"
    return pickled(text("a" * size), b"q\0", dictionary(arrays))


def test_memory_is_bounded(tmp_path: Path) -> None:
    messages = {}
    for name, (content, messages[name]) in bombs().items():
        (tmp_path / f"{name}.pt").write_bytes(content)
    said = said_of(tmp_path, [f"{name}.pt" for name in messages], 600 * 2**20)
    assert {n: said[f"{n}.pt"] for n in messages if messages[n] not in said[f"{n}.pt"]} == {}


MANY: dict[str, tuple[bytes, str]] = {
    "lists": (pickled(b"](" + b"]" * 1000 + b"e"), "more than 1000 objects"),
    "calls": (pickled(b"K\1" + b")R" * 501), "more than 1000 objects"),
    "marks": (pickled(b"(" * 1001), "more than 1000 objects"),
    "names": (pickled(imported("a", "b") * 1001), "more than 1000 objects"),
    "numbers": (pickled(b"](" + b"K\1" * 5000 + b"e"), "more than 5000 operations"),
    "deep lists": (pickled(b"]" * 900 + b"a" * 899), "more than 100 lists"),
    "values": (pickle.dumps([list(range(2000))] * 2), "more than 3000 values"),
    "values of one another": (laughs(9, 3), "more than 3000 values"),
}


@in_one_test
@pytest.mark.parametrize(("content", "message"), MANY.values(), ids=MANY)
def test_counts_are_bounded(monkeypatch: pytest.MonkeyPatch, content: bytes, message: str) -> None:
    monkeypatch.setattr(stack, "_MOST_RECORDS", 1000)
    monkeypatch.setattr(operations, "_MOST_OPERATIONS", 5000)
    monkeypatch.setattr(tree, "_MOST_VALUES", 3000)
    assert message in error_of(content)


def test_compressed_members_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "_INFLATED_BYTES", 100)
    content = zip_bytes({"a/data.pkl": pickled(plain("0", Z)), "a/data/0": bytes(24)}, ZIP_DEFLATED)
    assert "compressed members of more than 100 bytes" in error_of(content)
