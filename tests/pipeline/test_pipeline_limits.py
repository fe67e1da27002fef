"""What a small or broken file makes the command take: it runs under a limit of address space."""

import io
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pytest
from forking import said_by
from numpy.lib import format as npy_format

from xentcli.formats.json.values import parser

LIMIT_BYTES = (112 if parser() else 160) * 2**20
"""Twice what blocks and slices take, and less than any of the files would take as a whole.

Where there is no parser of JSON, pandas parses numbers, and takes more for each block.
"""


def arrow_file(path: Path, rows: int, codec: str | None) -> None:
    """Write one record batch of two columns of zeros."""
    zeros = pa.array(np.zeros(rows, np.float32))
    batch = pa.record_batch([zeros, zeros], ["a", "b"])
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_file(str(path), batch.schema, options=options) as writer:
        writer.write_batch(batch)


def weights(path: Path) -> None:
    """Write 2.4 GB that take no room on the disk."""
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (600_000_000,)}
        npy_format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 2_400_000_000)


def lzma_member(path: Path) -> None:
    """Write an archive whose member asks for a dictionary of 4 GB."""
    file = io.BytesIO()
    member = io.BytesIO()
    np.save(member, np.zeros((4, 3)))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", member.getvalue())
    content = bytearray(file.getvalue())
    begins = 30 + len("a.npy")
    struct.pack_into("<I", content, begins + 5, 2**32 - 1)
    path.write_bytes(content)


def expanded(path: Path) -> None:
    """Write a tensor whose four numbers stand for rows of 2**30."""
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    storage = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpuK\4tQ"
    shape = b"(J\0\0\x10\0\x8a\5\0\0\0@\0t"
    tail = b"(K\0K\0t\x89ccollections\nOrderedDict\n)RtR."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\2" + rebuild + b"(" + storage + b"K\0" + shape + tail)
        archive.writestr("a/data/0", bytes(16))


def never_written(path: Path) -> None:
    """Write rows of which the file holds nothing but the shape."""
    with h5py.File(path, "w") as file:
        file.create_dataset("logits", (10, 2**28), "f8")


def text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content)


def cases() -> dict[str, tuple[Callable[[Path], object], list[str], str]]:
    """Return what writes each file, the command and what it says; made where it is needed."""
    one = "1," * 4_000_000 + "1\n"
    return {
        "zstd.arrow": (
            lambda p: arrow_file(p, 2**24, "zstd"),
            ["nll", "--picked", "--rows", "0:5", "--quiet"],
            "0.0",
        ),
        "plain.arrow": (
            lambda p: arrow_file(p, 2**24, None),
            ["nll", "--picked", "--rows", "0:5", "--quiet"],
            "0.0",
        ),
        "one line.csv": (text(one), ["softmax"], "4000001 cells, and a row has at most 262144"),
        "last line.csv": (
            text("1,2\n" * 10 + one),
            ["softmax", "-o", "x.npy"],
            ":11: 4000001 cells where there should be 2",
        ),
        "line.jsonl": (
            text("[" + "1," * 5_000_000 + "1]\n[1]\n"),
            ["softmax"],
            "more than 4194304 values in one",
        ),
        "columns.csv": (
            text(("0," * 999 + "0\n") * 7_000),
            ["loss", "--labels", "labels.npy", "--class-axis", "0"],
            str(np.log(7_000)),
        ),
        "weights.npy": (
            weights,
            ["loss", "small.npy", "small_labels.npy", "--weight"],
            "more than 16777216 numbers",
        ),
        "names.txt": (
            text("one\n" * 3_000_000),
            ["loss", "small.npy", "small_labels.npy", "--classes"],
            "more than 1048576 lines",
        ),
        "expanded.pt": (expanded, ["softmax"], "numbers, and its storage has few of them"),
        "shape.h5": (never_written, ["softmax"], "a row of 268435456 numbers, which is held whole"),
        "deep.jsonl": (
            text('{"z": ' + "[" * 200_000 + "]" * 200_000 + '}\n{"z": [1, 2]}\n'),
            ["softmax"],
            "lists within lists, too deep for an array",
        ),
        "brackets.json": (text("(" * 2_000_000 + ")" * 2_000_000), ["softmax"], "no JSON"),
        "lzma.npz": (lzma_member, ["softmax"], "its LZMA dictionary would take 4294967295 bytes"),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is the system's")
def test_memory_under_a_limit(tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", np.eye(4, 3))
    np.save(tmp_path / "small_labels.npy", np.arange(4) % 3)
    np.save(tmp_path / "labels.npy", np.zeros(1000, np.uint8))
    commands = []
    messages = {}
    for name, (write, arguments, messages[name]) in cases().items():
        write(tmp_path / name)
        commands.append([arguments[0], "--jobs", "1", *arguments[1:], name])
    assert said_by("under_limit:main", [json.dumps([LIMIT_BYTES, commands])], tmp_path) == "0"
    said = {name: (tmp_path / f"{name}.said").read_text() for name in messages}
    assert {name: said[name] for name in messages if messages[name] not in said[name]} == {}
