"""Says that integers were rounded to float64, in which they are computed."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.core.rounded import rounded_integers
from xentcli.pipeline.flow import Remark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xentcli.core.tiled_rows import LogitRows

ROUNDED = "rounded"
"""The name of the remark."""


def rounding(
    stored: "NDArray[Any] | LogitRows", asked: np.dtype[Any] | None = None
) -> tuple[Remark, ...]:
    """Return a remark if float64 rounds integers, unless they are cast to a dtype as `asked`."""
    count = 0 if asked is not None else rounded_integers(stored)
    return (Remark(ROUNDED, count),) if count else ()


def notes_of_rounding(
    name: str, remarks: Mapping[str, Remark], remark: str = ROUNDED
) -> Iterator[str]:
    """Say how many integers of the source of this name were rounded."""
    if found := remarks.get(remark):
        yield f"{name}: integers beyond 2^53 that float64 does not hold, rounded: {found.rows:,}"
