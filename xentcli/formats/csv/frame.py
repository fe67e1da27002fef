"""Numbers beside text: pandas' C parser, trusted where it reads what the careful one reads."""

import io
import re
from codecs import BOM_UTF8
from typing import Any

import numpy as np

from xentcli.formats.csv.cells import Parsed, RowLayout

_PLAIN_BYTES = b"0123456789+-.eE,;|\r\n"
# pandas overlooks a byte order mark, control characters, and spaces inside a number.
_CONTROL_BYTES = bytes({*range(32)} - {*b"\t\n\r"})
_SPACES = tuple(
    e + sign + blank for e in (b"e", b"E") for sign in (b"", b"+", b"-") for blank in (b" ", b"\t")
)
_SPACE_INSIDE = re.compile(rb"[0-9.][eE][+-]?[ \t]")
_NUMBER, _TEXT = np.dtype(np.float64), np.dtype(object)

MOST_FRAME_COLUMNS = 5000
"""The most columns that pandas reads. Each column costs it 20 microseconds a block, whatever the
block holds: in a wider table that is more than the cells of the block cost the careful parser."""


def parse(content: bytes, layout: RowLayout, rows: int, first_row: int) -> Parsed | None:
    """Return the numbers and texts of `rows` whole lines, or None if in doubt.

    None sends the lines to the careful parser, which either reads them or says what is wrong.
    The doubtful cases are those that pandas reads in its own way: short and long rows, TRUE, 1e400,
    NaN, carriage returns inside a line and line ends inside quotes.
    """
    odd = content.translate(None, _PLAIN_BYTES)  # empty for nothing but numbers
    if odd and (_is_doubtful(content) or content.count(b"\n") != rows):
        return None
    frame = _read(content, layout)
    if frame is None or frame.shape != (rows, layout.fields):
        return None
    last = layout.fields - 1
    if last not in layout.values and not all(frame[last]):  # empty, or not there
        return None
    if layout.index is not None:
        counted = range(layout.index + first_row, layout.index + first_row + rows)
        if frame[0].tolist() != [str(i) for i in counted]:
            return None
    everything = layout.values == tuple(range(layout.fields))
    numbers = (frame if everything else frame[list(layout.values)]).to_numpy(np.float64)
    parsed = Parsed(numbers, tuple(frame[field].to_numpy() for field in layout.texts))
    return parsed if _means_the_same(content, parsed, frame, layout) else None


def _is_doubtful(content: bytes) -> bool:
    """Whether content holds characters that pandas overlooks; the slowest check comes last."""
    if content.startswith(BOM_UTF8) or len(content.translate(None, _CONTROL_BYTES)) < len(content):
        return True
    found = any(space in content for space in _SPACES)
    return found and _SPACE_INSIDE.search(content) is not None


def _read(content: bytes, layout: RowLayout) -> Any:
    """Return a data frame with a column for each field; None if pandas cannot read it."""
    import pandas as pd

    dtype: Any = _NUMBER  # one for all columns is much faster than one for each
    if len(layout.values) < layout.fields:
        values = set(layout.values)
        dtype = {i: _NUMBER if i in values else _TEXT for i in range(layout.fields)}
    try:
        return pd.read_csv(
            io.BytesIO(content),
            sep=layout.delimiter,
            header=None,
            index_col=False,
            dtype=dtype,
            na_filter=False,
            skip_blank_lines=False,
            engine="c",
            low_memory=False,
        )
    except (ValueError, TypeError, LookupError):
        return None


def _means_the_same(content: bytes, parsed: Parsed, frame: Any, layout: RowLayout) -> bool:
    """Whether each infinity is one that is written, and no TRUE or FALSE became a number.

    Words in the columns of text do not count: what they say did not become a number.
    """
    infinities = int(np.isinf(parsed.numbers).sum())
    if not any(letter in content for letter in (b"f", b"F", b"t", b"T")):
        return infinities == 0
    written = _words(content)
    if any(written) and len(layout.values) < layout.fields:
        if b'"' in content:  # quotes may hide or make a word: "tr"ue
            return (infinities, written[1]) == (0, 0)
        for field in set(range(layout.fields)) - set(layout.values):
            beside = _words("\n".join(frame[field]).encode())
            written = (written[0] - beside[0], written[1] - beside[1])
    return written == (infinities, 0)


def _words(content: bytes) -> tuple[int, int]:
    """Return how often content says inf, and how often true or false."""
    folded = content.lower()
    return folded.count(b"inf"), folded.count(b"true") + folded.count(b"false")
