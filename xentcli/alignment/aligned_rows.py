"""The rows of a step, laid out as the formulas take them."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Problem
from xentcli.core.labels import LossOptions
from xentcli.records import Record

Array = NDArray[Any]


class AlignedRows(Record):
    """Some rows of logits and their labels, laid out as the formulas take them.

    Attributes
    ----------
    logits : (N, C)
        An array, or an object that reads rows from the file when they are needed.
    labels : (N,) or (N, C)
        Class indices or class probabilities.
    lead : tuple of int
        The shape that N stands for.
    options : LossOptions
        The options of the loss, adapted to these labels.
    problems : tuple of Problem
        Labels that name no class.
    ids : array of shape (N,), optional
        The ids of the rows.
    matched : dict of str to array of int
        The places of labels, weights or names, if ids found them elsewhere than at their rows.
    sample_weight : array of shape (N,), optional
        A factor for each row.
    groups, clusters : array of shape (N,), optional
        The group that each row is measured with, and the rows that it depends on.
    """

    logits: Array | TiledRows
    labels: Array
    lead: tuple[int, ...]
    options: LossOptions
    problems: tuple[Problem, ...] = ()
    ids: Array | None = None
    matched: Mapping[str, Array] = {}
    sample_weight: Array | None = None
    groups: Array | None = None
    clusters: Array | None = None
