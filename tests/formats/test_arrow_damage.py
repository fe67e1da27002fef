"""Parquet and Arrow files that are cut off, changed or made up: refused in one line."""

import json
import random
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tables import FORMATS, read, source_of, stored

from xentcli.errors import InputError, XentError

Z = np.random.default_rng(0).normal(size=(9, 3)).astype("f4")
IDS = pa.array([f"row {i}" for i in range(9)])
CATEGORIES = pa.array(["x", "y", "z"] * 3).dictionary_encode()
FIXED = pa.FixedSizeListArray.from_arrays(pa.array(Z.reshape(-1)), 3)
TABLES = {
    "columns": pa.table({"a": Z[:, 0], "b": Z[:, 1], "id": IDS, "label": CATEGORIES}),
    "lists": pa.table({"v": pa.array(list(Z)), "id": IDS, "label": np.arange(9)}),
    "fixed lists": pa.table({"v": FIXED, "id": IDS, "label": Z[:, 0] > 0}),
}
CODECS = {"parquet": "snappy", "arrow": None, "arrows": "lz4"}
BESIDE: dict[str, Any] = {"label_column": "label", "id_column": "id"}
FLIPS = 60

formats = pytest.mark.parametrize("format_", FORMATS)
tables = pytest.mark.parametrize("kind", TABLES)


def example(kind: str, format_: str) -> bytes:
    return stored(TABLES[kind], format_, 4, compression=CODECS[format_])


def complaint(content: bytes, format_: str, **options: Any) -> str | None:
    """Read a file of any bytes; return what is said if it cannot be read."""
    try:
        read(content, f"bad.{format_}", **options)
    except XentError as error:
        return error.message
    return None


def check(content: bytes, format_: str) -> None:
    """Read a file of any bytes, which may be an error of one line."""
    message = complaint(content, format_, **BESIDE)
    assert message is None or (message.startswith(f"bad.{format_}: ") and "\n" not in message)


@formats
def test_every_truncation(format_: str) -> None:
    content = stored(pa.table({"a": Z[:, 0], "b": Z[:, 1]}), format_, 5)
    assert complaint(content, format_) is None
    for size in range(len(content)):
        message = complaint(content[:size], format_)
        # Between its messages a stream may end, and only its end mark is missing.
        assert message or format_ == "arrows"
        assert message is None or message.startswith(f"bad.{format_}: ")


@formats
@tables
def test_flipped_bits(kind: str, format_: str) -> None:
    content = example(kind, format_)
    assert complaint(content, format_, **BESIDE) is None
    bits = random.Random(f"{kind} {format_}").sample(range(8 * len(content)), FLIPS)  # noqa: S311
    for bit in bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        check(bytes(flipped), format_)


@formats
def test_something_else_by_that_name(format_: str) -> None:
    magic = {"parquet": b"PAR1\x15", "arrow": b"ARROW1\0\0", "arrows": b"\xff\xff\xff\xff"}[format_]
    for content in (magic, magic + bytes(50), magic + b"\xff" * 50, magic * 20):
        with pytest.raises(InputError, match=r"^t: "):
            source_of(content)


@pytest.mark.parametrize("rows", [1, 9])
def test_rows_that_are_not_there(rows: int) -> None:
    """A footer whose counts of rows agree with one another, and not with the data."""
    content = stored(pa.table({"a": np.arange(9.0), "b": Z[:, 0]}), "parquet")
    nines = [i for i in range(len(content) - 8) if content[i] == 2 * 9]  # as Thrift writes 9
    messages = set()
    for one, other in combinations(nines, 2):
        changed = bytearray(content)
        changed[one] = changed[other] = 2 * 10
        messages.add(complaint(bytes(changed), "parquet", rows=rows))
    assert "bad.parquet: 10 rows are promised, there are 9" in messages


CHILD = """
import json, resource, sys
from pathlib import Path
from typing import Any
sys.path[:0] = json.loads(sys.argv[1])
from test_arrow_damage import check, example
from tables import FORMATS
for format_ in FORMATS:
    check(example("lists", format_), format_)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
for format_ in FORMATS:
    content = example("lists", format_)
    for place in range(0, len(content), 37):
        for size in (1, 4):
            huge = b"\\xff\\xff\\xff\\x7f"[-size:]
            check(content[:place] + huge + content[place + size :], format_)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // (2**20 if sys.platform == "darwin" else 2**10))
"""


def test_absurd_counts_take_no_memory() -> None:
    paths = json.dumps([str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, paths], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) < 100  # megabytes
