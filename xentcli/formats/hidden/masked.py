"""Labels beside hidden states, some of which a mask leaves out."""

from typing import TYPE_CHECKING

import numpy as np

from xentcli.errors import ShapeError
from xentcli.formats.base import Format, MemorySource, ReadOptions, Source, read_whole
from xentcli.formats.keys import MASK_KEYS, TOKEN_KEYS, by_name, shown
from xentcli.storage.inputs import Input

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

MASKED = -(2**62) - 1
"""The label that the losses leave out, whatever else they ignore; their checks use it, too."""


def without_masked(labels: Source, data: Input, format_: Format, options: ReadOptions) -> Source:
    """Return labels, with those to be ignored for which the file's mask has a 0.

    So are tokens at the beginning of a file that no state in it predicts, since a file beside
    others is a sequence by itself.

    Raises
    ------
    ShapeError
        If the mask has another shape.
    """
    if format_.contents is None or not data.seekable or labels.dtype.kind not in "iu":
        return labels
    data.rewind()
    found: list[Content] = format_.contents(data, options)
    keys = [each.key for each in found if each.key is not None]
    key = next((key for key in keys if key in MASK_KEYS), None)
    first = options.unpredicted if len(labels.shape) == 1 and _are_tokens(keys, options) else 0
    if key is None and not first:
        return labels
    values = read_whole(labels).astype(np.int64)
    notes = []
    if key is not None:
        data.rewind()
        mask = format_.open_source(data, ReadOptions(key=key))
        if mask.shape != labels.shape:
            what = f"{mask.shape}, and that of {labels.name} is {labels.shape}"
            raise ShapeError(f"{mask.name}: the shape of the mask is {what}")
        values = np.where(read_whole(mask) != 0, values, MASKED)
        notes.append(f"{data.name}: labels with a 0 in {shown(key)!r} are ignored")
    if first:
        values[:first] = MASKED
        what = "tokens at its beginning, which no state in it predicts, are ignored"
        notes.append(f"{data.name}: {what}: {first}")
    masked = MemorySource(labels.name, values)
    masked.format, masked.size, masked.unchanged = labels.format, labels.size, labels.unchanged
    masked.notes = [*labels.notes, *notes]
    return masked


def _are_tokens(keys: list[str], options: ReadOptions) -> bool:
    """Whether the labels are the tokens of the states beside them."""
    key = options.key or by_name(keys, options)
    return key is not None and key.casefold() in TOKEN_KEYS
