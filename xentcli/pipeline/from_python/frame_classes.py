"""The names that frames, series and lists have for classes, which may speak against their order."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from xentcli.alignment.by_number import (
    are_same,
    in_two_orders,
    note_by_number,
    numbers_in_another_order,
    ways,
)
from xentcli.errors import DoubtfulColumns, InputError
from xentcli.formats import doubts
from xentcli.formats.column_looks import Column, looks_at
from xentcli.formats.label_columns import are_shares
from xentcli.text import shortened

_KINDS = (
    ("pandas", ("DataFrame",), "columns"),
    ("polars", ("DataFrame",), "columns"),
    ("pyarrow", ("Table", "RecordBatch"), "schema"),
)
_LABELLED = ("xarray", ("DataArray",))
_MODELS = ("x", "logits", "log_probs", "base", "new")
"""The arguments whose columns are classes."""
_WEIGHTS = ("weight", "pos_weight")
_OF_CLASSES = (*_MODELS, "top_values", "top_indices", "labels", *_WEIGHTS, "classes")
"""The arguments that may name the classes."""
_FIRST_ROWS = 1000
_WHOLE = ("int", "uint", "bool")
"""How the names of dtypes of whole numbers begin, in small letters."""

NamesOfClasses = tuple[str, ...]


def check_classes(given: Mapping[str, Any]) -> None:
    """Raise InputError if names of classes speak against taking these by place.

    They do if two name the same classes in two orders, if a column may be no class, or if columns,
    or class weights, are numbered otherwise than whatever has no names counts.
    """
    weight, orders = _weight_and_orders(given)
    for name, series in weight.items():
        if any(in_two_orders(series, order) for order in orders):
            raise InputError(
                f"{name}: its index has the classes in another order",
                hint=f"weights go by place, as the classes do: {name}=WEIGHT.reindex(CLASSES)",
            )
    named = _named_in(given)
    for (one, first), (other, names) in combinations(named.items(), 2):
        if in_two_orders(first, names):
            raise two_orders(one, other, "classes")
    for name in filter(named.__contains__, _MODELS):
        _check_words(name, given[name], [*named[name]])
        if "labels" in given and _width("labels", given["labels"]) != len(named[name]):
            _check_numbers(name, named[name], given.get("label_base") or 0)
    _check_unnamed(given, named)


def notes_of_classes(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note on what names other classes than the first frame, or has no names for them."""
    weight, orders = _weight_and_orders(given)
    for name, series in weight.items():
        if series not in orders and not _count(series):
            first = repr(index_of(given[name]).tolist()[0])
            yield f"{name}: the index names {shortened(first)}, ...: weights go by place"
    counted = {name: names for name, names in _named_in(given).items() if not _count(names)}
    named = [each for each in counted.items() if each[0] in (*_MODELS, "labels")]
    for name, names in named[1:]:
        argument, leading = named[0]
        if len(names) == len(leading) and not are_same(leading, names):
            other = f"the columns name other classes than those of {argument}"
            yield f"{name}: {other}: classes go by place"
    if named:
        argument, leading = named[0]
        for name in (*_MODELS, "labels"):
            if name not in counted and _width(name, given.get(name)) == len(leading):
                yield from filter(None, [note_by_number(leading, argument, name)])


def two_orders(one: str, other: str, what: str) -> InputError:
    """Return the error of two arguments that name the same rows or classes."""
    return InputError(
        f"{one} and {other} name the same {what} in two orders",
        hint="frames go by place, as arrays: put both in one order, or give to_numpy() of each",
    )


def columns_of(value: Any) -> NamesOfClasses | None:
    """Return the names of the columns of a frame, as text; None of anything else.

    The columns of an array of xarray are the coordinates of the second of two axes.
    """
    if _is_a(value, *_LABELLED):
        names = _coordinates(value, 1) if value.ndim == 2 else None
        return None if names is None else tuple(map(_text, names))
    for module, kinds, columns in _KINDS:
        if _is_a(value, module, kinds):
            found = getattr(value, columns)
            return tuple(
                map(_text, getattr(found, "names", found) if columns == "schema" else found)
            )
    return None


def index_of(value: Any) -> Any:
    """Return the index of a frame or a series of pandas; None of anything else.

    That of an array of xarray is of the coordinates of its first axis.
    """
    if _is_a(value, *_LABELLED):
        return _coordinates(value, 0) if value.ndim else None
    return value.index if _is_a(value, "pandas", ("DataFrame", "Series")) else None


def _coordinates(value: Any, axis: int) -> Any:
    """Return the names along an axis of an array of xarray, if any, as an index of pandas."""
    found = value.indexes.get(value.dims[axis])
    if found is None or found.tolist() != [*range(len(found))]:
        return found
    return sys.modules["pandas"].RangeIndex(len(found))  # which names nothing


def _is_series(value: Any) -> bool:
    return index_of(value) is not None and getattr(value, "ndim", 0) == 1


def _is_a(value: Any, module: str, names: Sequence[str]) -> bool:
    """Whether a value is of such a class, of a module that is imported if one is there."""
    kinds = (getattr(sys.modules.get(module), name, None) for name in names)
    return any(kind is not None and isinstance(value, kind) for kind in kinds)


def _named_in(given: Mapping[str, Any]) -> dict[str, NamesOfClasses]:
    """Return the names of the classes in each argument that has them."""
    found = {name: _classes_in(name, value) for name, value in given.items()}
    if given.get("binary"):
        found.pop("weight", None)  # it may weigh rows, of which an index has any order
    return {name: names for name, names in found.items() if names and len(names) > 1}


def _classes_in(name: str, value: Any) -> NamesOfClasses | None:
    """Return the names that an argument has for the classes."""
    if name not in _OF_CLASSES or value is None:
        return None
    if name in _WEIGHTS and _is_series(value):
        return tuple(map(_text, index_of(value)))
    return tuple(value) if name == "classes" else columns_of(value)


def _count(names: NamesOfClasses) -> bool:
    """Whether names do no more than count the classes, as those that pandas gives."""
    return names == tuple(map(str, range(len(names))))


def _check_words(argument: str, frame: Any, names: list[str]) -> None:
    """Raise InputError if a column of a frame may be no class, as of a file's table."""
    if doubts.is_numbered(names):
        return
    first = frame[:_FIRST_ROWS]
    types = getattr(first, "dtypes", None)
    if types is None:
        types = [first.dtype] * len(names) if hasattr(first, "dims") else first.schema.types
    integers = np.array([str(each).lower().startswith(_WHOLE) for each in types], np.bool_)
    try:
        table = np.asarray(first, np.float64)
        looks = looks_at(table, integers=integers, some_integers=integers)
    except (TypeError, ValueError):
        return  # no numbers, as whoever computes with them says
    columns = [Column(*each) for each in zip(names, range(1, len(names) + 1), looks, strict=True)]
    try:
        doubts.check(argument, columns, names, (), (), lambda at, e: are_shares(table[:, at], e))
    except DoubtfulColumns as error:
        hint = "leave it out of the frame; if it is a class, give to_numpy()"
        raise InputError(error.message, hint=hint) from None


def _check_numbers(argument: str, names: NamesOfClasses, base: int) -> None:
    """Raise InputError if columns are numbered otherwise than labels, which go by place, count."""
    wanted = tuple(str(base + i) for i in range(len(names)))
    each_way = ways(names)  # files match labels with the numbers of `logit_2, logit_0`, too
    numbers = any(all(name.removeprefix("-").isdecimal() for name in each) for each in each_way)
    if numbers and wanted not in each_way:
        raise InputError(
            f"{argument}: the columns are numbers, but not {wanted[0]} to {wanted[-1]} in order",
            hint="labels count columns: number these so, or give to_numpy()",
        )


def _check_unnamed(given: Mapping[str, Any], named: Mapping[str, NamesOfClasses]) -> None:
    """Raise InputError if one has numbers for names, in another order, and another has no names.

    Nothing says then whether the other one goes by these numbers or by place.
    """
    for name in filter(named.__contains__, (*_MODELS, "labels")):
        if not numbers_in_another_order(named[name]):
            continue
        for other in (*_MODELS, "labels", *_WEIGHTS):
            if other not in named and _width(other, given.get(other)) == len(named[name]):
                raise InputError(
                    f"{name}: the columns are numbers in another order, and {other} has no names",
                    hint="put the columns in the order of their numbers, or give to_numpy()",
                )


def _width(name: str, value: Any) -> int | None:
    """Return how many classes an array (N, C), or weights (C,), have numbers for."""
    shape = getattr(value, "shape", None)
    if isinstance(value, (list, tuple)) and value:
        inner = value[0]
        shape = (len(value), len(inner)) if hasattr(inner, "__len__") else (len(value),)
    if not isinstance(shape, tuple) or len(shape) != (1 if name in _WEIGHTS else 2):
        return None
    return int(shape[-1])


def _weight_and_orders(
    given: Mapping[str, Any],
) -> tuple[dict[str, NamesOfClasses], list[NamesOfClasses]]:
    """Return the series of weights whose index names classes, and what orders the classes.

    Nothing is returned if a frame has its columns in the very order.
    """
    named = _named_in(given)
    weights = {name: named[name] for name in _WEIGHTS if name in named}
    frames = [named[name] for name in _MODELS if name in named]
    found = {
        name: names
        for name, names in weights.items()
        if _is_series(given[name]) and names not in frames
    }
    base = given.get("label_base") or 0
    counts = [tuple(str(base + i) for i in range(len(names))) for names in found.values()]
    return found, [*counts, *filter(None, [named.get("classes")])]


def _text(name: Any) -> str:
    """Return the name of a class as text, whole numbers as the labels that they may be.

    True and False are 1 and 0; and pandas makes floats of numbers if one is missing.
    """
    if isinstance(name, tuple):
        return " ".join(map(_text, name))
    whole = isinstance(name, (bool, np.bool_)) or (isinstance(name, float) and name.is_integer())
    return str(int(name)) if whole else str(name)
