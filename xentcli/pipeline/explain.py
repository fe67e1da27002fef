"""Every step from logits to loss, for a few rows, and three routes to the same number."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xentcli.alignment.align import align
from xentcli.alignment.aligned import Aligned
from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.core.checks import (
    SEVERAL_LABELS_HINT,
    check_finite,
    check_options,
    note_of_uneven,
    row_index,
)
from xentcli.core.dtypes import widen
from xentcli.core.labels import Labels, LossOptions
from xentcli.core.normalizer import normalizer
from xentcli.errors import InputError, XentError
from xentcli.formats.base import Source
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.explained_rows import ExplainedRows, divided
from xentcli.pipeline.flow import check_unchanged
from xentcli.pipeline.oddities import problems_of_probabilities
from xentcli.pipeline.prepared import prepare
from xentcli.pipeline.rounding import notes_of_rounding, rounding
from xentcli.results.explain import Explanation

if TYPE_CHECKING:
    from numpy.typing import NDArray

_USUAL = Criterion()


def explain(
    logits: Source, labels: Source | None, rows: slice, criterion: Criterion = _USUAL
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
    try:
        aligned = align(
            logits,
            labels,
            class_axis=criterion.class_axis,
            shift=criterion.shift,
            naming=criterion.naming,
        )
    except XentError as error:
        error.hint = error.hint and _of_loss(error.hint)
        raise
    chosen, others = _read_rows(aligned, rows, criterion.options)
    first_row = rows.start or 0
    every = widen(chosen.logits[:]).astype(np.float64)
    z = prepare(every, None, criterion.temperature)
    given = _explained(z, chosen, criterion, in_text=aligned.labels_in_text)
    for problem in (*given.problems, *check_finite(z, given.used & np.isnan(normalizer(z).rest))):
        hint = _of_loss(problem.hint or "") or None
        hint = hint if problem.input == "labels" else None
        moved = problem.shifted(first_row)._replace(hint=hint)
        raise moved.at(aligned.place(moved))
    columns = aligned.names.names or logits.columns
    inner = aligned.axes.inner
    places = tuple(row_index(first_row + i, inner) for i in range(len(z)))
    notes = aligned.notes
    remarks = {each.name: each for each in rounding(chosen.logits)}
    notes += notes_of_rounding(logits.name, remarks)
    notes += [matching.note for matching in aligned.matchings if matching.note]
    if given.uneven:
        notes.append(note_of_uneven(given.uneven, _of_loss(SEVERAL_LABELS_HINT)))
    steps = given.steps(places, columns, first_row)
    return replace(divided(steps, every, criterion.temperature), others=others), notes


def _of_loss(hint: str) -> str:
    """Return a hint with the command that takes `--binary`, which `explain` does not."""
    return hint.replace(": --binary", ": xent loss --binary")


def _explained(
    z: "NDArray[np.float64]", chosen: AlignedRows, criterion: Criterion, *, in_text: bool
) -> ExplainedRows:
    """Return the rows that are explained, whose labels are classes or class probabilities."""
    labels, options = chosen.labels, chosen.options
    check_options(options, z.shape[1], probabilities=labels.ndim == 2)
    if labels.ndim == 2:
        problems = problems_of_probabilities(labels, in_text=in_text)
        return ExplainedRows.of_probabilities(z, labels, options, problems)
    found = Labels.of(labels, z.shape[1], options)
    return ExplainedRows.of(z, found, options, criterion.options.ignored)


def _read_rows(aligned: Aligned, rows: slice, options: LossOptions) -> tuple[AlignedRows, bool]:
    """Return the rows that are wanted, and whether there are others.

    Blocks without any are not decoded.
    """
    first, stop = rows.start or 0, rows.stop
    found: list[AlignedRows] = []
    others = first > 0
    for step in aligned.steps():
        start = aligned.rows_before(step)
        end = start + step.rows * aligned.rows_of_a_slice
        others = others or (stop is not None and end > stop)
        if stop is not None and start >= stop:
            break
        if end <= first:
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
    every = found[-1]._replace(
        logits=np.concatenate([part.logits[:] for part in found]),
        labels=np.concatenate([part.labels for part in found]),
    )
    return every, others
