"""Labels beside hidden states, some of which a mask leaves out."""

from typing import TYPE_CHECKING

import numpy as np

from xentcli.errors import ShapeError
from xentcli.formats.base import Format, MemorySource, ReadOptions, Source, read_whole
from xentcli.formats.keys import MASK_KEYS, shown
from xentcli.storage.inputs import Input

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

MASKED = -(2**62) - 1
"""The label that the losses leave out, whatever else they ignore; their checks use it, too."""


def without_masked(labels: Source, data: Input, format_: Format, options: ReadOptions) -> Source:
    """Return labels, with those to be ignored for which the file's mask has a 0.

    Raises
    ------
    ShapeError
        If the mask has another shape.
    """
    if format_.contents is None or not data.seekable or labels.dtype.kind not in "iu":
        return labels
    data.rewind()
    found: list[Content] = format_.contents(data, options)
    key = next((each.key for each in found if each.key in MASK_KEYS), None)
    if key is None:
        return labels
    data.rewind()
    mask = format_.open_source(data, ReadOptions(key=key))
    if mask.shape != labels.shape:
        what = f"{mask.shape}, and that of {labels.name} is {labels.shape}"
        raise ShapeError(f"{mask.name}: the shape of the mask is {what}")
    values = read_whole(labels).astype(np.int64)
    masked = MemorySource(labels.name, np.where(read_whole(mask) != 0, values, MASKED))
    masked.format, masked.size, masked.unchanged = labels.format, labels.size, labels.unchanged
    left_out = f"labels with a 0 in {shown(key)!r} are ignored"
    masked.notes = [*labels.notes, f"{data.name}: {left_out}"]
    return masked
