"""The state of a loss: made of a run, and made a loss again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from xentcli import __version__
from xentcli.core.binary_options import BinaryOptions
from xentcli.core.labels import LossOptions
from xentcli.formats.base import IndexedSource
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import Evaluation
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.numbering import Numbering
from xentcli.pipeline.oddities import missing_sums, summary_of
from xentcli.pipeline.opening import Source
from xentcli.pipeline.provenance import file_facts, first_file, within
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader, each_once
from xentcli.pipeline.saved_states.state_options import Asked, Setting
from xentcli.pipeline.saved_states.state_rows import NOTHING_BESIDE, BesideRows, joined, rows_of
from xentcli.pipeline.saved_states.states import SavedState, renumbered
from xentcli.results.provenance import FileFacts

if TYPE_CHECKING:
    from xentcli.core.checks import Kind, RowKind
    from xentcli.core.row_losses import Reduction


def state_of(
    command: str,
    found: Measured,
    criterion: Criterion,
    sources: tuple[Source, Source | None],
    names: Sequence[Sequence[str]],
    *,
    beside: BesideRows = NOTHING_BESIDE,
    asked: Asked | None = None,
) -> SavedState:
    """Return the state of a run.

    Parameters
    ----------
    command : str
        The name of the command.
    found : Measured
        What all rows came to.
    criterion : Criterion
        The loss, whose weights are in the order of the classes.
    sources, names
        The logits and the labels, and what the user named them.
    beside : BesideRows
        The weights, groups and clusters of rows that stand in files of their own.
    asked : Asked, optional
        What an evaluation was asked for.
    """
    logits, labels = sources
    total = found.total
    inputs = [("logits", logits, names[0])]
    if labels is not None:
        inputs.append(("labels", labels, names[1] or names[0]))
    rows = criterion.rows, total.rows
    setting = Setting.of(criterion, logits, sample_weight=beside.weights is not None)
    missing = missing_sums(criterion, total.remarks)
    header = StateHeader(
        __version__,
        command,
        (),
        (),
        (ModelFacts("logits", setting, looks_like=total.looks_like, missing=missing),),
        found.num_classes,
        found.class_names,
        found.unpaired,
        crosses=criterion.shift > 0 and len(found.lead) == 1,
        sequences=labels is not None and labels.is_sequence,
        asked=asked,
        padded=logits.of_samples and not criterion.options.label_smoothing,
    )
    return of_files(header, (total.state or criterion.states,), inputs, *rows, beside)


def of_files(
    header: StateHeader,
    states: tuple[States, ...],
    inputs: Sequence[tuple[str, Source, Sequence[str]]],
    chosen: slice | None,
    length: int,
    beside: BesideRows = NOTHING_BESIDE,
) -> SavedState:
    """Return the state of files.

    Parameters
    ----------
    header : StateHeader
        What it is of, without rows and files.
    states : tuple of States
        Their rows are numbered through these files, one after the other.
    inputs : sequence of (str, Source, sequence of str)
        The role, the source and the user's names of each; the logits come first.
    chosen : slice, optional
        Which rows were read.
    length : int
        How many rows were read along the first axis.
    beside : BesideRows
        What stands beside the rows in files of its own.
    """
    _, logits, names = inputs[0]
    labels = next(((source, given) for role, source, given in inputs if role == "labels"), None)
    others = [(source, given) for role, source, given in inputs[1:] if role != "labels"]
    rows = tuple(rows_of(logits, names, chosen, length, labels, others, beside))
    files = [facts for each in inputs for facts in _facts(*each)]
    logits, names = first_file(logits, names)
    labels = labels and first_file(*labels)
    arrays = (within(logits, names).removeprefix(":"), _labels_of(logits, labels))
    header = replace(
        header, rows=joined(each for each, _ in rows), files=each_once(files), arrays=arrays
    )
    number = Numbering(rows).to(Numbering.of(header.rows), header.inner)
    return SavedState(header, tuple(renumbered(each, number) for each in states))


def _labels_of(logits: Source, labels: tuple[Source, Sequence[str]] | None) -> str:
    """Return the array or the column of the labels; empty where no name is known."""
    if labels is not None and (array := within(*labels)):
        return array.removeprefix(":")
    file = (logits if labels is None else labels[0]).opened
    if file is None:
        return ""
    options = file.options
    return (options.label_column if labels is None else next(iter(options.columns or ()), "")) or ""


def _facts(role: str, source: Source, names: Sequence[str]) -> Iterator[FileFacts]:
    """Yield what is known of each file, whatever part of it was read, and if it is alone."""
    for each in file_facts(role, source, names):
        known = isinstance(source, IndexedSource) and not source.is_sequence
        known = known or not each.shape
        yield each if known else each._replace(shape=(None, *each.shape[1:]))


def criterion_of(setting: Setting) -> Criterion:
    """Return the part of the criterion that reports need."""
    weight = None if setting.weight is None else np.ones(1)
    binary = BinaryOptions(weight, probs=setting.kind == "probabilities")
    return Criterion(
        cast("Kind", setting.kind),
        LossOptions(
            None if setting.binary else weight,
            setting.ignore_index,
            setting.label_smoothing,
        ),
        cast("Reduction", setting.reduction),
        binary=binary if setting.binary else None,
        picked=setting.picked,
        normalize=setting.normalize,
        temperature=setting.temperature,
        shift=setting.shift,
    )


def loss_of(saved: SavedState) -> Evaluation:
    """Return the loss of a state's rows."""
    header, results = saved.header, saved.states[0].compute()
    (model,) = header.models
    criterion = criterion_of(model.setting)
    summary = summary_of(criterion, results, header.num_classes, header.unpaired)
    return Evaluation(summary, [], cast("RowKind", model.looks_like), model.missing, results)
