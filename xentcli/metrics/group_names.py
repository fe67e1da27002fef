"""Finds the names of groups and clusters in rows, and unites the names of two states."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Places
from xentcli.text import is_missing

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
_AS_PANDAS_WRITES = re.compile(r"-?[0-9]+\.0")
_OF_ONE_NAME = frozenset((str, bytes, int, float, type(None)))
"""Of these types, what is equal has one name; True is equal to 1."""


def names_of(keys: NDArray[Any], *, of_clusters: bool = False) -> tuple[tuple[str, ...], Places]:
    """Return the names that occur, in order, and the place of each row's name among them.

    Numbers that their dtypes show alike have the same name; a missing value has the empty name.
    Where a number is missing, a file of text has 7.0 for the 7 of other files: clusters, whose
    names nobody sees, are always 7 then, and groups where there is a 7, too.
    """
    if keys.dtype.kind in "iub":
        found, places = np.unique(keys, return_inverse=True)
        order = np.argsort(found.astype("S"))  # in the order of text, without many small objects
        place_of = np.empty(len(order), np.int64)
        place_of[order] = np.arange(len(order))
        return tuple(map(str, found[order].tolist())), place_of[places.reshape(-1)]
    if keys.dtype.kind == "f" and keys.dtype.itemsize < 8:
        keys = _as_shown(keys)
    texts = keys.tolist()
    if keys.dtype == object and not _OF_ONE_NAME.issuperset(map(type, texts)):
        texts = [*map(_name, texts)]
    found_names: dict[Any, int] = {}
    places = np.array([found_names.setdefault(key, len(found_names)) for key in texts], np.int64)
    names = [_name(key) for key in found_names]
    if of_clusters:
        names = [whole[1] if (whole := _WHOLE.fullmatch(name)) else name for name in names]
    elif whole_names := _whole_names(names):
        names = [whole_names.get(name, name) for name in names]
    ordered = _in_order_once(names)
    return ordered, _indices(ordered, names)[places.reshape(-1)]


def _as_shown(keys: NDArray[Any]) -> NDArray[np.float64]:
    """Return narrow floats as the float64 numbers of their texts: 0.1, and not 0.10000000149."""
    found, places = np.unique(keys, return_inverse=True)
    return np.array([float(str(each)) for each in found], np.float64)[places.reshape(-1)]


def _name(key: Any) -> str:
    if is_missing(key):
        return ""
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def united(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[tuple[str, ...], Places, Places]:
    """Return the names of both in order, and the places of the names of each among them."""
    if one == other:
        same = np.arange(len(one))
        return one, same, same
    if whole_names := _whole_names(one, other):
        here, there = ([whole_names.get(name, name) for name in names] for names in (one, other))
        names = _in_order_once([*here, *there])
        return names, _indices(names, here), _indices(names, there)
    names = _in_order_once([*one, *other])
    return names, _places_in(names, one), _places_in(names, other)


def _whole_names(*parts: Sequence[str]) -> dict[str, str]:
    """Return what names such as 7.0 are called where another one is 7.

    A state among several that has both was saved elsewhere: none of its groups fall together here.
    """
    if not any(".0\n" in "\n".join((*names, "")) for names in parts):
        return {}
    sets = [set(names) for names in parts]
    known = set().union(*sets)
    fractions = [name for name in known if _AS_PANDAS_WRITES.fullmatch(name)]
    found = {name: name[:-2] for name in fractions if name[:-2] in known}
    if len(parts) == 1:
        return found
    both = {name for each in sets for name in found.keys() & each if found[name] in each}
    return {name: whole for name, whole in found.items() if name not in both}


def _indices(names: Sequence[str], some: Sequence[str]) -> Places:
    """Return the places of some names, in any order, among names that occur once."""
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[name] for name in some], np.int64)


def _places_in(names: tuple[str, ...], some: tuple[str, ...]) -> Places:
    """Return the places of some names among more of them; both are in order."""
    if len(some) == len(names):
        return np.arange(len(names))
    wanted = iter((*some, None))
    next_name = next(wanted)
    found = np.empty(len(some), np.int64)
    count = 0
    for place, name in enumerate(names):
        if name == next_name:
            found[count] = place
            count += 1
            next_name = next(wanted)
    return found


def _in_order_once(names: list[str]) -> tuple[str, ...]:
    """Return each name once, in order; sorting is fast, as names come in a few sorted runs.

    Examples
    --------
    >>> _in_order_once(["b", "c", "a", "c"])
    ('a', 'b', 'c')
    """
    return tuple(name for name, _ in groupby(sorted(names)))


def shown_order(names: tuple[str, ...]) -> list[int]:
    """Return the places of names in the order in which they are shown: by number if all are.

    The empty name of missing values comes first.
    """
    places = list(range(len(names)))
    if all(_NUMBER.fullmatch(name) for name in names if name):
        places.sort(key=lambda i: (names[i] != "", float(names[i] or 0)))
    return places
