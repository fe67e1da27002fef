"""xent info."""

from typing import TYPE_CHECKING, Annotated, Any

from xentcli.cli import options, slots
from xentcli.cli.command import Command
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.reading import Reading
from xentcli.errors import InputError

if TYPE_CHECKING:
    from xentcli.pipeline.inspection.inspect import FoundArray
    from xentcli.results.info import ArraySummary


def info(
    files: Annotated[list[str], options.files_argument("FILE...", options.EACH)],
    *,
    reading: Reading,
    common: Common,
    writing: Writing,
) -> None:
    """Show what files hold, every array or column, and the command that fits."""
    from xentcli.pipeline.inspection.advice import advise
    from xentcli.pipeline.inspection.inspect import inspect
    from xentcli.pipeline.opening import expand_all, expecting

    slots.only_one_standard_input(*files)
    output = Destination("info", writing, common)
    output.check()
    reader = reading.reader
    found: dict[str, list[FoundArray]] = {}
    failed: list[InputError] = []
    paths = expand_all(files, [writing.output])
    with expecting(paths):
        for file in paths:
            try:
                found[file], notes = inspect(reader.file(file, any_columns=True), common.run)
                common.tell_notes(notes)
            except InputError as error:
                failed.append(error)
    if results := advise([*found], [*found.values()], next(iter(reading.lm_head or ()), None)):
        output.write(_forms(results))
    for each in failed[:-1]:
        common.tell_error(each)
    if failed:
        raise failed[-1]


def _forms(results: "list[ArraySummary]") -> Forms:
    def tables(width: int) -> list[Any]:
        from xentcli.render.info import info_page

        return info_page(results, width)

    def text(delimiter: str) -> str:
        from xentcli.render.csv import result_rows

        return result_rows(results, delimiter)

    return Forms(lambda: {"command": "info", "files": results}, tables, text)


COMMAND = Command(
    info,
    first=("--json", "--key", "--output"),
    examples=("xent info logits.npy", "xent info 'run/*.npy' --json"),
)
