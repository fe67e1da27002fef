"""`compare` of the Python API, which takes arrays or the names of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from numpy.typing import ArrayLike, DTypeLike

from xentcli.errors import UsageError
from xentcli.formats.base import Source
from xentcli.formats.files import open_files
from xentcli.pipeline.compare import Model, PairOptions
from xentcli.pipeline.compare import compare as compare_models
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.from_python.python_criterion import RowArguments
from xentcli.pipeline.from_python.python_data import (
    Data,
    GivenRows,
    HowRead,
    array_source,
    names_of_files,
    notes_of,
    readers_of,
    rows_source,
    wanted_measures,
)
from xentcli.pipeline.from_python.python_temperature import Temperature, temperature_of
from xentcli.pipeline.inputs.groups import open_groups
from xentcli.pipeline.inputs.labelled import LabelOptions
from xentcli.pipeline.inputs.output_kinds import KINDS, OutputKind, check_name
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.inputs.weights import check_weight
from xentcli.pipeline.language.samples import doubts
from xentcli.pipeline.pairs.pair_inputs import open_models
from xentcli.pipeline.result_warnings import of_models
from xentcli.results.comparison import Comparison


def compare(
    base: Data,
    new: Data,
    labels: Data | None = None,
    *,
    input: OutputKind | Sequence[OutputKind] = "logits",  # noqa: A002 - the option's name
    metrics: str | Sequence[str] | None = None,
    worst: int = 10,
    by: ArrayLike | str | None = None,
    cluster: ArrayLike | str | None = None,
    weight: ArrayLike | None = None,
    ignore_index: int | Sequence[int] = -100,
    temperature: Temperature | Sequence[Temperature] = 1.0,
    normalize: bool = False,
    clip: float = 0.0,
    rows: slice | None = None,
    dtype: DTypeLike | None = None,
    class_axis: int | None = None,
    shift: int = 0,
    non_finite: Literal["error", "propagate"] = "error",
    classes: Sequence[str] | None = None,
    label_base: int | None = None,
    label_column: str | None = None,
    label_key: str | None = None,
    id_column: str | None = None,
    jobs: int | None = None,
    **reading: HowRead,
) -> Comparison:
    """Return how the outputs of a new model differ from those of a first one, on the same rows.

    Parameters
    ----------
    base, new : array_like, str or path
        Logits (N, C), (N, C, d1, ...), or what `input` says: arrays, or files.
    labels : array_like, str, path, or list of these names, optional
        The labels of both models' rows. Without labels only the divergences are measured.
    input : {'logits', 'log-probs', 'probs'}, or one for each model
        What the first arguments hold.
    metrics : str, or sequence of str, optional
        Names of measures and tables, or ``all``; else a sensible set.
    worst : int
        How many of the rows that changed most are named.
    by, cluster : array_like or str, optional
        A name for each row, the column that holds it, or ``axis0``: the groups that are compared
        by themselves, and the rows that depend on one another.
    weight, ignore_index
        As in `cross_entropy`; weights concern the losses.
    temperature : as in `evaluate`, or one for each model
        Divides the logits.
    normalize, clip, rows, dtype
        As in `evaluate`; the first two concern models that give probabilities.
    class_axis, shift, non_finite, classes, label_base, label_column, label_key, id_column
        As the options of the command.
    jobs : int, optional
        Threads or processes at once; by default the cores that this process may use.
    **reading
        How files are read, as in `evaluate`; `lm_head` once, or for each model: None for logits.

    Raises
    ------
    XentError
        If something cannot be read or does not fit, as the command says it.

    Examples
    --------
    >>> import xentcli as xent
    >>> base = [[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]]
    >>> found = xent.compare(base, [[3.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0, 1, 0], jobs=1)
    >>> found["only_base_right"].value, found["agreement"].value
    (1, 0.6666666666666666)
    """
    kinds, temperatures = _of_each_model(input, temperature)
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
    some_kind = KINDS["probs" if "probs" in kinds else "logits"]
    criterion = how.criterion(some_kind, normalize=normalize, clip=clip)
    readers = readers_of(reading, kinds)
    beside = [name for name in (by, cluster) if isinstance(name, str)]
    given = GivenRows.of(base, labels)
    sources, labels_source = _open(given, new, readers, how.names, beside)
    check_weight(criterion, sources[0])
    files = given.files or [], given.label_files or []
    groups, clusters = open_groups(
        readers[0], sources[0], labels_source, files, by=by, cluster=cluster
    )
    models = [
        _model(source, criterion.of_model(KINDS[kind], float(each)))
        for source, kind, each in zip(sources, kinds, temperatures, strict=True)
    ]
    options = PairOptions(wanted_measures(metrics), worst)
    compared = compare_models(models, labels_source, how.run, options, by=groups, cluster=clusters)
    (found,) = compared.comparisons
    notes = [*notes_of(*sources, labels_source, groups, clusters), *compared.notes]
    notes += (doubt for source in sources for doubt in doubts(source))
    criteria = [model.criterion for model in models]
    notes += of_models(compared, options, [each.name for each in sources], criteria, by)
    return replace(found, notes=tuple(notes))


def _of_each_model(
    kind: OutputKind | Sequence[OutputKind], temperature: Temperature | Sequence[Temperature]
) -> tuple[tuple[OutputKind, ...], list[float]]:
    """Return what the files of each of two models hold, and what divides its logits.

    Raises
    ------
    UsageError
        If there are not one or two of each, or they do not belong together.
    """
    kinds = (kind, kind) if isinstance(kind, str) else tuple(kind)
    if len(kinds) != 2:
        raise UsageError(f"input is given {len(kinds)} times, and there are 2 models")
    if isinstance(temperature, Sequence) and not isinstance(temperature, str):
        given = [*temperature]
    else:
        given = [temperature] * 2
    if len(given) != 2:
        raise UsageError(f"temperature is given {len(given)} times, and there are 2 models")
    of_both = zip(given, kinds, strict=True)
    return kinds, [temperature_of(each, KINDS[kind]) for each, kind in of_both]


def _model(source: Source, criterion: Criterion) -> Model:
    """Return a model whose file is not named after another kind of outputs."""
    check_name(criterion.kind, source)
    return Model(source, criterion)


def _open(
    given: GivenRows,
    new: Data,
    readers: Sequence[Reader],
    options: LabelOptions,
    beside: Sequence[str],
) -> tuple[list[Source], Source | None]:
    """Open both models and the labels: files, arrays, or some of each."""
    base, labels, base_files, label_files = given
    files = [base_files, names_of_files(new)]
    for each in files:
        if each is not None and len(each) != 1:
            raise UsageError("each model is one file, or a pattern of several")
    paths = [each[0] for each in files if each]
    if len(paths) == 2 and (labels is None or label_files is not None):
        return open_models(readers, paths, label_files or [], options, beside)
    if options.shift and labels is None:
        raise UsageError("shift needs labels")
    if len(paths) == 2:
        alone = options._replace(label_column=None, label_key=None, shift=0)
        models, _ = open_models(readers, paths, [], alone, beside, own_labels=False)
        return models, array_source("labels", labels)
    sources = [
        open_files(there, partial(reader.file, id_column=options.id_column, goes_with=True))
        if there
        else rows_source(name, data, reader)
        for name, data, there, reader in zip(
            ("base", "new"), (base, new), files, readers, strict=True
        )
    ]
    if labels is None:
        return sources, None
    if label_files is None:
        return sources, array_source("labels", labels)
    classes = options.classes or sources[0].columns or ()
    labels_source = open_files(
        label_files,
        lambda path: readers[0].labels(
            path, options.label_column, options.label_key, classes=classes
        ),
    )
    return sources, labels_source
