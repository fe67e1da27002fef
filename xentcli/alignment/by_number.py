"""Says that classes go by number, where only one of two inputs names them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.column_names import SHOWN_NAMES, without_shared
from xentcli.formats.decimal_names import are_decimals
from xentcli.formats.sources import Source
from xentcli.text import name_option

_SAME = {
    **dict.fromkeys(("true", "yes", "pos", "positive"), "true"),
    **dict.fromkeys(("false", "no", "neg", "negative"), "false"),
}
"""What two classes may be called that labels call true and false."""


def note_by_number(names: Sequence[str], named: str, lacking: str) -> str | None:
    """Return a note if names of classes in one input do more than count them.

    `named` is the input that has these names, and `lacking` the one without any.
    """
    counted = tuple(map(str, range(len(names))))
    if len(names) < 2 or counted in (tuple(names), without_shared(names)):
        return None
    return f"{lacking}: its classes have no names; they are matched by number with {named}"


def note_of_labels(logits: Source, labels: Source | None) -> str | None:
    """Return that note if only one of both names the columns that they share."""
    if labels is None or not _one_is_named(logits, labels):
        return None
    there, lacking = (labels, logits) if labels.columns else (logits, labels)
    return note_by_number(there.columns or (), there.name, lacking.name)


def note_of_flags(where: str, labels: np.dtype[Any] | None, num_classes: int | None) -> str | None:
    """Return a note if labels are true and false, and there are more than two classes."""
    if labels is None or labels.kind != "b" or (num_classes or 0) <= 2:
        return None
    return f"{where}: labels are true and false, read as 1 and 0 of {num_classes} classes"


def said_of_two(names: Iterable[str]) -> list[str | None]:
    """Return what labels may call classes of these names: true, false, or nothing known."""
    return [_SAME.get(name.casefold()) for name in names]


def notes_of_places(where: str, names: Sequence[str], shorts: Sequence[str]) -> Iterator[str]:
    """Yield a note that 0 is the first class, though names are decimals, or it is yes of two."""
    if are_decimals(shorts):
        shown = ", ".join(shorts[:3]) + (", ..." if len(shorts) > 3 else "")
        count = "labels that are numbers count the classes from 0"
        yield f"{where}: {count}, though these are called {shown} (--label-base 0 says so, too)"
    if where == "--classes" or said_of_two(shorts) != ["true", "false"]:
        return
    yes, no = names
    way = ",".join(map(name_option, (no, yes)))
    yield f"{where}: label 0 is {yes!r}, and 1 is {no!r}, by place (else --columns {way})"


def counted_things(names: Sequence[str]) -> tuple[str, ...]:
    """Return the numbers before one word in all names: ``1 star, 2 stars``; () of other names."""
    parts = [re.fullmatch(r"(?a)(\d{1,18})[ _-]([A-Za-z]+)", name) for name in names]
    found = tuple(part[1] for part in parts if part)
    one_word = len({part[2].lower().removesuffix("s") for part in parts if part}) == 1
    return found if one_word and len(found) == len(names) > 1 else ()


def _one_is_named(logits: Source, labels: Source) -> bool:
    """Whether both have a column for each class, of which only one has names."""
    if len(labels.shape) != 2 or bool(labels.columns) == bool(logits.columns):
        return False
    there, lacking = (labels, logits) if labels.columns else (logits, labels)
    return lacking.shape[1:] in ((None,), (len(there.columns or ()),))


def numbers_in_another_order(classes: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of classes that numbers name, unless they go up; () of other classes."""
    numbers = next(filter(None, map(_numbers, (classes, without_shared(classes)))), ())
    return numbers if list(numbers) != sorted(numbers) else ()


def check_order(classes: Sequence[str], where: str, what: str, option: str) -> None:
    """Raise InputError if `what` has no names, and the classes are numbered in another order.

    Labels are then these numbers, and nothing says whether the rest goes by them or by place.
    `where` names what has the names of the `classes`; `option` can say their order.
    """
    numbers = numbers_in_another_order(classes)
    if not numbers:
        return
    few = len(numbers) <= SHOWN_NAMES
    shown = ", ".join(map(str, numbers[:SHOWN_NAMES])) + ("" if few else ", ...")
    ordered = ",".join(name for _, name in sorted(zip(numbers, classes, strict=True)))
    raise InputError(
        f"{what}: its classes have no names, and those of {where} are numbered {shown}",
        hint=f"say their order: {option} {ordered}" if few else "name the classes of both files",
    )


def check_order_of_labels(logits: Source, labels: Source | None) -> None:
    """Raise that error if only one of both names the columns that they share."""
    if labels is not None and _one_is_named(logits, labels):
        if labels.columns:
            check_order(labels.columns, labels.name, logits.name, "--classes")
        else:
            check_order(logits.columns or (), logits.name, labels.name, "--columns")


def check_one_order(lacking: str, named: Iterable[tuple[str, Sequence[str] | None]]) -> None:
    """Raise InputError if two inputs name the classes in two orders, which `lacking` does not name.

    By number, the classes of `lacking` are those of both. `named` are inputs, and their names.
    """
    given = [(where, tuple(names)) for where, names in named if names]
    for (one, first), (other, names) in combinations(given, 2):
        if in_two_orders(first, names):
            raise InputError(
                f"{lacking}: its classes have no names, and {one} and {other} name them in two "
                "orders: which of them is this?",
                hint="name the classes in the order of its columns: --classes A,B,C",
            )


def in_two_orders(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether names, whole or without what all of them share, are the same in another order."""
    if len(one) != len(other) or are_same(one, other):
        return False
    return any(sorted(a) == sorted(b) for a in ways(one) for b in ways(other))


def note_of_test_order(name: str) -> str:
    """Return the note on rows to test on whose classes are in another order."""
    order = f"{name}: its classes are in another order than those that were fitted"
    return f"{order}; labels that are numbers go by the order here"


def are_same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether names, whole or without what all of them share, are the same in one order."""
    return any(a == b for a in ways(one) for b in ways(other))


def ways(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return names whole, and without what all of them share if they share anything."""
    return [each for each in (names, without_shared(names)) if each]


def _numbers(names: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers that names are; () if they are not all different ones."""
    if not all(re.fullmatch(r"(?a)\d{1,18}", name) for name in names):
        return ()
    numbers = tuple(map(int, names))
    return numbers if len(set(numbers)) == len(numbers) else ()
