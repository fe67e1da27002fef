"""What ``xent nll`` does with files whose rows are known in part: exact numbers, or bounds."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from xentcli.cli.loss_options import Gates, GivenOptions, LossFlags, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Forms, ready_output
from xentcli.errors import UsageError
from xentcli.pipeline.result_warnings import of_no_rows

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.in_part.bounded import BoundedRows, BoundedSums
    from xentcli.results.bounds import BoundedLoss

_OF_LOSS = ("loss", "perplexity", "bits")


def write_loss(
    rows: "BoundedRows",
    command: str,
    given: GivenOptions,
    keep: "Callable[[BoundedSums], None] | None" = None,
) -> None:
    """Measure rows, write their loss or its bound, and judge it; `keep` gets their state."""
    from xentcli.pipeline.in_part.bounded import measure_bounded

    common, reduction = given.common, given.loss.reduction
    keeper = given.gates.keeper(_OF_LOSS)
    output = ready_output(command, keeper, given.writing, common)
    for source in rows.sources:
        common.tell_notes(source.notes)
    if reduction == "none":
        with output.array("losses") as sink, common.run(rows.sources[0]) as run:
            found, notes, _ = measure_bounded(rows, command, "none", run, sink)
            notes += _judge(keeper, found)
            output.add_summary(keeper.beside(found.named()))
    else:
        with common.run(rows.sources[0]) as run:
            found, notes, sums = measure_bounded(rows, command, reduction, run)
        notes += _judge(keeper, found)
        output.write(_forms(found, keeper))
        if keep is not None:
            keep(sums)
    _tell(found, notes, common)
    keeper.exit()


def write_merged(
    found: "BoundedLoss",
    notes: list[str],
    writing: Writing,
    common: Common,
    gates: Gates,
) -> "Gatekeeper":
    """Write the loss of many runs, or its bound, and judge it."""
    keeper = gates.keeper(_OF_LOSS)
    output = ready_output(found.command, keeper, writing, common)
    notes = [*notes, *_judge(keeper, found)]
    output.write(_forms(found, keeper))
    _tell(found, notes, common)
    return keeper


def _tell(found: "BoundedLoss", notes: list[str], common: Common) -> None:
    common.tell_notes(notes)
    for warning in of_no_rows(found.rows, found.used, found.reduction):
        common.tell("warning", warning)


def check_flags(flags: RowFlags, options: LossFlags, what: str) -> None:
    """Raise UsageError if an option is for whole rows and the user's own labels."""
    given = of_rows(flags) | options.of_rows()
    refuse({name: value is not None for name, value in given.items()}, what)


def refuse(options: Mapping[str, object], what: str) -> None:
    """Raise UsageError if one of these options is given, which are not for this kind of rows."""
    if given := [name for name, value in options.items() if value]:
        raise UsageError(f"{given[0]} is not for {what}")


def of_rows(flags: RowFlags) -> dict[str, Any]:
    """Return the options for whole rows and the user's own labels; None for one not given."""
    return flags.of_rows() | {
        "--binary": flags.binary or None,
        "--label-column": flags.label_column,
        "--label-key": flags.label_key,
    }


def _judge(keeper: "Gatekeeper", found: "BoundedLoss") -> list[str]:
    return keeper.judge(found.metrics, found.num_classes or 0, found.rows)


def _forms(found: "BoundedLoss", keeper: "Gatekeeper") -> Forms:
    """Return the forms of a loss; in a pipe it is a bare number, with a sign if it is a bound."""

    def table(_width: int) -> Iterator[object]:
        from xentcli.render.bounded import bounded_tables

        yield from bounded_tables(found)

    if found.loss.is_bound:
        return Forms(
            lambda: keeper.beside(found.named()),
            table,
            lambda _: f">= {found.loss.lower_bound!r}\n",
        )
    value = float("nan") if found.loss.value is None else found.loss.value
    return Forms(lambda: keeper.beside(found.named()), table, number=value)
