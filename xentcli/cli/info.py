"""xent info."""

from typing import TYPE_CHECKING, Annotated

import typer

from xentcli.cli import inputs
from xentcli.cli.arrays import show, shows_table
from xentcli.cli.inputs import Reading
from xentcli.cli.options import Common, Writing
from xentcli.errors import InputError

if TYPE_CHECKING:
    from xentcli.results.info import ArraySummary


def info(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="- is standard input; a quoted pattern is all files it matches."
        ),
    ],
    *,
    reading: Reading,
    common: Common,
    writing: Writing,
) -> None:
    """Show what files hold: format, shape, range, odd values, and what the rows look like."""
    from xentcli.pipeline.inputs import open_file
    from xentcli.pipeline.inspect import inspect
    from xentcli.pipeline.outputs import check_text_output
    from xentcli.pipeline.shards import expand

    inputs.only_one_standard_input(*files)
    check_text_output(writing.output, writing.to, force=writing.force)
    results: list[ArraySummary] = []
    failed: list[InputError] = []
    for file in (path for name in files for path in expand(name)):
        try:
            source = open_file(reading.file(file))
            common.tell_all(source.notes)
            with common.run(source) as run:
                results.append(inspect(source, run))
        except InputError as error:
            failed.append(error)
    _show(results, writing, common)
    for each in failed[:-1]:
        common.complain(each)
    if failed:
        raise failed[-1]


def _show(results: "list[ArraySummary]", writing: Writing, common: Common) -> None:
    from xentcli.pipeline.outputs import delimiter_for, text_file

    if not results:
        return
    if not common.json and shows_table(writing):
        from xentcli.render.tables import info_table

        for result in results:
            show(info_table(result), common)
        return
    with text_file(writing.output, writing.to, force=writing.force) as write:
        if common.json:
            from xentcli.render.json import to_json

            write(to_json({"command": "info", "files": results}))
        else:
            from xentcli.render.csv import result_rows

            write(result_rows(results, delimiter_for(writing.output, writing.to)))
