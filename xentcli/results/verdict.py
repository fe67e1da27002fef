"""What a gate says of a result."""

from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a gate of ``--fail-if`` lets a result pass.

    Attributes
    ----------
    gate : str
        What was asked: ``accuracy < 0.95``.
    failed : bool
        Whether it holds, or cannot be judged since its measure is missing or NaN.
    message : str
        One line: what the measure is, and what it was compared with.
    """

    gate: str
    failed: bool
    message: str
