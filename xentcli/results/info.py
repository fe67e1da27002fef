"""What ``xent info`` reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ArraySummary:
    """An array of a file, or columns that are one array.

    Attributes
    ----------
    file : str
        The file, as it is shown.
    name : str or None
        The key of the array or the name of the column, in a file of several; None of columns that
        are one array.
    format, dtype : str
        The file's format, and what is stored.
    shape : tuple of int or None
        The lengths of the axes; None where nothing was read that says it.
    columns : tuple of str or None
        The names of the places along the last axis.
    bytes : int or None
        The size of the file, where it has one.
    minimum, maximum, mean : float
        NaN where there are no numbers.
    nan, positive_infinities, negative_infinities : int
        How many values are no number.
    looks_like : str
        What the values may be: logits, labels, ids, ...
    memory : int or None
        About how many bytes a command on this array uses.
    fits : str or None
        A command that fits.
    """

    file: str
    name: str | None
    format: str
    shape: tuple[int | None, ...]
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
    memory: int | None
    fits: str | None = None
