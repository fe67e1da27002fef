"""xent calibrate."""

from typing import Annotated

from xentcli.cli import calibrating, evaluating, inputs, loss_inputs, measure_options, options
from xentcli.cli.command import Command
from xentcli.cli.inputs import Slot, fill
from xentcli.cli.loss_options import (
    Gates,
    LossFlags,
    PosWeightOption,
    RowFlags,
    SampleWeightOption,
)
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.reading import Reading
from xentcli.cli.reports import (
    TEMPERATURES,
    Drawn,
    TemperaturePictureKind,
)


def calibrate(
    files: Annotated[
        list[str] | None, options.files_argument("LOGITS LABELS", options.LOGITS_LABELS)
    ] = None,
    logits: options.LogitsOption = None,
    log_probs: options.LogProbsOption = None,
    probs: measure_options.ProbsOption = None,
    labels: options.LabelsOption = None,
    *,
    input_: measure_options.InputOption = None,
    folds: Annotated[
        int,
        options.computation(
            "--folds",
            metavar="K",
            min=0,
            max=1000,
            help="Parts of the rows to leave out in turn; 0: none.",
        ),
    ] = 5,
    bins: measure_options.BinsOption = 15,
    test: Annotated[
        tuple[str, str] | None,
        options.computation(
            "--test", metavar="LOGITS LABELS", help="Report on these files, too.", show_default=""
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        options.computation(
            "--cluster",
            metavar="COLUMN|axis0|rows",
            help="Which rows depend on one another: for the errors, and for the folds.",
            show_default="axis0 where rows have several axes",
        ),
    ] = None,
    sample_weight: SampleWeightOption = None,
    pos_weight: PosWeightOption = None,
    report: measure_options.ReportOption = None,
    plot: measure_options.PlotOption = None,
    plot_kind: Annotated[
        TemperaturePictureKind, options.of_writing("--plot-kind", help="What the picture shows.")
    ] = "reliability",
    digest: measure_options.DigestOption = False,
    flags: RowFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
    gates: Gates,
) -> None:
    """Find the temperature that minimises the cross entropy of logits divided by it."""
    named = {"logits": logits, "log-probs": log_probs, "probs": probs}
    kind = measure_options.input_kind(named, input_)
    both = fill(files, Slot("LOGITS", named[kind]), Slot("LABELS", labels))
    more = LossFlags(sample_weight=sample_weight, pos_weight=pos_weight)
    loss_inputs.check_files([*both, list(test or ())], flags, more, gates)
    criterion = loss_inputs.criterion_of(flags, "logits", more)
    criterion = criterion._replace(from_probs=kind == "probs")
    keeper = gates.keeper(calibrating.measures())
    drawn = Drawn(report, plot, plot_kind, writing.force, TEMPERATURES)
    drawn.check(writing.output)
    wanted = calibrating.wanted(folds, bins)
    wanted = wanted._replace(
        curve=report is not None or (plot is not None and plot_kind == "curve")
    )
    output = Destination("calibrate", writing, common)
    output.check(is_text=False)
    keeper.open()
    reader = reading.reader
    if cluster is not None:
        reader = reader.without(reader.columns_within(both[0], [cluster]))
    source, labels_source = loss_inputs.open_rows(criterion, both, flags, writing, reader)
    common.tell_notes([*source.notes, *(labels_source.notes if labels_source else [])])
    criterion = loss_inputs.with_weights_in_order(criterion, source)
    weights = inputs.open_weights(reader, sample_weight, source.id_column)
    ids = labels_source.id_column if labels_source else None
    clusters = None if cluster is None else reader.column(cluster, both[0], both[1], ids)
    tested = None
    if test is not None:
        tested = loss_inputs.open_rows(criterion, [[each] for each in test], flags, writing, reader)
        common.tell_notes(note for each in tested if each is not None for note in each.notes)
    from xentcli.pipeline.calibrate import calibrate as fitted

    with common.run(source) as run:
        found = fitted(
            source,
            labels_source,
            criterion,
            run,
            wanted,
            sample_weight=weights,
            cluster=clusters,
            tested=tested,
        )
    provenance = evaluating.provenance(source, labels_source, both, digest=digest)
    if tested is not None and test is not None:
        provenance = calibrating.with_test_files(provenance, tested, test, digest=digest)
    notes = keeper.judge(found.metrics, found.num_classes)
    verdicts = keeper.verdicts
    output.write(calibrating.forms(found, provenance, verdicts))
    common.tell_notes([*found.notes, *notes])
    warnings = list(calibrating.warnings(found, kind, source.name))
    for warning in warnings:
        common.tell("warning", warning)
    drawn.write(found, provenance, verdicts, warnings)
    keeper.exit()


COMMAND = Command(
    calibrate,
    first=("--output", "--folds", "--test", "--label-column", "--shift", "--json"),
    examples=(
        "xent calibrate logits.npy labels.npy --quiet",
        "xent calibrate logits.npy labels.npy --quiet -o temperature.json",
    ),
)
