"""Handles ``--state``, which is checked before the work and written after it."""

from typing import TYPE_CHECKING

from xentcli.cli.options import Writing
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.saved_states.states import SavedState


_TASKS = "tasks"


def check_state(
    path: str | None, writing: Writing, reduction: str = "mean", by: str | None = None
) -> None:
    """Raise any error of writing a state now, before the work; `by` says what its groups are."""
    if path is None:
        return
    if reduction == "none":
        raise UsageError(
            "--state keeps one number, and --reduction none writes one for each row",
            hint="--reduction mean; the losses of rows are put together as their files are",
        )
    if by == "axis0":
        raise UsageError("--by axis0 goes without --state: a slice has no name in other runs")
    from xentcli.cli.reports import check_different
    from xentcli.pipeline.outputs import check_output, is_json, shown_name

    if path == "-":
        raise UsageError("--state -: standard output is for numbers", hint="--state FILE.json")
    if not is_json(path, None):
        message = f"{shown_name(path)}: a state is JSON, by its extension"
        raise UsageError(message, hint="--state FILE.json")
    check_different({"--output": writing.output, "--state": path})
    check_output(path, force=writing.force)


def by_or_tasks(by: str | None, *, grouped: bool) -> str | None:
    """Return what groups are: what the user says, or the tasks, by which samples are grouped."""
    return by or (_TASKS if grouped else None)


def by_of_user(kept: str | None) -> str | None:
    """Return what a state's groups are if the user said so; None for tasks."""
    return None if kept == _TASKS else kept


def write_state(saved: "SavedState", path: str | None, writing: Writing) -> None:
    """Write a state, if it is asked for."""
    if path is not None:
        saved.write(path, force=writing.force)
