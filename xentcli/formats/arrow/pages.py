"""The sizes of a Parquet file's footer and pages: pyarrow takes whatever memory they ask for.

Only the header of a page says how large it becomes. Headers, and the footer that says where the
pages of each column begin, are structures in Thrift's compact protocol. pyarrow shows the footer
too, but the process aborts where what it shows of a column is damaged.
"""

from collections.abc import Iterator
from typing import NamedTuple

from xentcli.errors import InputError
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
_MOST_LEVELS = 16  # how deep structures may be nested
_LARGEST_LAST_BYTE = 127  # of a number; each byte before the last is larger
_LENGTH_FOLLOWS = 15  # stands in place of a list's length where that takes bytes of its own
_LONGEST_NUMBER_BITS = 70
# kinds of values
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
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
        return list(_groups(data.name, bytes(content)))
    except (LookupError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        hint = "is the file cut off or damaged?"
        raise InputError(f"{data.name}: its footer cannot be read", hint=hint) from error


def _groups(file: str, content: bytes) -> Iterator[list[Chunk]]:
    found, at = _fields(content, 0, until=_ROW_GROUPS)
    count, _, at = _list(content, at)
    wanted = max(count, _list(content, found[_SCHEMA])[0])
    _check_parts(file, wanted)
    names: dict[bytes, str] = {}
    listed = _MOST_LISTED
    for _ in range(count):
        chunks = []
        _, at = _fields(content, at, until=_COLUMNS)
        columns, _, at = _list(content, at)
        wanted += columns
        _check_parts(file, max(wanted, count * columns))
        for _ in range(columns):
            _, at = _fields(content, at, until=_METADATA)
            metadata, at = _fields(content, at)
            chunks.append(_chunk(content, metadata, names))
            lists = (metadata[i] for i in (_PATH, _ENCODINGS, _ENCODED_PAGES) if i in metadata)
            listed += _MOST_LISTED_OF_CHUNK - sum(_list(content, place)[0] for place in lists)
            if listed < 0:
                raise _too_large(
                    file, "more names and encodings than columns have", "no more are read"
                )
            _, at = _fields(content, at, _METADATA)
        yield chunks
        _, at = _fields(content, at, _COLUMNS)


def _check_parts(file: str, count: int) -> None:
    if count > _MOST_CHUNKS:
        what = f"more than {_MOST_CHUNKS} parts, of columns in row groups"
        raise _too_large(file, what, "no more are read")


def _too_large(file: str, holds: str, most: str) -> InputError:
    hint = "write it with larger row groups, or fewer columns: one of lists holds as many numbers"
    return InputError(f"{file}: its footer has {holds}, and {most}", hint=hint)


def _chunk(content: bytes, metadata: dict[int, int], names: dict[bytes, str]) -> Chunk:
    _, _, at = _list(content, metadata[_PATH])
    length, at = _number(content, at)
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
            found, length = _fields(bytes(content[:there]), 0)
            return length, found.get(_PAGE_BYTES, 0), found.get(_PAGE_COMPRESSED, 0)
        except IndexError:
            if there < wanted:
                return None
            wanted *= 2**7
        except ValueError:
            return None
    return None


# A file may have thousands of structures: one function reads them, without a call for each number.


def _fields(
    content: bytes, at: int, number: int = 0, until: int | None = None, depth: int = 0
) -> tuple[dict[int, int], int]:
    """Read the fields of a structure; skip all that are no integers.

    Returns
    -------
    dict
        The integers by the numbers of their fields; of lists, where they begin.
    int
        Where the structure ends, or where the value of the field `until` begins.
    """
    if depth > _MOST_LEVELS:
        raise ValueError("too deep")
    found: dict[int, int] = {}
    while byte := content[at]:
        at += 1
        kind = byte & 15
        if byte >> 4:
            number += byte >> 4
        else:
            number, at = _number(content, at)
            number = number >> 1 ^ -(number & 1)
        if number == until:
            return found, at
        if _I16 <= kind <= _I64:
            value, at = _number(content, at)
            found[number] = value >> 1 ^ -(value & 1)
        elif kind in (_LIST, _SET):
            found[number] = at
            at = _after_list(content, at, depth)
        elif kind > _FALSE:
            at = _after(content, at, kind, depth)
    if until is not None:
        raise ValueError("a field is missing")
    return found, at + 1


def _after(content: bytes, at: int, kind: int, depth: int) -> int:
    """Return where a value ends."""
    if _I16 <= kind <= _I64:
        while content[at] > _LARGEST_LAST_BYTE:
            at += 1
        return at + 1
    if kind == _BINARY:
        count, at = _number(content, at)
        return at + count
    if kind == _STRUCT:
        return _fields(content, at, depth=depth + 1)[1]
    if kind in (_LIST, _SET):
        return _after_list(content, at, depth + 1)
    if kind not in (_TRUE, _FALSE, _BYTE, _DOUBLE):
        raise ValueError("nothing here is of this kind")
    return at + (8 if kind == _DOUBLE else 1)


def _list(content: bytes, at: int) -> tuple[int, int, int]:
    """Return how many values a list has, of which kind, and where the first one begins."""
    byte = content[at]
    count, at = (byte >> 4, at + 1) if byte >> 4 < _LENGTH_FOLLOWS else _number(content, at + 1)
    return count, byte & 15, at


def _after_list(content: bytes, at: int, depth: int) -> int:
    if depth > _MOST_LEVELS:
        raise ValueError("too deep")
    count, kind, at = _list(content, at)
    for _ in range(count):
        at = _after(content, at, kind, depth)
    return at


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Return a number of any length, and where it ends."""
    number = content[at] & _LARGEST_LAST_BYTE
    shift = 7
    while content[at] > _LARGEST_LAST_BYTE:
        at += 1
        number |= (content[at] & _LARGEST_LAST_BYTE) << shift
        shift += 7
        if shift > _LONGEST_NUMBER_BITS:
            raise ValueError("no number is so long")
    return number, at + 1
