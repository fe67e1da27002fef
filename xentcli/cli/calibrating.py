"""The request to ``xent calibrate``, the forms of its result, and warnings about it."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from xentcli.cli import evaluating, loss_inputs, slots
from xentcli.cli.loss_options import GivenOptions
from xentcli.cli.output import Forms
from xentcli.cli.telling import Telling
from xentcli.pipeline.result_warnings import of_temperature

if TYPE_CHECKING:
    from xentcli.cli.options import Writing
    from xentcli.pipeline.calibrate import CalibrateOptions, OtherRows
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.inputs.reading import Reader
    from xentcli.pipeline.opening import Source
    from xentcli.results.provenance import FileFacts, Provenance
    from xentcli.results.temperature import FittedTemperature
    from xentcli.results.verdict import Verdict


def writing_of(given: GivenOptions) -> "Writing":
    """Return where the temperature goes: to a file in the form that `--temperature` reads."""
    from xentcli.pipeline.outputs import readable_format

    writing = given.writing
    if given.common.json:
        return writing
    return writing.replaced(to=readable_format(writing.output, writing.to, "temperature"))


def measures() -> tuple[str, ...]:
    """Return the names of what is measured."""
    from xentcli.pipeline.temperatures.calibrate_report import MEASURES

    return MEASURES


def wanted(folds: int, bins: int) -> "CalibrateOptions":
    """Return how the temperature is fitted.

    Raises
    ------
    UsageError
        If a number makes no sense.
    """
    from xentcli.pipeline.calibrate import CalibrateOptions

    found = CalibrateOptions(folds, bins)
    found.check()
    return found


class FitRows(NamedTuple):
    """Rows, their labels, their loss, what stands beside them, and other rows to report on."""

    logits: "Source"
    labels: "Source | None"
    criterion: "Criterion"
    sample_weight: "Source | None"
    cluster: "Source | str | None"
    tested: "OtherRows | None"


def open_rows(
    criterion: "Criterion",
    files: list[list[str]],
    test: tuple[str, str] | None,
    cluster: str | None,
    given: GivenOptions,
) -> FitRows:
    """Open rows and what stands beside them, and print notes about them."""
    from xentcli.pipeline.inputs.beside_files import new_notes
    from xentcli.pipeline.inputs.groups import open_group_names
    from xentcli.pipeline.inputs.weights import check_order_of_weights

    flags, writing, common = given.flags, given.writing, given.common
    reader = given.reading.reader.without_groups(files[0], cluster, labels=files[1])
    weight = given.loss.sample_weight
    reader = reader.with_files_beside([weight])
    source, labels = loss_inputs.open_rows(criterion, files, flags, writing, reader)
    common.tell_notes([*source.notes, *(labels.notes if labels else [])])
    asked = criterion
    criterion = loss_inputs.with_weights_in_order(asked, source, labels, common)
    weights = slots.open_weights(reader, weight, source, labels)
    names = files[0], files[1]
    clusters = open_group_names("clusters", cluster, reader, source, labels, names)
    common.tell_notes(new_notes((weights, clusters), (source, labels)))
    tested = None if test is None else _open_test(asked, test, source, given, reader)
    if tested is not None:
        check_order_of_weights(asked, (source, tested.logits))
    return FitRows(source, labels, criterion, weights, clusters, tested)


def _open_test(
    criterion: "Criterion",
    test: tuple[str, str],
    fitted: "Source",
    given: GivenOptions,
    reader: "Reader",
) -> "OtherRows":
    """Open the rows to report on, and print notes about them; one file may hold both."""
    from xentcli.pipeline.calibrate import OtherRows
    from xentcli.pipeline.inputs.array_ids import has_keys
    from xentcli.pipeline.inputs.labelled import Opening
    from xentcli.pipeline.inputs.second_file import check_labels_alone
    from xentcli.pipeline.inputs.weights import weights_of_others
    from xentcli.pipeline.opening import expand

    both_in_one = test[0] == test[1] and (
        given.flags.label_column is not None or has_keys(expand(test[0])[0], reader)
    )
    files = [[test[0]], [] if both_in_one else [test[1]]]
    named = loss_inputs.label_options(given.flags, ())
    check_labels_alone(files[0], files[1], Opening(reader, named), "--test")
    both = loss_inputs.open_rows(criterion, files, given.flags, given.writing, reader)
    given.common.tell_notes(note for each in both if each is not None for note in each.notes)
    criterion = weights_of_others(criterion, fitted, both[0])
    criterion = criterion._replace(naming=criterion.naming.of_others(both[0]))
    return OtherRows(*both, loss_inputs.with_weights_in_order(criterion, *both, given.common))


def provenance(
    found: "FittedTemperature",
    rows: FitRows,
    files: list[list[str]],
    test: tuple[str, str] | None,
    *,
    digest: bool,
) -> "Provenance":
    """Return the command line, all files that were read, those of `--test` too, and the version."""
    from xentcli.pipeline import provenance as of_files

    counted = (rows.criterion, found.rows)
    source = evaluating.provenance(rows.logits, rows.labels, files, counted, digest=digest)
    tested: list[FileFacts] = []
    roles = ("test logits", "test labels")
    others = () if rows.tested is None else (rows.tested.logits, rows.tested.labels)
    for role, each, path in zip(roles, others, test or (), strict=False):
        if each is not None:
            tested += of_files.file_facts(role, each, [path], digest=digest)
    if found.tested is not None:
        tested = [*of_files.counted(tested, rows.criterion, found.tested.rows)]
    return source._replace(files=(*source.files, *tested))


def tell(
    telling: Telling, found: "FittedTemperature", source: "Provenance", kind: "Kind", rows: FitRows
) -> None:
    """Judge and write the temperature of rows, and say what is odd about it."""
    notes = telling.keeper.judge(found.metrics, found.num_classes, found.rows)
    telling.tell(
        found,
        partial(forms, found, source),
        source,
        [*found.notes, *notes],
        of_temperature(
            found,
            kind,
            rows.criterion,
            rows.logits.name,
            tested=None if rows.tested is None else rows.tested.logits.name,
            weighted=rows.sample_weight is not None,
        ),
    )


def forms(
    found: "FittedTemperature", source: "Provenance", verdicts: "tuple[Verdict, ...]" = ()
) -> Forms:
    """Return a screen for a terminal, and the bare temperature for a pipe."""

    def json() -> dict[str, Any]:
        from xentcli.render.temperature import temperature_object

        return temperature_object(found, source, verdicts)

    def table(width: int) -> Iterator[Any]:
        from xentcli.render.temperature import temperature_screen

        return temperature_screen(found, width)

    return Forms(json, table, number=found.metrics["temperature"].value)
