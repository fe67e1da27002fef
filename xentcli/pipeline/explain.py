"""Every step from logits to loss, for a few rows, and three routes to the same number."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.core.checks import check_finite, check_labels, whole_labels
from xentcli.core.dtypes import widen
from xentcli.core.labels import LossOptions
from xentcli.core.losses import cross_entropy, nll_loss
from xentcli.core.normalizer import normalizer
from xentcli.core.one_hot import one_hot
from xentcli.core.row_losses import Rows, rows_of
from xentcli.core.softmax import log_softmax, softmax
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Source
from xentcli.pipeline.classes import IGNORED, ClassNames, class_names
from xentcli.pipeline.flow import check_unchanged
from xentcli.pipeline.labels import cuttable, pairs
from xentcli.pipeline.layout import Layout, find_layout
from xentcli.pipeline.naming import Naming
from xentcli.results.explain import Explanation, Route

if TYPE_CHECKING:
    from numpy.typing import NDArray


def explain(
    logits: Source,
    labels: Source | None,
    rows: slice,
    *,
    label_base: int = 0,
    naming: Naming | None = None,
    shift: int = 0,
) -> tuple[Explanation, list[str]]:
    """Return the textbook route from logits to the mean loss of `rows`, beside the exact ones.

    And what the user should know about the meaning of labels.
    """
    layout = find_layout(logits, labels, None, shift)
    logits, labels = cuttable(logits, labels, layout)
    names = class_names(logits, layout, naming or Naming())
    chosen, first_row, base = _read_rows(logits, labels, rows, layout, names, label_base)
    z = widen(chosen.values).astype(np.float64)
    y, problems = whole_labels(chosen.labels)
    for problem in problems or check_labels(y, z.shape[1], base=base):
        moved = problem.shifted(first_row)
        raise problem.at(layout.place(labels or logits, moved.row + 1, moved, label=True))
    for problem in check_finite(z, np.isnan(normalizer(z).rest)):
        index = [problem.row + first_row] if len(logits.shape) > 1 else []
        index += [] if problem.column is None else [problem.column]
        raise replace(problem, hint=None).at(logits.place(tuple(index)))
    return _steps(z, y - base, first_row, names.names or logits.columns), names.notes


def _steps(
    z: "NDArray[np.float64]",
    y: "NDArray[np.int64]",
    first_row: int,
    columns: tuple[str, ...] | None,
) -> Explanation:
    """Return every step from logits (N, C) and labels (N,) to the loss.

    Everything is computed in float64. Where softmax underflows to 0, its logarithm is -inf, and
    the textbook's ``-y * log(softmax)`` has ``-0 * -inf``, NaN, which is left as it comes.
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
    )


def _read_rows(
    logits: Source,
    labels: Source | None,
    rows: slice,
    layout: Layout,
    names: ClassNames,
    label_base: int,
) -> tuple[Rows, int, int]:
    """Read the rows that are wanted; blocks without any are not decoded.

    Returns them, the number of the first, and the label of the first class.
    """
    if layout.probabilities:
        raise ShapeError("explain takes class indices as labels, not class probabilities")
    if len(layout.rows) > 1:
        raise ShapeError("explain takes logits of shape (N, C) or (C,)")
    first, stop = rows.start or 0, rows.stop
    options = LossOptions(ignore_index=IGNORED, label_base=label_base)
    values: list[NDArray[Any]] = []
    indices: list[NDArray[Any]] = []
    for pair in pairs(logits, labels, layout):
        block = pair.block
        if stop is not None and block.start >= stop:
            break
        if block.start + pair.rows <= first:
            continue
        part = rows_of(*pair.decode_whole()[:2], LossOptions(), layout.class_axis)
        keep = slice(max(0, first - block.start), None if stop is None else stop - block.start)
        found, options, problems = names.indices(part.labels[keep], options)
        for problem in problems:
            moved = problem.shifted(block.start + (keep.start or 0))
            raise names.with_hint(problem).at(
                layout.place(labels or logits, moved.row + 1, moved, label=True)
            )
        values.append(part.values[keep].copy())
        indices.append(found.copy())
    check_unchanged(logits, labels)
    if not values:
        with_label = f" with a label {layout.shift} further on" if layout.shift else ""
        raise InputError(f"{logits.name}: there is no row {first}{with_label}")
    labels_of_rows = np.concatenate(indices)
    chosen = Rows(np.concatenate(values), labels_of_rows, labels_of_rows.shape)
    return chosen, first, options.label_base
