"""Finds columns beside those of the classes in a table, as the names of all of them tell."""

import re
from collections.abc import Sequence

from xentcli.formats.column_words import OF_THE_REST, words_of
from xentcli.formats.side_by_side import KIND_OF, counted, kind_of, places_of

_SURE_ALONE = frozenset({*KIND_OF} - {"probability", "probabilities", "output", "outputs"})
_STEMS = frozenset(["", "c", "cls", "class", "col", "column", "v"])
"""What stands before the numbers of classes, where it says no more than that they are some."""
_MOST_PLACES = 6  # so many single letters are places of a point or a box, and more an alphabet's
_AXES = r"(x|y|z|w|h|left|top|width|height)"
_COORDINATE = re.compile(
    rf"{_AXES}(?:[_ .-]?(?:min|max|mid|center|centre|start|end|coord|coordinate|pos|px))?[_ .-]?\d*"
    rf"|(?:bbox|box|center|centre|pos|coord|min|max)[_ .-]{_AXES}(?:[_ .-]?\d+)?",
    re.IGNORECASE,
)
_CORNERS = frozenset(["x", "y"]), frozenset(["left", "top", "width"])
"""What names of points and boxes have together; a class may have one of them."""


def strays(names: Sequence[str]) -> dict[int, str]:
    """Return the columns whose names do not go with those of the others, and why."""
    if len(names) < 3 or not all(names):
        return {}
    return {
        **dict.fromkeys(_coordinates(names), "its name is that of a coordinate"),
        **_unlike(names),
    }


def are_letters(names: Sequence[str]) -> bool:
    """Whether so many names are single letters, or all of them, that these are classes."""
    single = sum(len(name) <= 1 for name in names)
    return single > _MOST_PLACES or single == len(names)


def _unlike(names: Sequence[str]) -> dict[int, str]:
    """Return the columns that are not named as those of the classes are, and why."""
    kinds = list(map(kind_of, names))
    groups = places_of(kinds)
    without = groups.pop(None, [])
    several = [places for places in groups.values() if len(places) > 1]
    if len(several) == 1:
        (first, *_), of_it = several[0], {*several[0]}
        others = {i: names[first] for i in range(len(names)) if i not in of_it}
    elif not several and len(without) > 1 and len(groups) == 1:
        ((only,),) = groups.values()
        words = [word for word in words_of(names[only]) if word in _SURE_ALONE]
        return dict([(only, f"its name says {words[0]!r}")] if words else [])
    else:
        others = {}
    others = others or _unnumbered(names, same_kind=len(several) == 1)
    return {i: f"its name is not like {name!r}" for i, name in others.items()}


def _coordinates(names: Sequence[str]) -> list[int]:
    """Return the columns of points or boxes beside others: ``x1, y1, x2, y2``."""
    if are_letters(names):
        return []
    axes: dict[str, dict[str, int]] = {}
    for i, name in enumerate(names):
        if match := _COORDINATE.fullmatch(name):
            start, end = match.span(match.lastindex or 0)
            axes.setdefault(f"{name[:start]}*{name[end:]}", {})[name[start:end].lower()] = i
    boxes = [each for each in axes.values() if any(of <= each.keys() for of in _CORNERS)]
    found = sorted(i for each in boxes for i in each.values())
    return found if len(names) - len(found) > 1 else []


def _unnumbered(names: Sequence[str], *, same_kind: bool) -> dict[int, str]:
    """Return the columns beside those of classes that are only numbered, and one of these."""
    groups = counted(names)
    if len(groups) != 1:
        return {}
    ((start, end), (places, numbers)), *_ = groups.items()
    stem = (start + end).strip("_-. ").lower()
    plain = stem in _STEMS and (stem or 0 in numbers)
    if not plain and not same_kind:
        return {}
    others = {*range(len(names))} - {*places}
    if not stem and len(others) > 1 and are_letters(names):  # 0, 1, ..., 9, A, B, ...
        return {}
    if not stem and all(names[i].removeprefix("-").isdecimal() for i in others):  # -1, 0, 1
        return {}
    return {i: names[places[0]] for i in sorted(others) if names[i].lower() not in OF_THE_REST}
