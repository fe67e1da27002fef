"""What ``xent info`` reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ArraySummary:
    """What a file holds."""

    file: str
    format: str
    shape: tuple[int, ...]
    dtype: str
    columns: tuple[str, ...] | None
    bytes: int | None
    minimum: float
    maximum: float
    mean: float
    nan: int
    positive_infinities: int
    negative_infinities: int
    looks_like: str
    memory: int
    """Bytes that a command on this file will use, about."""
