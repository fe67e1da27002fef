"""Names that are decimal numbers, as codes may be: ``401.9``."""

import re
from collections.abc import Sequence

_DECIMAL = r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?"  # compiled where it is used, in few runs


def are_decimals(names: Sequence[str]) -> bool:
    """Whether names are numbers, of which some are not whole."""
    if not any("." in name for name in names):  # of most headers, in a tenth of the time
        return False
    decimal = re.compile(_DECIMAL)
    return all(map(decimal.fullmatch, names)) and any(map(_has_fraction, names))


def _has_fraction(name: str) -> bool:
    return name.partition(".")[2].strip("0") != ""
