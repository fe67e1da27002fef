"""Names that are decimal numbers, as codes may be: ``401.9``."""

import re
from collections.abc import Sequence

_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?")


def are_decimals(names: Sequence[str]) -> bool:
    """Whether names are numbers, of which some are not whole."""
    if not names or not all(map(_DECIMAL.fullmatch, names)):
        return False
    return any(name.partition(".")[2].strip("0") for name in names)
