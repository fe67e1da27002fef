"""Fields of Arrow's messages and of Parquet's page headers that contradict the file."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from arrow_fields import Change, Fields, page_header
from damaged_tables import BESIDE, TABLES, Z, complaint, example
from in_one_test import in_one_test
from tables import input_of, read, stored

from xentcli.errors import InputError
from xentcli.formats.arrow.messages import places_in_footer
from xentcli.formats.arrow.pages import Chunk, check_pages, chunks_of

UNREADABLE = "a message cannot be read"


def changes(message: Fields) -> dict[str, tuple[str, Change]]:
    """Return changes of a message with rows, by what they make of it, and what is said of each."""
    at, _ = message.buffer()
    size, nodes, buffers = (
        message.number(form, place)
        for form, place in (
            ("q", message.body_size),
            ("I", message.nodes),
            ("I", message.buffers),
        )
    )
    header = message.table - message.start - 8
    room = message.body - message.nodes - 4

    def buffer(start: int, length: int) -> tuple[str, Change]:
        return UNREADABLE, Change(at, "qq", (start, length))

    return {
        "its length": (
            f"a message that begins with {2**27} bytes is not believable",
            Change(message.length, "I", (2**27,)),
        ),
        "no end": ("a message is cut off", Change(message.length, "I", (2**20,))),
        "a table before it": (UNREADABLE, Change(message.table, "i", (header + 16,))),
        "a body of -1 byte": (UNREADABLE, Change(message.body_size, "q", (-1,))),
        "too many arrays": (UNREADABLE, Change(message.nodes, "I", (nodes + 100,))),
        "one array beyond it": (UNREADABLE, Change(message.nodes, "I", (room // 16 + 1,))),
        "too many buffers": (UNREADABLE, Change(message.buffers, "I", (buffers + 100,))),
        "a buffer before the body": buffer(-8, 16),
        "a buffer of -8 bytes": buffer(16, -8),
        "a buffer across the end": buffer(size - 8, 16),
        "a buffer whose end is no int64": buffer(2**62, 2**62),
    }


@in_one_test
@pytest.mark.parametrize("format_", ["arrow", "arrows"])
@pytest.mark.parametrize("kind", ["columns", "fixed lists"])
def test_fields_of_messages(kind: str, format_: str) -> None:
    """Each is refused before pyarrow reads the rows, which says other things, or nothing."""
    content = example(kind, format_)
    for what, (said, change) in changes(Fields(content, format_)).items():
        message = complaint(change.made(content), format_, **BESIDE)
        assert message == f"bad.{format_}: {said}", what


def test_messages_without_what_they_need() -> None:
    content = example("columns", "arrow")
    message = Fields(content, "arrow")
    for said, change in (
        ("there is no message where one should be", Change(message.length, "I", (0,))),
        ("reading arrow failed: ", Change(message.nodes_offset, "H", (0,))),
    ):
        found = complaint(change.made(content), "arrow", **BESIDE) or ""
        assert found.startswith(f"bad.arrow: {said}")


def test_lengths_within_compressed_buffers() -> None:
    content = stored(TABLES["columns"], "arrows", 4, compression="zstd")
    message = Fields(content, "arrows")
    place, buffer = message.buffer()
    start = message.number("q", place)
    for said, change in (
        ("a buffer of negative length", Change(buffer, "q", (-2,))),
        ("a buffer of negative length", Change(place, "qq", (start, 7))),
        (UNREADABLE, Change(message.codec, "b", (5,))),
    ):
        found = complaint(change.made(content), "arrows", **BESIDE)
        assert found == f"bad.arrows: {said}"


def test_a_buffer_that_was_not_worth_compressing() -> None:
    """It has -1 in place of its length, as other writers have it."""
    content = example("columns", "arrows")
    place, buffer = Fields(content, "arrows").buffer()
    plain = Z[:4, 0].tobytes()
    changed = Change(buffer, f"q{len(plain)}s", (-1, plain)).made(content)
    changed = Change(place + 8, "q", (8 + len(plain),)).made(changed)
    found, wanted = (read(each, "t.arrows", **BESIDE).values for each in (changed, content))
    np.testing.assert_array_equal(found, wanted)


def test_a_message_that_leads_back() -> None:
    """Those of other kinds are passed over: a body of less than no bytes would not end."""
    content = example("columns", "arrows")
    message = Fields(content, "arrows")
    other = Change(message.kind, "B", (9,)).made(content)
    assert "Header-type" in (complaint(other, "arrows", **BESIDE) or "")
    back = Change(message.body_size, "q", (-1,)).made(other)
    assert complaint(back, "arrows", **BESIDE) == f"bad.arrows: {UNREADABLE}"


@in_one_test
@pytest.mark.parametrize("length", [0, -1, 10**6, 2**27])
def test_the_length_of_a_footer(length: int) -> None:
    content = example("columns", "arrow")
    changed = Change(len(content) - 10, "i", (length,)).made(content)
    with pytest.raises(InputError, match=rf"^t: a footer of {length} bytes is not believable$"):
        places_in_footer(input_of(changed))


LARGE = 2**20
HUGE = page_header(LARGE + 1, 9)


@in_one_test
@pytest.mark.parametrize(
    "pages",
    [
        HUGE,
        page_header(9, LARGE + 1),
        page_header(LARGE, 40) + b"\xff" * 40 + HUGE,
        page_header(10, -40) + HUGE,  # a size below 0 leads no way back
        page_header(10, 20, b"statistics" * 99) + b"\xff" * 20 + HUGE,
    ],
)
def test_sizes_in_page_headers(pages: bytes) -> None:
    data = input_of(b"before" + pages)
    with pytest.raises(InputError, match=rf"column 'a' has a page of {LARGE + 1} bytes, and at"):
        check_pages(data, Chunk("a", 6, 6 + len(pages)), LARGE)
    check_pages(data, Chunk("a", 6, 6 + len(pages)), LARGE + 1)
    if pages.endswith(HUGE):  # a page behind the chunk is none of its own
        check_pages(data, Chunk("a", 6, 6 + len(pages) - len(HUGE)), LARGE)


def test_page_headers_that_end_too_early_are_left_to_pyarrow() -> None:
    whole = page_header(10, 20, b"statistics" * 99)
    for pages in (whole[:2], whole[:300], b"\x1f" * 20):
        check_pages(input_of(pages), Chunk("a", 0, 2**20), LARGE)


def test_chunks_are_where_pyarrow_says() -> None:
    """Of a column of names, the dictionary comes before the data."""
    content = example("columns", "parquet")
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    wanted = []
    for group in range(metadata.num_row_groups):
        columns = [metadata.row_group(group).column(i) for i in range(metadata.num_columns)]
        starts = [each.dictionary_page_offset or each.data_page_offset for each in columns]
        assert any(each.dictionary_page_offset for each in columns)
        wanted.append(
            [
                Chunk(each.path_in_schema, start, start + each.total_compressed_size)
                for each, start in zip(columns, starts, strict=True)
            ]
        )
    assert chunks_of(input_of(content)) == wanted
