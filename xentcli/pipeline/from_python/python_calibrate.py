"""`calibrate` as Python calls it, with arrays or the names of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from numpy.typing import ArrayLike, DTypeLike

from xentcli.core.checks import Kind
from xentcli.formats.base import Source
from xentcli.pipeline.calibrate import CalibrateOptions, OtherRows
from xentcli.pipeline.calibrate import calibrate as fitted
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.from_python.python_criterion import RowArguments
from xentcli.pipeline.from_python.python_data import (
    Data,
    GivenRows,
    HowRead,
    names_of_files,
    notes_of,
    open_data,
    reader_of,
    weights_source,
)
from xentcli.pipeline.inputs.groups import open_group_names
from xentcli.pipeline.inputs.labelled import LabelOptions
from xentcli.pipeline.inputs.output_kinds import KINDS, OutputKind
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.inputs.weights import check_weight, weights_of_others
from xentcli.pipeline.result_warnings import of_temperature
from xentcli.results.temperature import FittedTemperature


def calibrate(
    logits: Data,
    labels: Data | None = None,
    *,
    weight: ArrayLike | None = None,
    ignore_index: int | Sequence[int] = -100,
    sample_weight: Data | None = None,
    binary: bool = False,
    pos_weight: ArrayLike | None = None,
    class_axis: int | None = None,
    shift: int = 0,
    input: OutputKind = "logits",  # noqa: A002 - the option's name
    folds: int = 5,
    bins: int = 15,
    cluster: ArrayLike | str | None = None,
    test: tuple[Data, Data] | None = None,
    rows: slice | None = None,
    dtype: DTypeLike | None = None,
    non_finite: Literal["error", "propagate"] = "error",
    classes: Sequence[str] | None = None,
    label_base: int | None = None,
    label_column: str | None = None,
    label_key: str | None = None,
    id_column: str | None = None,
    jobs: int | None = None,
    **reading: HowRead,
) -> FittedTemperature:
    """Return the temperature that minimises the cross entropy of logits divided by it.

    Parameters
    ----------
    logits, labels : array_like, or the name of a file, or of several
        In PyTorch's shapes. Labels may stand in the file of the logits: `label_column`.
    weight : array_like, optional
        A factor for each class.
    ignore_index : int or sequence of int
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
    input : {'logits', 'log-probs', 'probs'}
        What `logits` holds.
    folds : int
        How many parts of the rows are each left out of one fit; 0 for none.
    bins : int
        The number of bins for the calibration error.
    cluster : array_like or str, optional
        Which rows depend on one another, as in `evaluate`: for the errors, and for the folds.
    test : tuple of two, optional
        Logits and labels that the temperature is reported on, too.
    rows, dtype
        As in `evaluate`.
    non_finite, classes, label_base, label_column, label_key, id_column
        As the options of the command.
    jobs : int, optional
        Threads or processes at once; by default the cores that this process may use.
    **reading
        How files are read, as in `evaluate`.

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
    how = RowArguments(
        weight=weight,
        ignore_index=ignore_index,
        class_axis=class_axis,
        shift=shift,
        non_finite=non_finite,
        classes=classes,
        label_base=label_base,
        label_column=label_column,
        label_key=label_key,
        id_column=id_column,
        rows=rows,
        dtype=dtype,
        jobs=jobs,
    )
    # Log-probabilities are fitted as logits are.
    criterion = how.criterion("logits", binary=binary, pos_weight=pos_weight)
    criterion = criterion._replace(from_probs=input == "probs")
    reader = reader_of(reading, input)
    given = GivenRows.of(logits, labels)
    files = given.files or [], given.label_files or []
    reader = reader.without_groups(files[0], cluster, labels=files[1])
    reader = reader.with_files_beside(names_of_files(sample_weight) or ())
    source, labels_source = open_data(given, reader, how.names)
    check_weight(criterion, source)
    weights = weights_source(sample_weight, reader, source, labels_source)
    clusters = open_group_names("clusters", cluster, reader, source, labels_source, files)
    tested = None if test is None else _open_test(test, source, reader, how.names, criterion)
    found = fitted(
        source,
        labels_source,
        criterion,
        how.run,
        CalibrateOptions(folds, bins),
        sample_weight=weights,
        cluster=clusters,
        tested=tested,
    )
    sources = source, labels_source, weights, clusters
    return replace(found, notes=(*_notes(found, sources, tested, criterion, KINDS[input]),))


def _notes(
    found: FittedTemperature,
    sources: tuple[Source, Source | None, Source | None, Source | str | None],
    tested: OtherRows | None,
    criterion: Criterion,
    kind: Kind,
) -> Iterator[str]:
    """Yield what was decided about each input, and what is odd about the temperature."""
    rows, _, weights, _ = sources
    yield from notes_of(*sources, *(tested[:2] if tested else ()))
    yield from found.notes
    yield from of_temperature(
        found,
        kind,
        criterion,
        rows.name,
        tested=None if tested is None else tested.logits.name,
        weighted=weights is not None,
    )


def _open_test(
    test: tuple[Data, Data],
    fitted: Source,
    reader: Reader,
    options: LabelOptions,
    criterion: Criterion,
) -> OtherRows:
    """Open the rows that a temperature is reported on, too."""
    both = open_data(GivenRows.of(*test), reader, options)
    criterion = weights_of_others(criterion, fitted, both[0])
    criterion = criterion._replace(naming=criterion.naming.of_others(both[0]))
    check_weight(criterion, both[0])
    return OtherRows(*both, criterion)
