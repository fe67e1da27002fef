"""The functions of the Python API that take arrays or the names of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from numpy.typing import ArrayLike, DTypeLike, NDArray

from xentcli.errors import UsageError
from xentcli.formats.base import Source, read_whole
from xentcli.formats.files import open_files
from xentcli.pipeline.from_python.python_criterion import RowArguments
from xentcli.pipeline.from_python.python_data import (
    Data,
    GivenRows,
    HowRead,
    Name,
    names_of_files,
    notes_of,
    open_data,
    reader_of,
    wanted_measures,
)
from xentcli.pipeline.from_python.python_temperature import Temperature
from xentcli.pipeline.inputs.groups import open_groups
from xentcli.pipeline.inputs.output_kinds import KINDS, OutputKind, check_name
from xentcli.pipeline.inputs.weights import check_weight
from xentcli.pipeline.language.samples import doubts
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.provenance import counted, file_facts
from xentcli.pipeline.result_warnings import of_measures
from xentcli.results.measures import Measures
from xentcli.results.provenance import Provenance


def evaluate(
    logits: Data,
    labels: Data | None = None,
    *,
    input: OutputKind = "logits",  # noqa: A002 - the option's name
    metrics: str | Sequence[str] | None = None,
    top_k: Sequence[int] = (5,),
    bins: int = 15,
    worst: int = 10,
    by: ArrayLike | str | None = None,
    cluster: ArrayLike | str | None = None,
    weight: ArrayLike | None = None,
    ignore_index: int | Sequence[int] = -100,
    label_smoothing: float = 0.0,
    temperature: Temperature = 1.0,
    class_axis: int | None = None,
    shift: int = 0,
    binary: bool = False,
    normalize: bool = False,
    clip: float = 0.0,
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
) -> Measures:
    """Return everything that is measured of a model's outputs, as ``xent eval`` reports it.

    Parameters
    ----------
    logits : array_like, str, path, or list of these names
        Logits (N, C), (N, C, d1, ...), or what `input` says: an array, or files.
    labels : array_like, str, path, or list of these names, optional
        Class indices, names or probabilities; None where the files of logits hold them too. Beside
        an array of logits, a list of as many texts as rows is the names of their classes.
    input : {'logits', 'log-probs', 'probs'}
        What the first argument holds.
    metrics : str, or sequence of str, optional
        Names of measures and tables, or ``all``; a sensible set by default.
    top_k : sequence of int
        The k of top-k accuracies.
    bins, worst : int
        Bins of confidence; how many of the worst rows are named.
    by, cluster : array_like or str, optional
        A name for each row, the column that holds it, or ``axis0``: the groups that are measured
        by themselves, and the rows that depend on one another.
    weight, ignore_index, label_smoothing
        As in `cross_entropy`; they concern the loss.
    temperature : float, str, path or FittedTemperature
        Divides the logits: a number, the JSON that ``xent calibrate -o`` wrote, or what `calibrate`
        returned.
    normalize, clip
        Whether rows of probabilities are divided by their sums; how far they stay from 0 and 1.
    rows : slice, optional
        The rows to use: ``slice(0, 100)``.
    dtype : dtype, optional
        To which values are cast before anything is computed: float16, float32 or float64.
    class_axis, shift, binary, non_finite, classes, label_base, label_column, label_key, id_column
        As the options of the command.
    jobs : int, optional
        Threads or processes at once; by default the cores that this process may use.
    **reading
        How files are read: `delimiter`, `encoding`, `decimal`, `header`, `columns`, `drop`, `key`,
        `input_dtype`; and what makes logits of hidden states, in files or an array: `lm_head`,
        `layer`, `final_norm`, `logit_scale`, `softcap`, `head_bias`, `logits_dtype`.

    Raises
    ------
    XentError
        If something cannot be read or does not fit, as the command says it.

    Examples
    --------
    >>> import xentcli as xent
    >>> result = xent.evaluate([[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]], [0, 1, 0], jobs=1)
    >>> result.accuracy.value, result.accuracy.n
    (0.6666666666666666, 3)
    >>> result.worst_rows[0].row
    2
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
    criterion = how.criterion(
        KINDS[input],
        label_smoothing=label_smoothing,
        binary=binary,
        temperature=temperature,
        normalize=normalize,
        clip=clip,
    )
    options = Options(wanted_measures(metrics), tuple(top_k), bins, worst)
    reader = reader_of(reading, input)
    given = GivenRows.of(logits, labels)
    files, label_files = given.files or [], given.label_files or []
    reader = reader.without_groups(files, by, cluster, labels=label_files)
    source, labels_source = open_data(given, reader, how.names)
    check_weight(criterion, source)
    groups, clusters = open_groups(
        reader, source, labels_source, (files, label_files), by=by, cluster=cluster
    )
    check_name(criterion.kind, source)
    found = measure(source, labels_source, criterion, how.run, options, by=groups, cluster=clusters)
    notes = [*notes_of(source, labels_source, groups, clusters), *found.notes, *doubts(source)]
    notes += of_measures(found, options, criterion, source.name, by)
    found = replace(found, notes=tuple(notes))
    of_files = _provenance(source, labels_source, files, label_files)
    return found.of(of_files._replace(files=counted(of_files.files, criterion, found.rows)))


def load(files: Name | Sequence[Name], **reading: HowRead) -> NDArray[Any]:
    """Return the array that files hold, all of them in one.

    Parameters
    ----------
    files : str, path, or list of them
        Names or patterns: ``'run/logits-*.npy'``.
    **reading
        As in `evaluate`.

    Examples
    --------
    >>> import xentcli as xent
    >>> xent.load("1,2,3").tolist()
    [1.0, 2.0, 3.0]
    """
    names = names_of_files(files)
    if names is None:
        raise UsageError("the names of files are needed")
    source = open_files(names, reader_of(reading).file)
    values = read_whole(source)
    source.check_unchanged()
    return values


def _provenance(
    rows: Source, labels_source: Source | None, files: Sequence[str], label_files: Sequence[str]
) -> Provenance:
    from xentcli import __version__

    facts = list(file_facts("logits", rows, files)) if files else []
    if labels_source is not None and (label_files or files):
        facts += file_facts("labels", labels_source, label_files or files)
    return Provenance("", __version__, tuple(facts))
