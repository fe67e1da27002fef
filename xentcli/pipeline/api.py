"""What is called from Python with arrays, or with the names of files."""

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from xentcli.core.binary import BinaryOptions
from xentcli.core.labels import LossOptions, as_weight
from xentcli.errors import UsageError
from xentcli.formats.base import MemorySource
from xentcli.pipeline.calibrate import CalibrateOptions
from xentcli.pipeline.calibrate import calibrate as fitted
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.inputs import InputFile, ReadOptions, Run, Source, open_both, open_files
from xentcli.results.temperature import FittedTemperature

Data = ArrayLike | str | os.PathLike[str] | Sequence[str]
"""An array, the name of a file or a pattern, or several names, which are one array."""


def calibrate(
    logits: Data,
    labels: Data | None = None,
    *,
    weight: ArrayLike | None = None,
    ignore_index: int | tuple[int, ...] = -100,
    sample_weight: Data | None = None,
    binary: bool = False,
    pos_weight: ArrayLike | None = None,
    class_axis: int | None = None,
    shift: int = 0,
    kind: Literal["logits", "log-probs", "probs"] = "logits",
    folds: int = 5,
    bins: int = 15,
    test: tuple[Data, Data] | None = None,
    label_column: str | None = None,
    jobs: int | None = None,
) -> FittedTemperature:
    """Return the temperature that minimises the cross entropy of logits divided by it.

    Parameters
    ----------
    logits, labels : array_like, or the name of a file, or of several
        In PyTorch's shapes. Labels may stand in the file of the logits: `label_column`.
    weight : array_like, optional
        A factor for each class.
    ignore_index : int or tuple of int
        The labels of rows to leave out.
    sample_weight : array_like or name of a file, optional
        A factor for each row.
    binary : bool
        Whether each number is the logit of class 1, with a label of its own from 0 to 1.
    pos_weight : array_like, optional
        With `binary`, a factor for labels of 1.
    class_axis : int, optional
        The axis of the classes; else PyTorch's 1, unless only the last one fits.
    shift : int
        Logits at t predict the label at t + shift: 1 for language models.
    kind : {'logits', 'log-probs', 'probs'}
        What `logits` holds.
    folds : int
        How many parts of the rows are each left out of one fit; 0 for none.
    bins : int
        Of calibration.
    test : tuple of two, optional
        Logits and labels that the temperature is reported on, too.
    label_column : str, optional
        The column of labels.
    jobs : int, optional
        Threads or processes at once; else the cores there are.

    Returns
    -------
    FittedTemperature
        Every measure by its name: ``result.temperature.value``, ``result.loss_after.value``.

    Raises
    ------
    InputError
        If there is no such temperature, or something is wrong with the data.

    Examples
    --------
    >>> import xentcli as xent
    >>> found = xent.calibrate([[4, 0], [4, 0], [4, 0], [0, 4]], [0, 0, 1, 1], folds=0)
    >>> round(found.temperature.value, 4), round(found.loss_after.value, 4)
    (3.641, 0.5623)
    """
    factor = as_weight(weight)
    ignored = ignore_index if isinstance(ignore_index, tuple) else (ignore_index,)
    criterion = Criterion(
        options=LossOptions(None if binary else factor, ignored),
        class_axis=class_axis,
        shift=shift,
        binary=BinaryOptions(factor, as_weight(pos_weight), ignored) if binary else None,
        from_probs=kind == "probs",
    )
    return fitted(
        *_both(logits, labels, label_column, shift),
        criterion,
        Run(jobs) if jobs else Run(),
        CalibrateOptions(folds, bins),
        sample_weight=None if sample_weight is None else _source(sample_weight, "sample_weight"),
        tested=None if test is None else _both(*test, label_column, shift),
    )


def _both(
    logits: Data, labels: Data | None, label_column: str | None, shift: int
) -> tuple[Source, Source | None]:
    """Return the sources of logits and of their labels."""
    names, label_names = _names(logits), None if labels is None else _names(labels)
    if names is not None and (labels is None or label_names is not None):
        return open_both(
            names,
            label_names or [],
            _file_of,
            lambda path, **more: _file_of(path, **{**_columns(label_column), **more}),
            label_column=label_column,
            shift=shift,
        )
    if labels is None:
        raise UsageError("labels are missing: an array of logits holds none")
    return _source(logits, "logits"), _source(labels, "labels", labels=True)


def _columns(label_column: str | None) -> dict[str, Any]:
    return {"labels": True, "columns": (label_column,) if label_column else None}


def _file_of(path: str, **more: Any) -> InputFile:
    return InputFile(path, None, ReadOptions(**more))


def _names(data: Data) -> list[str] | None:
    """Return the names of files; None of an array."""
    if isinstance(data, (str, os.PathLike)):
        return [os.fspath(data)]
    if isinstance(data, (list, tuple)) and data and all(isinstance(each, str) for each in data):
        return [*data]
    return None


def _source(data: Data, name: str, *, labels: bool = False) -> Source:
    names = _names(data)
    if names is not None:
        return open_files(names, lambda path: _file_of(path, labels=labels))
    return MemorySource(name, np.asarray(data))
