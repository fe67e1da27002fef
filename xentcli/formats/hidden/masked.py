"""Labels beside hidden states, some of which a mask leaves out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Format, MemorySource, ReadOptions, Source, read_whole
from xentcli.formats.blocks import whole_table
from xentcli.formats.keys import MASK_KEYS, TOKEN_KEYS, by_name, shown
from xentcli.storage.inputs import Input

MASKED = -(2**62) - 1
"""The label that the losses leave out, whatever else they ignore; their checks use it, too."""

Choices = Mapping[str, Mapping[str, Any]]
"""The `ReadOptions` that read each array and column of a file, by its name."""


def arrays_beside(data: Input, format_: Format, options: ReadOptions) -> Choices:
    """Return what a file holds, before it is read; nothing where arrays have no names."""
    if format_.contents is None:
        return {}
    found = format_.contents(data, options._replace(columns=None, drop=(), key=None))
    data.rewind()
    columns = {name: {"columns": (name,)} for each in found for name in each.columns}
    return columns | {each.key: {"key": each.key} for each in found if each.key is not None}


def without_masked(
    labels: Source, data: Input, format_: Format, options: ReadOptions, there: Choices
) -> Source:
    """Return labels, with those to be ignored for which the file's mask has a 0.

    So are tokens at the beginning of a file that no state in it predicts, since a file beside
    others is a sequence by itself. `there` is what `arrays_beside` found.

    Raises
    ------
    InputError
        If the mask has another shape, or labels are no whole numbers.
    """
    name = next((name for name in there if name in MASK_KEYS), None)
    in_one_axis = len(labels.shape) == 1 and options.unpredicted is not None
    labels.is_sequence = in_one_axis and options.shifted and _are_tokens(there, options)
    first = options.unpredicted if labels.is_sequence else None
    if name is None and not first:
        return labels
    table = whole_table(labels)
    counted = np.ones(table.values.shape, np.bool_)
    notes = []
    if name is not None:
        data.rewind()
        wanted = {"key": None, "columns": None, "labels": False, "beside": False, **there[name]}
        mask = format_.open_source(data, options._replace(head=None, **wanted))
        counted = _mask_of(mask, labels, counted)
        notes.append(f"{labels.name}: labels with a 0 in {shown(name)!r} are ignored")
    counted[: first or 0] = False
    values = np.where(counted, _whole(labels, table.values, counted), MASKED)
    masked = MemorySource(labels.name, values, ids=table.ids)
    masked.format, masked.size, masked.unchanged = labels.format, labels.size, labels.unchanged
    masked.id_column, masked.header = labels.id_column, labels.header
    masked.is_sequence, masked.stored_dtype = labels.is_sequence, labels.stored_dtype
    masked.notes = [*labels.notes, *notes]
    return masked


def _mask_of(mask: Source, labels: Source, like: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which labels count."""
    values = read_whole(mask)
    if values.shape != like.shape:
        what = f"{values.shape}, and that of {labels.name} is {like.shape}"
        raise ShapeError(f"{mask.name}: the shape of the mask is {what}")
    counts: NDArray[np.bool_] = values != 0
    return counts


def _whole(labels: Source, values: NDArray[Any], counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the labels that count as int64, and 0 for others."""
    if values.dtype.kind not in "iufb":
        what = "names, and a mask is read beside labels that are numbers"
        raise InputError(f"{labels.name}: labels are {what}")
    kept = np.where(counted, values, 0)
    wrong = np.argwhere((kept != np.floor(kept)) | (abs(kept) >= 2.0**62))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise InputError(f"{labels.place(place)}: label {kept[place]:g} is not a whole number")
    return kept.astype(np.int64)


def _are_tokens(there: Choices, options: ReadOptions) -> bool:
    """Whether the labels are the tokens of the states beside them."""
    columns = options.columns or ()
    key = options.key or (columns[0] if len(columns) == 1 else by_name([*there], options))
    return key is not None and key.casefold() in TOKEN_KEYS
