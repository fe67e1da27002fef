"""The lines of a file, of which only some are held at a time."""

from codecs import BOM_UTF8
from collections.abc import Iterator

from xentcli.errors import InputError
from xentcli.storage.inputs import Input

LONGEST_LINE_BYTES = 2**26
HEAD_BYTES = 2**16
"""Bytes that are looked at first."""
_PIECE_BYTES = 2**21


def with_first_line(data: Input, longest: int = LONGEST_LINE_BYTES) -> bytes:
    """Return the first bytes of a file, unread, with all of its first line unless that is too long.

    Blank lines at the top do not count.
    """
    wanted = HEAD_BYTES
    head = data.peek(wanted)
    while b"\n" not in head.lstrip() and len(head) == wanted < longest:
        wanted *= 4
        head = data.peek(wanted)
    return head


def lines_of(data: Input) -> Iterator[bytes]:
    """Yield each line without its end; there is one after the last line end, too.

    Raises
    ------
    InputError
        If a line is too long.
    """
    parts: list[bytes] = []
    size, first = 0, True
    while part := data.read(_PIECE_BYTES):
        *whole, rest = part.split(b"\n")
        if whole:
            parts.append(whole[0])
            head = b"".join(parts)
            yield head.removeprefix(BOM_UTF8) if first else head
            yield from whole[1:]
            parts, size, first = [], 0, False
        parts.append(rest)
        size += len(rest)
        if size > LONGEST_LINE_BYTES:
            raise InputError(f"{data.name}: a line of more than {LONGEST_LINE_BYTES} bytes")
    last = b"".join(parts)
    yield last.removeprefix(BOM_UTF8) if first else last
