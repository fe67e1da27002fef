"""xent softmax, xent log-softmax."""

from functools import partial
from typing import Literal, NamedTuple

from xentcli.cli import options
from xentcli.cli.arrays import array_sink
from xentcli.cli.inputs import Reading
from xentcli.cli.options import Common, Writing


class SoftmaxOptions(NamedTuple):
    """What both commands can be told."""

    axis: options.Axis = -1
    temperature: options.Temperature = 1.0
    dtype: options.DtypeOption = None
    non_finite: options.NonFiniteOption = "error"
    id_column: options.IdColumn = None


def softmax(
    logits: options.LogitsArgument,
    *,
    own: SoftmaxOptions,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Turn logits into probabilities: exp(z) / sum(exp(z)) of each row."""
    _run("softmax", logits, own, writing, reading, common)


def log_softmax(
    logits: options.LogitsArgument,
    *,
    own: SoftmaxOptions,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Turn logits into log-probabilities: z - log(sum(exp(z))) of each row."""
    _run("log-softmax", logits, own, writing, reading, common)


def _run(
    command: Literal["softmax", "log-softmax"],
    logits: list[str],
    own: SoftmaxOptions,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    from xentcli.pipeline.shards import open_shards
    from xentcli.pipeline.transform import Transform, transform

    options.check_temperature(own.temperature)
    function = Transform(
        command,
        own.axis,
        options.numpy_dtype(own.dtype),
        own.temperature,
        propagate=own.non_finite == "propagate",
    )
    source = open_shards(logits, partial(reading.file, id_column=own.id_column))
    common.tell_all(source.notes)
    with array_sink(command, writing, common) as sink, common.run(source) as run:
        looks_like = transform(source, function, sink, run).looks_like
    if looks_like == "probabilities":
        common.tell("warning", f"{source.name}: these look like probabilities already, not logits")
    elif looks_like == "log-probabilities" and command == "log-softmax":
        common.tell("warning", f"{source.name}: these look like log-probabilities already")
