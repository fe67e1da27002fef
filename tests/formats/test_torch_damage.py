"""PyTorch files and pickles that are cut off, changed or hostile: refused in one line."""

import io
import pickle
import struct
import zipfile
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from opening import pipe_input, read_array, zip_bytes
from torch_bytes import (
    archive,
    called,
    dictionary,
    imported,
    legacy,
    listed,
    number,
    one,
    pickled,
    plain,
    saved,
    several,
    storage,
    tensor,
    text,
)
from torch_goldens import error_of, goldens, input_of

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions
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


@every
def test_every_truncation(format_: str, content: bytes) -> None:
    for size in {*range(0, len(content), 5), *range(len(content) - 30, len(content))}:
        with pytest.raises(InputError) as caught:
            read(input_of(content[:size], "a"), format_)
        assert caught.value.message.startswith("a:")
    with pipe_input(content[: len(content) // 2]) as data, pytest.raises(InputError):
        read(data, format_)


@every
def test_flipped_bits(format_: str, content: bytes) -> None:
    want = read(input_of(content, "a"), format_)
    changed = 0
    for bit in range(0, 8 * len(content), 67):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with suppress(InputError):
            changed += read(input_of(bytes(flipped), "a"), format_) != want
    if format_ == "pt" and content.startswith(b"PK"):
        assert changed == 0, "the checksums of small members see every change"


def where(identity: bytes) -> bytes:
    """Return a tensor of four numbers in whatever this is."""
    four, step = several(number(4)), several(number(1))
    parts = identity + b"Q", number(0), four, step, b"\x89", b"N"
    return called("torch._utils", "_rebuild_tensor_v2", *parts)


FLOAT = imported("torch", "FloatStorage")
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


def test_what_a_member_says_of_itself_may_be_long() -> None:
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(FILES["zip"][1])) as old,
        zipfile.ZipFile(content, "w") as new,
    ):
        for name in old.namelist():
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HH", 0x4246, 200) + bytes(200)
            new.writestr(info, old.read(name))
    assert read(input_of(content.getvalue(), "a"), "pt") == [Z.tolist(), [0, 1]]


def test_what_is_made_here_would_be_read_if_nothing_was_wrong() -> None:
    right = where(several(text("storage"), FLOAT, text("0"), text("cpu"), number(4)))
    for content in (one(tensor("0", "f4", 4, (4,), (1,))), one(right)):
        source = registry.open_source(input_of(content, "a"), None, ReadOptions())
        assert read_array(source, 4).tolist() == [0, 0, 0, 0]
    assert storage("0", FLOAT, 4) in one(right)
