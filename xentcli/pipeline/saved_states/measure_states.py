"""The state of an evaluation: what it was asked for, and the report that it makes again."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.metrics.names import MEASURES
from xentcli.pipeline.flow import Total
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.measure_plan import Options, Plan
from xentcli.pipeline.measures.measure_report import Report
from xentcli.pipeline.numbering import Numbering, with_places
from xentcli.pipeline.saved_states.loss_states import criterion_of
from xentcli.pipeline.saved_states.state_options import Asked
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.pipeline.spool import Spools
from xentcli.results.measure import NOTHING
from xentcli.results.measures import Measures

if TYPE_CHECKING:
    from xentcli.core.checks import RowKind

_AT_ONCE = "it needs every row at once, and states have them one by one"
_OF_LENGTHS = "it needs the lengths of choices, which states have not"


def asked_of(
    options: Options,
    by: str | None,
    cluster: str | None,
    logits: Source,
    found: Measured,
    measures: Measures,
) -> Asked:
    """Return what a report needs to know besides the states."""
    known = (name for name, each in measures.metrics.items() if each.value is not None)
    return Asked(
        options,
        by,
        cluster,
        tuple(n or 0 for n in logits.shape[1:]),
        found.lead[1:],
        found.probabilities,
        tuple(name for name in known if MEASURES.get(name) == "choices"),
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
    return _without_lost(measures, report, asked.lost)


def _without_lost(measures: Measures, report: Report, lost: tuple[str, ...]) -> Measures:
    """Empty the measures that states lack something for, and add notes that say what.

    What is `lost` are measures of samples by the lengths of their choices.
    """
    order = [
        name
        for name in report.plan.names
        if (MEASURES.get(name) == "order" or (name == "suspects" and not measures.binary))
        and name not in report.inapplicable
    ]
    notes = [
        f"{', '.join(names)}: null, since states have not {what}"
        for names, what in ((order, "all rows at once"), (lost, "the lengths of choices"))
        if names
    ]
    return replace(
        measures,
        metrics={**measures.metrics, **dict.fromkeys(lost, NOTHING)},
        inapplicable={
            **measures.inapplicable,
            **dict.fromkeys(order, _AT_ONCE),
            **dict.fromkeys(lost, _OF_LENGTHS),
        },
        notes=(*measures.notes, *notes),
    )
