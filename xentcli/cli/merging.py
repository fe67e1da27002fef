"""Reports the merged states of ``xent merge`` as one run of their command would have."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from xentcli.cli import loss_output
from xentcli.cli.loss_options import Gates
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import ready_output
from xentcli.cli.reports import MEASURES, PAIRS, Drawn, Subject
from xentcli.cli.states import by_of_user, write_state
from xentcli.cli.telling import Telling
from xentcli.errors import InputError, UsageError
from xentcli.pipeline.saved_states.missing_rows import notes_of_missing
from xentcli.pipeline.saved_states.numbers_beside import notes_of_numbers
from xentcli.pipeline.saved_states.state_header import changed_files
from xentcli.pipeline.saved_states.states import SavedState, damage
from xentcli.text import shortened

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper


def run(
    saved: SavedState,
    paths: Sequence[str],
    state: str | None,
    report: str | None,
    writing: Writing,
    common: Common,
    gates: Gates,
) -> None:
    """Write what one run over all rows would have written, and the state if it is asked for.

    `paths` are the files whose states were merged.
    """
    command = saved.header.command
    if command not in _REPORTS:
        what = f"there are no states of xent {shortened(command)}"
        raise InputError(f"{saved.name}: {what}")
    if report is not None and command not in _DRAWN:
        what = "--report takes states of xent eval and xent compare"
        hint = "xent eval of the same files keeps what a page shows: --state FILE.json"
        raise UsageError(
            f"{what}, and these are of xent {command}",
            hint=hint if saved.header.sole_state is None else None,
        )
    header, names = saved.header, [each.name for each in saved.header.files]
    missing = notes_of_missing(header.rows, names, paths)
    numbered = notes_of_numbers(header.rows)
    common.tell_notes([*changed_files(header), *missing, *numbered, *saved.notes])
    drawn = Drawn(report, None, force=writing.force, of=_DRAWN.get(command, MEASURES))
    drawn.check(writing)
    keeper = _report_of(saved)(saved, drawn, writing, common, gates)
    write_state(saved, state, writing)
    keeper.exit()


def _report_of(saved: SavedState) -> "_StateReport":
    """Return what reports a state: by the kind of its rows, or else by its command."""
    kinds = (field for field in _OF_KINDS if getattr(saved.header, field) is not None)
    kind = next(kinds, None)
    return _REPORTS[saved.header.command] if kind is None else _OF_KINDS[kind]


def _report_loss(
    saved: SavedState, _drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.pipeline.saved_states.loss_states import criterion_of, loss_of

    criterion = criterion_of(saved.header.setting)
    keeper = loss_output.keeper_of(gates, criterion)
    output = ready_output(saved.header.command, keeper, writing, common)
    with damage(saved.name):
        evaluation = loss_of(saved)
    loss_output.write_number(evaluation, output, keeper, common)
    loss_output.warn(evaluation, criterion, saved.name, common)
    return keeper


def _report_tokens(
    saved: SavedState, _drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import answers
    from xentcli.pipeline.saved_states.token_states import tokens_of

    keeper = answers.keeper_of(gates)
    output = ready_output("nll", keeper, writing, common)
    with damage(saved.name):
        found, notes = tokens_of(saved)
    answers.check_names(keeper, found.part)
    notes += answers.write(found, output, keeper)
    common.tell_notes(notes)
    return keeper


def _report_texts(
    saved: SavedState, _drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import samples

    return samples.report(saved, writing, common, gates)


def _report_bounded(
    saved: SavedState, _drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import bounded
    from xentcli.pipeline.saved_states.bounded_states import bounded_of

    with damage(saved.name):
        found, notes = bounded_of(saved)
    return bounded.write_merged(found, notes, writing, common, gates)


def _report_lists(
    saved: SavedState, drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import top_measures
    from xentcli.pipeline.saved_states.bounded_states import lists_of

    if drawn.report is not None:
        raise UsageError("--report shows whole rows, and these states are of lists of classes")
    with damage(saved.name):
        found = lists_of(saved)
    keeper = gates.keeper([*found.metrics])
    output = ready_output("eval", keeper, writing, common)
    lists = saved.header.lists
    metrics = None if lists is None else lists.metrics
    top_measures.write(found, metrics, saved.header.files, output, common, keeper)
    return keeper


def _report_partly(
    saved: SavedState, drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import bases

    if drawn.report is not None:
        raise UsageError("--report shows whole rows, and these states are of rows known in part")
    return bases.report(saved, writing, common, gates)


def _report_eval(
    saved: SavedState, drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import evaluated, evaluating
    from xentcli.pipeline.saved_states.loss_states import criterion_of
    from xentcli.pipeline.saved_states.measure_states import measures_of

    asked = saved.header.asked
    if asked is None:
        raise InputError(f"{saved.name}: the state does not say what was asked for")
    criterion = criterion_of(saved.header.setting)
    keeper = gates.keeper()
    also = (*keeper.names, *drawn.needs)
    if drawn.report is not None:
        also += asked.options._replace(metrics=None).asked(binary=criterion.binary is not None)
    telling = Telling.of("eval", keeper, drawn, writing, common)
    with damage(saved.name):
        found = measures_of(saved, also)
    found = found.of(evaluating.provenance_of(saved.header.files))
    by = by_of_user(asked.by)
    evaluated.tell(telling, found, asked.options, criterion, saved.name, by)
    return keeper


def _report_compare(
    saved: SavedState, drawn: Drawn, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper":
    from xentcli.cli import compared, evaluating
    from xentcli.pipeline.pairs.pair_names import OF_PAIRS
    from xentcli.pipeline.saved_states.loss_states import criterion_of
    from xentcli.pipeline.saved_states.pair_states import asked_of, compared_of, names_of

    keeper = gates.keeper(OF_PAIRS)
    wanted = asked_of(saved)
    wanted = wanted._replace(
        besides=(*wanted.besides, *keeper.names),
        pictures=drawn.wanted,
    )
    if drawn.report is not None:
        wanted = wanted.with_page()
    telling = Telling.of("compare", keeper, drawn, writing, common)
    with damage(saved.name):
        found = compared_of(saved, wanted)
    provenance = evaluating.provenance_of(saved.header.files)
    criteria = [criterion_of(each.setting) for each in saved.header.models]
    by = None if saved.header.paired is None else by_of_user(saved.header.paired.by)
    compared.tell(telling, found, wanted, provenance, names_of(saved), criteria, by)
    return keeper


_StateReport = Callable[[SavedState, Drawn, Writing, Common, Gates], "Gatekeeper"]
_OF_KINDS: Mapping[str, _StateReport] = {
    "tokens": _report_tokens,
    "texts": _report_texts,
    "bounded": _report_bounded,
    "lists": _report_lists,
    "pairs": _report_partly,
}
"""The reports of states whose rows are not whole, by the field of the header that says so."""
_REPORTS: Mapping[str, _StateReport] = {
    "loss": _report_loss,
    "nll": _report_loss,
    "eval": _report_eval,
    "compare": _report_compare,
}
_DRAWN: Mapping[str, Subject] = {"eval": MEASURES, "compare": PAIRS}
