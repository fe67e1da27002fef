"""xent explain."""

from typing import TYPE_CHECKING, Annotated, Any

from xentcli.cli import inputs, options
from xentcli.cli.command import Command
from xentcli.cli.inputs import Slot, fill
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.parsing import parse_rows
from xentcli.cli.reading import Reading

if TYPE_CHECKING:
    from xentcli.results.explain import Explanation


def explain(
    files: Annotated[
        list[str] | None, options.files_argument("LOGITS LABELS", options.LOGITS_LABELS)
    ] = None,
    logits: options.LogitsOption = None,
    labels: options.LabelsOption = None,
    rows: Annotated[
        str, options.computation("--rows", metavar="A:B", help="Which rows, counted from 0.")
    ] = "0:3",
    label_column: options.LabelColumnOption = None,
    label_key: options.LabelKeyOption = None,
    label_base: options.LabelBaseOption = None,
    classes: options.ClassesOption = None,
    shift: options.ShiftOption = 0,
    class_axis: options.ClassAxisOption = None,
    *,
    reading: Reading,
    writing: Writing,
    common: Common,
) -> None:
    """Show every step from logits to loss, three routes to the same number, and the gradient."""
    from xentcli.pipeline import explain as steps
    from xentcli.pipeline.inputs import read_naming

    paths, label_paths = fill(files, Slot("LOGITS", logits), Slot("LABELS", labels))
    wanted = parse_rows(rows)
    output = Destination("explain", writing, common)
    output.check()
    naming = read_naming(classes, label_base)
    source, labels_source = inputs.open_both(
        reading.reader,
        paths,
        label_paths,
        label_column,
        label_key,
        shift=shift,
        classes=naming.classes,
        output=writing.output,
    )
    common.tell_notes([*source.notes, *(labels_source.notes if labels_source else [])])
    result, notes = steps.explain(
        source,
        labels_source,
        wanted,
        label_base=label_base or 0,
        naming=naming,
        shift=shift,
        class_axis=class_axis,
    )
    common.tell_notes(notes)
    output.write(_forms(result))
    if output.form == "file":
        output.warn_of_formulas(result.columns or ())


def _forms(result: "Explanation") -> Forms:
    def table(width: int) -> list[Any]:
        from xentcli.render.explain import explanation

        return [explanation(result, width)]

    def text(delimiter: str) -> str:
        from xentcli.render.csv import explanation_rows

        return explanation_rows(result, delimiter)

    return Forms(lambda: {"command": "explain", "explanation": result}, table, text)


COMMAND = Command(
    explain,
    first=("--rows", "--label-column", "--label-base", "--shift", "--json"),
    examples=(
        "xent explain logits.npy labels.npy",
        "xent explain logits.npy labels.npy --rows 2:4",
    ),
)
