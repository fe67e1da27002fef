"""xent loss."""

from typing import Annotated

from xentcli.cli import loss_inputs, losses, options, samples, top_lists
from xentcli.cli.command import Command
from xentcli.cli.inputs import Slot
from xentcli.cli.loss_options import Gates, LossFlags, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.reading import Reading
from xentcli.cli.top_lists import TopFlags
from xentcli.errors import UsageError


def loss(
    files: Annotated[
        list[str] | None, options.files_argument("LOGITS LABELS", options.LOGITS_LABELS)
    ] = None,
    logits: options.LogitsOption = None,
    labels: options.LabelsOption = None,
    label_smoothing: Annotated[
        float,
        options.computation("--label-smoothing", metavar="E", help="In [0, 1].", min=0.0, max=1.0),
    ] = 0.0,
    temperature: options.TemperatureOption = "1",
    *,
    top: TopFlags,
    flags: RowFlags,
    loss_options: LossFlags,
    writing: Writing,
    reading: Reading,
    gates: Gates,
    common: Common,
) -> None:
    """Compute the cross entropy of logits: the mean of -log(softmax(logits)) at the labels."""
    files, logits = samples.together(files, logits, reading)
    slots = (Slot("LOGITS", logits), Slot("LABELS", labels))
    inputs = top_lists.fill(files, top, *slots)
    loss_inputs.check_files(inputs, flags, loss_options, gates)
    opened = top_lists.find(inputs, top, flags, reading, common)
    if opened is not None:
        refused = {"--temperature": temperature != "1", "--label-smoothing": label_smoothing}
        parts = top.files(inputs)
        top_lists.run(opened, "loss", refused, flags, loss_options, writing, common, gates, parts)
        return
    if flags.binary and label_smoothing:
        raise UsageError("--label-smoothing is for classes; --binary takes labels between 0 and 1")
    criterion = loss_inputs.criterion_of(
        flags, "logits", loss_options, label_smoothing, temperature
    )
    losses.run_loss(criterion, inputs, flags, loss_options, writing, reading, common, gates)


COMMAND = Command(
    loss,
    first=("--reduction", "--ignore-index", "--label-column", "--shift", "--output", "--json"),
    examples=(
        "xent loss logits.npy labels.npy",
        "xent loss 'run/logits-*.npy' labels.npy --reduction none -o losses.npy",
        "xent loss predictions.csv --label-column label",
    ),
)
