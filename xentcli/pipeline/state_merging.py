"""Merges states in files: those that belong together, each once."""

import os
from collections.abc import Iterable

from xentcli.errors import InputError
from xentcli.metrics.texts import TextsState
from xentcli.pipeline.flow import Merging
from xentcli.pipeline.state_header import differences
from xentcli.pipeline.state_rows import ONE_STATE, FileRows, check_apart
from xentcli.pipeline.states import WHAT_IS_STATE, SavedState, damage, read_state
from xentcli.storage.names import STANDARD_STREAM, is_url, local_name, shown_name
from xentcli.text import shortened


def merged(paths: Iterable[str]) -> SavedState:
    """Return the state of all rows of states in files.

    Raises
    ------
    InputError
        If they do not belong together; the message names two that do not.
    """
    first: SavedState | None = None
    merging = Merging[SavedState]()
    rows: list[tuple[FileRows, str]] = []
    seen: dict[str, str] = {}
    tasks: dict[str, str] = {}
    for path in paths:
        _check_new(path, seen)
        found = read_state(path)
        _check_tasks(found, tasks)
        first = found if first is None else first
        _check_alike(first, found)
        rows += [(each, found.name) for each in found.header.rows]
        with damage(found.name):
            merging.add(found)
    with damage(first.name if first else ""):
        total = merging.merged()
    if total is None:
        raise InputError("there is no state to merge", hint=WHAT_IS_STATE)
    check_apart(rows)
    header = total.header
    if header.crosses and header.unpaired > header.setting.shift:
        raise InputError(
            f"{total.name}: --shift {header.setting.shift} pairs the last rows of a file with the "
            "labels of the next, which single files miss",
            hint="name all files in each run, and part them by --rows A:B",
        )
    return total


def _check_new(path: str, seen: dict[str, str]) -> None:
    """Raise InputError if a file was named before; `seen` has the names by the whole ones."""
    whole = path if is_url(path) else os.path.realpath(local_name(path))
    if whole in seen and path != STANDARD_STREAM:
        names = [shown_name(each) for each in (seen[whole], path)]
        what = "is named twice" if names[0] == names[1] else f"and {names[1]} are the same file"
        raise InputError(f"{names[0]} {what}", hint=ONE_STATE)
    seen[whole] = path


def _check_tasks(saved: SavedState, seen: dict[str, str]) -> None:
    """Raise InputError if two states have texts of one task; `seen` has their names by task."""
    texts = saved.states[0].states.get("texts", TextsState())
    for task in texts.tasks:
        if task in seen:
            raise InputError(
                f"{seen[task]} and {saved.name}: both have texts of the task {shortened(task)!r}",
                hint=ONE_STATE,
            )
        seen[task] = saved.name


def _check_alike(one: SavedState, other: SavedState) -> None:
    """Raise InputError if two states do not belong together."""
    names = f"{one.name} and {other.name}"
    for what in differences(one.header, other.header):
        raise InputError(f"{names}: {what}")
    if [[*each.states] for each in one.states] != [[*each.states] for each in other.states]:
        raise InputError(f"{names}: other measures")
