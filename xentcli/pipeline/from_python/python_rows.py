"""What `loss` and `nll` of the Python API read: rows, lists of classes, bases, tokens, texts."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xentcli.core.labels import real_numbers
from xentcli.errors import UsageError
from xentcli.formats.base import MemorySource, Source
from xentcli.formats.files import may_be_partly, notes_of_files, open_files
from xentcli.formats.inline import expand_all
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import evaluate
from xentcli.pipeline.from_python.python_criterion import LossArguments, RowArguments
from xentcli.pipeline.from_python.python_data import (
    GivenRows,
    Name,
    ReadingArguments,
    labels_array,
    names_of_files,
    notes_of,
    open_data,
    weights_source,
    without_bfloat16,
)
from xentcli.pipeline.in_part.bounded import BoundedRows, measure_bounded
from xentcli.pipeline.in_part.partly import TopOptions, open_partly
from xentcli.pipeline.inputs.output_kinds import check_name
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.inputs.weights import check_weight
from xentcli.pipeline.language.listed import open_each, open_listed
from xentcli.pipeline.language.samples import doubts, samples_of
from xentcli.pipeline.language.texts import NOTES, measure_texts
from xentcli.pipeline.language.tokens import measure_tokens, open_answers
from xentcli.pipeline.opening import are_answers, are_samples
from xentcli.pipeline.result_warnings import of_error, of_loss, of_no_rows
from xentcli.results.bounds import BoundedLoss
from xentcli.results.loss import LossSummary
from xentcli.results.texts import TextLoss
from xentcli.results.tokens import TokenLoss

TokensPart = Literal["prompt", "generated"]
ListData = ArrayLike | Name
_OF_LISTS = ("reduction", "ignore_index", "shift", "label_base", "label_column", "label_key")


RowOptions = Annotated[Any, RowArguments, LossArguments, ReadingArguments]
"""Further arguments of both functions, by their names."""


AskedArguments = tuple[RowArguments, LossArguments]
"""The options on rows, and those on their loss."""


class GivenLists(NamedTuple):
    """The most probable classes of each row: arrays, or the names of files."""

    top_values: ListData | None = None
    top_indices: ListData | None = None
    log_sum_exp: ListData | None = None
    num_classes: int | None = None

    def options(self, given: GivenRows, rows: RowArguments, *, probs: bool) -> TopOptions:
        """Return the options on lists, and on their labels."""
        if (self.top_values is None) != (self.top_indices is None):
            raise UsageError("top_values and top_indices go together")
        values, indices, sums = (
            each if each is None else _named(name, each)
            for name, each in zip(self._fields, self[:3], strict=False)
        )
        labels: list[Any] = expand_all(given.label_files or ())
        if given.labels is not None and not given.label_files:
            labels = [labels_array(given.labels)]
        return TopOptions(
            values,
            indices,
            sums,
            self.num_classes,
            labels,
            rows.label_key or rows.label_column,
            rows.ignored,
            rows.shift,
            rows.label_base or 0,
            probs,
        )


def _named(name: str, data: ListData) -> Any:
    """Return the name of a file as text, anything else as an array."""
    names = names_of_files(data)
    return names[0] if names else without_bfloat16(real_numbers(data, name))


def in_part(
    command: str,
    given: GivenRows,
    lists: GivenLists,
    asked: AskedArguments,
    reader: Reader,
    *,
    probs: bool = False,
) -> BoundedLoss | None:
    """Measure rows that are known in part: lists, or a base; None for whole rows."""
    rows, more = asked
    in_lists = lists.top_values is not None
    if in_lists and given.rows is not None:
        raise UsageError("top_values stands in place of whole rows")
    options = lists.options(given, rows, probs=probs)
    files = [reader.file(path) for path in expand_all(given.files or ())]
    opened = None
    if in_lists or (files and may_be_partly(files[0])):
        bases = command == "nll" and given.labels is None and not probs
        opened = open_partly(files, options, rows.run, bases=bases)
    if opened is None:
        if lists.num_classes is not None:
            raise UsageError("num_classes is for lists of the most probable classes")
        return None
    rows.refuse(opened.what, () if opened.has_labels else _OF_LISTS)
    more.refuse(opened.what)
    notes = [*notes_of_files(given.files or (), [each.path for each in files]), *opened.notes]
    return _bounded(opened.rows, command, rows, notes)


def of_tokens(
    given: GivenRows,
    tokens: TokensPart | None,
    asked: AskedArguments,
    num_classes: int | None,
    reader: Reader,
) -> LossSummary | BoundedLoss | TokenLoss | TextLoss | None:
    """Measure samples of a harness, or the answers of a server; None for other files."""
    files, labels = given.files or [], given.labels
    rows, more = asked
    any_tokens = partial(reader.file, tokens=tokens or "any")
    others = (tokens, rows.label_column, rows.label_key)
    if labels is None and not any(others) and are_samples(files, reader.file):
        source = open_files(files, any_tokens)
        samples = samples_of(source)
        kind = None if samples is None else samples.kind
        if kind == "texts" and rows.reduction == "mean":
            rows.refuse("whole texts")
            more.refuse("whole texts")
            return measure_texts(source)._replace(notes=(*notes_of(source), *NOTES))
        criterion = rows.criterion("logits" if kind == "choices" else "log-probabilities")
        criterion = criterion._replace(picked=kind != "choices")
        return _loss_of(source, None, criterion, asked, reader)
    if not are_answers(files, reader.file):
        return None
    rows.refuse("the tokens of answers")
    more.refuse("the tokens of answers")
    if labels is None:
        sources = open_answers(files, any_tokens)
        found, notes, _ = measure_tokens(sources, rows.reduction, rows.run)
        return found._replace(notes=(*notes_of(*sources), *notes))
    paths, names = expand_all(files), given.label_files
    if names is None:
        if len(paths) > 1:
            raise UsageError(f"{len(paths)} files of answers need as many files of labels")
        here = labels if isinstance(labels, list) else np.asarray(labels).tolist()
        listed, _ = open_listed(any_tokens(paths[0]), here, num_classes)
        return _bounded(listed, "nll", rows)
    label_paths = expand_all(names)
    if len(paths) != len(label_paths):
        raise UsageError(f"{len(paths)} files of answers, and {len(label_paths)} of labels")
    opened = [any_tokens(path) for path in paths]
    return _bounded(open_each(opened, [*map(reader.labels, label_paths)], num_classes), "nll", rows)


def _bounded(
    rows: BoundedRows, command: str, arguments: RowArguments, told: Sequence[str] = ()
) -> BoundedLoss:
    found, notes, _ = measure_bounded(rows, command, arguments.reduction, arguments.run)
    told = [
        *told,
        *notes_of(*rows.sources),
        *notes,
        *of_no_rows(found.rows, found.used, found.reduction),
    ]
    return found._replace(notes=tuple(dict.fromkeys(told)))


def of_rows(
    given: GivenRows, criterion: Criterion, asked: AskedArguments, reader: Reader
) -> LossSummary:
    """Measure whole rows, or numbers that are picked already."""
    if given.rows is None:
        raise UsageError("an array, a file, or top_values and top_indices are needed")
    rows, more = asked
    reader = reader.with_files_beside(names_of_files(more.sample_weight) or ())
    if not criterion.picked:
        source, labels_source = open_data(given, reader, rows.names)
        check_weight(criterion, source)
        return _loss_of(source, labels_source, criterion, asked, reader)
    if given.labels is not None:
        raise UsageError("picked takes no labels: each number is that of its label already")
    if given.files is None:
        source = MemorySource("log_probs", real_numbers(given.rows, "log_probs"))
    else:
        source = open_files(
            given.files, partial(reader.file, id_column=rows.id_column, missing=True)
        )
    return _loss_of(source, None, criterion, asked, reader)


def _loss_of(
    source: Source,
    labels: Source | None,
    criterion: Criterion,
    asked: AskedArguments,
    reader: Reader,
) -> LossSummary:
    rows, more = asked
    criterion = criterion._replace(reduction=rows.reduction).with_all_metrics()
    check_name(criterion.kind, source)
    weights = weights_source(more.sample_weight, reader, source, labels)
    found = evaluate(source, labels, criterion, rows.run, sample_weight=weights)
    notes = [*notes_of(source, labels, weights), *found.notes, *of_error(found, criterion)]
    notes += doubts(source)
    notes += of_loss(found, criterion, source.name)
    return found.summary._replace(notes=tuple(notes))
