"""Opening the outputs of several models, and the labels of their rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from xentcli.alignment.shard_counts import note_of_places
from xentcli.errors import DoubtfulColumns, UsageError
from xentcli.formats.base import Source
from xentcli.pipeline import opening
from xentcli.pipeline.inputs.array_ids import check_one_order
from xentcli.pipeline.inputs.labelled import LabelOptions, Opening, open_alone, open_both
from xentcli.pipeline.inputs.reading import Reader, shared_ids
from xentcli.pipeline.language.samples import check_same_docs, other_task
from xentcli.pipeline.pairs.own_labels import check_own_labels
from xentcli.storage.names import STANDARD_STREAM, shown_name
from xentcli.storage.paths import reads_once


def open_models(
    given: Sequence[Reader],
    paths: Sequence[str],
    labels: Sequence[str],
    options: LabelOptions,
    beside: Sequence[str] = (),
    without: Sequence[str] = (),
    *,
    own_labels: bool = True,
) -> tuple[list[Source], Source | None]:
    """Open the logits of all models, and the labels of their rows if there are any.

    Parameters
    ----------
    given : sequence of Reader
        How the files of each model are read. Files of labels are read as those of the first model,
        or of the first with a head.
    paths : sequence of str
        A file, or a pattern, for each model.
    labels : sequence of str
        The files of labels. Without any, the column of labels may stand beside any model.
    options : LabelOptions
        What the user says about labels and ids.
    beside : sequence of str
        The names of columns that are no classes.
    without : sequence of str
        Files that no pattern stands for: what will be written.
    own_labels : bool
        Whether labels in the files of models count, where no others are given.

    Raises
    ------
    InputError
        If these are not the same, row by row, or as `open_both` says.
    """
    own_labels &= not labels
    label = None if labels else options.label_column
    reader = next((each for each in given if each.common.get("head") is not None), given[0])
    headers = [opening.columns_of_first([path], reader.labels, without) for path in paths]
    if label is not None and label not in headers[0]:
        within = [path for path, header in zip(paths, headers, strict=True) if label in header]
        labels = [path for path in within if path != STANDARD_STREAM][:1]  # it is read once
    of_labels = reader.header_of(labels) if beside else ()

    def left_out(i: int) -> list[str | None]:  # but not the one by which rows are matched
        ids = shared_ids(headers[i], *(headers[:1] if i else (*headers[1:], of_labels)))
        named = [options.label_column] if i else []
        return [*(name for name in beside if [name] != ids), *named]

    readers = [_reader_of(given[i], i, paths, headers, left_out(i)) for i in range(len(paths))]
    readers[0] = readers[0].with_files_beside(beside, (*headers[0], *of_labels))
    ids = tuple(opening.may_be_ids(name for header in headers[1:] for name in header))
    reader = reader._replace(groups=readers[0].groups)
    known = bool(labels or options.label_column or options.label_key)
    with _naming_labels(() if known else headers):
        how = Opening(readers[0], options, without, ids, label_reader=reader)
        base, labels_source = _open_base(paths[0], labels, how)
        for path, each in zip(paths[1:], readers[1:], strict=True):
            check_one_order(paths[:1], [path], each, without)
        others = [
            opening.open_model(
                [path], each.file, base, header, without, options.id_column, labels_source
            )
            for path, each, header in zip(paths[1:], readers[1:], headers[1:], strict=True)
        ]
    _count_ids(base, [*others, *filter(None, [labels_source])])
    for other in others:
        check_same_docs(base, other)
        other.notes = [*other.notes, *_note_of_files(base, other), *other_task(base, other)]
    if own_labels:
        how_of = [Opening(each, options, without) for each in given]
        named = [label is not None and label in header for header in headers]
        _check_labels(paths, how_of, [base, *others], named)
    return [base, *others], labels_source


def _count_ids(base: Source, others: Sequence[Source]) -> None:
    """Have the notes on the first model say how many of all files have the ids of rows."""
    if not others[1:]:
        return
    from xentcli.formats.beside_columns import note_on_several

    ids = {each.name: each.id_column is not None for each in (base, *others)}
    base.notes = [note_on_several(note, sum(ids.values()), len(ids)) for note in base.notes]


def _note_of_files(base: Source, other: Source) -> list[str]:
    """Say which files of two models belong together by their places, if their names differ."""
    if other.id_column is not None or base.of_samples or len(base.files) < 2:
        return []
    names = [[shown_name(file.path) for file in each.files] for each in (base, other)]
    placed = note_of_places(*names)
    return [] if placed is None else [placed]


def _check_labels(
    paths: Sequence[str],
    opening: Sequence[Opening],
    models: Sequence[Source],
    named: Sequence[bool],
) -> None:
    """Raise InputError if rows that go by place have other labels in a later model's file.

    Where a column of labels is `named` in a pipe, it is not known, and a note says so. Models of
    other lengths are left to the error that tells these, below the notes on files that are missing.
    """
    by_place = [i for i, each in enumerate(models) if i and each.id_column is None]
    checked = [0, *(i for i in by_place if not _is_longer_or_shorter(models[i], models[0]))]
    check_own_labels([paths[i] for i in checked], [opening[i] for i in checked])
    for i in checked[1:]:
        if named[0] and named[i] and (reads_once(paths[0]) or reads_once(paths[i])):
            left = f"column {opening[i].options.label_column!r} is left out"
            note = f"{models[i].name}: {left}: the labels of {models[0].name} are taken for all"
            models[i].notes = [*models[i].notes, note]


def _is_longer_or_shorter(one: Source, other: Source) -> bool:
    """Whether two models of as many axes are known to have unequally many rows."""
    if len(one.shape) != len(other.shape):
        return False
    return len({*one.shape[:1], *other.shape[:1]} - {None}) > 1


def _open_base(path: str, labels: Sequence[str], how: Opening) -> tuple[Source, Source | None]:
    """Open the first model's logits, and the labels that are named or stand beside them."""
    options = how.options
    if labels or options.label_column or options.label_key:
        return open_both([path], labels, how)
    base, found = open_alone([path], how)
    if found is None and options.shift:
        raise UsageError("--shift needs labels: --labels FILE")
    return base, found


@contextmanager
def _naming_labels(headers: Sequence[tuple[str, ...]]) -> Iterator[None]:
    """Add to the hint on columns in doubt that some of these may hold the labels."""
    try:
        yield
    except DoubtfulColumns as doubt:
        from xentcli.formats.label_columns import choices, named_as_labels

        names = named_as_labels([*dict.fromkeys(name for header in headers for name in header)])
        if names and doubt.hint:
            doubt.hint = f"if labels are there: {choices(names)}; else {doubt.hint}"
        raise


def _reader_of(
    reader: Reader,
    number: int,
    paths: Sequence[str],
    headers: Sequence[tuple[str, ...]],
    beside: Sequence[str | None],
) -> Reader:
    """Return how one model's file is read, without options that concern only the others."""
    header = headers[number]
    others = {name for i, each in enumerate(headers) if i != number for name in each}
    values = dict(reader.values)
    if not header and others:
        values |= {"columns": None, "drop": ()}
    elif values.get("drop"):
        drop = values["drop"]
        values["drop"] = tuple(name for name in drop if name in header or name not in others)
    if values.get("key") is not None and not opening.may_have_keys(reader.labels(paths[number])):
        keyed = any(opening.may_have_keys(reader.labels(path)) for path in paths)
        values["key"] = None if keyed else values["key"]
    found = reader._replace(values=values)
    return found.without([name for name in beside if name is not None and name in header])
