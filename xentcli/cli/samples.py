"""Samples of lm-evaluation-harness: several files as one input, and the loss of whole texts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xentcli.cli import loss_inputs, losses
from xentcli.cli.answers import check_flags
from xentcli.cli.loss_options import Gates, LossFlags, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.reading import Reading

_SUFFIX = ".jsonl"

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.inputs import Source
    from xentcli.results.texts import TextLoss


def open_samples(
    paths: list[str], reading: Reading, output: str, *, unless: Sequence[object]
) -> "Source | None":
    """Open samples, whatever they are of; None of other files, or if an option is for others."""
    if any(unless):
        return None
    from xentcli.pipeline.inputs import are_samples, open_files

    if not are_samples(paths, reading.file, [output]):
        return None
    return open_files(paths, lambda path: reading.file(path, tokens="any"), [output])


def together(
    files: list[str] | None, by_option: list[str] | None, reading: Reading
) -> tuple[list[str], list[str] | None]:
    """Return files by position and by option: several files of samples are those of one option."""
    names = list(files or ())
    if by_option or len(names) < 2 or not all(_SUFFIX in name for name in names):
        return names, by_option
    from xentcli.pipeline.inputs import are_samples

    return ([], names) if all(are_samples([n], reading.file) for n in names) else (names, None)


def run(
    source: "Source",
    inputs: list[list[str]],
    flags: RowFlags,
    options: LossFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
    gates: Gates,
) -> None:
    """Write the loss of samples, whatever they are of."""
    from xentcli.pipeline.samples import samples_of

    samples = samples_of(source)
    kind = None if samples is None else samples.kind
    if kind == "texts" and options.reduction == "mean":
        run_texts(source, flags, options, writing, common, gates)
        return
    choices = kind == "choices"
    criterion = loss_inputs.criterion_of(
        flags, "logits" if choices else "log-probabilities", options
    )
    criterion = criterion._replace(picked=not choices)
    losses.run_loss(criterion, inputs, flags, options, writing, reading, common, gates, source)


def run_texts(
    source: "Source",
    flags: RowFlags,
    options: LossFlags,
    writing: Writing,
    common: Common,
    gates: Gates,
) -> None:
    """Write the loss of whole texts, and judge it."""
    check_flags(flags, options, "whole texts have none")
    from xentcli.pipeline.texts import measure_texts
    from xentcli.results.texts import NAMES

    output = Destination("nll", writing, common)
    output.check(is_text=False)
    keeper = gates.keeper(NAMES)
    keeper.open()
    common.tell_notes(source.notes)
    found = measure_texts(source)
    source.check_unchanged()
    notes = keeper.judge(found.metrics, 0)
    output.write(_forms(found, keeper))
    common.tell_notes(["the loss is that of a byte; errors are by document", *notes])
    keeper.exit()


def _forms(found: "TextLoss", keeper: "Gatekeeper") -> Forms:
    def table(_width: int) -> Iterator[object]:
        from xentcli.render.texts import texts_tables

        yield from texts_tables(found)

    return Forms(lambda: keeper.beside(found.named()), table, number=found.loss)
