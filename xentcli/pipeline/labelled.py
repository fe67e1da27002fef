"""Opening logits together with their labels, wherever these stand."""

from collections.abc import Callable, Sequence
from functools import partial

from xentcli.errors import InputError, MissingLabels, UsageError
from xentcli.formats import registry
from xentcli.formats.base import Source
from xentcli.formats.files import (
    InputFile,
    columns_of,
    looked_at,
    may_have_columns,
    open_files,
    open_pair,
)
from xentcli.formats.inline import expand, is_inline
from xentcli.formats.registry import no_labels
from xentcli.pipeline.opening import are_samples
from xentcli.storage.names import shown_name
from xentcli.storage.paths import reads_once
from xentcli.text import name_option


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

    Labels that stand further down than their logits are read as if from a file of their own.

    Parameters
    ----------
    logits, labels : sequence of str
        Names of files, or patterns; labels are None where the files of logits hold them too.
    file_of, labels_of : callable
        Return the file to read, given a name and more options of `ReadOptions`.
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
        labels_beside = partial(
            labels_of, beside=label_key is None, partner_key=file_of(logits[0]).options.key
        )
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


def open_alone(
    logits: Sequence[str],
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    without: Sequence[str] = (),
    others: tuple[str, ...] = (),
) -> tuple[Source, Source | None]:
    """Open logits without named labels, and the labels that an array beside them holds.

    Parameters are those of `open_both`.
    """
    if not any(is_inline(name) or reads_once(name) for name in logits):
        try:
            return open_both(logits, None, file_of, labels_of, without=without, others=others)
        except MissingLabels:
            pass
    return open_files(logits, partial(file_of, partner=others), without), None


def _without(file: InputFile, columns: str) -> InputFile:
    """Return a file that is read without some columns."""
    return file._replace(options=file.options._replace(drop=(*file.options.drop, columns)))


def _open_arrays(
    names: Sequence[str],
    file_of: Callable[..., InputFile],
    labels_of: Callable[..., InputFile],
    without: Sequence[str],
) -> tuple[Source, Source]:
    """Open two arrays of the same files, labels first, since only their name may tell them."""
    if not any(map(is_inline, names)) and any(map(reads_once, names)):
        if len(names) > 1:
            raise UsageError("--label-key reads several files twice, which pipes are not")
        labels, logits = open_pair(labels_of(names[0]), file_of(names[0]))
        return logits, labels
    try:
        labels = open_files(names, labels_of, without)
    except MissingLabels as error:
        error.hint = _labels_within(expand(names[0], without)[0], file_of)
        raise
    return open_files(names, file_of, without), labels


def _labels_within(name: str, file_of: Callable[..., InputFile]) -> str | None:
    """Return the options that choose columns of a file whose names say that they are labels."""
    from xentcli.formats.label_columns import choices, named_as_labels, one_a_class

    if reads_once(name):
        return None
    columns = columns_of(file_of(name))
    if not columns:
        return _arrays_within(file_of(name))
    named = named_as_labels(columns)
    return one_a_class(named, columns) or choices(named) or None


def _arrays_within(file: InputFile) -> str | None:
    """Return the options that choose labels and the one array beside them, columns of lists."""
    from xentcli.formats.label_columns import named_as_labels

    contents = registry.contents_of(looked_at(file), file.format, file.options)[1]
    by_name = {name: each for each in contents for name in each.columns or (each.name or "",)}
    labels = named_as_labels([*by_name])
    arrays = [key for key, each in by_name.items() if each.key is not None and key not in labels]
    if len(labels) != 1 or len(arrays) != 1:
        return None
    option = "--label-column" if by_name[labels[0]].key is None else "--label-key"
    return f"--key {name_option(arrays[0])} {option} {name_option(labels[0])}"


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
