"""Labels of sequences, a list of them in each JSON line or in each row of a table."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Source, StreamSource
from xentcli.formats.line_lists import LineLists, values_in_lines
from xentcli.formats.numbers_in_lines import NoNumberError, Numbers, numbers_of
from xentcli.storage.inputs import Input

_RAGGED = ("json", "parquet", "arrow")  # formats whose lists may differ in their lengths


class LabelsOfSequences(NamedTuple):
    """The labels of all sequences, one after the other.

    Attributes
    ----------
    name : str
        What messages call the file.
    labels : ndarray of shape (N,)
        NaN is null.
    counts : ndarray of shape (S,)
        How many each sequence has.
    places : list of str
        Where each sequence's labels are.
    """

    name: str
    labels: Numbers
    counts: NDArray[np.int64]
    places: list[str]


def counts_of(lines: LineLists) -> NDArray[np.int64]:
    """Return how many rows each sequence of lists has."""
    if lines.sequences is None:
        return np.ones(lines.documents, np.int64)
    return np.bincount(lines.sequences, minlength=lines.documents)


def lead_of(lines: LineLists) -> tuple[int, ...]:
    """Return the shape of one number for each row, by sequences if all of them are as long."""
    counts = {*counts_of(lines).tolist()}
    alike = lines.sequences is not None and len(counts) == 1
    return (lines.documents, *counts) if alike else (len(lines.lines),)


def may_be_ragged(source: Source) -> bool:
    """Whether the rows of labels are lists, which may differ in their lengths."""
    in_order = isinstance(source, StreamSource) and source.format in _RAGGED
    return in_order and len(source.shape) == 2


def read_labels(data: Input, source: Source) -> LabelsOfSequences:
    """Return the labels of an input that was opened as a source.

    Raises
    ------
    InputError
        If one is no number, or no list stands where one belongs.
    """
    parts: list[Numbers] = []
    places: list[str] = []
    for number, found in _lists(data, source):
        place = f"{data.name}:{number}" if source.format == "json" else f"{data.name}: row {number}"
        if not isinstance(found, list):
            raise InputError(f"{place}: no list of labels, as the rows before have")
        try:
            parts.append(numbers_of(found, math.nan))
        except (NoNumberError, TypeError, ValueError) as error:
            what = str(error) if isinstance(error, NoNumberError) else "labels that are no numbers"
            raise InputError(f"{place}: {what}") from error
        places.append(place)
    counts = np.array([len(part) for part in parts], np.int64)
    return LabelsOfSequences(data.name, np.concatenate([np.zeros(0), *parts]), counts, places)


def _lists(data: Input, source: Source) -> Iterator[tuple[int, Any]]:
    return values_in_lines(data, source.array or None, source.format)
