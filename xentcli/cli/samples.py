"""Samples of lm-evaluation-harness: several files as one input, and the loss of whole texts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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


def open_samples(paths: list[str], reading: Reading, output: str) -> "Source | None":
    """Open samples, whatever they are of; None of other files."""
    from xentcli.pipeline.inputs import are_samples, open_files

    if not are_samples(paths, reading.file, [output]):
        return None
    return open_files(paths, lambda path: reading.file(path, tokens="any"), [output])


def kind_of(source: "Source") -> str | None:
    """Return what samples are of: ``choices``, ``likelihoods``, ``texts``."""
    from xentcli.pipeline.samples import samples_of

    found = samples_of(source)
    return None if found is None else found.kind


def together(
    files: list[str] | None, by_option: list[str] | None, reading: Reading
) -> tuple[list[str], list[str] | None]:
    """Return files by position and by option: several files of samples are those of one option."""
    names = list(files or ())
    if by_option or len(names) < 2 or not all(_SUFFIX in name for name in names):
        return names, by_option
    from xentcli.pipeline.inputs import are_samples

    return ([], names) if all(are_samples([n], reading.file) for n in names) else (names, None)


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
    if keeper is not None:
        keeper.open()
    common.tell_notes(source.notes)
    found = measure_texts(source)
    source.check_unchanged()
    notes = [] if keeper is None else keeper.judge(found.metrics, 0)
    output.write(_forms(found, keeper))
    common.tell_notes(["the loss is that of a byte; errors are by document", *notes])
    if keeper is not None:
        keeper.exit()


def _forms(found: "TextLoss", keeper: "Gatekeeper | None") -> Forms:
    def table(_width: int) -> Iterator[object]:
        from xentcli.render.texts import texts_tables

        yield from texts_tables(found)

    def json() -> dict[str, Any]:
        named = found.named()
        return named if keeper is None else {**named, "gates": keeper.verdicts}

    return Forms(json, table, number=found.loss)
