"""Whole lines from the top of a file, which decide how all of it is read."""

import re
from codecs import BOM_UTF8

from xentcli.errors import InputError
from xentcli.formats.csv.delimiter import DELIMITERS
from xentcli.formats.csv.line_blocks import LineCutter
from xentcli.records import Record
from xentcli.storage.inputs import Input

_MOST_COLUMNS = 2**18
_JUDGED_LINES = 32  # more than those that decide on delimiter and header
_HEAD_BYTES = 64  # enough to tell UTF-16
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class FirstLines(Record):
    """The lines at the top of a file.

    Attributes
    ----------
    lines : bytes
        Whole lines, without the byte order mark.
    mark_bytes : int
        The length of the byte order mark before them.
    line_end : bytes
        The byte at which lines end.
    is_small : bool
        Whether these are all lines of the file, and less than a block.
    """

    lines: bytes
    mark_bytes: int
    line_end: bytes
    is_small: bool

    def bytes_of(self, lines: int) -> int:
        """Return how many bytes the first lines take, and the byte order mark before them."""
        if not lines:
            return self.mark_bytes
        found = re.match(rb"(?:[^\r\n]*(?:\r\n?|\n|\Z)){%d}" % lines, self.lines)
        return self.mark_bytes + (found.end() if found else 0)


def read_sample(data: Input, name: str, block_bytes: int, longest_line_bytes: int) -> FirstLines:
    """Return about a block of lines, or as much as a header and a row of data take.

    Raises
    ------
    InputError
        If the file is empty, if it is not in UTF-8, or if its first line is too long.
    """
    first = data.peek(block_bytes)
    _check_encoding(first, name)
    if not first.removeprefix(BOM_UTF8).strip():
        raise InputError(f"{name}: the file is empty", hint="was it written to the end?")
    mark = len(BOM_UTF8) if first.startswith(BOM_UTF8) else 0
    lines = first[mark:]
    line_end = b"\n" if b"\n" in lines or b"\r" not in lines else b"\r"
    if len(first) < block_bytes:
        return FirstLines(lines, mark, line_end, is_small=True)
    wanted = block_bytes
    while lines.count(line_end) < 2 and wanted < longest_line_bytes:
        wanted *= 2
        lines = data.peek(wanted)[mark:]
        if mark + len(lines) < wanted:
            return FirstLines(lines, mark, line_end, is_small=False)
    end = lines.rfind(line_end)
    if end < 0:
        raise LineCutter(name, "", line_end, block_bytes, longest_line_bytes).too_long(1)
    return FirstLines(lines[: end + 1], mark, line_end, is_small=False)


def check_columns(sample: FirstLines, name: str, delimiter: str | None) -> None:
    """Raise InputError if a line has more cells than a row may have: each is text at first."""
    if len(sample.lines) <= _MOST_COLUMNS:
        return
    delimiters = {*map(str.encode, DELIMITERS), (delimiter or ",").encode()}
    for i, line in enumerate(sample.lines.split(sample.line_end, _JUDGED_LINES)[:_JUDGED_LINES]):
        most = max(map(line.count, delimiters)) if len(line) > _MOST_COLUMNS else 0
        if most >= _MOST_COLUMNS:
            raise InputError(
                f"{name}:{1 + i}: {most + 1} cells, and a row has at most {_MOST_COLUMNS}",
                hint="is this one row? Rows of classes go in lines; NPY files have no limit",
            )


def _check_encoding(first: bytes, name: str) -> None:
    """Raise InputError if the first bytes are those of text in UTF-16 or UTF-32."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if first.startswith(mark):
            raise InputError(
                f"{name}: the text is {encoding}, and not UTF-8",
                hint=f"--encoding {encoding.lower()}",
            )
    if wide := _wide(first[:_HEAD_BYTES]):
        what = f"{name}: every other byte is 0, as in {wide}"
        raise InputError(what, hint=f"--encoding {wide}")


def _wide(head: bytes) -> str | None:
    """Return the encoding of text in UTF-16 without a byte order mark; None for any other."""
    pairs = head[: len(head) & ~1]
    if not pairs or b"\0" not in pairs:
        return None
    zeros = {"utf-16-le": pairs[1::2], "utf-16-be": pairs[::2]}
    return next((name for name, each in zeros.items() if not each.strip(b"\0")), None)
