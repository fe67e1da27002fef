"""The state of a loss: made of a run, and made a loss again."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from xentcli import __version__
from xentcli.core.binary import BinaryOptions
from xentcli.core.labels import LossOptions
from xentcli.formats.base import IndexedSource
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import Evaluation, Measured
from xentcli.pipeline.inputs import Source
from xentcli.pipeline.judgement import summary_of
from xentcli.pipeline.provenance import file_facts
from xentcli.pipeline.state_rows import rows_of
from xentcli.pipeline.states import Header, SavedState, Setting, each_once
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
    sample_weight: bool = False,
) -> SavedState:
    """Return the state of a run.

    Parameters
    ----------
    command : str
        The name of the command.
    found : Measured
        What all rows came to.
    criterion : Criterion
        The loss, with weights in the order of the classes.
    sources, names
        The logits and the labels, and what the user named them.
    sample_weight : bool
        Whether rows are weighted.
    """
    logits, labels = sources
    total = found.total
    files = [*_facts(criterion.kind, logits, names[0])]
    if labels is not None:
        files += _facts("labels", labels, names[1] or names[0])
    header = Header(
        __version__,
        command,
        Setting.of(criterion, sample_weight=sample_weight),
        tuple(rows_of(logits, names[0], criterion.rows, total.rows)),
        each_once(files),
        found.num_classes,
        found.class_names,
        found.unpaired,
        crosses=criterion.shift > 0 and len(found.lead) == 1,
        looks_like=total.looks_like,
        missing=None if criterion.normalize else total.remarks.get("sums"),
    )
    return SavedState(header, total.state or criterion.states)


def _facts(role: str, source: Source, names: Sequence[str]) -> Iterator[FileFacts]:
    """Yield what is known of each file, whatever part of it was read."""
    for each in file_facts(role, source, names):
        known = isinstance(source, IndexedSource) or not each.shape
        yield each if known else each._replace(shape=(None, *each.shape[1:]))


def criterion_of(saved: SavedState) -> Criterion:
    """Return as much of the criterion as reports ask for."""
    setting = saved.header.setting
    return Criterion(
        cast("Kind", setting.kind),
        LossOptions(ignore_index=setting.ignore_index, label_smoothing=setting.label_smoothing),
        cast("Reduction", setting.reduction),
        binary=BinaryOptions(probs=setting.kind == "probabilities") if setting.binary else None,
        picked=setting.picked,
        normalize=setting.normalize,
        shift=setting.shift,
    )


def loss_of(saved: SavedState) -> Evaluation:
    """Return the loss of a state's rows."""
    header, results = saved.header, saved.states.compute()
    summary = summary_of(criterion_of(saved), results, header.num_classes, header.unpaired)
    return Evaluation(summary, [], cast("RowKind", header.looks_like), header.missing, results)
