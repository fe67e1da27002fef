"""Parquet and Arrow files that are cut off, changed or made up: refused in one line."""

import resource
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damaged_tables import BESIDE, Z, complaint, example
from forking import said_by
from in_one_test import in_one_test
from limited import limit_address_space
from tables import FORMATS, input_of, source_of, stored

from xentcli.errors import InputError
from xentcli.formats.arrow.pages import chunks_of
from xentcli.storage.inputs import Input

formats = pytest.mark.parametrize("format_", FORMATS)


def check(content: bytes, format_: str) -> None:
    """Read a file of any bytes, which may be an error of one line."""
    message = complaint(content, format_, **BESIDE)
    assert message is None or (message.startswith(f"bad.{format_}: ") and "\n" not in message)


@formats
def test_every_truncation(format_: str) -> None:
    content = stored(pa.table({"a": Z[:, 0], "b": Z[:, 1]}), format_, 5)
    assert complaint(content, format_) is None
    for size in {*range(0, len(content), 3), *range(len(content) - 12, len(content))}:
        message = complaint(content[:size], format_)
        # Between its messages a stream may end, and only its end mark is missing.
        assert message or format_ == "arrows"
        assert message is None or message.startswith(f"bad.{format_}: ")


@in_one_test
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


# Footers that ask for a hundred times their size, each as Thrift's compact protocol has it


def thrift_list(count: int, kind: int, one: bytes) -> bytes:
    """Return a list of the same value again and again."""
    length = b""
    left = count
    while left > 127:
        length += bytes([left & 127 | 128])
        left >>= 7
    return bytes([0xF0 | kind]) + length + bytes([left]) + one * count


STRUCT, TEXT = 12, 8
NO_COLUMN, ROW_GROUP_END, ELEMENT = b"\x19\x0c", b"\x16\0\x16\0\0", b"\x48\x01r\0"
SCHEMA, GROUPS = b"\x15\x02\x19", b"\x16\0\x19"


def footer(schema: bytes, groups: bytes) -> bytes:
    content = SCHEMA + schema + GROUPS + groups + b"\0"
    return b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1"


def column(path: bytes) -> bytes:
    """Return what a row group says of a column: its path, its bytes, and where they begin."""
    return b"\x26\0\x1c" + b"\x39" + path + b"\x46\0" + b"\x26\0\0\0"


ONE = thrift_list(1, STRUCT, ELEMENT)
GREEDY = {
    "row groups": footer(ONE, thrift_list(2**18 + 1, STRUCT, NO_COLUMN + ROW_GROUP_END)),
    "a schema": footer(thrift_list(2**18 + 1, STRUCT, ELEMENT), thrift_list(0, STRUCT, b"")),
    "columns of row groups": footer(
        ONE, thrift_list(2**9 + 1, STRUCT, b"\x19" + thrift_list(2**9, STRUCT, b"") + b"\0")
    ),
    "columns of the second": footer(
        ONE,
        bytes([2 << 4 | STRUCT])
        + NO_COLUMN
        + ROW_GROUP_END
        + b"\x19"
        + thrift_list(2**18, STRUCT, b""),
    ),
}


OF_ONE_GROUP = thrift_list(1, STRUCT, NO_COLUMN + ROW_GROUP_END)


@in_one_test
@pytest.mark.parametrize(
    "before",
    [
        SCHEMA + ONE + GROUPS,
        SCHEMA[:2] + b"\x09\x04" + ONE + GROUPS,  # the number of the field has a byte of its own
        SCHEMA
        + ONE
        + b"\x1c\x05\x02\x08\0\x19",  # so has that within a structure before the groups
    ],
)
def test_fields_of_a_footer(before: bytes) -> None:
    def footer_of(content: bytes) -> Input:
        return input_of(b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1")

    assert chunks_of(footer_of(before + OF_ONE_GROUP + b"\0")) == [[]]
    with pytest.raises(InputError, match=r"^t: its footer cannot be read$"):
        chunks_of(footer_of(before[:-1] + b"\0"))


@in_one_test
@pytest.mark.parametrize("what", GREEDY)
def test_footers_of_too_many_parts(what: str) -> None:
    says = r"^t: its footer has more than 262144 parts, of columns in row groups, and no more "
    with pytest.raises(InputError, match=says) as caught:
        source_of(GREEDY[what])
    assert (caught.value.hint or "").startswith("write it with larger row groups, or fewer col")


def test_a_footer_of_too_many_names() -> None:
    path = thrift_list(2**16 + 2**4 + 1, TEXT, b"\0")
    groups = thrift_list(1, STRUCT, b"\x19" + thrift_list(1, STRUCT, column(path)) + ROW_GROUP_END)
    with pytest.raises(InputError, match=r"^t: its footer has more names and encodings than"):
        source_of(footer(ONE, groups))


@in_one_test
@pytest.mark.parametrize("kind", range(16))
def test_a_footer_with_a_list_of_more_values_than_there_are_bytes(kind: int) -> None:
    """Values without bytes of their own, as true and false are elsewhere, are not counted out."""
    count = b"\xff" * 8 + b"\x7f"
    with pytest.raises(InputError, match=r"^t: its footer (cannot be read|has more than)"):
        source_of(footer(bytes([0xF0 | kind]) + count, b""))


def test_a_footer_that_is_too_long() -> None:
    length = 2**25 + 1
    content = b"PAR1\x15" + bytes(length) + length.to_bytes(4, "little") + b"PAR1"
    says = "^t: its footer has 33554433 bytes, and 33554432 are read$"
    with pytest.raises(InputError, match=says):
        source_of(content)


def read_absurd_counts() -> None:
    """Say how many megabytes it takes, in a fork, to read files of absurd counts."""
    for format_ in FORMATS:
        check(example("lists", format_), format_)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limit_address_space(2**31)
    for format_ in FORMATS:
        content = example("lists", format_)
        for place in range(0, len(content), 61):
            size = 1 if place % 2 else 4
            huge = b"\xff\xff\xff\x7f"[-size:]
            check(content[:place] + huge + content[place + size :], format_)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(taken // (2**20 if sys.platform == "darwin" else 2**10))  # noqa: T201


def test_absurd_counts_take_no_memory(tmp_path: Path) -> None:
    code, megabytes = said_by(f"{__name__}:read_absurd_counts", [], tmp_path).split()
    assert code == "0"
    assert int(megabytes) < 100


def test_a_changed_number_in_a_page_that_has_a_checksum() -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"a": Z[:, 0], "b": Z[:, 1]})
    options = {"use_dictionary": False, "compression": "none", "write_page_checksum": True}
    pq.write_table(table, sink, **options)
    content = sink.getvalue().to_pybytes()
    assert complaint(content, "parquet") is None
    changed = bytearray(content)
    changed[content.index(Z[3, 1].tobytes())] ^= 1
    assert "CRC checksum" in (complaint(bytes(changed), "parquet") or "")
