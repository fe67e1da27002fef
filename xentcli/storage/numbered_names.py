"""Which names are missing among names that count: ``run-2`` between ``run-1`` and ``run-3``."""

import re
from collections.abc import Iterable, Iterator
from math import gcd

_TOTAL = re.compile("[-_ ]of[-_ ]", re.IGNORECASE)  # shard-00001-of-00005
_EXTENSION = re.compile(r"(\.[A-Za-z]\w*)+$")
_MOST_COUNTED = 10**6


def unnumbered(name: str) -> str:
    """Return a name with a zero for each number: the same for names that differ in numbers alone.

    Examples
    --------
    >>> unnumbered("z-10.npy") == unnumbered("z-2.npy")
    True
    """
    return re.sub("[0-9]+", "0", name)


def numbers_in(name: str) -> tuple[int, ...]:
    """Return the numbers in a name, in order.

    Examples
    --------
    >>> numbers_in("run-2/z-10.npy")
    (2, 10)
    """
    return tuple(map(int, re.findall("[0-9]+", name)))


def left_out(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the names that others count and that are not among them, in order.

    Each comes alone, except that of the first or the last: if both ends are missing of names that
    tell the number of all, nothing says whether they count from 0 or from 1, and one is missing.

    Names count if they differ in one number, by steps of the same size, and no more of them are
    missing than are there; then those between the first and the last are known. A name that tells
    the number of all, ``shard-00001-of-00005``, tells what is missing at the ends, too.

    Examples
    --------
    >>> left_out(["run-1", "run-3", "run-2", "run-5"])
    [('run-4',)]
    >>> left_out(["step-100", "step-200", "step-400"])
    [('step-300',)]
    >>> left_out(["a-1-of-3", "a-3-of-3"])
    [('a-2-of-3',)]
    >>> left_out(["a-1-of-3", "a-2-of-3"])
    [('a-0-of-3', 'a-3-of-3')]
    >>> left_out(["run-20260101", "run-20260215", "run-20260301"])
    []

    A name with another extension is there, too:

    >>> left_out(["a-1.npy", "a-2.safetensors", "a-3.npy", "a-5.npy"])
    [('a-4.npy',)]
    """
    counted: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        stem = _EXTENSION.sub("", name)
        texts = re.split("[0-9]{1,18}", stem)
        counted.setdefault(tuple(texts), {}).setdefault(stem, name[len(stem) :])
    return [
        tuple(name + next(iter(alike.values())) for name in either)
        for alike in counted.values()
        for either in _left_out([re.split("([0-9]{1,18})", stem) for stem in alike])
    ]


def _left_out(alike: list[list[str]]) -> Iterator[tuple[str, ...]]:
    """Yield the names that are missing among some that differ in their numbers alone.

    Each is given as its parts, of which every second one is a number. If several numbers differ,
    the last of them counts.
    """
    differing = [i for i in range(1, len(alike[0]), 2) if len({each[i] for each in alike}) > 1]
    last = _counting(alike[0]) if not differing else differing[-1]
    if last is None:
        return
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for each in alike:
        groups.setdefault((*each[:last], *each[last + 1 :]), []).append(each)
    for group in groups.values():
        before, after = group[0][:last], group[0][last + 1 :]
        texts = [each[last] for each in group]
        digits = min(map(len, texts))
        for numbers in _missing({int(text) for text in texts}, _total(after)):
            yield tuple("".join([*before, str(n).zfill(digits), *after]) for n in numbers)


def _counting(parts: list[str]) -> int | None:
    """Return which part of a single name tells its number, if another tells the number of all."""
    totals = (i for i in range(1, len(parts) - 2, 2) if _TOTAL.fullmatch(parts[i + 1]))
    return next(totals, None)


def _total(after: list[str]) -> int | None:
    """Return the number of all names, by what follows the number of one."""
    return int(after[1]) if len(after) > 1 and _TOTAL.fullmatch(after[0]) else None


def _missing(numbers: set[int], total: int | None) -> list[tuple[int, ...]]:
    """Return the numbers that are missing, each alone, or as the two that it may be."""
    first, last = min(numbers), max(numbers)
    if total is not None and len(numbers) < total <= _MOST_COUNTED and last <= total:
        between = [(number,) for number in range(1, total) if number not in numbers]
        if first > 0 and last < total:
            return [(0, total), *between]
        ends = [(number,) for number in (0 if first == 0 else total,) if number not in numbers]
        return sorted(between + ends)
    step = gcd(*(number - first for number in numbers))
    if not step or (last - first) // step + 1 > 2 * len(numbers):
        return []
    return [(number,) for number in range(first, last, step) if number not in numbers]
