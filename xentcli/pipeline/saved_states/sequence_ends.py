"""The last rows of merged files, whose shifted labels stand in the next file, or nowhere."""

from dataclasses import replace
from typing import Any

from xentcli.errors import InputError
from xentcli.metrics.interface import States
from xentcli.metrics.loss import LossState
from xentcli.metrics.pair_loss import PairLossState
from xentcli.metrics.row_counts import RowsState
from xentcli.pipeline.saved_states.states import SavedState


def with_ends(total: SavedState) -> SavedState:
    """Return a state of single files as one run over all of them has it.

    If each file is a sequence, that run ignores the first tokens of a file, which it finds to be
    the labels of the last rows of the one before.

    Raises
    ------
    InputError
        If these rows have labels in that run, or stand in its groups.
    """
    header = total.header
    shift, asked = header.setting.shift, header.asked or header.paired
    missed = header.unpaired - shift
    if not header.crosses or missed <= 0:
        return total
    if not header.sequences or (asked is not None and asked.by is not None):
        what = f"--shift {shift} pairs the last rows of a file with the labels of the next"
        if header.sequences:
            what = "groups (--by) of all files count the last rows of each"
        raise InputError(
            f"{total.name}: {what}, which single files miss",
            hint="name all files in each run, and part them by --rows A:B",
        )
    states = tuple(_with_ignored(each, missed) for each in total.states)
    return replace(total, header=replace(header, unpaired=shift), states=states)


def _with_ignored(states: States, rows: int) -> States:
    return States({name: _counting(state, rows) for name, state in states.states.items()})


def _counting(state: Any, rows: int) -> Any:
    """Return the state of more rows, all of which are ignored."""
    if isinstance(state, LossState | RowsState):
        return state._replace(rows=state.rows + rows)
    if isinstance(state, PairLossState):
        parts = ("base", "new", "difference")
        return state._replace(**{name: _counting(getattr(state, name), rows) for name in parts})
    return state
