"""xent info."""

from typing import TYPE_CHECKING, Annotated, Any

from xentcli.cli import inputs, options
from xentcli.cli.command import Command
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Forms, Output
from xentcli.cli.reading import Reading
from xentcli.errors import InputError

if TYPE_CHECKING:
    from xentcli.results.info import ArraySummary


def info(
    files: Annotated[list[str], options.files_argument("FILE...", options.EACH)],
    *,
    reading: Reading,
    common: Common,
    writing: Writing,
) -> None:
    """Show what files hold: format, shape, range, odd values, and what the rows look like."""
    from xentcli.pipeline.inputs import expand, open_file
    from xentcli.pipeline.inspect import inspect

    inputs.only_one_standard_input(*files)
    output = Output("info", writing, common)
    output.check()
    results: list[ArraySummary] = []
    failed: list[InputError] = []
    for file in (path for name in files for path in expand(name)):
        try:
            source = open_file(reading.file(file, any_columns=True))
            common.tell_notes(source.notes)
            with common.run(source) as run:
                results.append(inspect(source, run))
        except InputError as error:
            failed.append(error)
    if results:
        output.write(_forms(results))
    for each in failed[:-1]:
        common.tell_error(each)
    if failed:
        raise failed[-1]


def _forms(results: "list[ArraySummary]") -> Forms:
    def tables(_width: int) -> list[Any]:
        from xentcli.render.tables import info_table

        return [info_table(result) for result in results]

    def text(delimiter: str) -> str:
        from xentcli.render.csv import result_rows

        return result_rows(results, delimiter)

    return Forms(lambda: {"command": "info", "files": results}, tables, text)


COMMAND = Command(
    info,
    first=("--json", "--key", "--output"),
    examples=("xent info logits.npy", "xent info 'run/*.npy' --json"),
)
