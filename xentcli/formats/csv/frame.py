"""Numbers beside text: pandas' C parser, trusted where it reads what the careful one reads."""

import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.csv.cells import Layout

_PLAIN = b"0123456789+-.eE,;|\r\n"
# A byte order mark, control characters, and spaces inside a number are nothing to pandas.
_DOUBTFUL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|^\xef\xbb\xbf|[eE][+-]?[ \t]")
_NUMBER, _TEXT = np.dtype(np.float64), np.dtype(object)

WIDEST = 5000
"""Columns, each of which costs 20 microseconds a block, more than the cells of a block so wide."""


def parse(content: bytes, layout: Layout, rows: int, first_row: int) -> NDArray[Any] | None:
    """Return the numbers of `rows` whole lines, of shape (rows, values), or None if in doubt.

    None sends the lines to the careful parser, which either reads them or says what is wrong.
    In doubt is whatever pandas reads in its own way: short and long rows, TRUE, 1e400, NaN,
    carriage returns inside a line and line ends inside quotes.
    """
    import pandas as pd

    odd = content.translate(None, _PLAIN)  # empty for nothing but numbers
    if odd and (_DOUBTFUL.search(content) or content.count(b"\n") != rows):
        return None
    dtype: Any = _NUMBER  # one for all columns is much faster than one for each
    if len(layout.values) < layout.fields:
        dtype = {i: _NUMBER if i in layout.values else _TEXT for i in range(layout.fields)}
    try:
        frame = pd.read_csv(
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
    last = layout.fields - 1
    if frame.shape != (rows, layout.fields):
        return None
    if last not in layout.values and not all(frame[last]):  # empty, or not there
        return None
    if layout.index and frame[0].tolist() != [str(i) for i in range(first_row, first_row + rows)]:
        return None
    if layout.values != tuple(range(layout.fields)):
        frame = frame[list(layout.values)]
    values = frame.to_numpy()
    return values if _means_the_same(content, values, layout) else None


def _means_the_same(content: bytes, values: NDArray[Any], layout: Layout) -> bool:
    """Whether each infinity is one that is written, and no TRUE or FALSE became a number."""
    infinities = int(np.isinf(values).sum())
    if not any(letter in content for letter in (b"f", b"F", b"t", b"T")):
        return infinities == 0
    folded = content.lower()
    if re.search(b"true|false", folded):
        return False
    # Beside text, which may hold any word, who wrote an infinity cannot be told by counting.
    return infinities == (folded.count(b"inf") if len(layout.values) == layout.fields else 0)
