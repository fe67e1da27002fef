"""The state of a comparison: made of a run, and made a comparison again."""

from collections.abc import Sequence
from itertools import takewhile
from string import digits

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.pipeline.compare import Compared, Model
from xentcli.pipeline.inputs.given_names import GivenNames
from xentcli.pipeline.numbering import Numbering
from xentcli.pipeline.pairs.pair_plan import ERRORS_IN_GROUPS, PairOptions, PairPlan
from xentcli.pipeline.pairs.pair_report import OF_ORDER, PairedRows, comparisons_of
from xentcli.pipeline.provenance import role_of_model, within
from xentcli.pipeline.saved_states.loss_states import of_files
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader
from xentcli.pipeline.saved_states.state_options import PairAsked, Setting
from xentcli.pipeline.saved_states.state_rows import BesideRows
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.pipeline.spool import Spools


def state_of_pairs(
    found: Compared,
    models: Sequence[Model],
    paths: Sequence[str],
    labels: tuple[Source, Sequence[str]] | None,
    options: PairOptions,
    by: GivenNames,
    cluster: GivenNames,
) -> SavedState:
    """Return the state of a comparison.

    Parameters
    ----------
    found : Compared
        What was found of all models.
    models, paths
        The models, with weights in the order of the classes, and what the user named each.
    labels : (Source, sequence of str), optional
        The labels, and what the user named them.
    options, by, cluster
        What was asked for.
    """
    rows = found.found
    assert rows is not None  # noqa: S101 - rows were read
    inputs: list[tuple[str, Source, Sequence[str]]] = []
    facts = []
    for i, (model, path) in enumerate(zip(models, paths, strict=True)):
        inputs.append((role_of_model(i), model.source, [path]))
        setting = Setting.of(model.criterion, model.source)
        missing = None if model.criterion.normalize else found.sums[i]
        array = within(model.source, [path])
        facts.append(ModelFacts(role_of_model(i), setting, array, found.looks[i], missing))
    base = models[0]
    shape = tuple(n or 0 for n in base.source.shape[1:])
    asked = PairAsked(options, by.called, cluster.called, shape, rows.rows.lead[1:], rows.labelled)
    header = StateHeader(
        __version__,
        "compare",
        (),
        (),
        tuple(facts),
        rows.rows.num_classes,
        rows.rows.class_names,
        rows.unpaired,
        crosses=base.criterion.shift > 0 and len(rows.rows.lead) == 1,
        sequences=labels is not None and labels[0].is_sequence,
        paired=asked,
        padded=all(model.source.of_samples for model in models),
    )
    if labels is not None:
        inputs.append(("labels", *labels))
    beside = BesideRows(groups=by.files, clusters=cluster.files)
    return of_files(header, rows.states, inputs, base.criterion.rows, rows.length, beside)


def compared_of(saved: SavedState, options: PairOptions) -> Compared:
    """Return what is reported of a state's rows, by these options.

    Raises
    ------
    InputError
        If the state lacks what they need.
    """
    header, asked = saved.header, _asked(saved)
    plan = PairPlan(
        options,
        asked.by,
        asked.cluster,
        labelled=asked.labelled,
        several_axes=len(asked.shape) > 1,
        shifted=bool(header.setting.shift),
    )
    if plan.errors_in_groups and not all(ERRORS_IN_GROUPS in each.states for each in saved.states):
        raise InputError(
            f"{saved.name}: nothing of {ERRORS_IN_GROUPS} is in the state",
            hint="write it again: --state FILE.json",
        )
    length = sum(each.stop - each.start for each in header.rows)
    rows = PairedRows(
        names_of(saved),
        tuple(each.setting.temperature for each in header.models),
        header.num_classes,
        header.class_names,
        (length, *asked.lead),
        Numbering.of(header.rows),
    )
    comparisons = comparisons_of(plan, rows, saved.states, Spools(plan.kept(len(saved.states))))
    notes = [*plan.notes(comparisons)]
    if lost := [name for name in plan.names if name in OF_ORDER]:
        notes.append(f"{', '.join(lost)}: null, since states have not all rows at once")
    return Compared(
        comparisons,
        tuple(each.looks_like for each in header.models),
        tuple(each.missing for each in header.models),
        tuple(notes),
    )


def asked_of(saved: SavedState) -> PairOptions:
    """Return what the comparison was asked for."""
    return _asked(saved).options


def _asked(saved: SavedState) -> PairAsked:
    if saved.header.paired is None:
        raise InputError(f"{saved.name}: the state does not say what was asked for")
    return saved.header.paired


def names_of(saved: SavedState) -> tuple[str, ...]:
    """Return what each model is called."""
    return tuple(_name_of(each, saved.header) for each in saved.header.models)


def _name_of(model: ModelFacts, header: StateHeader) -> str:
    """Return what a model is called: its file, or a pattern of its files."""
    first, *others = header.names_of(model.role)
    if not others:
        return first + model.within
    names = [first, *others]
    start = _shared_start(names).rstrip(digits)
    end = _shared_start([name[len(start) :][::-1] for name in names])[::-1]
    return f"{start}*{end.lstrip(digits)}"


def _shared_start(names: Sequence[str]) -> str:
    both = zip(min(names), max(names), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], both))
