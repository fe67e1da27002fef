"""The state of an evaluation: what it was asked for, and the report that it makes again."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.metrics.names import MEASURES
from xentcli.pipeline.flow import Total
from xentcli.pipeline.language.samples import CHOICES, with_choices
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.measure_plan import Options, Plan
from xentcli.pipeline.measures.measure_report import Report
from xentcli.pipeline.numbering import Numbering, with_places
from xentcli.pipeline.saved_states.loss_states import criterion_of
from xentcli.pipeline.saved_states.state_options import Asked
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.pipeline.spool import Spools
from xentcli.results.measures import Measures

if TYPE_CHECKING:
    from xentcli.core.checks import RowKind

_AT_ONCE = "it needs every row at once, and states have them one by one"


def asked_of(
    options: Options,
    by: str | None,
    cluster: str | None,
    logits: Source,
    found: Measured,
) -> Asked:
    """Return what a report needs to know besides the states."""
    return Asked(
        options,
        by,
        cluster,
        tuple(n or 0 for n in logits.shape[1:]),
        found.lead[1:],
        found.probabilities,
    )


def measures_of(saved: SavedState, also: tuple[str, ...] = ()) -> Measures:
    """Return what is reported of a state's rows; `also` are measures and tables wanted besides.

    Raises
    ------
    InputError
        If the state lacks what they need.
    """
    header, asked = saved.header, saved.header.asked
    if asked is None:
        raise InputError(f"{saved.name}: the state does not say what was asked for")
    options = asked.options._replace(also=(*asked.options.also, *also))
    criterion = criterion_of(header.setting)
    rows = sum(each.stop - each.start for each in header.rows)
    names = options.names(binary=criterion.binary is not None)
    plan = Plan(names, options, criterion, (rows, *asked.shape), asked.by, asked.cluster)
    if missing := [name for name in plan.states if name not in saved.states[0].states]:
        raise InputError(
            f"{saved.name}: nothing of {', '.join(missing)} is in the state",
            hint="xent eval --metric NAME --state FILE.json keeps what the measure needs",
        )
    (model,) = header.models
    remarks = {} if model.missing is None else {"sums": model.missing}
    looks_like = cast("RowKind", model.looks_like)
    found = Measured(
        plan.results_of_states(saved.states[0].compute()),
        Total(rows, saved.states[0], looks_like, header.num_classes, remarks),
        header.num_classes,
        header.unpaired,
        (rows, *asked.lead),
        header.class_names,
        [],
        asked.probabilities,
    )
    report = Report(plan, found, Spools(plan.kept), None)
    measures = with_places(report.measures(), Numbering.of(header.rows))
    measures = with_choices(measures, saved.states[0].states.get(CHOICES), names)
    return _without_order(measures, report)


def _without_order(measures: Measures, report: Report) -> Measures:
    """Empty the measures that need every row at once, and add a note that says so."""
    names = [
        name
        for name in report.plan.names
        if (MEASURES.get(name) == "order" or (name == "suspects" and not measures.binary))
        and name not in report.inapplicable
    ]
    if not names:
        return measures
    return replace(
        measures,
        inapplicable={**measures.inapplicable, **dict.fromkeys(names, _AT_ONCE)},
        notes=(
            *measures.notes,
            f"{', '.join(names)}: null, since states have not all rows at once",
        ),
    )
