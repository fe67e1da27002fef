"""Samples of lm-evaluation-harness: several files as one input, and the loss of whole texts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xentcli.cli import loss_inputs, loss_output
from xentcli.cli.answers import check_flags
from xentcli.cli.loss_options import Gates, GivenOptions
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms, ready_output
from xentcli.cli.reading import Reading
from xentcli.cli.states import check_state, write_state

_SUFFIXES = (".json", ".ndjson", ".parquet", ".pq")
"""What is in the names of files that may be samples, compressed or not."""

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.opening import Source
    from xentcli.pipeline.saved_states.states import SavedState
    from xentcli.results.texts import TextLoss


def open_samples(
    paths: list[str], reading: Reading, output: str, *, unless: Sequence[object]
) -> "Source | None":
    """Open samples of any kind; None for other files, or if an option is for other files."""
    if any(unless):
        return None
    from xentcli.pipeline.opening import are_samples, open_files

    if not are_samples(paths, reading.file, [output]):
        return None
    return open_files(paths, lambda path: reading.file(path, tokens="any"), [output])


def together(
    files: list[str] | None, by_option: list[str] | None, reading: Reading
) -> tuple[list[str], list[str] | None]:
    """Return files by position and by option, with several files of samples as one option's."""
    names = list(files or ())
    if by_option or len(names) < 2:
        return names, by_option
    if not all(any(suffix in name for suffix in _SUFFIXES) for name in names):
        return names, by_option
    from xentcli.pipeline.opening import are_samples

    return ([], names) if all(are_samples([n], reading.file) for n in names) else (names, None)


def run(source: "Source", inputs: list[list[str]], given: GivenOptions) -> None:
    """Write the loss of samples of any kind."""
    from xentcli.pipeline.language.samples import samples_of

    samples = samples_of(source)
    kind = None if samples is None else samples.kind
    if kind == "texts" and given.loss.reduction == "mean":
        run_texts(source, inputs[0], given)
        return
    choices = kind == "choices"
    rows_are: Kind = "logits" if choices else "log-probabilities"
    criterion = loss_inputs.criterion_of(given.flags, rows_are, given.loss)
    loss_output.run_loss(criterion._replace(picked=not choices), inputs, given, source)


def run_texts(source: "Source", paths: list[str], given: GivenOptions) -> None:
    """Write the loss of whole texts, and judge it."""
    options, writing, common = given.loss, given.writing, given.common
    check_flags(given.flags, options.replaced(state=None), "whole texts have none")
    check_state(options.state, writing)
    from xentcli.pipeline.language.texts import TextsAsked, loss_of_texts, texts_state

    keeper, output = _opened(writing, common, given.gates)
    common.tell_notes(source.notes)
    texts = texts_state(source)
    source.check_unchanged()
    _write(loss_of_texts(texts, source.name), output, keeper, common)
    if options.state is not None:
        from xentcli.pipeline.saved_states.text_states import state_of_texts

        asked, without = TextsAsked(given.reading.key), [writing.output]
        saved = state_of_texts(texts, source, paths, asked, without)
        write_state(saved, options.state, writing)
    keeper.exit()


def report(saved: "SavedState", writing: Writing, common: Common, gates: Gates) -> "Gatekeeper":
    """Write the loss of the texts of a state, and judge it."""
    from xentcli.pipeline.saved_states.states import damage
    from xentcli.pipeline.saved_states.text_states import texts_of

    keeper, output = _opened(writing, common, gates)
    with damage(saved.name):
        found = texts_of(saved)
    _write(found, output, keeper, common)
    return keeper


def _opened(writing: Writing, common: Common, gates: Gates) -> "tuple[Gatekeeper, Destination]":
    """Return the judge of the loss of texts, and where the loss goes; both are checked."""
    from xentcli.results.texts import NAMES

    keeper = gates.keeper(NAMES, counted="documents")
    return keeper, ready_output("nll", keeper, writing, common)


def _write(found: "TextLoss", output: Destination, keeper: "Gatekeeper", common: Common) -> None:
    """Write the loss of texts, and judge it."""
    from xentcli.pipeline.language.texts import NOTES

    notes = keeper.judge(found.metrics, 0, found.documents)
    output.write(_forms(found, keeper))
    common.tell_notes([*NOTES, *notes])


def _forms(found: "TextLoss", keeper: "Gatekeeper") -> Forms:
    def table(_width: int) -> Iterator[object]:
        from xentcli.render.texts import texts_tables

        yield from texts_tables(found)

    return Forms(lambda: keeper.beside(found.named()), table, number=found.loss)
