"""What `loss` and `nll` of the Python API read: rows, lists of classes, bases, tokens, texts."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xentcli.core.checks import Kind
from xentcli.errors import UsageError
from xentcli.formats.files import may_be_partly, open_files
from xentcli.formats.inline import expand_all
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import evaluate
from xentcli.pipeline.from_python.python_criterion import criterion_from, ignored_labels
from xentcli.pipeline.from_python.python_data import (
    GivenRows,
    Name,
    ReadingArguments,
    array_source,
    names_of_files,
    open_data,
)
from xentcli.pipeline.in_part.bounded import measure_bounded
from xentcli.pipeline.in_part.partly import TopOptions, open_partly
from xentcli.pipeline.inputs.labelled import LabelOptions
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.language.listed import open_listed
from xentcli.pipeline.language.samples import samples_of
from xentcli.pipeline.language.texts import measure_texts
from xentcli.pipeline.language.tokens import measure_tokens, open_answers
from xentcli.pipeline.opening import are_answers, are_samples
from xentcli.pipeline.run import Run, run_of
from xentcli.results.bounds import BoundedLoss
from xentcli.results.loss import LossSummary
from xentcli.results.texts import TextLoss
from xentcli.results.tokens import TokenLoss

TokensPart = Literal["prompt", "generated"]
ListData = ArrayLike | Name
_OF_LISTS = ("reduction", "ignore_index", "shift", "label_base", "label_column", "label_key")


class RowArguments(NamedTuple):
    """The arguments of both functions on rows and labels; see `loss`."""

    reduction: Annotated[Literal["mean", "sum"], "cross_entropy and nll_loss have 'none'"] = "mean"
    weight: ArrayLike | None = None
    ignore_index: int | Sequence[int] = -100
    class_axis: int | None = None
    shift: int = 0
    non_finite: Literal["error", "propagate"] = "error"
    classes: Sequence[str] | None = None
    label_base: int | None = None
    label_column: str | None = None
    label_key: str | None = None
    id_column: str | None = None
    jobs: int | None = None

    @property
    def ignored(self) -> tuple[int, ...]:
        """The labels of rows that are left out."""
        return ignored_labels(self.ignore_index)

    @property
    def run(self) -> Run:
        """How the work is run."""
        return run_of(self.jobs)

    def refuse(self, what: str, but: Sequence[str] = ()) -> None:
        """Raise UsageError if an argument is given that is for whole rows with labels."""
        for name, default in self._field_defaults.items():
            value = getattr(self, name)
            if name not in ("reduction", "jobs", *but) and value is not default:
                raise UsageError(f"{name} is not for {what}")

    def criterion(self, kind: Kind, **more: Any) -> Criterion:
        """Return the criterion: which loss, with which options, and `more` of `criterion_from`."""
        criterion = criterion_from(
            kind,
            weight=self.weight,
            ignore_index=self.ignore_index,
            label_base=self.label_base,
            class_axis=self.class_axis,
            shift=self.shift,
            non_finite=self.non_finite,
            classes=self.classes,
            **more,
        )
        return criterion._replace(reduction=self.reduction).with_all_metrics()


RowOptions = Annotated[Any, RowArguments, ReadingArguments]
"""Further arguments of both functions, by their names."""


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
            each if each is None else _named(each)
            for each in (self.top_values, self.top_indices, self.log_sum_exp)
        )
        labels: list[Any] = expand_all(given.label_files or ())
        if given.labels is not None and not given.label_files:
            labels = [np.asarray(given.labels)]
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


def _named(data: ListData) -> Any:
    """Return the name of a file as text, anything else as an array."""
    names = names_of_files(data)
    return names[0] if names else np.asarray(data)


def in_part(
    command: str,
    given: GivenRows,
    lists: GivenLists,
    rows: RowArguments,
    reader: Reader,
    *,
    probs: bool = False,
) -> BoundedLoss | None:
    """Measure rows that are known in part: lists, or a base; None for whole rows."""
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
    return measure_bounded(opened.rows, command, rows.reduction, rows.run)[0]


def of_tokens(
    given: GivenRows,
    tokens: TokensPart | None,
    rows: RowArguments,
    num_classes: int | None,
    reader: Reader,
) -> LossSummary | BoundedLoss | TokenLoss | TextLoss | None:
    """Measure samples of a harness, or the answers of a server; None for other files."""
    files, labels = given.files or [], given.labels
    any_tokens = partial(reader.file, tokens=tokens or "any")
    if labels is None and tokens is None and are_samples(files, reader.file):
        source = open_files(files, any_tokens)
        samples = samples_of(source)
        kind = None if samples is None else samples.kind
        if kind == "texts" and rows.reduction == "mean":
            rows.refuse("whole texts")
            return measure_texts(source)
        criterion = rows.criterion("logits" if kind == "choices" else "log-probabilities")
        criterion = criterion._replace(picked=kind != "choices")
        return evaluate(source, None, criterion, rows.run).summary
    if not are_answers(files, reader.file):
        return None
    rows.refuse("the tokens of answers")
    if labels is None:
        return measure_tokens(open_answers(files, any_tokens), rows.reduction, rows.run)[0]
    names = given.label_files
    here = labels if isinstance(labels, list) else np.asarray(labels).tolist()
    wanted = here if names is None else reader.labels(names[0])
    listed, _ = open_listed(any_tokens(files[0]), wanted, num_classes)
    return measure_bounded(listed, "nll", rows.reduction, rows.run)[0]


def of_rows(
    given: GivenRows, criterion: Criterion, rows: RowArguments, reader: Reader
) -> LossSummary:
    """Measure whole rows, or numbers that are picked already."""
    if given.rows is None:
        raise UsageError("an array, a file, or top_values and top_indices are needed")
    if not criterion.picked:
        names = LabelOptions(
            rows.label_column,
            rows.label_key,
            rows.id_column,
            rows.shift,
            tuple(rows.classes or ()),
        )
        source, labels_source = open_data(given, reader, names)
        return evaluate(source, labels_source, criterion, rows.run).summary
    if given.labels is not None:
        raise UsageError("picked takes no labels: each number is that of its label already")
    if given.files is None:
        source = array_source("log_probs", given.rows)
    else:
        source = open_files(
            given.files, partial(reader.file, id_column=rows.id_column, missing=True)
        )
    return evaluate(source, None, criterion, rows.run).summary
