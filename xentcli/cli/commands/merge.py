"""xent merge."""

from typing import Annotated

from xentcli.cli import options
from xentcli.cli.command import Command
from xentcli.cli.loss_options import Gates, StateOption
from xentcli.cli.options import Common, Writing
from xentcli.cli.states import check_state


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
    from xentcli.pipeline.opening import expand_all, expecting
    from xentcli.pipeline.saved_states.state_merging import merged

    slots.only_one_standard_input(*files, gates.baseline)
    check_state(state, writing)
    written = [path for path in (state, writing.output) if path is not None]
    paths = expand_all(files, written)
    with expecting(paths):
        saved = merged(paths)
    merging.run(saved, paths, state, report, writing, common, gates)


COMMAND = Command(
    merge,
    first=("--json", "--output", "--state", "--fail-if"),
    examples=(
        "xent merge 'run-*.json'",
        "xent merge run-1.json run-2.json --json",
        "xent merge 'run-*.json' --state all.json --fail-if 'loss > 2'",
    ),
)
