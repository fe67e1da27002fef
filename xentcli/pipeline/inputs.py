"""Opening what the user names, and how a run over it is set up."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.naming import Naming, read_naming
from xentcli.errors import InputError, MissingLabels, UsageError
from xentcli.execution import available_jobs, checked_address, ordered_map
from xentcli.formats import registry
from xentcli.formats.base import (
    BLOCK_ELEMENTS,
    ArrayHeader,
    ReadOptions,
    Shape,
    Source,
)
from xentcli.formats.files import (
    InputFile,
    columns_of,
    holds_answers,
    holds_samples,
    may_be_partly,
    may_have_columns,
    open_file,
    open_files,
    open_pair,
)
from xentcli.formats.inline import expand, is_inline
from xentcli.formats.registry import no_labels
from xentcli.storage.names import is_url, shown_name
from xentcli.storage.paths import is_there, reads_once, will_write

__all__ = [
    "ArrayHeader",
    "InputFile",
    "Naming",
    "ReadOptions",
    "RowSources",
    "Run",
    "Source",
    "are_answers",
    "are_samples",
    "checked_address",
    "columns_of_first",
    "expand",
    "is_there",
    "logits_of",
    "may_be_ids",
    "may_be_partly",
    "may_have_keys",
    "open_alone",
    "open_both",
    "open_file",
    "open_files",
    "open_model",
    "open_weights",
    "prepare",
    "read_naming",
    "read_temperature",
    "reads_once",
    "will_write",
]

Array = NDArray[Any]
_SHOWN_NAMES = 5
_TEMPERATURE = "a temperature is a number, or stands in the JSON that calibrate wrote"

Progress = Callable[[int, int | None], None]
"""Is told how many rows are done, and how many there are if that is known."""


Item = TypeVar("Item")
Result = TypeVar("Result")


class Run(NamedTuple):
    """How to run.

    Attributes
    ----------
    jobs : int
        How many threads or processes compute at once.
    progress : callable, optional
        Is told how far the run is.
    block_elements : int
        Numbers of a block, about.
    cluster : str, optional
        The address of the scheduler whose workers compute instead.
    """

    jobs: int = available_jobs()
    progress: Progress | None = None
    block_elements: int = BLOCK_ELEMENTS
    cluster: str | None = None

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item], *, shareable: bool = False
    ) -> Iterator[Result]:
        """Yield ``work(item)`` in the order of `items`; processes may if it is `shareable`."""
        return ordered_map(work, items, self.jobs, shareable=shareable, cluster=self.cluster)

    def progress_of(self, shape: Shape) -> Callable[[int], None]:
        """Return what reports the rows done of an array of `shape`."""
        progress, total = self.progress, shape[0] if shape else 1
        return (lambda rows: progress(rows, total)) if progress else (lambda _rows: None)


class RowSources(NamedTuple):
    """What stands beside rows: a factor for each, its group, and the rows that it depends on."""

    sample_weight: Source | None = None
    groups: Source | None = None
    clusters: Source | None = None


def logits_of(probs: Array, *, binary: bool) -> Array:
    """Return logits that have these probabilities, in float64; binary ones are of class 1.

    What is no probability is found elsewhere, where rows have places; binary ones are checked here.

    Raises
    ------
    InputError
        If a binary number is no probability.
    """
    values: Array = probs.astype(np.float64)
    with np.errstate(all="ignore"):
        if binary and not ((values >= 0.0) & (values <= 1.0) | np.isnan(values)).all():
            raise InputError(
                "these are no probabilities: some are not between 0 and 1",
                hint="if these are logits: xent calibrate LOGITS LABELS",
            )
        logits: Array = np.log(values)
        return logits - np.log1p(-values) if binary else logits


def prepare(values: Array, dtype: np.dtype[Any] | None, temperature: float) -> Array:
    """Cast as PyTorch's ``dtype=`` does, then divide by the temperature, in float64."""
    with np.errstate(all="ignore"):
        if dtype is not None:
            values = values.astype(dtype)
        if temperature == 1.0:
            return values
        cooled: Array = values.astype(np.float64) / temperature
    if np.count_nonzero(np.isinf(cooled)) > np.count_nonzero(np.isinf(values)):
        raise InputError(f"logits divided by the temperature {temperature} are too large")
    return cooled


def open_both(
    logits: Sequence[str],
    labels: Sequence[str] | None,
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    *,
    label_column: str | None = None,
    label_key: str | None = None,
    shift: int = 0,
    classes: tuple[str, ...] = (),
    without: Sequence[str] = (),
    others: tuple[str, ...] = (),
) -> tuple[Source, Source | None]:
    """Open logits and their labels.

    Labels that are further down than their logits are read as from a file of their own.

    Parameters
    ----------
    logits, labels : sequence of str
        Names of files, or patterns; labels are None where the files of logits hold them too.
    file_of, labels_of : callable
        Return a file to read of a name, and of more options of `ReadOptions`.
    label_column, label_key : str, optional
        The column or the array of the labels.
    shift : int
        How far further on the label of a row stands.
    classes : tuple of str
        The names of the classes, where the user lists them.
    without : sequence of str
        Files that no pattern stands for: what will be written.
    others : tuple of str
        The columns of other models' files, one of which may name the rows here, too.

    Returns
    -------
    Source, Source or None
        No labels where each row of logits has its own beside it.
    """
    if labels:
        twice = [name for name in logits if name in labels and not is_inline(name)]
        if twice and label_column is None and label_key is None:
            name = shown_name(twice[0])
            raise InputError(
                f"{name}: the same file as logits and as labels",
                hint="labels within it: --label-column NAME or --label-key NAME",
            )
        return _open_two(logits, labels, file_of, labels_of, label_column, classes, without, others)
    if label_column is not None and label_key is not None:
        raise no_labels()
    if label_column is None and label_key is None and are_samples(logits, file_of, without):
        return open_files(logits, file_of, without), None
    if label_column is None:
        labels_beside = partial(labels_of, beside=label_key is None)
        return _open_arrays(logits, partial(file_of, partner=others), labels_beside, without)
    from xentcli.formats.column_names import names_several

    once = any(map(reads_once, logits))
    if names_several(label_column) and label_column not in columns_of(file_of(logits[0])):
        if once:
            raise UsageError("several columns of labels are read twice, which a pipe is not")
        source = open_files(logits, lambda path: _without(file_of(path), label_column), without)
        named = classes or source.columns or ()
        return source, open_files(logits, lambda path: labels_of(path, classes=named), without)
    both = open_files(
        logits,
        lambda path: file_of(path, label_column=label_column, classes=classes, partner=others),
        without,
    )
    if not shift:
        return both, None
    if once:
        raise UsageError("--shift reads a file of logits and labels twice, which a pipe is not")
    names = classes or both.columns or ()
    return both, open_files(logits, lambda path: labels_of(path, classes=names), without)


def are_samples(
    names: Sequence[str], file_of: Callable[..., InputFile], without: Sequence[str] = ()
) -> bool:
    """Whether the first file that names stand for is samples of lm-evaluation-harness."""
    first = next((path for name in names for path in expand(name, without)), None)
    return first is not None and may_be_partly(file_of(first)) and holds_samples(file_of(first))


def are_answers(names: Sequence[str], file_of: Callable[..., InputFile]) -> bool:
    """Whether the first file that names stand for is answers of a server of language models."""
    first = next((path for name in names for path in expand(name)), None)
    if first is None or first.endswith(".npy"):
        return False
    return holds_answers(file_of(first))


def open_alone(
    logits: Sequence[str],
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    without: Sequence[str] = (),
    others: tuple[str, ...] = (),
) -> tuple[Source, Source | None]:
    """Open logits for which nobody names labels, and the labels that an array beside them holds.

    Parameters are those of `open_both`.
    """
    if not any(is_inline(name) or reads_once(name) for name in logits):
        try:
            return open_both(logits, None, file_of, labels_of, without=without, others=others)
        except MissingLabels:
            pass
    return open_files(logits, partial(file_of, partner=others), without), None


def open_model(
    logits: Sequence[str],
    file_of: Callable[..., InputFile],
    base: Source,
    header: tuple[str, ...] = (),
    without: Sequence[str] = (),
) -> Source:
    """Open the logits of another model, with the ids that the first one's rows have.

    The header is what `columns_of_first` says: a pipe can be looked at once.
    """
    id_column = base.id_column if base.id_column in header else None
    source = open_files(logits, lambda path: file_of(path, id_column=id_column), without)
    if source.id_column is None and base.id_column is not None:
        what = f"{source.name}: there is no column {base.id_column!r} as in {base.name}"
        source.notes = [*source.notes, f"{what}: rows are matched by place"]
    return source


def columns_of_first(
    names: Sequence[str], file_of: Callable[..., InputFile], without: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the names of the columns of the first file that names stand for, if it has any."""
    first = next((path for name in names for path in expand(name, without)), None)
    if first is None or not may_have_columns(file_of(first)):
        return ()
    return columns_of(file_of(first))


def may_be_ids(names: Iterable[str]) -> Iterator[str]:
    """Yield those of the names of columns that may name rows, and are no class by chance."""
    from xentcli.formats.column_words import may_name_rows

    return filter(may_name_rows, names)


def may_have_keys(file: InputFile) -> bool:
    """Whether the name of a file leaves it open that it holds several arrays."""
    format_ = registry.by_name(file.format) if file.format else registry.by_extension(file.path)
    return format_ is None or format_.has_keys


def _without(file: InputFile, columns: str) -> InputFile:
    """Return a file that is read without some columns."""
    return file._replace(options=file.options._replace(drop=(*file.options.drop, columns)))


def read_temperature(path: str) -> float | None:
    """Return the temperature in a file that ``xent calibrate`` wrote; None if there is no file.

    Raises
    ------
    InputError
        If it holds none.
    """
    from xentcli.pipeline.written import read_object

    if not is_there(path) and not is_url(path):
        return None
    name, found = read_object(path, _TEMPERATURE)
    value: Any = found.get("temperature")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0.0 < value < math.inf:
        what = "there is no temperature in it" if value is None else f"its temperature is {value!r}"
        raise InputError(f"{name}: {what}", hint=_TEMPERATURE)
    return float(value)


def open_weights(path: str, file_of: Callable[..., InputFile], id_column: str | None) -> Source:
    """Open the weights of rows, by id where their file has the column of the ids, else by place.

    Raises
    ------
    InputError
        If several columns may be the weights.
    """
    weights_of = partial(file_of, weights=True)
    header = () if id_column is None else columns_of(weights_of(path))
    if id_column not in header:
        return open_files([path], weights_of)
    names = [name for name in header if name and name != id_column]
    named = [name for name in names if "weight" in name.casefold()] or names
    if len(named) != 1:
        shown = ", ".join(map(repr, names[:_SHOWN_NAMES]))
        raise InputError(
            f"{shown_name(path)}: {shown} may be the weights",
            hint="leave one of them beside the ids, or name it weight",
        )
    return open_files([path], partial(weights_of, label_column=named[0], id_column=id_column))


def _open_arrays(
    names: Sequence[str],
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    without: Sequence[str],
) -> tuple[Source, Source]:
    """Open two arrays of the same files; labels first, which may have no key to be found by."""
    if not any(map(is_inline, names)) and any(map(reads_once, names)):
        if len(names) > 1:
            raise UsageError("--label-key reads several files twice, which pipes are not")
        labels, logits = open_pair(labels_of(names[0]), file_of(names[0]))
        return logits, labels
    try:
        labels = open_files(names, labels_of, without)
    except MissingLabels as error:
        error.hint = _labels_within(names[0], file_of)
        raise
    return open_files(names, file_of, without), labels


def _labels_within(name: str, file_of: Callable[..., InputFile]) -> str | None:
    """Return the options that choose columns of a file whose names say that they are labels."""
    from xentcli.formats.label_columns import choices, named_as_labels, one_a_class

    if reads_once(name):
        return None
    columns = columns_of(file_of(name))
    named = named_as_labels(columns)
    return one_a_class(named, columns) or choices(named) or None


def _open_two(
    logits: Sequence[str],
    labels: Sequence[str],
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    label_column: str | None,
    classes: tuple[str, ...],
    without: Sequence[str],
    others: tuple[str, ...],
) -> tuple[Source, Source]:
    """Open logits and the files of their labels, which may both name their rows."""
    asked = file_of(logits[0]).options.id_column
    there: tuple[str, ...] = ()
    if asked is not None or any(may_have_columns(file_of(path)) for path in logits):
        there = columns_of(labels_of(next(iter(expand(labels[0], without)), labels[0])))
    partner = (*there, *others)
    source = open_files(
        logits, lambda path: file_of(path, partner=partner, partner_label=label_column), without
    )
    names = classes or source.columns or ()
    ids = None
    if there and source.id_column is not None:
        from xentcli.formats.label_columns import same_ids

        ids = same_ids(source.id_column, there)
    labels_source = open_files(
        labels, lambda path: labels_of(path, classes=names, id_column=ids), without
    )
    if asked is not None and ids is None and source.header is None:
        what = f"{source.name}: there is no column {asked!r}"
    else:
        what = f"{labels_source.name}: there is no column {source.id_column!r}"
    if asked is not None and ids is None and (source.id_column or source.header is None):
        source.notes = [*source.notes, f"{what}: rows are matched by place"]
    return source, labels_source
