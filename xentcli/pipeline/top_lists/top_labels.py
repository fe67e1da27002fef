"""Labels of rows that list their most probable classes: shifted, counted from 0, or left out."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import IndexedSource
from xentcli.pipeline.top_lists.top_inputs import TopLists, TopOptions

_TOO_LARGE = 2.0**63  # for a number of a class


def with_labels(
    values: IndexedSource,
    indices: IndexedSource,
    lead: tuple[int, ...],
    beside: Mapping[str, NDArray[np.float64] | None],
    count: int | None,
    options: TopOptions,
    sequences: NDArray[np.int64] | None = None,
) -> TopLists:
    """Return lists with their labels, and which rows count.

    Parameters
    ----------
    values, indices : IndexedSource of shape (..., K)
        The lists.
    lead : tuple of int
        The shape of one number for each row; empty where rows are in lines.
    beside : mapping
        One number a row, or None: ``labels``, ``log_sum_exp``, ``mask``, which is of the labels,
        and ``places``, which says in which rows any place of the list counts.
    count : int or None
        How many classes there are.
    options : TopOptions
        What the user says of labels.
    sequences : ndarray of shape (N,), optional
        The sequence of each row, where `lead` does not tell it: no label is shifted into another.

    Raises
    ------
    InputError
        If there are no labels, or one is no class.
    """
    labels, mask, places = beside["labels"], beside.get("mask"), beside.get("places")
    if labels is None:
        raise InputError(
            f"{values.name}: lists of the most probable classes, and where are the labels?",
            hint="in a second file, or --label-key NAME of this one; tokens are the labels of the "
            "places before them: --label-key input_ids --shift 1",
        )
    counted = np.ones(len(labels)) if mask is None else mask
    used = np.ones(len(labels), np.bool_) if places is None else places > 0.0
    if options.shift:
        if sequences is None:
            length = lead[-1] if lead else len(labels)
            sequences = np.arange(len(labels)) // max(1, length)
        labels, paired = _shifted(labels, sequences, options.shift)
        counted, _ = _shifted(counted, sequences, options.shift)  # a mask goes with its labels
        used &= paired
    used &= (counted > 0.0) & ~np.isin(labels, options.ignored)
    broken = used & ((labels != np.floor(labels)) | (np.abs(labels) >= _TOO_LARGE))
    if broken.any():
        row = int(np.argmax(broken))
        if np.isnan(labels[row]):
            raise InputError(
                f"{values.name}: row {row} has no label: it is null or NaN",
                hint="-100, or a 0 in a mask, leaves a row out",
            )
        raise InputError(f"{values.name}: label {labels[row]} of row {row} is no class")
    whole = np.where(used, labels, 0.0).astype(np.int64) - np.where(used, options.label_base, 0)
    return TopLists(values, indices, whole, used, beside["log_sum_exp"], count, probs=options.probs)


def sequences_of(values: IndexedSource, lead: tuple[int, ...]) -> NDArray[np.int64] | None:
    """Return the sequence of each row, where a list in a pickle holds one after the other."""
    from xentcli.formats.pickled.joined import JoinedSource
    from xentcli.formats.pickled.scattered import ScatteredSource

    if len(lead) != 1 or not isinstance(values, (JoinedSource, ScatteredSource)):
        return None
    return np.repeat(np.arange(len(values.batches)), values.batches)


def _shifted(
    values: NDArray[np.float64], sequences: NDArray[np.int64], shift: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the value that stands `shift` rows further on, and which rows have one."""
    count = len(values)
    further = np.append(values[shift:], np.full(shift, np.nan))[:count]
    paired = np.append(sequences[shift:], np.full(shift, -1))[:count] == sequences
    return np.where(paired, further, np.nan), paired
