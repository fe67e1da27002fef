"""The fast parser: pandas' C parser, trusted only where it reads what the careful one reads."""

import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.csv.cells import Layout

_NUMBER, _TEXT = np.dtype(np.float64), np.dtype(object)


def parse(content: bytes, layout: Layout, rows: int, first_row: int) -> NDArray[Any] | None:
    """Return the numbers of `rows` whole lines, of shape (rows, values), or None if in doubt.

    None sends the lines to the careful parser, which either reads them or says what is wrong.
    In doubt is whatever pandas reads in its own way: short and long rows, TRUE, 1e400, NaN,
    carriage returns inside a line and line ends inside quotes.
    """
    import pandas as pd

    wanted = {*layout.values, *([0] if layout.index else [])}
    dtype: Any = _NUMBER  # one for all columns is much faster than one for each
    if len(wanted) < layout.fields:
        dtype = {i: _NUMBER if i in wanted else _TEXT for i in range(layout.fields)}
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
    if frame.shape != (rows, layout.fields):
        return None
    if layout.index and not (frame[0].to_numpy() == np.arange(first_row, first_row + rows)).all():
        return None
    if len(layout.values) < layout.fields:
        frame = frame[list(layout.values)]
    values = frame.to_numpy()
    return values if _means_the_same(content, values) else None


def _means_the_same(content: bytes, values: NDArray[Any]) -> bool:
    """Whether there are as many infinities as are written, and no TRUE or FALSE became a number."""
    infinities = int(np.isinf(values).sum())
    if not any(letter in content for letter in (b"f", b"F", b"t", b"T")):
        return infinities == 0
    folded = content.lower()
    return infinities == folded.count(b"inf") and not re.search(b"true|false", folded)
