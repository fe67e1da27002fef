"""What the numbers of a fact must be, if it was added to xent, and who may change them: nobody."""

from typing import Any

import numpy as np

from xentcli.errors import XentError

_HINT = "a fact gives one number for each row: xent help design"


def misfit(name: str, values: Any, rows: int) -> XentError:
    """Return the error of a fact, one that was added to xent, which is no array of its rows."""
    found = f"shape {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
    return XentError(f"the fact {name} gives {found} for {rows} rows", hint=_HINT)


def check_cast(name: str, given: np.dtype[Any], wanted: np.dtype[Any]) -> None:
    """Raise XentError if numbers of one dtype become others in another one."""
    if not np.can_cast(given, wanted, "same_kind"):
        raise XentError(f"the fact {name} gives {given}, and its dtype is {wanted}", hint=_HINT)


def locked(values: Any) -> Any:
    """Return an array, from which others are computed too, so that none of them can change it."""
    if not isinstance(values, np.ndarray):
        return values
    view = values.view()  # the array itself may be the user's
    view.flags.writeable = False
    return view
