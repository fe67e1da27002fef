"""What ``xent softmax`` and ``xent log-softmax`` share."""

from functools import partial
from typing import Literal, NamedTuple

from xentcli.cli import options
from xentcli.cli.inputs import Slot, fill
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.parsing import check_temperature, parse_dtype
from xentcli.cli.reading import Reading


class SoftmaxOptions(NamedTuple):
    """Options of both commands."""

    axis: options.AxisOption = -1
    temperature: options.TemperatureOption = 1.0
    dtype: options.DtypeOption = None
    non_finite: options.NonFiniteOption = "error"
    id_column: options.IdColumnOption = None


def run_softmax(
    command: Literal["softmax", "log-softmax"],
    files: list[str] | None,
    logits: list[str] | None,
    softmax_options: SoftmaxOptions,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Write the softmax or log-softmax of logits."""
    from xentcli.pipeline.inputs import open_files
    from xentcli.pipeline.transform import Transform, transform

    (paths,) = fill(files, Slot("LOGITS", logits, takes_several=True))
    check_temperature(softmax_options.temperature)
    function = Transform(
        command,
        softmax_options.axis,
        parse_dtype(softmax_options.dtype),
        softmax_options.temperature,
        propagate=softmax_options.non_finite == "propagate",
    )
    file_of = partial(reading.file, id_column=softmax_options.id_column)
    source = open_files(paths, file_of, [writing.output])
    common.tell_notes(source.notes)
    with Destination(command, writing, common).array() as sink, common.run(source) as run:
        looks_like = transform(source, function, sink, run).looks_like
    if looks_like == "probabilities":
        common.tell("warning", f"{source.name}: these look like probabilities already, not logits")
    elif looks_like == "log-probabilities" and command == "log-softmax":
        common.tell("warning", f"{source.name}: these look like log-probabilities already")
