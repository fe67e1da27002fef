"""xent eval."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli import (
    evaluated,
    evaluating,
    loss_inputs,
    measure_options,
    options,
    samples,
    top_lists,
)
from xentcli.cli.command import Command
from xentcli.cli.expand import OptionGroup, Without
from xentcli.cli.loss_options import GivenOptions
from xentcli.cli.reports import Drawn
from xentcli.cli.slots import Slot
from xentcli.cli.telling import Telling
from xentcli.cli.top_measures import run_eval
from xentcli.render.picture_kinds import PictureKind

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.measure import Options


class EvalFlags(OptionGroup):
    """Options that say what is measured, of which rows, and what is written besides."""

    metric: Annotated[
        list[str] | None,
        options.computation(
            "--metric",
            metavar="NAME",
            help="A measure or a table; may be repeated; all is every one that applies.",
            show_default="a sensible set",
            autocompletion=measure_options.complete_measure,
        ),
    ] = None
    top_k: Annotated[
        str,
        options.computation("--top-k", metavar="K,...", help="The k of top-k accuracies."),
    ] = "5"
    bins: measure_options.BinsOption = 15
    worst: Annotated[
        int,
        options.computation(
            "--worst", metavar="K", min=0, help="How many of the worst rows to list."
        ),
    ] = 10
    by: Annotated[
        str | None,
        options.computation(
            "--by", metavar="COLUMN|FILE|axis0", help="Also measure each group of rows by itself."
        ),
    ] = None
    cluster: measure_options.ClusterOption = None
    temperature: options.TemperatureOption = "1"
    normalize: measure_options.NormalizeOption = False
    clip: measure_options.ClipOption = 0.0
    report: measure_options.ReportOption = None
    plot: measure_options.PlotOption = None
    plot_kind: Annotated[
        PictureKind | None,
        options.of_writing(
            "--plot-kind", help="What the picture shows.", show_default="reliability"
        ),
    ] = None
    digest: measure_options.DigestOption = False

    def of_rows(self) -> dict[str, object]:
        """Return the options that are for whole rows, by their names."""
        return {
            "--by": self.by,
            "--report": self.report,
            "--plot": self.plot,
            "--normalize": self.normalize,
            "--clip": self.clip,
            "--digest": self.digest,
            "--temperature": self.temperature != "1",
        }

    def wanted(self, keeper: "Gatekeeper", drawn: Drawn, *, binary: bool) -> "Options":
        """Return what to measure, also for gates, a picture and a page."""
        also = (*keeper.names, *drawn.needs)
        found = evaluating.wanted(self.metric, self.top_k, self.bins, self.worst, also)
        if self.report is None:
            return found
        usual = found._replace(metrics=None).asked(binary=binary)
        return found._replace(also=(*found.also, *usual))  # a page shows these, whatever is printed

    def criterion(self, given: GivenOptions, kind: "Kind") -> "Criterion":
        """Return how rows are measured."""
        return evaluating.criterion_of(
            given.flags, kind, self.temperature, normalize=self.normalize, clip=self.clip
        )


def evaluate(
    files: measure_options.OutputFiles,
    asked: EvalFlags,
    given: Annotated[GivenOptions, Without("reduction", "sample_weight", "pos_weight")],
) -> None:
    """Measure a model's outputs: loss, accuracy, calibration, classes, confusions, worst rows."""
    named, kind = files.outputs
    by_position, values = samples.together(files.by_position, named, given.reading)
    slots = (Slot("LOGITS", values), Slot("LABELS", files.labels))
    both = top_lists.fill(by_position, given.top, *slots)
    loss_inputs.check_files(both, given, asked.temperature, asked.by, asked.cluster)
    top_lists.check_second(both, files.labels, given)
    opened = top_lists.find(both, given, probs=kind == "probabilities", cluster=asked.cluster)
    if opened is None:
        _measure(both, kind, asked, given)
        return
    lists, refused = given.top.files(both), asked.of_rows()
    run_eval(opened, lists, asked.metric, asked.top_k, asked.bins, refused, given)


def _measure(both: list[list[str]], kind: "Kind", asked: EvalFlags, given: GivenOptions) -> None:
    """Measure whole rows, write the result, and judge it."""
    criterion = asked.criterion(given, kind)
    keeper = given.gates.keeper()
    drawn = Drawn(asked.report, asked.plot, asked.plot_kind, force=given.writing.force)
    drawn.check(given.writing)
    binary = given.flags.binary
    wanted = asked.wanted(keeper, drawn, binary=binary)
    by, cluster = asked.by, asked.cluster
    kept = evaluating.KeptState(given.loss.state, given.writing, wanted, by, cluster)
    telling = Telling.of("eval", keeper, drawn, given.writing, given.common)
    opened = evaluating.open_rows(criterion, both, by, cluster, given)
    from xentcli.pipeline.language.samples import doubts
    from xentcli.pipeline.measure import measure

    with given.common.run(opened.logits, grouped=bool(by or cluster)) as run:
        keep = kept.keeping(binary=binary)
        found = measure(*opened[:3], run, wanted, by=opened.by, cluster=opened.cluster, keep=keep)
    sources = (opened.logits, opened.labels)
    counted = (opened.criterion, found.rows)
    found = found.of(evaluating.provenance(*sources, both, counted, digest=asked.digest))
    name, odd = opened.logits.name, doubts(opened.logits)
    evaluated.tell(telling, found, wanted, opened.criterion, name, by, odd)
    kept.write(opened, both, found)
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
