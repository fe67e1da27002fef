"""xent eval."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli import evaluating, loss_inputs, measure_options, options, samples, top_lists
from xentcli.cli.command import Command
from xentcli.cli.inputs import Slot
from xentcli.cli.loss_options import Gates, LossFlags, RowFlags, StateOption
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.reading import Reading
from xentcli.cli.reports import Drawn, PictureKind
from xentcli.cli.top_lists import TopFlags
from xentcli.cli.top_measures import run_eval

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Kind

_KINDS: "dict[str, Kind]" = {
    "logits": "logits",
    "log-probs": "log-probabilities",
    "probs": "probabilities",
}


def evaluate(
    files: Annotated[
        list[str] | None, options.files_argument("LOGITS LABELS", options.LOGITS_LABELS)
    ] = None,
    logits: options.LogitsOption = None,
    log_probs: options.LogProbsOption = None,
    probs: measure_options.ProbsOption = None,
    labels: options.LabelsOption = None,
    *,
    input_: measure_options.InputOption = None,
    metric: Annotated[
        list[str] | None,
        options.computation(
            "--metric",
            metavar="NAME",
            help="A measure or a table; may be repeated; all is every one that applies.",
            show_default="a sensible set",
        ),
    ] = None,
    top_k: Annotated[
        str,
        options.computation("--top-k", metavar="K,...", help="The k of top-k accuracies."),
    ] = "5",
    bins: measure_options.BinsOption = 15,
    worst: Annotated[
        int,
        options.computation("--worst", metavar="K", min=0, help="How many worst rows to name."),
    ] = 10,
    by: Annotated[
        str | None,
        options.computation(
            "--by", metavar="COLUMN|axis0", help="Measure each group of rows by itself, too."
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        options.computation(
            "--cluster",
            metavar="COLUMN|axis0|rows",
            help="Which rows depend on one another, for the errors of means.",
            show_default="axis0 where rows have several axes",
        ),
    ] = None,
    temperature: options.TemperatureOption = "1",
    normalize: measure_options.NormalizeOption = False,
    clip: measure_options.ClipOption = 0.0,
    report: measure_options.ReportOption = None,
    plot: measure_options.PlotOption = None,
    plot_kind: Annotated[
        PictureKind, options.of_writing("--plot-kind", help="What the picture shows.")
    ] = "reliability",
    state: StateOption = None,
    digest: measure_options.DigestOption = False,
    top: TopFlags,
    flags: RowFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
    gates: Gates,
) -> None:
    """Measure a model's outputs: loss, accuracy, calibration, classes, confusions, worst rows."""
    named = {"logits": logits, "log-probs": log_probs, "probs": probs}
    kind = _KINDS[named_kind := measure_options.input_kind(named, input_)]
    files, values = samples.together(files, named[named_kind], reading)
    both = top_lists.fill(files, top, Slot("LOGITS", values), Slot("LABELS", labels))
    loss_inputs.check_files(both, flags, LossFlags(), gates)
    opened = top_lists.find(both, top, flags, reading, common, probs=kind == "probabilities")
    if opened is not None:
        refused: dict[str, object] = {
            "--by": by,
            "--cluster": cluster,
            "--report": report,
            "--plot": plot,
            "--normalize": normalize,
            "--clip": clip,
            "--digest": digest,
            "--temperature": temperature != "1",
        }
        run_eval(
            opened,
            top.files(both),
            metric,
            top_k,
            bins,
            refused,
            flags,
            writing,
            common,
            gates,
            state,
        )
        return
    criterion = evaluating.criterion_of(flags, kind, temperature, normalize=normalize, clip=clip)
    keeper = gates.keeper()
    drawn = Drawn(report, plot, plot_kind, force=writing.force)
    drawn.check(writing.output)
    also = (*keeper.names, *drawn.needs)
    wanted = evaluating.wanted(metric, top_k, bins, worst, also)
    if report is not None:  # a page shows the sensible set, whatever is printed
        usual = wanted._replace(metrics=None).asked(binary=flags.binary)
        wanted = wanted._replace(also=(*wanted.also, *usual))
    kept = evaluating.KeptState(state, writing, wanted, by, cluster)
    output = Destination("eval", writing, common)
    output.check(is_text=False)
    keeper.open()
    reader = reading.reader
    beside = [each for each in (by, cluster) if each is not None]
    reader = reader.without(reader.columns_within(both[0], beside))
    source, labels_source = loss_inputs.open_rows(criterion, both, flags, writing, reader)
    common.tell_notes([*source.notes, *(labels_source.notes if labels_source else [])])
    loss_inputs.check_kind(criterion, source)
    criterion = loss_inputs.with_weights_in_order(criterion, source)
    from xentcli.pipeline.measure import measure
    from xentcli.pipeline.samples import doubts

    groups, clusters = evaluating.beside_rows(reader, source, labels_source, both, by, cluster)
    with common.run(source, grouped=bool(by or cluster)) as run:
        found = measure(
            source,
            labels_source,
            criterion,
            run,
            wanted,
            by=groups,
            cluster=clusters,
            keep=kept.keeping(binary=flags.binary),
        )
    found = found.of(evaluating.provenance(source, labels_source, both, digest=digest))
    notes = keeper.judge(found.metrics, found.num_classes)
    verdicts = keeper.verdicts
    output.write(evaluating.forms(found, wanted, verdicts))
    common.tell_notes([*found.notes, *notes])
    warnings = [*doubts(source), *evaluating.warnings(found, wanted, criterion, source.name)]
    for warning in warnings:
        common.tell("warning", warning)
    drawn.write(found, found.provenance, verdicts, warnings)
    kept.write(criterion, (source, labels_source), both, found)
    keeper.exit()


COMMAND = Command(
    evaluate,
    first=("--metric", "--probs", "--by", "--worst", "--label-column", "--json"),
    examples=(
        "xent eval logits.npy labels.npy",
        "xent eval logits.npy labels.npy --metric accuracy",
        "xent eval --probs probs.npy labels.npy --metric loss --metric ece --json",
    ),
)
