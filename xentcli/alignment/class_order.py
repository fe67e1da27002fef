"""Finds the column of each class in another model's logits by the names in both headers."""

from typing import NamedTuple

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.by_number import check_order, note_by_number
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Source
from xentcli.formats.column_names import listed, without_shared

_SHOWN_NAMES = 2


class ClassOrder(NamedTuple):
    """How the columns of another model correspond to the classes of the first.

    Attributes
    ----------
    columns : tuple of int or None
        The column of each class of the first model; None if the order is the same.
    note : str or None
        A note for the user, if there is a choice to report.
    """

    columns: tuple[int, ...] | None = None
    note: str | None = None


def class_order(first: Aligned, other: Source) -> ClassOrder:
    """Return the column of another model that holds each class of the first, found by name.

    Names match whole, or without the text that all names of a header share: ``prob_cat`` matches
    ``logit_cat``.

    Raises
    ------
    InputError
        If both headers name the classes, but not the same ones.
    """
    last = first.axes.class_axis == len(first.axes.logits) - 1
    names = tuple(name.strip() for name in other.columns or ())
    wanted = first.names.names
    if not last or not names or not wanted:
        return ClassOrder(None, _unnamed(first, other, wanted or names) if last else None)
    pairs = [
        (one, two)
        for one in (wanted, without_shared(wanted))
        for two in (names, without_shared(names))
        if one and two
    ]
    for one, two in pairs:
        if one == two:
            return ClassOrder(None, _by_number(first, other, one))
    for one, two in pairs:
        if sorted(one) == sorted(two) and len(set(two)) == len(two):
            note = f"{other.name}: its classes are in another order; matched by name"
            note += _of_labels(first)
            order = tuple(two.index(name) for name in one)
            return ClassOrder(order, _by_number(first, other, one, order) or note)
    raise _error(first, other, names)


def _of_labels(first: Aligned) -> str:
    """Return what to say of labels in a file of their own that are no names."""
    if first.labels is None or first.labels.dtype is None or first.labels.dtype.kind not in "biuf":
        return ""
    return f"; labels that are numbers go by the order of {first.names.where}"


def _unnamed(first: Aligned, other: Source, names: tuple[str, ...]) -> str | None:
    """Return a note if only one of the files names the classes, and the names do not count them."""
    if not (first.logits.columns or other.columns):  # --classes names those of both, in their order
        return None
    there, lacking = (first, other) if first.names.names else (other, first.logits)
    name = there.names.where if isinstance(there, Aligned) else there.name
    if first.logits.columns or not first.names.names:
        check_order(names, name, lacking.name, "--columns" if first.logits.columns else "--classes")
    return note_by_number(names, name, lacking.name)


def _by_number(
    first: Aligned, other: Source, matched: tuple[str, ...], order: tuple[int, ...] | None = None
) -> str | None:
    """Return a note if names agree in their numbers alone: ``c0, c1`` beside ``d0, d1``."""
    wanted, names = first.names.names, other.columns or ()
    if matched in (wanted, names) or not all(map(str.isdecimal, matched)):
        return None
    there = [names[i] for i in order[:_SHOWN_NAMES]] if order else names[:_SHOWN_NAMES]
    return (
        f"{other.name}: its classes {_beginning(there)} are taken for "
        f"{_beginning(wanted[:_SHOWN_NAMES])} of {first.names.where}, by their numbers"
    )


def _beginning(names: "list[str] | tuple[str, ...]") -> str:
    return f"{', '.join(map(repr, names))}, ..."


def _error(first: Aligned, other: Source, names: tuple[str, ...]) -> InputError:
    """Return the error of classes that are not the first model's."""
    wanted = first.names.names
    if len(names) != len(wanted):
        return ShapeError(
            f"{other.name}: {len(names)} classes, and {first.logits.name} has {len(wanted)}"
        )
    missing = [name for name in names if name not in wanted]
    return InputError(
        f"{other.name}: its header names classes that {first.names.where} does not: "
        f"{listed(missing or names)}",
        hint=f"{first.names.where} has {listed(wanted)}: name the columns alike",
    )
