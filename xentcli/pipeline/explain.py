"""Every step from logits to loss, for a few rows, and three routes to the same number."""

from typing import TYPE_CHECKING

import numpy as np

from xentcli.alignment.align import align
from xentcli.alignment.aligned import Aligned
from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.alignment.class_names import IGNORED
from xentcli.alignment.naming import Naming
from xentcli.core.checks import check_finite, check_labels, row_index, whole_labels
from xentcli.core.dtypes import widen
from xentcli.core.gradient import mean_gradient
from xentcli.core.labels import LossOptions
from xentcli.core.losses import cross_entropy, nll_loss
from xentcli.core.normalizer import normalizer
from xentcli.core.one_hot import one_hot
from xentcli.core.softmax import log_softmax, softmax
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Source
from xentcli.pipeline.flow import check_unchanged
from xentcli.pipeline.rounding import notes_of_rounding, rounding
from xentcli.results.explain import Explanation, Route

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OTHER_ROWS_HINT = "every row that is explained needs a label: --rows A:B chooses others"


def explain(
    logits: Source,
    labels: Source | None,
    rows: slice,
    *,
    label_base: int = 0,
    naming: Naming | None = None,
    shift: int = 0,
    class_axis: int | None = None,
) -> tuple[Explanation, list[str]]:
    """Return the textbook route from logits to the mean loss of `rows`, beside the exact ones.

    Logits of more axes are rows in C order, without those that the shift leaves unlabelled.

    Returns
    -------
    Explanation
        The steps.
    list of str
        What the user should know about the meaning of labels.
    """
    aligned = align(logits, labels, class_axis=class_axis, shift=shift, naming=naming or Naming())
    if aligned.axes.probabilities:
        raise ShapeError("explain takes class indices as labels, not class probabilities")
    chosen = _read_rows(aligned, rows, LossOptions(ignore_index=IGNORED, label_base=label_base))
    first_row, base = rows.start or 0, chosen.options.label_base
    z = widen(chosen.logits[:]).astype(np.float64)
    y, problems = whole_labels(chosen.labels)
    for problem in problems or check_labels(y, z.shape[1], base=base):
        moved = problem.shifted(first_row)
        hinted = problem._replace(hint=problem.hint or _OTHER_ROWS_HINT)
        raise hinted.at(aligned.place(moved))
    for problem in check_finite(z, np.isnan(normalizer(z).rest)):
        moved = problem.shifted(first_row)._replace(hint=None)
        raise moved.at(aligned.place(moved))
    columns = aligned.names.names or logits.columns
    inner = aligned.axes.inner
    places = tuple(row_index(first_row + i, inner) for i in range(len(y)))
    notes = aligned.notes
    remarks = {each.name: each for each in rounding(chosen.logits)}
    notes += notes_of_rounding(logits.name, remarks)
    notes += [matching.note for matching in aligned.matchings if matching.note]
    return _steps(z, y - base, places, columns, first_row), notes


def _steps(
    z: "NDArray[np.float64]",
    y: "NDArray[np.int64]",
    places: tuple[tuple[int, ...], ...],
    columns: tuple[str, ...] | None,
    first_row: int,
) -> Explanation:
    """Return every step from logits (N, C) and labels (N,) to the loss.

    Everything is computed in float64. Where softmax underflows to 0, its logarithm is -inf, and
    the textbook's ``-y * log(softmax)`` has ``-0 * -inf``, which is NaN and is shown as NaN.
    """
    row_losses = np.asarray(cross_entropy(z, y, reduction="none"))
    probs, log_probs = softmax(z), log_softmax(z)
    hot = one_hot(y, z.shape[1])
    with np.errstate(all="ignore"):
        log_of_softmax = np.log(probs)
        terms = 0.0 - hot * log_of_softmax
        textbook = terms.sum(axis=1)
        routes = (
            Route("(one_hot * -log(softmax)).sum(1).mean()", float(textbook.mean())),
            Route("nll_loss(log_softmax(logits), labels)", float(nll_loss(log_probs, y))),
            Route("cross_entropy(logits, labels)", float(cross_entropy(z, y))),
        )
        gaps = np.abs(log_of_softmax - log_probs)
        gaps[log_of_softmax == log_probs] = 0.0  # both -inf
    losses = [route.loss for route in routes]
    return Explanation(
        first_row=first_row,
        rows=places,
        columns=columns,
        labels=y,
        logits=z,
        softmax=probs,
        softmax_sums=probs.sum(axis=1),
        one_hot=hot,
        log_of_softmax=log_of_softmax,
        log_softmax=log_probs,
        terms=terms,
        textbook_losses=textbook,
        row_losses=row_losses,
        log_differences=gaps.max(axis=1, initial=0.0),
        underflows=int((np.isneginf(log_of_softmax) & np.isfinite(log_probs)).sum()),
        routes=routes,
        difference=max(losses) - min(losses) if np.isfinite(losses).all() else float("nan"),
        gradient=mean_gradient(z, y),
    )


def _read_rows(aligned: Aligned, rows: slice, options: LossOptions) -> AlignedRows:
    """Return the rows that are wanted; blocks without any are not decoded."""
    first, stop = rows.start or 0, rows.stop
    found: list[AlignedRows] = []
    for step in aligned.steps():
        start = aligned.rows_before(step)
        if stop is not None and start >= stop:
            break
        if start + step.rows * aligned.rows_of_a_slice <= first:
            continue
        keep = slice(max(0, first - start), None if stop is None else stop - start)
        part = aligned.read(step, options, keep)
        for matching in aligned.matchings:
            matching.remember(start, step.rows, part.matched.get(matching.inputs))
        for problem in part.problems:
            moved = problem.shifted(start + (keep.start or 0))
            raise aligned.error(moved)
        found.append(part._replace(logits=np.array(part.logits[:]), labels=part.labels.copy()))
    check_unchanged(*aligned.sources)
    if not found:
        shift = aligned.axes.shift.by
        with_label = f" with a label {shift} further on" if shift else ""
        raise InputError(f"{aligned.logits.name}: there is no row {first}{with_label}")
    return found[-1]._replace(
        logits=np.concatenate([part.logits[:] for part in found]),
        labels=np.concatenate([part.labels for part in found]),
    )
