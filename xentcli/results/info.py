"""The result of ``xent info``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ArraySummary:
    """An array of a file, or columns that are one array.

    Attributes
    ----------
    file : str
        The name of the file that messages show.
    name : str or None
        The key of the array or the name of the column, if the file has several; None for columns
        that are one array.
    format, dtype : str
        The file's format, and the dtype that is stored.
    shape : tuple of int or None
        The lengths of the axes; None if a length is not known from what was read.
    columns : tuple of str or None
        The names of the places along the last axis.
    bytes : int or None
        The size of the file, if it has one.
    minimum, maximum, mean : float
        The smallest and the largest number and the mean; NaN if there are no numbers.
    nan, positive_infinities, negative_infinities : int
        How many values are not finite.
    looks_like : str
        What the values may be: logits, labels, ids, ...
    memory : int or None
        About how many bytes a loss or a softmax of it takes; None for what is no output of a
        model, as labels and ids.
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
