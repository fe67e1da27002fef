"""The verdict of a gate on a result."""

from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a gate of ``--fail-if`` lets a result pass.

    Attributes
    ----------
    gate : str
        The condition under which the result fails: ``accuracy < 0.95``.
    failed : bool
        Whether it holds, or cannot be judged because its measure is missing or NaN.
    message : str
        One line with the measure and the number that it was compared with.
    """

    gate: str
    failed: bool
    message: str
