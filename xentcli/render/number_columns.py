"""Numbers and names as the cells of a column, with one precision for it and no digit cut."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from operator import gt
from typing import Any

from rich.cells import cell_len

from xentcli.text import shortest, visible

_MOST_DIGITS = 6  # of a number, before and after the point
_MOST_DECIMALS = 4
_LARGE_NUMBER = 1e6  # a column with a number from here on is written as 1.234e+06
_SMALL_NUMBER = 5e-5  # and a column of fractions all below this as 1.2e-05


def number_texts(values: Sequence[Any], decimals: int = _MOST_DECIMALS) -> list[str]:
    """Return the numbers of a column, which are NumPy's, as text with equally many decimals.

    A 0 among fractions is exactly 0; a number that is only rounded to 0 has decimals: 0.0000.
    """
    if any(value.dtype.kind != "f" for value in values):
        return [shortest(value).item().decode() for value in values]
    numbers = [float(value) for value in values]
    form = _form([abs(number) for number in numbers if math.isfinite(number)], decimals)
    return ["0" if number == 0.0 else format(number, form) for number in numbers]


def _form(sizes: list[float], decimals: int) -> str:
    """Return how to format numbers of these sizes."""
    largest = max(sizes, default=0.0)
    if all(size.is_integer() for size in sizes) and largest < _LARGE_NUMBER:
        return ".0f"
    if largest >= _LARGE_NUMBER:
        return ".3e"
    if largest < _SMALL_NUMBER:
        return ".1e"
    magnitude = math.floor(math.log10(largest))
    needed = 1 - magnitude  # so that the largest shows two digits
    most = min(_MOST_DECIMALS, _MOST_DIGITS - 1 - max(0, magnitude))
    return f".{min(max(decimals, needed), most)}f"


def short_name(name: str, width: int) -> str:
    """Return a name as it is shown, cut in the middle to so many columns of the terminal."""
    name = visible(name)
    if cell_len(name) <= width:
        return name
    room = max(0, width - 1)
    end = _end(name, room // 2)
    return f"{_start(name, room - cell_len(end))}…{end}"


def short_names(names: Sequence[str], width: int) -> list[str]:
    """Return names cut to `width`; where that makes some alike, the part they share is cut."""
    shown = [short_name(name, width) for name in names]
    alike: dict[str, dict[str, None]] = {}
    for name, text in zip(names, shown, strict=True):
        alike.setdefault(text, {})[name] = None
    several = [[*group] for group in alike.values() if len(group) > 1]
    if not several:
        return shown
    apart = {name: text for group in several for name, text in _apart(group, width).items()}
    those_alike = [apart.get(name, text) for name, text in zip(names, shown, strict=True)]
    every = _apart(names, width)
    # The first of those that tell most names apart.
    return max(shown, [every[name] for name in names], those_alike, key=lambda each: len({*each}))


def told_apart(names: Sequence[str], width: int) -> list[str]:
    """Return names; if one must be cut to `width`, what all share is cut from each of them."""
    names = [visible(name) for name in names]
    if len({*names}) < 2 or max(map(cell_len, names)) <= width:
        return [short_name(name, width) for name in names]
    apart = _apart(names, width)
    return [apart[name] for name in names]


def _apart(names: Sequence[str], width: int) -> dict[str, str]:
    """Return names cut to `width` from what all share at their begin and end."""
    first = _worth_a_mark(_shared(names))
    last = _worth_a_mark(_shared([name[first:][::-1] for name in names]))
    longest = max(len(name) - last - first for name in names)
    context = max(0, width - longest - 2)  # as much of what they share as there is room for
    start = max(0, first - context // 2)
    stop = max(0, last - (context - (first - start)))
    return {
        name: short_name(
            ("…" if start else "") + name[start : len(name) - stop] + ("…" if stop else ""), width
        )
        for name in names
    }


def fitted(
    columns: Sequence[Sequence[str]], room: int, least: int = 9, whole: Sequence[int] = ()
) -> list[list[str]]:
    """Return columns of names that together take `room` columns of the terminal, or `least` each.

    The widest are cut, as little as possible; those up to their width in `whole` last of all.

    Examples
    --------
    >>> fitted([["cat", "ox"], ["automobile"], ["a very long name"]], 24)
    [['cat', 'ox'], ['automobile'], ['a ver… name']]
    """
    names = [[visible(name) for name in column] for column in columns]
    most = max(room, least)
    widths = [min(most, max(map(cell_len, column), default=0)) for column in names]
    for kept in (whole, ()):
        floors = [max(least, each) for each in kept] or [least] * len(widths)
        while sum(widths) > room and any(map(gt, widths, floors)):
            wide = [i for i, each in enumerate(widths) if each > floors[i]]
            widths[max(wide, key=widths.__getitem__)] -= 1
    return [short_names(column, each) for column, each in zip(names, widths, strict=True)]


def _shared(names: Sequence[str]) -> int:
    """Return how many characters all names begin with."""
    alike = (len(set(characters)) == 1 for characters in zip(*names, strict=False))
    return sum(takewhile(bool, alike))


def _worth_a_mark(characters: int) -> int:
    """Return how many characters are cut where so many may be: the mark for them takes one."""
    return characters if characters > 1 else 0


def _start(text: str, width: int) -> str:
    while cell_len(text) > width:
        text = text[:-1]
    return text


def _end(text: str, width: int) -> str:
    while cell_len(text) > width:
        text = text[1:]
    return text


def choose(count: int, most: int, also: Sequence[int] = ()) -> list[int]:
    """Return at most `most` of `count` columns: `also`, and the first and last of the others."""
    if count <= most:
        return list(range(count))
    kept = [column for column, _ in Counter(also).most_common(most)]
    left = most - len(kept)
    rest = [i for i in _ends(count, most + len(kept)) if i not in kept]
    tail = max(left // 3, min(1, left - 1), 0)
    return sorted({*kept, *rest[: left - tail], *(rest[-tail:] if tail else [])})


def _ends(count: int, most: int) -> list[int]:
    """Return the first and the last columns, `most` of each."""
    return sorted({*range(min(most, count)), *range(max(0, count - most), count)})
