"""Numbers and names in JSON: the fast parser where all is plain, else the careful one."""

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import RAGGED, InputError, RaggedLists
from xentcli.formats.json.cures import cure_of
from xentcli.text import shortened, visible

Array = NDArray[Any]
Place = Callable[[tuple[int, ...]], str]
"""Names a place in an array, given by its index."""
_CUT_OFF, _WORDS = "the file is cut off", ("null", "true", "false", "NaN", "Infinity", "-Infinity")


def load(
    text: str, name: str, first_line: int = 1, *, strict: bool = False, once_in: str | None = None
) -> Any:
    """Return what JSON says; `strict` takes no NaN, and, as `once_in` a place, no name twice.

    Raises
    ------
    InputError
        If it is no JSON, with the line; or if the text ends too early.
    """
    try:
        if not strict:
            once = None if once_in is None else _once
            return json.loads(text, parse_float=_float, object_pairs_hook=once)
        return json.loads(
            text, parse_float=_float, parse_constant=_refused, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        rest = text[error.pos :].strip()
        cut = error.msg.startswith("Unterminated") and "\n" not in rest
        if cut or any(word.startswith(rest) for word in _WORDS):
            raise InputError(f"{name}: the JSON ends too early", hint=_CUT_OFF) from error
        place = f"{name}:{first_line + error.lineno - 1}:{error.colno}"
        raise InputError(f"{place}: no JSON: {_why(error, rest)}", hint=_hint(text)) from error
    except OverflowError as error:
        raise InputError(f"{name}: {error} is larger than any float64") from error
    except RecursionError as error:
        raise InputError(f"{name}: lists within lists, too deep for an array") from error
    except InputError as error:
        raise InputError(f"{once_in or name}: {error}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"{name}: a number is larger than any float64") from error


def several(text: str) -> list[Any]:
    """Return values that follow one another, as jq prints them; none unless there are several."""
    values: list[Any] = []
    end, size, decoder = 0, len(text.rstrip()), json.JSONDecoder()
    try:
        while end < size:
            while text[end].isspace():
                end += 1
            value, end = decoder.raw_decode(text, end)
            values.append(value)
    except (ValueError, RecursionError):
        return []
    return values if len(values) > 1 else []


def _refused(constant: str) -> NoReturn:
    raise InputError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{shortened(twice)!r} is there twice")
    return found


def decoded(text: bytes, place: str) -> str:
    """Return text as UTF-8, or raise InputError with the byte that is none."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        byte = text[error.start]
        raise InputError(f"{place}: byte 0x{byte:02x} is not UTF-8 text") from error


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise OverflowError(shortened(text))
    return number


def _why(error: json.JSONDecodeError, rest: str) -> str:
    if error.msg == "Extra data":
        return "something follows the value"
    found = visible(rest[:12].partition("\n")[0])
    return f"{error.msg[:1].lower()}{error.msg[1:]}, and there is {found!r}"


def _hint(text: str) -> str | None:
    if "[" in text and "," not in text:
        return "write the whole array: numpy.save, numpy.savetxt, DataFrame.to_csv"
    return "JSON has texts in double quotes" if "'" in text and '"' not in text else None


def fast(element: Any) -> NDArray[np.float64] | None:
    """Return the numbers of a list that simdjson has parsed, None unless all is plain."""
    shape = _shape(element)
    if shape is None or not math.prod(shape):
        return None
    if element.mini.count(b"[") != sum(math.prod(shape[:i]) for i in range(len(shape))):
        return None  # a list where a number should be
    try:
        numbers = np.frombuffer(element.as_buffer(of_type="d"), np.float64)
    except (ValueError, TypeError):
        return None
    return numbers.reshape(shape) if numbers.size == math.prod(shape) else None


def _shape(element: Any) -> tuple[int, ...] | None:
    """Return the shape of lists in lists, None where their lengths differ."""
    if not hasattr(element, "as_buffer"):
        return None
    count = len(element)
    if not count or not hasattr(element[0], "as_buffer"):
        return (count,)
    inner = {_shape(part) for part in element}
    row = inner.pop()
    return None if inner or row is None else (count, *row)


def parser() -> Any:
    """Return a parser that is fast, or None on a Python for which there is none."""
    try:
        import simdjson
    except ImportError:
        return None
    return simdjson.Parser()


def careful(
    value: Any,
    place: Place,
    *,
    labels: bool,
    names: bool = False,
    missing: bool = False,
    whole: bool = False,
) -> Array:
    """Return an array of what JSON says: numbers or, of labels, names.

    Where all values are `names` of groups, each is what JSON says: float64 would round integers.
    Where some may be `missing`, null is NaN. The value is one row, or that of the `whole` file.

    Raises
    ------
    InputError
        Naming the first place that holds something else, or a list of another length than others.
    """
    shape: list[int] = []
    inner = value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    found: list[Any] = []
    _gather(value, (), tuple(shape), found, place)
    if names and not any(isinstance(item, dict) for item in found):
        kept = np.empty(len(found), object)
        kept[:] = found
        return kept.reshape(shape)
    if labels and (
        any(isinstance(item, str) for item in found) or _name_bools(found, shape, whole)
    ):
        made: Array = np.array([None if x is None else str(x) for x in found], object)
        return made.reshape(shape)
    if missing:
        found = [math.nan if item is None else item for item in found]
    numbers = np.empty(len(found), np.float64)
    for i, item in enumerate(found):
        wrong = _no_number(item, labels=labels)
        if wrong:
            index = tuple(int(n) for n in np.unravel_index(i, shape)) if shape else ()
            raise InputError(f"{place(index)}: {wrong}", hint=cure_of(item, labels=labels))
        numbers[i] = item
    return numbers.reshape(shape)


def _name_bools(items: list[Any], shape: list[int], whole: bool) -> bool:
    """Whether labels are true and false, one a row, which may be names; one-hot rows are none."""
    return len(shape) == int(whole) and bool(items) and all(isinstance(x, bool) for x in items)


def _gather(
    value: Any, index: tuple[int, ...], shape: tuple[int, ...], found: list[Any], place: Place
) -> None:
    """Put the values of lists in lists into one list."""
    if not isinstance(value, list):
        if shape:
            raise InputError(f"{place(index)}: {shown(value)} where there should be a list")
        found.append(value)
        return
    if not shape:
        raise InputError(f"{place(index)}: a list where there should be a number")
    if len(value) != shape[0]:
        what = f"a list of {len(value)} where the first has {shape[0]}"
        raise RaggedLists(f"{place(index)}: {what}", hint=RAGGED)
    for i, part in enumerate(value):
        _gather(part, (*index, i), shape[1:], found, place)


def _no_number(item: Any, *, labels: bool) -> str | None:
    """Say why a value is no number, None if it is one."""
    if isinstance(item, bool) and not labels:
        return f"{shown(item)} is not a number"
    if isinstance(item, int | float):
        too_large = isinstance(item, int) and abs(item) >= 2**1024
        return f"{shown(item)} is larger than any float64" if too_large else None
    return f"{shown(item)} is not a number"


def shown(value: Any) -> str:
    """Return a value as JSON has it, not too much of it."""
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, int) else str(value)
    text = {"True": "true", "False": "false"}.get(text, text)
    return visible(shortened(text))


def describe(value: Any) -> str:
    """Say what a value of an object is: the shape of lists in lists."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    if isinstance(value, dict):
        return "an object"
    inner = ", ".join(map(str, shape))
    return (f"({inner},)" if len(shape) == 1 else f"({inner})") if shape else shown(value)
