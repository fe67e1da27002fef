"""xent explain."""

from typing import TYPE_CHECKING, Annotated, Any

from xentcli.cli import loss_inputs, options, samples, slots
from xentcli.cli.command import Command
from xentcli.cli.criterion_options import (
    IgnoreIndexOption,
    LabelSmoothingOption,
    WeightOption,
)
from xentcli.cli.expand import OptionGroup
from xentcli.cli.loss_options import RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.parsing import parse_rows
from xentcli.cli.reading import Reading
from xentcli.cli.slots import Slot, check_second, fill

if TYPE_CHECKING:
    from xentcli.results.explain import Explanation


_USUAL_ROWS = "0:3"


class ExplainFlags(OptionGroup):
    """Options that say which rows are explained, and what their labels are."""

    rows: Annotated[
        str,
        options.computation(
            "--rows", metavar="A:B", help="Which rows, counted from 0; : takes all."
        ),
    ] = _USUAL_ROWS
    weight: WeightOption = None
    ignore_index: IgnoreIndexOption = None
    label_smoothing: LabelSmoothingOption = 0.0
    temperature: options.TemperatureOption = "1"
    label_column: options.LabelColumnOption = None
    label_key: options.LabelKeyOption = None
    label_base: options.LabelBaseOption = None
    classes: options.ClassesOption = None
    shift: options.ShiftOption = 0
    class_axis: options.ClassAxisOption = None

    @property
    def of_loss(self) -> RowFlags:
        """The same options, as those of a loss."""
        others = {*vars(self)} - {"rows", "label_smoothing", "temperature"}
        return RowFlags(**{name: getattr(self, name) for name in others})


def explain(
    files: options.LogitsLabelsArgument = None,
    logits: options.LogitsOption = None,
    labels: options.LabelsOption = None,
    *,
    flags: ExplainFlags,
    reading: Reading,
    writing: Writing,
    common: Common,
) -> None:
    """Show every step from logits to loss, three routes to the same number, and the gradient."""
    from xentcli.pipeline import explain as steps
    from xentcli.pipeline.inputs.labelled import Opening, open_both
    from xentcli.pipeline.run import note_of_end

    files, logits = samples.together(files, logits, reading)
    both = fill(files, Slot("LOGITS", logits), Slot("LABELS", labels))
    wanted = parse_rows(flags.rows)
    output = Destination("explain", writing, common)
    output.check()
    slots.only_one_standard_input(*both[0], *both[1], flags.weight, flags.temperature)
    asked = flags.of_loss
    criterion = loss_inputs.criterion_of(
        asked, "logits", label_smoothing=flags.label_smoothing, temperature=flags.temperature
    )
    named = loss_inputs.label_options(asked, criterion.naming.classes)
    check_second(both, labels, reading.reader, named)
    sources = open_both(both[0], both[1], Opening(reading.reader, named, [writing.output]))
    common.tell_notes(note for each in sources if each is not None for note in each.notes)
    criterion = loss_inputs.with_weights_in_order(criterion, *sources, common)
    result, notes = steps.explain(*sources, wanted, criterion)
    ends = note_of_end(sources[0].name, wanted, len(result.logits))
    common.tell_notes([*notes, *([ends] if ends and flags.rows != _USUAL_ROWS else [])])
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
    first=("--rows", "--weight", "--ignore-index", "--label-smoothing", "--label-column", "--json"),
    examples=(
        "xent explain logits.npy labels.npy",
        "xent explain logits.npy labels.npy --rows 2:4",
        "xent explain logits.csv labels.csv --weight 1,2,0.5 --label-smoothing 0.1",
    ),
)
