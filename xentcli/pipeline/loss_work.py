"""The work on a step of rows, which any worker can do: they are read and measured."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.alignment.followers import leader_of_ids
from xentcli.alignment.steps import Step, kept, rows_chosen
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import RowKind, check_options, row_kind
from xentcli.core.dtypes import widen
from xentcli.core.row_facts import Origin, RowFacts, row_facts
from xentcli.formats.base import ArrayHeader
from xentcli.formats.coming import coming
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Total, begin_of, in_groups
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.oddities import first_notes, negative_weights, oddities, row_notes
from xentcli.pipeline.of_probabilities import of_probabilities
from xentcli.pipeline.stray_columns import notes_of_strays

if TYPE_CHECKING:
    from xentcli.pipeline.kept_rows import Keys

Array = NDArray[Any]
_SAMPLE_ROWS = 256  # the rows whose looks are judged; fewer if they are long
_SAMPLE_ELEMENTS = 2**20
_KEPT_FACTS = ("forecast", "outcome", "measured")
"""The facts that `kept_of` takes its numbers from."""


class LossWork:
    """The work on a step, which any worker can do."""

    def __init__(
        self, aligned: Aligned, criterion: Criterion, *, keeps_losses: bool = False
    ) -> None:
        self.rows = aligned
        self.criterion = criterion
        self.keeps_losses = keeps_losses
        self._states = states = criterion.states
        """The states of no rows."""
        needs = states.needs if criterion.kind == "logits" else (*states.needs, "zeroed")
        self._needs = (*needs, *_KEPT_FACTS) if criterion.kept else needs
        self._parameters = states.parameters

    @property
    def header(self) -> ArrayHeader:
        """The header of an array of one loss for each row."""
        lead = self.rows.axes.lead
        logits, labels = self.rows.logits, self.rows.labels
        ids = (leader_of_ids(logits, labels) if len(lead) == 1 else logits).id_column
        if self.criterion.rows is not None:
            lead = (None, *lead[1:])
        columns, optional = None if ids is None else ("loss",), not self.criterion.ids_wanted
        float64 = np.dtype(np.float64)
        return ArrayHeader(lead, float64, columns, ids, "losses", ids_optional=optional)

    def place_of(self, step: Step) -> str:
        """Name the first row of a step."""
        return begin_of(step.block, self.rows.logits)

    def coming(self, steps: Sequence[Step]) -> AbstractContextManager[None]:
        """Have storage fetch the rows of these steps, and no others, where they are elsewhere."""
        return coming([self.rows.logits], (step.block for step in steps))

    def part_of(self, step: Step) -> Part[States]:
        """Read the rows of a step and measure them."""
        aligned, criterion = self.rows, self.criterion
        keep = None if criterion.rows is None else kept(step, criterion.rows)
        rows = aligned.read(step, criterion.options, aligned.rows_of_slices(keep))
        stored = rows.logits
        if isinstance(stored, TiledRows):
            logits: Array | TiledRows = stored.as_prepared(criterion.prepared)
        else:
            logits = criterion.prepared(stored)
        first = step.block.start == 0
        looks_like = looks_of(stored) if first else None  # before its memory is overwritten
        if first:
            probabilities = rows.labels.ndim == 2
            check_options(criterion.options, stored.shape[1], probabilities=probabilities)
        strays = tuple(notes_of_strays(rows, aligned.logits, criterion)) if first else ()
        before = aligned.rows_before(step, keep)
        facts = self._facts(rows, logits, before)
        odd, remarks = oddities(
            stored, rows.labels, facts, criterion, in_text=aligned.labels_in_text
        )
        of_facts = of_probabilities(facts.problems, stored, criterion)
        problems = (*rows.problems, *odd, *of_facts)
        if rows.sample_weight is not None:
            from xentcli.core.sample_weight import weighted

            facts = weighted(facts, rows.sample_weight)
        remarks = (*remarks, *negative_weights(facts))
        return Part(
            rows_chosen(step, criterion.rows),
            facts["loss"].reshape(rows.lead) if self.keeps_losses else None,
            self._states.from_rows(in_groups(facts, criterion.by_slices)),
            tuple(p.shifted(before) for p in problems if criterion.is_error(p)),
            looks_like,
            stored.shape[1],
            rows.ids,
            rows.matched,
            remarks,
            (*strays, *first_notes(rows, aligned, criterion)) if first else (),
            _kept(facts, criterion.kept),
        )

    def _facts(self, rows: AlignedRows, logits: Array | TiledRows, before: int) -> RowFacts:
        """Compute the facts that are needed of rows, which stand after `before` others."""
        criterion = self.criterion
        inner = math.prod(rows.lead[1:])
        numbers = criterion.numbers_of(rows.clusters)
        origin = Origin(before, inner, rows.ids, rows.groups, rows.clusters, numbers)
        parameters = {
            **self._parameters,
            "slices": origin.folds,
            "same_bits": criterion.narrow(rows.logits.dtype),
        }
        facts = row_facts(
            logits,
            rows.labels,
            rows.options,
            self._needs,
            kind=criterion.kind,
            parameters=parameters,
        )
        return facts.at(origin)

    def measured(self, total: Total[States]) -> Measured:
        """Return what is measured of all rows."""
        aligned, axes, criterion = self.rows, self.rows.axes, self.criterion
        state = total.state or criterion.states
        unpaired = total.rows * axes.slice_rows - state.result_of("loss").rows
        num_classes = axes.num_classes or total.num_classes
        if not total.rows:  # else a step has checked them
            check_options(criterion.options, num_classes, probabilities=axes.probabilities)
        return Measured(
            state.compute(),
            total,
            num_classes,
            unpaired,
            (total.rows, *axes.inner) if axes.lead else (),
            aligned.names.names or None,
            list(row_notes(aligned, total, unpaired, propagate=criterion.propagate)),
            axes.probabilities,
        )


def looks_of(rows: Array | TiledRows) -> RowKind:
    """Say what the first of some rows (N, C) look like."""
    count = max(1, min(_SAMPLE_ROWS, _SAMPLE_ELEMENTS // max(1, rows.shape[1])))
    return row_kind(widen(rows[:count]))


def _kept(facts: RowFacts, names: tuple[str, ...]) -> "dict[str, Keys] | None":
    if not names:
        return None
    from xentcli.pipeline.kept_rows import kept_of

    return kept_of(facts, names)
