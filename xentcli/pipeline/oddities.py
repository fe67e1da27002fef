"""Finds what is odd about rows and labels, of which the user is told; and sums up a loss."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.alignment.followers import notes_of_place
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Kind, Problem, note_of_uneven
from xentcli.core.labels import Labels, LossOptions
from xentcli.core.row_facts import RowFacts, row_facts
from xentcli.errors import ShapeError
from xentcli.metrics.interface import States, from_outside
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Remark, Total, least_label
from xentcli.pipeline.of_probabilities import RESCALED, notes_of_rescaled, of_calibrate
from xentcli.pipeline.rounding import notes_of_rounding, rounding
from xentcli.results.loss import Loss, LossSummary

if TYPE_CHECKING:
    from xentcli.alignment.elements import Elements
    from xentcli.results.accuracy import Accuracy

Array = NDArray[Any]
_PADDING = "padding"
_NEGATIVE = "negative"  # the remark on rows of such weights
_FAR_LOWER = 0.7  # the share of the loss without a shift that is far lower
_LEAST_ROWS = 32  # the fewest that are compared with and without a shift
_COMPARED_ELEMENTS = 2**17


def oddities(
    stored: Array | TiledRows,
    labels: Array,
    facts: RowFacts,
    criterion: Criterion,
    *,
    in_text: bool = False,
) -> tuple[tuple[Problem, ...], tuple[Remark, ...]]:
    """Return what is wrong with some rows though their loss was computed, and what is odd.

    Labels `in_text` are floats whatever they were written as.
    """
    problems: tuple[Problem, ...] = ()
    remarks = [*rounding(stored, criterion.dtype)]
    if criterion.kind == "probabilities" or criterion.from_probs:
        from xentcli.core.probability_check import check_probabilities

        problems, sums = check_probabilities(stored, facts["used"])
        if criterion.from_probs:
            problems = tuple(map(of_calibrate, problems))
        if sums.rows:
            name = RESCALED if criterion.from_probs else "sums"
            remarks.append(Remark(name, sums.rows, sums.most))
    if labels.ndim == 2:
        problems += problems_of_probabilities(labels, in_text=in_text)
    if labels.ndim == 1 and labels.size and labels.dtype.kind in "iuf":
        used = labels if facts["used"] is None else labels[facts["used"]]
        if used.size:
            remarks.append(least_label(used))
    if criterion.kind != "logits" and facts["zeroed"] is not None and facts["zeroed"].any():
        remarks.append(Remark("zeroed", int(np.count_nonzero(facts["zeroed"]))))
    return problems, tuple(remarks)


def problems_of_probabilities(labels: Array, *, in_text: bool) -> tuple[Problem, ...]:
    """Return what is wrong with labels that are class probabilities, or one-hot."""
    from xentcli.core import probability_check as check

    if labels.dtype.kind in "iub":
        return check.check_one_hot(labels)
    problems = check.check_label_probabilities(labels)
    if in_text:  # where the dtype does not tell one-hot labels
        problems += check.check_several_ones(labels)
    return problems


def missing_sums(criterion: Criterion, remarks: Mapping[str, Remark]) -> Remark | None:
    """Return the remark on rows of probabilities that miss a sum of 1 and are taken as they are."""
    return None if criterion.normalize else remarks.get("sums")


def first_notes(rows: AlignedRows, aligned: Aligned, criterion: Criterion) -> Iterator[str]:
    """Yield a note if the first rows show a forgotten shift; raise if labels are the logits."""
    labels = rows.labels
    if labels.ndim == 2 and labels.size and aligned.labels is not None:
        _check_differ(rows, aligned)
    lead = rows.lead
    if len(lead) == 2 and labels.ndim == 1 and not criterion.shift:
        yield from _forgotten_shift(rows, criterion)


def _check_differ(rows: AlignedRows, aligned: Aligned) -> None:
    """Raise ShapeError if labels and logits hold the same numbers."""
    values = np.asarray(rows.logits[: len(rows.labels)])
    alike = values.shape == rows.labels.shape and bool((values == rows.labels).all())
    if alike and values.min() != values.max() and aligned.labels is not None:
        raise ShapeError(
            f"{aligned.labels.name}: labels are the same numbers as {aligned.logits.name}",
            hint="name the file of labels: --labels FILE",
        )


def _forgotten_shift(rows: AlignedRows, criterion: Criterion) -> Iterator[str]:
    """Hint at --shift 1, where the first sequences fit the labels that come next far better."""
    (sequences, length), num_classes = rows.lead, rows.logits.shape[1]
    labels = _checked(rows, num_classes)
    if labels is None:
        return
    most = max(_LEAST_ROWS + 1, _COMPARED_ELEMENTS // max(1, num_classes))
    first, within = divmod(int((labels >= 0).argmax()), length)  # prompts may have no labels
    count, seen = min(sequences - first, most // length), length
    if not count:
        count, seen = 1, min(most, length - within)
    start = first * length + (within if seen < length else 0)
    chosen = slice(start, start + count * seen)
    here = labels[chosen].reshape(count, seen)
    values = criterion.prepared(np.asarray(rows.logits[chosen]))
    wide, steps = values.reshape(count, seen, -1)[:, :-1], (here[:, :-1], here[:, 1:])
    picked = [np.take_along_axis(wide, each.clip(0)[..., None], 2)[..., 0] for each in steps]
    level = _normalizers(values, criterion.kind).reshape(count, seen)[:, :-1]
    as_is, shifted = (
        _mean_of_used(each, there, level, criterion.kind)
        for each, there in zip(picked, steps, strict=True)
    )
    if shifted < _FAR_LOWER * as_is:
        yield (
            f"with --shift 1 the loss of the first rows would be {shifted:.3g} instead of "
            f"{as_is:.3g}: do logits at t predict the label at t + 1?"
        )


def _checked(rows: AlignedRows, num_classes: int) -> Array | None:
    """Return labels from 0, and -1 where a row is left out; None if some are no class."""
    found = Labels.of(rows.labels, num_classes, rows.options)
    if found.problems or not num_classes or not rows.labels.size:
        return None
    return found.index if found.used is None else np.where(found.used, found.index, -1)


def _normalizers(values: Array, kind: Kind) -> Array:
    """Return what the losses of rows (N, C) add to the value of the label."""
    if kind != "logits":
        return np.zeros(len(values))
    facts = row_facts(values.copy(), np.zeros(len(values), int), LossOptions(), ("peak", "rest"))
    level: Array = facts["peak"] + np.log1p(facts["rest"])
    return level


def _mean_of_used(picked: Array, labels: Array, level: Array, kind: Kind) -> float:
    used = labels >= 0
    if np.count_nonzero(used) < _LEAST_ROWS:
        return math.nan
    with np.errstate(all="ignore"):
        values = picked[used].astype(np.float64)
        return float((level[used] - (np.log(values) if kind == "probabilities" else values)).mean())


def negative_weights(facts: RowFacts) -> tuple[Remark, ...]:
    """Return how many rows have a negative weight, of their class or of their own."""
    weight = facts["weight"]
    rows = 0 if weight is None else int(np.count_nonzero(weight < 0))
    return (Remark(_NEGATIVE, rows),) if rows else ()


def padding_of(zeros: int) -> tuple[Remark, ...]:
    """Return a remark on log-probabilities of 0 that may be padding."""
    return (Remark(_PADDING, zeros),) if zeros else ()


def _notes_of_weights(remarks: Mapping[str, Remark]) -> Iterator[str]:
    if found := remarks.get(_NEGATIVE):
        yield f"rows of a negative weight: {found.rows:,}"


def row_notes(
    aligned: Aligned, total: Total[States], unpaired: int, *, propagate: bool
) -> Iterator[str]:
    """Say what was decided about rows, and what is odd about them."""
    yield from aligned.notes
    yield from dict.fromkeys(each.note for each in aligned.matchings if each.note)
    yield from notes_of_place(aligned.logits, aligned.followers)
    yield from total.notes
    yield from notes_of_rounding(aligned.logits.name, total.remarks)
    yield from notes_of_rescaled(aligned.logits.name, total.remarks)
    yield from _notes_of_weights(total.remarks)
    yield from aligned.axes.shift.notes(aligned.logits, aligned.labels, unpaired)
    if total.state is not None and (uneven := total.state.result_of("loss").uneven):
        yield note_of_uneven(uneven)
    if "zeroed" in total.remarks and not propagate:
        rows = total.remarks["zeroed"].rows
        yield (
            f"rows with a class probability of 0 at a log-probability of -inf: {rows:,}; they "
            "count 0 there (PyTorch: NaN, with --non-finite propagate)"
        )


def element_notes(
    elements: "Elements", total: Total[States], criterion: Criterion
) -> Iterator[str]:
    """Say what is odd about elements."""
    yield from total.notes
    yield from elements.notes
    yield from notes_of_rounding(elements.values.name, total.remarks)
    yield from _notes_of_weights(total.remarks)
    loss = None if total.state is None else total.state.result_of("loss")
    if criterion.picked and loss is not None and loss.ignored:
        yield f"tokens without a log-probability, left out: {loss.ignored:,}"
    if found := total.remarks.get(_PADDING):
        what = f"log-probabilities of 0 at the ends of sequences: {found.rows:,}"
        yield f"{what}; if they are padding, NaN or null in their place leaves them out"
    if criterion.binary is not None and loss is not None and loss.uneven:
        yield f"labels between 0 and 1: {loss.uneven:,}"


def summary_of(
    criterion: Criterion, results: dict[str, Any], num_classes: int, unpaired: int
) -> LossSummary:
    """Put together what the command reports."""
    loss: Loss = results["loss"]
    accuracy: Accuracy | None = results.get("accuracy")
    if criterion.binary is not None and loss.uneven:
        accuracy = None  # a label between 0 and 1 is neither
    return LossSummary(
        command=criterion.command,
        loss=loss.loss_sum if criterion.reduction == "sum" else loss.mean,
        reduction=criterion.reduction,
        loss_sum=loss.loss_sum,
        weight_sum=loss.weight_sum,
        rows=loss.rows,
        used=loss.used,
        ignored=loss.ignored,
        unpaired=unpaired,
        num_classes=num_classes,
        perplexity=loss.perplexity,
        bits=loss.bits,
        standard_error=loss.standard_error,
        accuracy=accuracy.value if accuracy else None,
        accuracy_low=accuracy.low if accuracy else None,
        accuracy_high=accuracy.high if accuracy else None,
        hits=accuracy.hits if accuracy and accuracy.n else None,
        binary=criterion.binary is not None,
        picked=criterion.picked,
        metrics={name: results[name] for name in from_outside() if name in results},
    )
