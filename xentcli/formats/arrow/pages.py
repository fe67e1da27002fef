"""The sizes of a Parquet file's pages, of which pyarrow takes whatever memory they ask for.

Only the header of a page says how large it becomes. Headers, and the footer that says where the
pages of each column begin, are structures in Thrift's compact protocol. pyarrow shows the footer
too, but the process aborts where what it shows of a column is damaged.
"""

from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.storage.inputs import Input

LARGEST_PAGE_BYTES = 2**27
"""Of a page that is read: pyarrow and others write pages of 2**20 bytes, and DuckDB up to 10**8."""
_HEADER_BYTES = 2**10  # enough, unless the header holds long texts as statistics
_LONGEST_HEADER_BYTES = 2**24
_END_BYTES = 8  # the footer's length, and the magic bytes
_DEEPEST = 16
# kinds of values
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
# the numbers of fields: of the footer, a row group, a column of it, and what is said of that one
_ROW_GROUPS, _COLUMNS, _SAID = 4, 1, 3
_PATH, _COMPRESSED, _DATA, _DICTIONARY = 3, 7, 9, 11
_PAGE_BYTES, _PAGE_COMPRESSED = 2, 3  # of a page's header


class Chunk(NamedTuple):
    """The pages of one column in one row group, or of a part of a column."""

    column: str
    start: int
    end: int


def chunks_of(data: Input) -> list[list[Chunk]]:
    """Return the chunks of each row group, as the footer has them."""
    size = data.size or 0
    end = bytearray(_END_BYTES)
    data.read_at(max(0, size - _END_BYTES), memoryview(end))
    length = min(int.from_bytes(end[:4], "little"), max(0, size - _END_BYTES))
    content = bytearray(length)
    data.read_at(size - _END_BYTES - length, memoryview(content))
    try:
        footer = _Compact(bytes(content)).structure()
        groups = footer.get(_ROW_GROUPS, [])
        return [[_chunk(column[_SAID]) for column in group.get(_COLUMNS, [])] for group in groups]
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        hint = "is the file cut off or damaged?"
        raise InputError(f"{data.name}: its footer cannot be read", hint=hint) from error


def _chunk(said: dict[int, Any]) -> Chunk:
    offsets = (said[_DATA], said.get(_DICTIONARY) or said[_DATA])
    start = min(offsets)
    return Chunk(said[_PATH][0].decode(errors="replace"), start, start + said[_COMPRESSED])


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
        header = _Compact(bytes(content[:there]))
        try:
            found = header.structure()
            return header.at, found.get(_PAGE_BYTES, 0), found.get(_PAGE_COMPRESSED, 0)
        except IndexError:
            if there < wanted:
                return None
            wanted *= 2**7
        except ValueError:
            return None
    return None


class _Compact:
    """Reads Thrift's compact protocol.

    Attributes
    ----------
    at : int
        How many bytes were read.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """Return the fields of a structure by their numbers."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        found: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            number = number + (byte >> 4) if byte >> 4 else self._integer()
            kind = byte & 15
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._integer()
        if kind == _BINARY:
            return self._bytes(self._number())
        if kind == _STRUCT:
            return self.structure(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind in (_TRUE, _FALSE, _BYTE, _DOUBLE):
            return self._bytes(8 if kind == _DOUBLE else 1)
        raise ValueError("nothing here is of this kind")

    def _list(self, depth: int) -> list[Any]:
        byte = self._byte()
        count = byte >> 4 if byte >> 4 < 15 else self._number()  # noqa: PLR2004 - more follows
        if depth > _DEEPEST:
            raise ValueError("too deep")
        return [self._value(byte & 15, depth + 1) for _ in range(count)]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._content):
            raise IndexError
        return self._content[self.at - count : self.at]

    def _byte(self) -> int:
        byte = self._content[self.at]
        self.at += 1
        return byte

    def _number(self) -> int:
        number = shift = 0
        while (byte := self._byte()) > 127:  # noqa: PLR2004 - seven bits a byte
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:  # noqa: PLR2004
                raise ValueError("no number is so long")
        return number | byte << shift

    def _integer(self) -> int:
        number = self._number()
        return number >> 1 ^ -(number & 1)
