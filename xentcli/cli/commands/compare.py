"""xent compare."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli import bases, compared, comparing, loss_inputs, measure_options, options
from xentcli.cli.command import Command
from xentcli.cli.expand import OptionGroup, Without
from xentcli.cli.loss_options import GivenOptions
from xentcli.cli.reports import PAIRS, Drawn
from xentcli.cli.states import check_state
from xentcli.cli.telling import Telling
from xentcli.pipeline.pairs.pair_names import OF_PAIRS
from xentcli.render.picture_kinds import PairPictureKind

if TYPE_CHECKING:
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind


class ModelFiles(OptionGroup):
    """The files of the models' outputs and of the labels, by position and by option."""

    by_position: Annotated[
        list[str] | None,
        options.files_argument(
            "BASE NEW [MORE...]",
            "Files or URLs of the outputs of two models or more on the same rows: logits, or what "
            "--input says. Each is a model; a quoted pattern, 'run/*.npy', is one of several "
            "files. - is standard input.",
        ),
    ] = None
    logits: options.LogitsOption = None
    log_probs: options.LogProbsOption = None
    probs: measure_options.ProbsOption = None
    labels: options.LabelsOption = None
    input_: Annotated[
        list[str] | None,
        options.computation(
            "--input",
            metavar="logits|log-probs|probs",
            help="What the files by position hold: once, or once for each.",
            show_default="logits",
        ),
    ] = None

    @property
    def models(self) -> "tuple[list[str], list[Kind]]":
        """The files of the models, the first one first, and what each holds."""
        named = {"logits": self.logits, "log-probs": self.log_probs, "probs": self.probs}
        return comparing.models_of(self.by_position, named, self.input_)


class CompareFlags(OptionGroup):
    """Options that say how models are compared, and what is written besides."""

    metric: Annotated[
        list[str] | None,
        options.computation(
            "--metric",
            metavar="NAME",
            help="A measure or a table; may be repeated; all is every one.",
            show_default="a sensible set",
            autocompletion=measure_options.complete_pair_measure,
        ),
    ] = None
    worst: Annotated[
        int,
        options.computation(
            "--worst", metavar="K", min=0, help="How many of the rows that changed most to list."
        ),
    ] = 10
    by: Annotated[
        str | None,
        options.computation(
            "--by", metavar="COLUMN|FILE|axis0", help="Also compare within each group of rows."
        ),
    ] = None
    cluster: measure_options.ClusterOption = None
    temperature: Annotated[
        list[str] | None,
        options.computation(
            "--temperature",
            metavar="T|FILE",
            help="Divides the logits, by a number or by what xent calibrate -o wrote: once for all "
            "models, or once for each.",
            show_default="1",
        ),
    ] = None
    normalize: measure_options.NormalizeOption = False
    clip: measure_options.ClipOption = 0.0
    report: measure_options.ReportOption = None
    plot: measure_options.PlotOption = None
    plot_kind: Annotated[
        PairPictureKind | None,
        options.of_writing("--plot-kind", help="What the picture shows.", show_default="changes"),
    ] = None
    digest: measure_options.DigestOption = False

    def of_rows(self) -> dict[str, object]:
        """Return the options that are for whole rows, by their names."""
        return {
            "--by": self.by,
            "--temperature": self.temperature,
            "--normalize": self.normalize,
            "--clip": self.clip,
            "--report": self.report,
            "--plot": self.plot,
        }

    def criteria(
        self, given: GivenOptions, paths: list[str], kinds: "list[Kind]"
    ) -> "list[Criterion]":
        """Return which loss is computed of each model."""
        temperatures = comparing.temperatures_of(self.temperature, paths, kinds)
        return comparing.criteria_of(
            given.flags, kinds, temperatures, normalize=self.normalize, clip=self.clip
        )


def compare(
    files: ModelFiles,
    asked: CompareFlags,
    given: Annotated[
        GivenOptions, Without("top", "binary", "reduction", "sample_weight", "pos_weight")
    ],
) -> None:
    """Compare models: whether the new one is better, how sure that is, how far they are apart."""
    paths, kinds = files.models
    labels = files.labels or []
    inputs = [*([path] for path in paths), labels]
    beside = (*(asked.temperature or ()), asked.by, asked.cluster)
    loss_inputs.check_files(inputs, given, *beside)
    readers = given.reading.readers(kinds)
    probs = [kind == "probabilities" for kind in kinds]
    opened = bases.find(paths, labels, given, readers[0], probs=probs, cluster=asked.cluster)
    if opened is not None:
        refused = {**asked.of_rows(), "--cluster": opened.are_bases and asked.cluster}
        bases.check(opened, asked.metric, refused, given.flags, labels)
        bases.run(opened, asked.metric, given, digest=asked.digest)
        return
    _compare(paths, kinds, labels, asked, given)


def _compare(
    paths: list[str],
    kinds: "list[Kind]",
    labels: list[str],
    asked: CompareFlags,
    given: GivenOptions,
) -> None:
    """Compare whole rows, write the result, and judge it."""
    keeper = given.gates.keeper(OF_PAIRS)
    drawn = Drawn(asked.report, asked.plot, asked.plot_kind, given.writing.force, PAIRS)
    drawn.check(given.writing)
    comparing.check_plot(asked.plot, paths)
    by, cluster, state = asked.by, asked.cluster, given.loss.state
    wanted = comparing.wanted(asked.metric, asked.worst, keeper.names)
    wanted = wanted._replace(pictures=drawn.wanted)
    shown = wanted if drawn.report is None else wanted.with_page()
    criteria = asked.criteria(given, paths, kinds)
    check_state(state, given.writing, by=by)
    telling = Telling.of("compare", keeper, drawn, given.writing, given.common)
    readers = given.reading.readers(kinds)
    rows = comparing.open_rows(criteria, paths, labels, by, cluster, readers, given)
    from xentcli.pipeline.compare import compare as compare_models
    from xentcli.pipeline.language.samples import doubts

    with given.common.run(rows.sources[0], grouped=bool(by or cluster)) as run:
        keep = state is not None
        found = compare_models(
            rows.models, rows.labels, run, shown, by=rows.by, cluster=rows.cluster, keep=keep
        )
    counted = (rows.criteria[0], found.comparisons[0].rows)
    provenance = comparing.provenance(
        rows.sources, rows.labels, paths, labels, digest=asked.digest, counted=counted
    )
    doubted = (doubt for each in rows.sources for doubt in doubts(each))
    names = [each.name for each in rows.sources]
    compared.tell(telling, found, shown, provenance, names, rows.criteria, by, doubted)
    if state is not None:
        comparing.write_state(found, rows, paths, labels, (wanted, by, cluster), given)
    keeper.exit()


COMMAND = Command(
    compare,
    first=("--labels", "--input", "--by", "--worst", "--fail-if", "--json"),
    examples=(
        "xent compare base.npy new.npy --labels labels.npy",
        "xent compare base.npy new.npy",
        "xent compare base.npy new.npy --metric agreement --fail-if 'agreement < 0.9'",
    ),
)
