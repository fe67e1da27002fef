"""What ``xent nll`` does with the answers of a server: the loss of their tokens."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xentcli.cli.loss_options import Gates, GivenOptions, LossFlags, RowFlags
from xentcli.cli.output import Destination, Forms, ready_output
from xentcli.cli.states import check_state, write_state
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.in_part.bounded import BoundedSums
    from xentcli.pipeline.language.tokens import TokenLoss


def are_answers(inputs: list[list[str]], given: GivenOptions, *, probs: bool) -> bool:
    """Whether the first file holds answers of a server."""
    values, _ = inputs
    flags, reading = given.flags, given.reading
    chosen = (flags.label_column, flags.label_key, reading.key, reading.columns)
    if not values or probs or flags.binary or any(chosen):
        return False
    from xentcli.pipeline.opening import are_answers

    return are_answers(values, reading.file)


def run_listed(files: list[list[str]], tokens: str | None, given: GivenOptions) -> None:
    """Write the loss of the user's own labels at the tokens of answers, or its bound."""
    from xentcli.cli import bounded
    from xentcli.pipeline.language.listed import open_each
    from xentcli.pipeline.opening import expand_all, notes_of_files

    flags, options, reading = given.flags, given.loss, given.reading
    check_flags(flags, options.replaced(state=None), "a server's answers have none")
    check_state(options.state, given.writing, options.reduction)
    answers, labels = map(expand_all, files)
    for names, paths in zip(files, (answers, labels), strict=True):
        given.common.tell_notes(notes_of_files(names, paths))
    if len(answers) != len(labels):
        raise UsageError(f"{len(answers)} files of answers, and {len(labels)} of labels")
    opened = [reading.file(path, tokens=tokens or "any") for path in answers]
    of_labels = [reading.reader.labels(path) for path in labels]
    rows = open_each(opened, of_labels, given.top.num_classes)

    def keep(sums: "BoundedSums") -> None:
        from xentcli.cli.loss_inputs import criterion_of
        from xentcli.pipeline.in_part.bounded import BoundedKind
        from xentcli.pipeline.language.listed import facts_of_listed
        from xentcli.pipeline.saved_states.bounded_states import state_of_bounded

        criterion = criterion_of(flags, "log-probabilities", options)
        facts, kind = facts_of_listed(rows, answers, labels), BoundedKind.of(rows)
        saved = state_of_bounded("nll", sums, kind, criterion, facts, answers)
        write_state(saved, options.state, given.writing)

    bounded.write_loss(rows, "nll", given, None if options.state is None else keep)


def run_answers(files: list[str], tokens: str | None, given: GivenOptions) -> None:
    """Read answers, write the loss of their tokens, say what was left out, and judge it."""
    options, writing, common = given.loss, given.writing, given.common
    check_flags(given.flags, options.replaced(state=None), "a server's answers have none")
    check_state(options.state, writing, options.reduction)
    from xentcli.pipeline.language.tokens import measure_tokens, open_answers

    keeper = keeper_of(given.gates)
    output = ready_output("nll", keeper, writing, common)
    file_of = partial(given.reading.file, tokens=tokens or "any")
    sources = open_answers(files, file_of, [writing.output])
    source = sources[0]
    check_names(keeper, source.part)
    for each in sources:
        common.tell_notes(each.notes)
    if options.reduction == "none":
        with output.array("losses") as sink, common.run(source) as run:
            found, notes, _ = measure_tokens(sources, "none", run, sink)
            notes += _judge(keeper, found)
            output.add_summary(keeper.beside(found.named()))
    else:
        with common.run(source) as run:
            found, notes, counts = measure_tokens(sources, options.reduction, run)
        notes += write(found, output, keeper)
        if options.state is not None:
            from xentcli.pipeline.saved_states.token_states import state_of_tokens

            state = state_of_tokens(counts, sources, files, options.reduction, [writing.output])
            write_state(state, options.state, writing)
    common.tell_notes(notes)
    keeper.exit()


def write(found: "TokenLoss", output: Destination, keeper: "Gatekeeper") -> list[str]:
    """Write the loss of tokens and judge it; return what to note."""
    notes = _judge(keeper, found)
    output.write(_forms(found, keeper))
    return notes


def keeper_of(gates: Gates) -> "Gatekeeper":
    """Return the judge of the loss of tokens."""
    from xentcli.results.tokens import NAMES

    measures = [name for names in NAMES.values() for name in names]
    return gates.keeper(measures, counted="sequences")


def check_flags(flags: RowFlags, options: LossFlags, why: str) -> None:
    """Raise UsageError if an option is for rows with labels."""
    refused = flags.of_rows() | options.of_rows()
    if given := [name for name, value in refused.items() if value is not None]:
        raise UsageError(f"{given[0]} is for rows of classes, and {why}")


def check_names(keeper: "Gatekeeper", part: str) -> None:
    """Raise UsageError if a gate names a measure of the other tokens."""
    from xentcli.results.tokens import NAMES

    for name in keeper.names:
        if name not in NAMES[part]:
            measured = ", ".join(NAMES[part])
            raise UsageError(
                f"--fail-if: {name!r} is not measured of {part} tokens; these are: {measured}"
            )


def _judge(keeper: "Gatekeeper", found: "TokenLoss") -> list[str]:
    return keeper.judge(found.metrics, 0, found.sequences)


def _forms(found: "TokenLoss", keeper: "Gatekeeper") -> Forms:
    def table(_width: int) -> Iterator[object]:
        from xentcli.render.tokens import tokens_table

        yield tokens_table(found)

    return Forms(lambda: keeper.beside(found.named()), table, number=found.total)
