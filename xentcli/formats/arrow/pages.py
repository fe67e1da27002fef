"""The sizes of a Parquet file's pages, of which pyarrow takes whatever memory they ask for.

Only the header of a page says how large it becomes. It is a structure in Thrift's compact protocol
that begins with three numbers: the kind, and the bytes without and with compression.
"""

from typing import Any

from xentcli.errors import InputError
from xentcli.storage.inputs import Input

_LARGEST_PAGE_BYTES = 2**27  # pyarrow and others write pages of 2**20
_HEADER_BYTES = 2**12  # enough, unless the header holds texts as statistics
_LONGEST_HEADER_BYTES = 2**24
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY = range(1, 9)  # kinds of fields
_STRUCT = 12
_DEEPEST = 8


def check_pages(data: Input, chunk: Any) -> None:
    """Raise InputError if a page of a column chunk is larger than any should be."""
    offsets = (chunk.dictionary_page_offset, chunk.data_page_offset)
    place = min(offset for offset in offsets if offset is not None)
    end = place + chunk.total_compressed_size
    while place < end:
        header = _page_header(data, place, end)
        if header is None:
            return  # pyarrow says what is wrong
        length, full, compressed = header
        if max(full, compressed) > _LARGEST_PAGE_BYTES:
            raise InputError(
                f"{data.name}: column {chunk.path_in_schema!r} has a page of "
                f"{max(full, compressed)} bytes, and at most {_LARGEST_PAGE_BYTES} are read at "
                "once",
                hint="write it with smaller pages: data_page_size=2**20 is pyarrow's default",
            )
        place += length + max(0, compressed)


def _page_header(data: Input, place: int, end: int) -> tuple[int, int, int] | None:
    """Return the length of a header, and the bytes of its page without and with compression."""
    wanted = _HEADER_BYTES
    while wanted <= _LONGEST_HEADER_BYTES:
        content = bytearray(min(wanted, end - place))
        there = data.read_at(place, memoryview(content))
        try:
            return _Compact(bytes(content[:there])).page_header()
        except IndexError:
            if there < wanted:
                return None
            wanted *= 64
        except ValueError:
            return None
    return None


class _Compact:
    """Reads Thrift's compact protocol, as far as a page header needs it."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def page_header(self) -> tuple[int, int, int]:
        """Return the length of the header and the two sizes in it."""
        sizes = self._structure(0)
        return self._at, sizes.get(2, 0), sizes.get(3, 0)

    def _structure(self, depth: int) -> dict[int, int]:
        """Return the integers of a structure by their numbers, and pass over all else."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        found: dict[int, int] = {}
        number = 0
        while byte := self._byte():
            kind = byte & 15
            number = number + (byte >> 4) if byte >> 4 else self._integer()
            if kind in (_I16, _I32, _I64):
                found[number] = self._integer()
            else:
                self._pass(kind, depth)
        return found

    def _pass(self, kind: int, depth: int) -> None:
        if kind in (_TRUE, _FALSE):
            return
        if kind == _STRUCT:
            self._structure(depth + 1)
        elif kind in (_BYTE, _DOUBLE):
            self._at += 1 if kind == _BYTE else 8
        elif kind == _BINARY:
            self._at += self._number()
        else:
            raise ValueError("no page header has this")

    def _byte(self) -> int:
        byte = self._content[self._at]
        self._at += 1
        return byte

    def _number(self) -> int:
        number = shift = 0
        while (byte := self._byte()) > 127:
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("no number is so long")
        return number | byte << shift

    def _integer(self) -> int:
        number = self._number()
        return number >> 1 ^ -(number & 1)
