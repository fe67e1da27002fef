"""Lists of the most probable classes: what is said of them, and what was opened."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import IndexedSource


class TopOptions(NamedTuple):
    """What the user says of lists, and of their labels.

    Attributes
    ----------
    values, indices, log_sum_exp : str, ndarray or None
        Files, with the name of an array after a colon where a file holds several; or arrays.
    num_classes : int or None
        How many classes there are.
    labels : sequence of str or ndarray
        The file of labels, if there is one; or the labels.
    label_name : str or None
        The array or column of labels.
    ignored : tuple of int
        The labels of rows that are left out.
    shift, label_base : int
        How much further on the label of a row stands; the label of the first class.
    probs : bool
        Whether values are probabilities.
    cluster : str or None
        Which rows depend on one another: a column or file of names, or 'axis0' or 'rows'.
    """

    values: str | NDArray[Any] | None = None
    indices: str | NDArray[Any] | None = None
    log_sum_exp: str | NDArray[Any] | None = None
    num_classes: int | None = None
    labels: Sequence[str | NDArray[Any]] = ()
    label_name: str | None = None
    ignored: tuple[int, ...] = (-100,)
    shift: int = 0
    label_base: int = 0
    probs: bool = False
    cluster: str | None = None


class TopLists(NamedTuple):
    """Lists of classes of each row, and the labels, as they were opened.

    Attributes
    ----------
    values, indices : IndexedSource of shape (..., K)
        Two arrays of the same shape.
    labels : ndarray of int64 of shape (N,)
        A class of each row.
    used : ndarray of bool of shape (N,)
        Which rows are not ignored.
    log_sum_exp : ndarray of float64 of shape (N,) or None
        The log-sum-exp over all classes.
    num_classes : int or None
        How many classes there are.
    probs : bool
        Whether values are probabilities, and not their logarithms.
    lines : ndarray or None
        The number of the line of each row, where rows are in lines.
    mask : IndexedSource of shape (..., K) or None
        Which places of the lists count.
    sequences : ndarray of int64 of shape (N,) or None
        The slice of the first axis, or the line, that each row is in; None if each is one row.
    slices : int
        How many of these there are.
    largest : ndarray of int64 of shape (N,) or None
        How many of its listed classes are the largest of all classes of the row; None is all.
    listed : int
        The most that are, in a row of any file.
    cluster : str or None
        What the user says of the rows that depend on one another.
    clusters : ndarray of shape (N,) or None
        The name of the cluster of each row, where they have names.
    called_logits : bool
        Whether the file calls the values logits, without their log-sum-exp.
    """

    values: IndexedSource
    indices: IndexedSource
    labels: NDArray[np.int64]
    used: NDArray[np.bool_]
    log_sum_exp: NDArray[np.float64] | None = None
    num_classes: int | None = None
    probs: bool = False
    lines: NDArray[np.int64] | None = None
    mask: IndexedSource | None = None
    sequences: NDArray[np.int64] | None = None
    slices: int = 0
    largest: NDArray[np.int64] | None = None
    listed: int = 0
    cluster: str | None = None
    clusters: NDArray[Any] | None = None
    called_logits: bool = False
