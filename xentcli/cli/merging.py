"""What ``xent merge`` does with states that belong together: what their command would have done."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from xentcli.cli import losses
from xentcli.cli.loss_options import Gates
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.states import write_state
from xentcli.errors import InputError
from xentcli.pipeline.state_rows import missing
from xentcli.pipeline.states import SavedState
from xentcli.text import shortened

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper


def run(
    saved: SavedState, state: str | None, writing: Writing, common: Common, gates: Gates
) -> None:
    """Write what one run over all rows would have, and the state if that is asked for."""
    command = saved.header.command
    if command not in _REPORTS:
        what = f"there are no states of xent {shortened(command)}"
        raise InputError(f"{saved.name}: {what}")
    common.tell_notes(missing(saved.header.rows))
    keeper = _REPORTS[command](saved, writing, common, gates)
    write_state(saved, state, writing)
    if keeper is not None:
        keeper.exit()


def _report_loss(
    saved: SavedState, writing: Writing, common: Common, gates: Gates
) -> "Gatekeeper | None":
    from xentcli.pipeline.loss_states import criterion_of, loss_of

    criterion = criterion_of(saved)
    keeper = losses.keeper_of(gates, criterion)
    output = Destination(saved.header.command, writing, common)
    output.check(is_text=False)
    if keeper is not None:
        keeper.open()
    evaluation = loss_of(saved)
    losses.write_number(evaluation, output, keeper, common)
    losses.warn(evaluation, criterion, saved.name, common)
    return keeper


_REPORTS: Mapping[str, Callable[[SavedState, Writing, Common, Gates], "Gatekeeper | None"]] = {
    "loss": _report_loss,
    "nll": _report_loss,
}
