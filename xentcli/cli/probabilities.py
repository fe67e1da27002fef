"""The part that ``xent softmax`` and ``xent log-softmax`` share."""

from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from xentcli.cli import options
from xentcli.cli.expand import OptionGroup
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.parsing import parse_dtype, parse_temperature
from xentcli.cli.reading import Reading
from xentcli.cli.slots import Slot, fill, only_one_standard_input
from xentcli.errors import DoubtfulColumns, UsageError
from xentcli.text import name_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xentcli.pipeline.flow import Total
    from xentcli.pipeline.opening import InputFile, Source
    from xentcli.pipeline.transform import Transform


class SoftmaxOptions(OptionGroup):
    """Options of both commands."""

    axis: options.AxisOption = -1
    temperature: options.TemperatureOption = "1"
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
    from xentcli.pipeline.opening import open_files
    from xentcli.pipeline.rounding import notes_of_rounding
    from xentcli.pipeline.transform import Transform, notes_of_lost_names, transform

    (paths,) = fill(files, Slot("LOGITS", logits, takes_several=True))
    only_one_standard_input(*paths, softmax_options.temperature)
    function = Transform(
        command,
        softmax_options.axis,
        parse_dtype(softmax_options.dtype),
        parse_temperature(softmax_options.temperature),
        propagate=softmax_options.non_finite == "propagate",
    )
    file_of = partial(reading.file, id_column=softmax_options.id_column)
    offering = nullcontext() if softmax_options.id_column else _offering_ids()
    if writing.output != "-" and _is_pattern(writing, common):
        with offering:
            source, total = _write_each(paths, file_of, function, writing, common)
    else:
        with offering:
            source = open_files(paths, file_of, [writing.output])
        common.tell_notes(source.notes)
        with Destination(command, writing, common).array() as sink, common.run(source) as run:
            total = transform(source, function, sink, run)
    common.tell_notes(notes_of_rounding(source.name, total.remarks))
    if Destination(command, writing, common).form == "file":
        common.tell_notes(notes_of_lost_names(source.columns, writing.output, writing.to))
    _warn(command, source.name, total.looks_like, common)


def _warn(command: str, name: str, looks_like: str | None, common: Common) -> None:
    """Warn of logits that look like what the command makes of logits, on whatever scale."""
    from xentcli.pipeline.inputs.output_kinds import MENDED

    if looks_like == "probabilities":
        common.tell("warning", f"{name}: these look like probabilities already, not logits")
    elif looks_like == "log-probabilities" and command == "log-softmax":
        common.tell("warning", f"{name}: these look like log-probabilities already")
    elif looks_like in MENDED:
        what = f"these look like {looks_like}, not logits: {MENDED[looks_like]}"
        common.tell("warning", f"{name}: {what}")


@contextmanager
def _offering_ids() -> "Iterator[None]":
    """Add to the hint on a column in doubt that ids can be written beside the rows they name."""
    try:
        yield
    except DoubtfulColumns as doubt:
        if doubt.ids is not None:
            way = f"keep it beside each row: --id-column {name_option(doubt.ids)}"
            doubt.hint = f"{way}; else {doubt.hint}"
        raise


def _is_pattern(writing: Writing, common: Common) -> bool:
    """Whether each input has an output of its own."""
    from xentcli.pipeline.transform_shards import is_pattern

    if not is_pattern(writing.output):
        return False
    if Destination("", writing, common).form == "json":
        raise UsageError("--json is one object, and not one for each input")
    return True


def _write_each(
    paths: list[str],
    file_of: "Callable[[str], InputFile]",
    function: "Transform",
    writing: Writing,
    common: Common,
) -> "tuple[Source, Total[Any]]":
    """Write the transform of each file to a file of its own."""
    from xentcli.pipeline.opening import expand_all, open_files
    from xentcli.pipeline.transform_shards import outputs_of, transform_each, written

    without = written(paths, writing.output)
    inputs = expand_all(paths, without)
    outputs = outputs_of(writing.output, inputs, writing.to, force=writing.force)
    source = open_files(paths, file_of, without)
    common.tell_notes(source.notes)
    with common.run(source) as run:
        total = transform_each(source, function, outputs, writing.to, run, force=writing.force)
    Destination(function.kind, writing, common).warn_of_formulas(total.notes)
    return source, total
