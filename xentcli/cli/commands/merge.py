"""xent merge."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli import options
from xentcli.cli.command import Command
from xentcli.cli.loss_options import Gates, StateOption
from xentcli.cli.options import Common, Writing
from xentcli.cli.states import check_state

if TYPE_CHECKING:
    from collections.abc import Iterator


def merge(
    files: Annotated[
        list[str],
        options.files_argument(
            "STATE...", "What --state wrote; quote a pattern, 'run-*.json'. - is standard input."
        ),
    ],
    report: Annotated[
        str | None,
        options.of_writing(
            "--report",
            metavar="FILE.html",
            help="Also write a page of the evaluation or comparison.",
        ),
    ] = None,
    state: StateOption = None,
    *,
    writing: Writing,
    common: Common,
    gates: Gates,
) -> None:
    """Report the states of many runs as one run over all of their rows would."""
    from xentcli.cli import merging, slots
    from xentcli.pipeline.state_merging import merged

    slots.only_one_standard_input(*files, gates.baseline)
    check_state(state, writing)
    saved = merged(_paths(files, state, writing))
    merging.run(saved, state, report, writing, common, gates)


def _paths(files: list[str], state: str | None, writing: Writing) -> "Iterator[str]":
    """Yield the files; a pattern never matches a file that will be written."""
    from xentcli.pipeline.opening import expand, expecting

    written = [path for path in (state, writing.output) if path is not None]
    paths = [path for name in files for path in expand(name, written)]
    with expecting(paths):
        yield from paths


COMMAND = Command(
    merge,
    first=("--json", "--output", "--state", "--fail-if"),
    examples=(
        "xent merge 'run-*.json'",
        "xent merge run-1.json run-2.json --json",
        "xent merge 'run-*.json' --state all.json --fail-if 'loss > 2'",
    ),
)
