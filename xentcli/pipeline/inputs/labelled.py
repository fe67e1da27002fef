"""Opening logits together with their labels, wherever these stand."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from xentcli.errors import InputError, MissingLabels, NoLabelsBeside, UnshiftedTokens, UsageError
from xentcli.formats.base import Source
from xentcli.formats.files import (
    InputFile,
    columns_of,
    may_have_columns,
    open_files,
    open_pair,
)
from xentcli.formats.inline import expand, expand_all, first_of, is_inline
from xentcli.formats.keys import no_labels
from xentcli.pipeline.inputs.array_ids import check_one_order
from xentcli.pipeline.inputs.heads import holds_mask
from xentcli.pipeline.inputs.labels_within import labels_within
from xentcli.pipeline.inputs.reading import Reader, shared_ids
from xentcli.pipeline.opening import are_samples
from xentcli.records import Record
from xentcli.storage.names import shown_name
from xentcli.storage.paths import reads_once


class LabelOptions(Record):
    """Which columns or arrays are labels and ids, and how labels belong to rows.

    Attributes
    ----------
    label_column, label_key : str, optional
        The column or the array of the labels.
    id_column : str, optional
        The column that names the rows.
    shift : int
        How far further on the label of a row stands.
    classes : tuple of str
        The names of the classes, where the user lists them.
    """

    label_column: str | None = None
    label_key: str | None = None
    id_column: str | None = None
    shift: int = 0
    classes: tuple[str, ...] = ()


class Opening(Record):
    """How files of logits and of labels are opened.

    Attributes
    ----------
    reader : Reader
        How the files of logits are read.
    options : LabelOptions
        What the user says about labels and ids.
    without : sequence of str
        Files that no pattern stands for: what will be written.
    others : tuple of str
        The columns of other models' files, one of which may name the rows here, too.
    label_reader : Reader, optional
        How files of labels are read, if not as those of logits.
    """

    reader: Reader
    options: LabelOptions = LabelOptions()
    without: Sequence[str] = ()
    others: tuple[str, ...] = ()
    label_reader: Reader | None = None

    def file(self, path: str, **more: Any) -> InputFile:
        """Return a file of logits to read, with `more` of `ReadOptions`."""
        return self.reader.file(path, **{"id_column": self.options.id_column, **more})

    def labels(self, path: str, **more: Any) -> InputFile:
        """Return a file of labels to read, with `more` of `ReadOptions`."""
        column, key = self.options.label_column, self.options.label_key
        named = {"label_column": column, "label_key": key, "shifted": self.options.shift > 0}
        return (self.label_reader or self.reader).labels(path, **{**named, **more})

    def open(self, names: Sequence[str], file_of: Callable[[str], InputFile]) -> Source:
        """Open files as one source."""
        return open_files(names, file_of, self.without)


def open_both(
    logits: Sequence[str], labels: Sequence[str] | None, how: Opening
) -> tuple[Source, Source | None]:
    """Open logits and their labels; no labels where each row of logits has its own beside it.

    Labels that stand further down than their logits are read as if from a file of their own.
    `labels` are None where the files of logits hold them too.
    """
    label_column, label_key, _, shift, classes = how.options
    if labels:
        twice = [name for name in logits if name in labels and not is_inline(name)]
        if twice and label_column is None and label_key is None:
            what = f"{shown_name(twice[0])}: given as logits and as labels"
            hint = "labels within it: --label-column NAME or --label-key NAME"
            raise InputError(what, hint=hint)
        check_one_order(logits, labels, how.label_reader or how.reader, how.without)
        return _open_two(logits, labels, how)
    if label_column is not None and label_key is not None:
        raise no_labels()
    if label_column is None and label_key is None and are_samples(logits, how.file, how.without):
        return how.open(logits, how.file), None
    if label_column is None:
        return _open_arrays(logits, how)
    from xentcli.formats.column_names import names_several

    once = any(map(reads_once, logits))
    if names_several(label_column) and label_column not in columns_of(how.file(logits[0])):
        if once:
            raise UsageError("several columns of labels are read twice, which a pipe is not")
        source = how.open(logits, how._replace(reader=how.reader.without([label_column])).file)
        named = classes or source.columns or ()
        return source, how.open(logits, partial(how.labels, classes=named))
    file_of = partial(how.file, label_column=label_column, classes=classes, partner=how.others)
    masked = holds_mask(how.file(first_of(logits, how.without) or logits[0]))
    both = how.open(logits, file_of)
    if not (shift or masked):
        return both, None
    if once:
        what = "--shift" if shift else "a mask"
        raise UsageError(f"{what} reads a file of logits and labels twice, which a pipe is not")
    labelled = partial(how.labels, classes=classes or both.columns or ())
    return both, how.open(logits, partial(labelled, unpredicted=_unpredicted(logits, how)))


def open_alone(logits: Sequence[str], how: Opening) -> tuple[Source, Source | None]:
    """Open logits without named labels, and the labels that an array beside them holds."""
    notes = []
    if not any(is_inline(name) or reads_once(name) for name in logits):
        try:
            return open_both(logits, None, how)
        except UnshiftedTokens as error:
            notes.append(f"{error.message} (else {error.hint})")
        except (MissingLabels, NoLabelsBeside):
            pass
    source = how.open(logits, partial(how.file, partner=how.others, goes_with=True))
    source.notes = [*source.notes, *notes]
    return source, None


def _open_arrays(names: Sequence[str], how: Opening) -> tuple[Source, Source]:
    """Open two arrays of the same files, labels first, since only their name may tell them."""
    beside, key = how.options.label_key is None, how.file(names[0]).options.key
    file_of = partial(how.file, partner=how.others)
    labelled = partial(how.labels, beside=beside, partner_key=key, classes=how.options.classes)
    labels_of = partial(labelled, unpredicted=_unpredicted(names, how))
    if not any(map(is_inline, names)) and any(map(reads_once, names)):
        if len(names) > 1:
            raise UsageError("--label-key reads several files twice, which pipes are not")
        labels, logits = open_pair(labels_of(names[0]), file_of(names[0]))
        return logits, labels
    try:
        labels = how.open(names, labels_of)
    except MissingLabels as error:
        error.hint = error.hint or labels_within(expand(names[0], how.without)[0], file_of)
        raise
    return how.open(names, file_of), labels


def _unpredicted(names: Sequence[str], how: Opening) -> int:
    """Return how many tokens at the beginning of each of several files no state predicts."""
    shift = how.options.shift
    return shift if shift and len(expand_all(names, how.without)) > 1 else 0


def _open_two(logits: Sequence[str], labels: Sequence[str], how: Opening) -> tuple[Source, Source]:
    """Open logits and the files of their labels, which may both name their rows."""
    asked = how.file(logits[0]).options.id_column
    there: tuple[str, ...] = ()
    others = (*how.others, *how.reader.beside)
    named = any(may_have_columns(how.file(path)) for path in logits)
    if asked is not None or others or named or are_samples(logits, how.file, how.without):
        first = first_of(labels, how.without) or labels[0]
        there = columns_of(how.labels(first))
    partner, label = (*there, *how.others), how.options.label_column
    file_of = partial(
        how.file, goes_with=True, partner=partner, partner_label=label, of_labels=there
    )
    source = how.open(logits, file_of)
    names = how.options.classes or source.columns or ()
    ids = None
    if there and source.id_column is not None:
        from xentcli.formats.beside_columns import same_ids

        ids = same_ids(source.id_column, there)
    elif there and not how.options.shift:
        ids = _ids_of_others(there, others, asked)
        if ids is None and asked in there and len(source.shape) == 2:
            ids = asked  # it names rows that have no names of their own, as those of NPY files
    labels_source = how.open(labels, partial(how.labels, classes=names, id_column=ids))
    if source.of_samples and labels_source.of_samples:
        raise InputError(
            f"{labels_source.name}: samples, whose targets are no labels of {source.name}",
            hint="the files of several tasks are named as one, by a quoted pattern",
        )
    if ids is not None and source.id_column is None and not (asked and source.header):
        what = f"{source.name}: there is no column {ids!r} as in {labels_source.name}"
        source.notes = [*source.notes, f"{what}: these rows are matched by place"]
    elif asked is not None and ids is None and source.header is None:
        what = f"{source.name}: there is no column {asked!r}"
    else:
        what = f"{labels_source.name}: there is no column {source.id_column!r}"
    if asked is not None and ids is None and (source.id_column or source.header is None):
        source.notes = [*source.notes, f"{what}: rows are matched by place"]
    return source, labels_source


def _ids_of_others(there: Sequence[str], others: Sequence[str], asked: str | None) -> str | None:
    """Return the column of labels that other files of the same rows have too, by its name."""
    shared = [asked] if asked in others else shared_ids(there, others)
    return shared[0] if len(shared) == 1 and shared[0] in there else None
