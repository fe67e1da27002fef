"""Numbers that stand for others, or for none, as the conventions of netCDF have them.

netCDF4 and xarray write HDF5 files whose attributes say how numbers are packed. Whatever does not
read these attributes reads other numbers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError

_MISSING = ("_FillValue", "missing_value")


def check_unpacked(attributes: Any, name: str) -> None:
    """Raise InputError if attributes say that numbers are to be scaled, or have another sign."""
    factor, offset = _number(attributes, "scale_factor", 1), _number(attributes, "add_offset", 0)
    unsigned = attributes.get("_Unsigned")
    unsigned = unsigned.decode() if isinstance(unsigned, bytes) else unsigned
    if (factor, offset) != (1, 0):
        what = f"numbers are packed: its scale_factor is {factor:g}, its add_offset {offset:g}"
    elif str(unsigned).lower() == "true":
        what = "numbers are packed: _Unsigned says that none is negative"
    else:
        return
    raise InputError(
        f"{name}: {what}",
        hint="xarray and netCDF4 unpack them: write what these read, as numpy.save does",
    )


def missing_in(attributes: Any) -> dict[str, float]:
    """Return what numbers mark those that are missing, by the attributes that say so.

    NaN, which xarray writes for all fractions, is missing anyway.
    """
    found = {each: _number(attributes, each, np.nan) for each in _MISSING}
    return {each: number for each, number in found.items() if not np.isnan(number)}


def check_none_missing(
    values: NDArray[Any], missing: dict[str, float], name: str, first: int | None
) -> None:
    """Raise InputError if a value marks a missing number; `first` is the first row's number."""
    for attribute, number in missing.items():
        found = np.argwhere(values == values.dtype.type(number))
        if len(found):
            row = "" if first is None else f"[{first + int(found[0][0])}]"
            raise InputError(
                f"{name}{row}: {number:g} is no number, but what {attribute} says of one that is "
                "missing",
                hint="fill it in, or leave such rows out; label rows to leave out -100",
            )


def _number(attributes: Any, key: str, default: float) -> float:
    """Return an attribute that is one number."""
    value = np.asarray(attributes.get(key, default))
    return float(value.reshape(-1)[0]) if value.size == 1 and value.dtype.kind in "fiu" else default
