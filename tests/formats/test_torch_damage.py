"""PyTorch files and pickles that are cut off, changed or hostile: refused in one line."""

import pickle
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import numpy as np
import pytest
from in_one_test import in_one_test
from limited import said_of
from opening import pipe_input, read_array, zip_bytes
from torch_bytes import (
    archive,
    called,
    dictionary,
    imported,
    legacy,
    listed,
    number,
    pickled,
    plain,
    saved,
    several,
    storage,
    tensor,
    text,
)
from torch_goldens import goldens, input_of

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions
from xentcli.formats.pickled import operations, stack, tree, zipped
from xentcli.storage.inputs import Input

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

Z = np.arange(6, dtype="<f4").reshape(2, 3)
FILES = {
    "zip": ("pt", saved({"logits": Z, "labels": np.array([0, 1])})),
    "zip of PyTorch's": ("pt", goldens()[0]["two.pt"]),
    "legacy": ("pt", goldens()[0]["two.legacy.pt"]),
    "pickle": ("pickle", pickle.dumps({"logits": Z, "labels": [0, 1]}, 4)),
    "tensors in a pickle": ("pickle", goldens()[0]["two.5.pkl"]),
}
every = pytest.mark.parametrize(("format_", "content"), FILES.values(), ids=FILES)


def read(data: Input, format_: str) -> list[Any]:
    """Return both arrays."""
    keys = {"logits": ReadOptions(key="logits"), "labels": ReadOptions(key="labels", labels=True)}
    return [
        read_array(registry.open_source(data, format_, options), 4).tolist()
        for options in keys.values()
    ]


def error_of(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_array(registry.open_source(input_of(content, "a"), None, ReadOptions()), 4)
    assert "\n" not in caught.value.message
    return caught.value.message


@every
def test_every_truncation(format_: str, content: bytes) -> None:
    for size in range(len(content)):
        with pytest.raises(InputError) as caught:
            read(input_of(content[:size], "a"), format_)
        assert caught.value.message.startswith("a:")
    with pipe_input(content[: len(content) // 2]) as data, pytest.raises(InputError):
        read(data, format_)


@every
def test_flipped_bits(format_: str, content: bytes) -> None:
    want = read(input_of(content, "a"), format_)
    changed = 0
    for bit in range(0, 8 * len(content), 41):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with suppress(InputError):
            changed += read(input_of(bytes(flipped), "a"), format_) != want
    if format_ == "pt" and content.startswith(b"PK"):
        assert changed == 0, "the checksums of small members see every change"


def one(item: bytes, content: bytes = bytes(16)) -> bytes:
    return archive(pickled(dictionary({"z": item})), {"0": content})


def where(identity: bytes) -> bytes:
    """Return a tensor of four numbers in whatever this is."""
    four, step = several(number(4)), several(number(1))
    parts = identity + b"Q", number(0), four, step, b"\x89", b"N"
    return called("torch._utils", "_rebuild_tensor_v2", *parts)


FLOAT = imported("torch", "FloatStorage")
FOUR = one(tensor("0", "f4", 4, (4,), (1,)))
WRONG: dict[str, tuple[bytes, str]] = {
    "outside": (one(tensor("0", "f4", 4, (5,), (1,))), "reaches outside its storage"),
    "outside by its offset": (one(tensor("0", "f4", 4, (4,), (1,), 1)), "reaches outside"),
    "outside by a stride": (one(tensor("0", "f4", 4, (2, 2), (3, 1))), "reaches outside"),
    "before": (one(tensor("0", "f4", 4, (2,), (1,), -1)), "an impossible shape"),
    "backwards": (one(tensor("0", "f4", 4, (2,), (-1,), 3)), "an impossible shape"),
    "negative": (one(tensor("0", "f4", 4, (-2,), (1,))), "an impossible shape"),
    "huge": (one(tensor("0", "f4", 4, (2**40, 2**40), (0, 0))), "an impossible shape"),
    "one number, often": (one(tensor("0", "f4", 4, (2**33,), (0,))), "a tensor shows 8589934592"),
    "one tensor, often": (
        one(listed(*[tensor("0", "f4", 4, (2**30,), (0,))] * 3)),
        "its arrays show 3221225472 numbers",
    ),
    "one number in many arrays": (
        one(dictionary({key: tensor("0", "f4", 4, (2**29,), (0,)) for key in "xyz"})),
        "its arrays show 1610612736 numbers",
    ),
    "an axis more": (one(tensor("0", "f4", 4, (2, 2), (1,))), "an impossible shape"),
    "many axes": (one(tensor("0", "f4", 4, [1] * 99, [1] * 99)), "an impossible shape"),
    "no such member": (one(tensor("1", "f4", 4, (4,), (1,))), "the member data/1 is not there"),
    "no storage": (one(where(text("0"))), "a tensor without a storage"),
    "no number": (one(where(several(text("storage"), FLOAT))), "a tensor without a storage"),
    "no arguments": (one(called("torch._utils", "_rebuild_tensor_v2")), "a tensor is damaged"),
    "another order": (
        archive(
            pickled(dictionary({"z": tensor("0", "f4", 4, (4,), (1,))})), {"0": bytes(16)}
        ).replace(b"little", b"middle"),
        "the checksum of run/byteorder is wrong",
    ),
    "two descriptions": (
        zip_bytes({"a/data.pkl": b"", "b/data.pkl": b""}),
        "not a PyTorch file: a zip archive with 2 members data.pkl",
    ),
    "something behind": (
        legacy(pickled(plain("0", Z)), {"0": (6, Z.tobytes())}) + b"\0",
        "something follows the last tensor",
    ),
    "a length that lies": (
        legacy(pickled(plain("0", Z)), {"0": (2**63 - 1, Z.tobytes())}),
        "it is cut off",
    ),
    "another version": (
        legacy(pickled(b"N"), {}).replace(number(1001), number(1002)),
        "a PyTorch file of an unknown version",
    ),
    "a view of old": (
        legacy(
            pickled(
                where(several(text("storage"), FLOAT, text("0"), text("cpu"), number(6), b")"))
            ),
            {"0": (6, Z.tobytes())},
        ),
        "a tensor without a storage of its own",
    ),
    "an array less": (
        pickled(called("numpy.core.multiarray", "_reconstruct"), protocol=4),
        "an array is damaged",
    ),
    "fewer numbers": (
        pickle.dumps(Z, 4).replace(b"K\x02K\x03", b"K\x03K\x03"),
        "does not have 36 bytes",
    ),
    "what nobody wrote": (pickled(b"\x98"), "an operation 0x98 is not one of plain data"),
    "outside of the stream": (pickled(b"\x97"), "an operation 0x97"),
    "a persistent name": (pickled(b"Pabc\n"), "an operation 0x50"),
    "an extension": (pickled(b"\x82\x01"), "an operation 0x82"),
    "nothing on the stack": (pickled(b"0"), "an operation"),
    "an end at once": (pickled(), "it is damaged"),
    "a mark that is missing": (pickled(b"t"), "it is damaged"),
    "an item of a number": (pickled(b"K\1K\2K\3s"), "it is damaged"),
    "a key without a value": (pickled(b"}(K\1u"), "it is damaged"),
    "no text": (pickled(b"X\1\0\0\0\xff"), "it is damaged"),
    "what was never kept": (pickled(b"h\7"), "it is damaged"),
    "names that are numbers": (pickled(b"K\1K\2\x93"), "it is damaged"),
    "protocol 9": (b"\x80\x02\x80\x09.", "a protocol 9 is not known"),
}


@in_one_test
@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong(content: bytes, message: str) -> None:
    assert message in error_of(content)


@in_one_test
@pytest.mark.parametrize(
    ("at", "mask"),
    [(6, 1), (8, 8), (14, 1), (18, 4), (22, 4), (26, 4), (28, 4), (30, 1)],
    ids=["encrypted", "compressed", "checksum", "stored", "size", "name", "extra", "text"],
)
def test_headers_and_the_directory_disagree(at: int, mask: int) -> None:
    """Of a large file, whose checksums are not compared, numbers would be read some bytes aside."""
    content = bytearray(archive(pickled(plain("0", Z)), {"0": Z.tobytes()}))
    name = content.find(b"run/data/0")
    content[name - 30 + at] ^= mask
    what = "the member run/data/0: its header is not what the directory says"
    assert what in error_of(bytes(content))


def test_what_is_made_here_would_be_read_if_nothing_was_wrong() -> None:
    right = where(several(text("storage"), FLOAT, text("0"), text("cpu"), number(4)))
    for content in (one(tensor("0", "f4", 4, (4,), (1,))), one(right)):
        source = registry.open_source(input_of(content, "a"), None, ReadOptions())
        assert read_array(source, 4).tolist() == [0, 0, 0, 0]
    assert storage("0", FLOAT, 4) in one(right)


# What lies claims no memory, and no time


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
        "a member of 4 GB": (FOUR.replace(struct.pack("<L", 16) * 2, b"\xfe" * 8), "is cut off"),
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
