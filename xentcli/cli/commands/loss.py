"""xent loss."""

from xentcli.cli import loss_inputs, loss_output, options, samples, top_lists
from xentcli.cli.command import Command
from xentcli.cli.criterion_options import LabelSmoothingOption
from xentcli.cli.loss_options import GivenOptions
from xentcli.cli.slots import Slot
from xentcli.errors import UsageError


def loss(
    files: options.LogitsLabelsArgument = None,
    logits: options.LogitsOption = None,
    labels: options.LabelsOption = None,
    label_smoothing: LabelSmoothingOption = 0.0,
    temperature: options.TemperatureOption = "1",
    *,
    given: GivenOptions,
) -> None:
    """Compute the cross entropy of logits: the mean of -log(softmax(logits)) at the labels."""
    files, logits = samples.together(files, logits, given.reading)
    slots = (Slot("LOGITS", logits), Slot("LABELS", labels))
    inputs = top_lists.fill(files, given.top, *slots)
    loss_inputs.check_files(inputs, given, temperature)
    top_lists.check_second(inputs, labels, given)
    opened = top_lists.find(inputs, given)
    if opened is not None:
        refused = {"--temperature": temperature != "1", "--label-smoothing": label_smoothing}
        top_lists.run(opened, "loss", refused, given, inputs)
        return
    if given.flags.binary and label_smoothing:
        raise UsageError("--label-smoothing is for classes; --binary takes labels between 0 and 1")
    criterion = loss_inputs.criterion_of(
        given.flags, "logits", given.loss, label_smoothing, temperature
    )
    loss_output.run_loss(criterion, inputs, given)


COMMAND = Command(
    loss,
    first=("--reduction", "--ignore-index", "--label-column", "--shift", "--output", "--json"),
    examples=(
        "xent loss logits.npy labels.npy",
        "xent loss 'run/logits-*.npy' labels.npy --reduction none -o losses.npy",
        "xent loss predictions.csv --label-column label",
    ),
)
