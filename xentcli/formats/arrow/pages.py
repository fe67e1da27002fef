"""The sizes of a Parquet file's footer and pages: pyarrow takes whatever memory they ask for.

Only the header of a page says how large it becomes; the footer says where the pages of each column
begin. pyarrow shows the footer too, but the process aborts where what it shows of a column is
damaged.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from xentcli.errors import InputError
from xentcli.formats.arrow.thrift import fields, list_at, number_at
from xentcli.storage.inputs import Input

LARGEST_PAGE_BYTES = 2**27
"""The most that a page may take: pyarrow and others write 2**20 bytes, and DuckDB up to 10**8."""
_HEADER_BYTES = 2**8  # enough, unless the header holds long texts as statistics
_LONGEST_HEADER_BYTES = 2**24
_LARGEST_FOOTER_BYTES = 2**25
_MOST_CHUNKS = 2**18  # columns in row groups; pyarrow keeps about a thousand bytes of each
_MOST_LISTED, _MOST_LISTED_OF_CHUNK = 2**16, 2**4  # steps of paths, encodings: each takes 32 bytes
_MAGIC = b"PAR1"
_FOOTER_END_BYTES = 8  # the footer's length, and the magic bytes
# the numbers of fields: of the footer, of a row group, of a column in it, of the column's metadata
_SCHEMA, _ROW_GROUPS, _COLUMNS, _METADATA = 2, 4, 1, 3
_ENCODINGS, _PATH, _COMPRESSED, _DATA, _DICTIONARY, _ENCODED_PAGES = 2, 3, 7, 9, 11, 13
_PAGE_BYTES, _PAGE_COMPRESSED = 2, 3  # of a page's header


class Chunk(NamedTuple):
    """The pages of one column in one row group, or of a part of a column."""

    column: str
    start: int
    end: int


def chunks_of(data: Input) -> list[list[Chunk]] | None:
    """Return the chunks of each row group, as the footer has them; None if there is no footer.

    Raises
    ------
    InputError
        If the footer is damaged, or so large that pyarrow would take much memory for it.
    """
    size = data.size or 0
    end = bytearray(_FOOTER_END_BYTES)
    data.read_at(max(0, size - _FOOTER_END_BYTES), memoryview(end))
    if end[4:] != _MAGIC:
        return None
    length = min(int.from_bytes(end[:4], "little"), max(0, size - _FOOTER_END_BYTES))
    if length > _LARGEST_FOOTER_BYTES:
        raise _too_large(data.name, f"{length} bytes", f"{_LARGEST_FOOTER_BYTES} are read")
    content = bytearray(length)
    data.read_at(size - _FOOTER_END_BYTES - length, memoryview(content))
    try:
        return _chunks_in(data.name, bytes(content))
    except (LookupError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        hint = "is the file cut off or damaged?"
        raise InputError(f"{data.name}: its footer cannot be read", hint=hint) from error


@lru_cache(maxsize=1)  # a file is opened to see what it holds, and then to read it
def _chunks_in(file: str, footer: bytes) -> list[list[Chunk]]:
    return list(_groups(file, footer))


def _groups(file: str, content: bytes) -> Iterator[list[Chunk]]:
    found, at = fields(content, 0, until=_ROW_GROUPS)
    count, _, at = list_at(content, at)
    wanted = max(count, list_at(content, found[_SCHEMA])[0])
    _check_parts(file, wanted)
    names: dict[bytes, str] = {}
    listed = _MOST_LISTED
    for _ in range(count):
        chunks = []
        _, at = fields(content, at, until=_COLUMNS)
        columns, _, at = list_at(content, at)
        wanted += columns
        _check_parts(file, max(wanted, count * columns))
        for _ in range(columns):
            _, at = fields(content, at, until=_METADATA)
            metadata, at = fields(content, at)
            chunks.append(_chunk(content, metadata, names))
            listed += _MOST_LISTED_OF_CHUNK
            for field in (_PATH, _ENCODINGS, _ENCODED_PAGES):
                if field in metadata:
                    listed -= list_at(content, metadata[field])[0]
            if listed < 0:
                raise _too_large(
                    file, "more names and encodings than columns have", "no more are read"
                )
            _, at = fields(content, at, _METADATA)
        yield chunks
        _, at = fields(content, at, _COLUMNS)


def _check_parts(file: str, count: int) -> None:
    if count > _MOST_CHUNKS:
        what = f"more than {_MOST_CHUNKS} parts, of columns in row groups"
        raise _too_large(file, what, "no more are read")


def _too_large(file: str, holds: str, most: str) -> InputError:
    hint = "write it with larger row groups, or fewer columns: one of lists holds as many numbers"
    return InputError(f"{file}: its footer has {holds}, and {most}", hint=hint)


def _chunk(content: bytes, metadata: dict[int, int], names: dict[bytes, str]) -> Chunk:
    _, _, at = list_at(content, metadata[_PATH])
    length, at = number_at(content, at)
    name = content[at : at + length]
    start = min(metadata[_DATA], metadata.get(_DICTIONARY) or metadata[_DATA])
    shown = names.get(name) or names.setdefault(name, name.decode(errors="replace"))
    return Chunk(shown, start, start + metadata[_COMPRESSED])


def check_pages(data: Input, chunk: Chunk, largest: int) -> None:
    """Raise InputError if a page is larger than `largest` bytes."""
    place = chunk.start
    while 0 <= place < chunk.end:
        header = _page_header(data, place)
        if header is None:
            return  # pyarrow says what is wrong
        length, full, compressed = header
        if max(full, compressed) > largest:
            raise InputError(
                f"{data.name}: column {chunk.column!r} has a page of {max(full, compressed)} "
                f"bytes, and at most {largest} are read at once",
                hint="write it with smaller pages: data_page_size=2**20 is pyarrow's default",
            )
        place += length + max(0, compressed)


def _page_header(data: Input, place: int) -> tuple[int, int, int] | None:
    """Return the length of a header, and the bytes of its page without and with compression."""
    wanted = _HEADER_BYTES
    while wanted <= _LONGEST_HEADER_BYTES:
        content = bytearray(wanted)
        there = data.read_at(place, memoryview(content))
        try:
            found, length = fields(bytes(content[:there]), 0)
            return length, found.get(_PAGE_BYTES, 0), found.get(_PAGE_COMPRESSED, 0)
        except IndexError:
            if there < wanted:
                return None
            wanted *= 2**7
        except ValueError:
            return None
    return None
