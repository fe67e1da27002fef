"""Cells that hold lists of numbers, as Python, NumPy, PyTorch and R print them."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, RaggedLists
from xentcli.formats.csv.numbers import is_cut, shown
from xentcli.formats.table_blocks import Shape

_NUMBER = r"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?|[-+]?inf|[nN]a[nN]|[-+]?Infinity"
_LIST = (
    r"\s*+(?:(?:(?:torch\.|np\.|numpy\.)?(?:tensor|array|Tensor|Array)|c)?\(\s*+\[*+|\[++)"
    rf"\s*+(?:{_NUMBER}|np\.|tensor\(|True\b|False\b|None\b|null\b|\.\.\.|\]|\))"
)
_NO_LIST = r"\s*+(?:\([^()\[\]]*+\]|\[[^()\[\]]*+\)|\([^(),\[\]\s]*+\))\s*+"  # (0, 1], (1.5)
_BLANKS_BETWEEN = r"(?<=[\w.\]])\s+(?=[-+.\w\[])"
_PRINTED_IN_SHORT = "printed in short, and cut where the dots stand"
_WRITE_WHOLE_HINT = "write them whole: numpy.set_printoptions(threshold=sys.maxsize) before to_csv"
JUDGED_ROWS = 20
"""Rows that tell whether a column holds lists."""
_BETWEEN = ";"  # stands in no list

Place = Callable[[int], str]
"""Names a cell by its row."""


def is_list(cell: str) -> bool:
    """Whether a cell begins as a list does, and ends neither as an interval nor as a negative."""
    return re.match(_LIST, cell, re.A) is not None and re.fullmatch(_NO_LIST, cell) is None


def row_shape(cell: str, place: str) -> tuple[Shape, bool]:
    """Return the shape of a list, and whether axes of length 1 around it are left out.

    Raises
    ------
    InputError
        If it is no list of numbers, or an empty one.
    """
    shape = _read(cell, place).shape
    if 0 in shape:
        raise InputError(f"{place}: an empty list")
    inner = _without_ones(shape)
    return inner, inner != shape


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without the axes of length 1 in front."""
    while len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return shape


def to_array(cells: Iterable[str], row: Shape, place: Place) -> NDArray[np.float64]:
    """Return the numbers of lists, of shape (cells, *row).

    Raises
    ------
    InputError
        Naming the first cell that is no list of this shape.
    """
    cells = list(cells)
    numbers = _fast(cells)
    if numbers is not None and numbers.shape[1:] == (*row,):
        return numbers
    made = np.empty((len(cells), *(n or 0 for n in row)))
    for i, cell in enumerate(cells):
        values = _read(cell, place(i)) if cell.strip() else None
        if values is None:
            raise InputError(f"{place(i)}: an empty cell instead of a list", hint="fill it in")
        if _without_ones(values.shape) != made.shape[1:]:
            found, first = (_length(shape) for shape in (values.shape, made.shape[1:]))
            raise RaggedLists(f"{place(i)}: a list of {found} where the first has {first}")
        made[i] = values.reshape(made.shape[1:])
    return made


def _length(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else f"shape {shape}"


def _fast(cells: list[str]) -> NDArray[np.float64] | None:
    """Return the numbers of lists that all are plain, and all of one shape; None if in doubt."""
    from xentcli.formats.json.values import fast, parser

    together = _BETWEEN.join(cells)
    simdjson = parser()
    if simdjson is None or together.count(_BETWEEN) != len(cells) - 1 or is_cut(together):
        return None
    try:
        together = _as_json(together, "").replace(_BETWEEN, ",")
        numbers = fast(simdjson.parse(f"[{together}]".encode()))
    except (ValueError, RuntimeError, InputError):
        return None
    if numbers is None or len(numbers) != len(cells):
        return None
    return numbers.reshape(len(cells), *_without_ones(numbers.shape[1:]))


def _as_json(text: str, place: str) -> str:
    """Return lists as JSON has them: with commas, without calls; True is 1."""
    from xentcli.formats.json.printed import as_json, as_lists

    text = as_lists(text).text
    if "," not in text:  # 1,5 2,5 could mean anything
        text = re.sub(_BLANKS_BETWEEN, ",", text)
    return as_json(text, place).json.replace("true", "1").replace("false", "0")


def _read(cell: str, place: str) -> NDArray[np.float64]:
    """Return the numbers of one list."""
    from xentcli.formats.json.values import careful

    if is_cut(cell):
        raise InputError(f"{place}: {_PRINTED_IN_SHORT}", hint=_WRITE_WHOLE_HINT)
    try:
        value: Any = json.loads(_as_json(cell, place))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list):
        raise InputError(
            f"{place}: {shown(cell)} is no list of numbers",
            hint="lists are written like [1.5, -0.25] or [1.5 -0.25]",
        )
    numbers = careful(value, lambda index: f"{place}{list(index) or ''}", labels=False)
    infinite = np.isinf(numbers).sum()
    if infinite > len(re.findall("inf", cell, re.I)):
        raise InputError(f"{place}: a number is larger than any float64")
    return numbers
