"""CSV in encodings other than UTF-8, in one block and in many."""

import pytest
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError, UsageError

TEXT = "id,größe,b\ncafé 1,1.5,2\nnaïve,3,4.25\n"


@in_one_test
@pytest.mark.parametrize("block", [2**21, 32])
@pytest.mark.parametrize(
    "encoding",
    ["utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7", "utf-8-sig", "mac_roman"],
)
def test_encodings(encoding: str, block: int) -> None:
    content = TEXT.encode(encoding)
    for stream in (True, False):
        read = read_csv(
            content, stream=stream, encoding=encoding, id_column="id", block_bytes=block
        )
        assert read.ids is not None
        assert read.ids.tolist() == ["café 1", "naïve"]
        assert (read.values.tolist(), read.columns) == ([[1.5, 2.0], [3.0, 4.25]], ("größe", "b"))


def test_text_in_an_encoding_is_read_twice() -> None:
    found = csv_source(TEXT.encode("utf-16"), encoding="utf-16", id_column="id")
    kept = found.kept()
    for _ in range(2):
        (block,) = kept.blocks(1)
        assert kept.decode(block).values.tolist() == [[1.5, 2.0], [3.0, 4.25]]


@in_one_test
@pytest.mark.parametrize("piece", [3, 2**18])
@pytest.mark.parametrize(
    ("content", "encoding", "says"),
    [
        (b"a,b\n1,2\n3,\x81\n", "cp1252", r"^f\.csv:3: byte 0x81 is not cp1252 text"),
        (b"a,b\n1,2\n3,\xe9\n", "ascii", r"^f\.csv:3: byte 0xe9 is not ascii text"),
        ("a,b\n1,2\n3,4\n".encode("utf-16") + b"\0\xd8", "utf-16", r"^f\.csv:4: byte 0x00 is not"),
        ("a,b\n1,2".encode("utf-16")[:-1], "utf-16", r"^f\.csv:2: byte 0x32 is not utf-16 text"),
        (b"a,b\n1,2\n", "utf-16", r"^f\.csv: utf-16 text starts with a byte order mark"),
        ("a,b\n1,2\n3,x\n".encode("utf-16"), "utf-16", r"^f\.csv:3: column 'b': 'x' is not a"),
        (b"a,b\n1,2\n", "undefined", r"^f\.csv: undefined encoding"),
    ],
)
def test_bytes_that_are_not_text_in_an_encoding(
    content: bytes, encoding: str, says: str, piece: int
) -> None:
    with pytest.raises(InputError, match=says):
        read_csv(content, encoding=encoding, block_bytes=piece)


@in_one_test
@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex", "base64", "\0", "x" * 999])
def test_no_encoding_of_text(encoding: str) -> None:
    with pytest.raises(UsageError, match="--encoding"):
        read_csv(b"1,2\n", encoding=encoding)
