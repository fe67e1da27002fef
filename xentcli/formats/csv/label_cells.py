"""Tells whether cells of a column of labels are names of classes, or numbers."""

from collections.abc import Iterable

from xentcli.formats.column_names import without_shared, without_some_shared
from xentcli.formats.csv.numbers import is_number

_BOOL_WORDS = {"true", "false"}


def _called(classes: tuple[str, ...]) -> set[str]:
    """Return all that labels may call classes."""
    return {*classes, *without_shared(classes), *without_some_shared(classes)}


def are_names(labels: Iterable[str], classes: tuple[str, ...]) -> bool:
    """Whether labels are names of classes, and not numbers.

    They are names if one that is no number is the name of a class, or if most are no numbers. So a
    slip in a column of numbers stays a slip, and a number may name a class. Numbers of which most
    are names of classes, such as codes with a point, are no indices if one of these cannot be any.
    """
    labels = [label.strip() for label in labels]
    texts = [label for label in labels if label and not is_number(label)]
    called = _called(classes)
    if not called.isdisjoint(texts):
        return True
    filled = sum(map(bool, labels))
    codes = [label for label in labels if label in called]
    if 2 * len(codes) > filled and any(_no_index(code, len(classes)) for code in {*codes}):
        return any(is_number(name) and not _is_whole(name) for name in called)
    return 2 * len(texts) > filled


def _is_whole(number: str) -> bool:
    return float(number).is_integer()


def _no_index(label: str, num_classes: int) -> bool:
    """Whether a label that is a number is none of so many classes, counted from 0."""
    return not (_is_whole(label) and 0 <= float(label) < num_classes)


def is_label(first: str, others: Iterable[str], classes: tuple[str, ...]) -> bool:
    """Whether the text at the top of a column of labels is a label, and not the column's name."""
    top, below = first.strip(), [other.strip() for other in others]
    binary = all(is_number(each) or each.lower() in _BOOL_WORDS for each in below)
    if len(classes) == 1 and below and binary:  # what stands above binary labels names the column
        return top.lower() in _BOOL_WORDS
    if top in _called(classes) or top.lower() in _BOOL_WORDS:
        return True
    return top in below
