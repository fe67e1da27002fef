"""xent compare."""

from typing import Annotated

from xentcli.cli import (
    bases,
    compared,
    comparing,
    evaluating,
    loss_inputs,
    measure_options,
    options,
)
from xentcli.cli.command import Command
from xentcli.cli.expand import Without
from xentcli.cli.loss_options import Gates, LossFlags, RowFlags, StateOption
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.reading import Reading
from xentcli.cli.reports import PAIRS, Drawn, PairPictureKind
from xentcli.pipeline.names import OF_PAIRS


def compare(
    files: Annotated[
        list[str] | None,
        options.files_argument(
            "BASE NEW [MORE...]",
            "Files or URLs of the outputs of two models or more on the same rows: logits, or what "
            "--input says. Each is a model; a quoted pattern, 'run/*.npy', is one of several "
            "files. - is standard input.",
        ),
    ] = None,
    logits: options.LogitsOption = None,
    log_probs: options.LogProbsOption = None,
    probs: measure_options.ProbsOption = None,
    labels: options.LabelsOption = None,
    *,
    input_: Annotated[
        list[str] | None,
        options.computation(
            "--input",
            metavar="logits|log-probs|probs",
            help="What the files by position hold: once, or once for each.",
            show_default="logits",
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        options.computation(
            "--metric",
            metavar="NAME",
            help="A measure or a table; may be repeated; all is every one.",
            show_default="a sensible set",
        ),
    ] = None,
    worst: Annotated[
        int,
        options.computation(
            "--worst", metavar="K", min=0, help="How many of the rows that changed most to name."
        ),
    ] = 10,
    by: Annotated[
        str | None,
        options.computation(
            "--by", metavar="COLUMN|axis0", help="Compare in each group of rows, too."
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
    temperature: Annotated[
        list[str] | None,
        options.computation(
            "--temperature",
            metavar="T|FILE",
            help="Divides the logits, by a number or by what xent calibrate -o wrote: once for all "
            "models, or once for each.",
            show_default="1",
        ),
    ] = None,
    normalize: measure_options.NormalizeOption = False,
    clip: measure_options.ClipOption = 0.0,
    report: measure_options.ReportOption = None,
    plot: measure_options.PlotOption = None,
    plot_kind: Annotated[
        PairPictureKind, options.of_writing("--plot-kind", help="What the picture shows.")
    ] = "changes",
    digest: measure_options.DigestOption = False,
    state: StateOption = None,
    flags: Annotated[RowFlags, Without("binary")],
    writing: Writing,
    reading: Reading,
    common: Common,
    gates: Gates,
) -> None:
    """Compare models: whether the new one is better, how sure that is, how far they are apart."""
    by_option = {"logits": logits, "log-probs": log_probs, "probs": probs}
    paths, kinds = comparing.models_of(files, by_option, input_)
    readers = reading.readers(kinds)
    opened = bases.find(
        paths, labels or [], flags, readers[0], common, probs=kinds[0] == "probabilities"
    )
    if opened is not None:
        others: dict[str, object] = {"--by": by, "--cluster": cluster, "--temperature": temperature}
        others |= {"--normalize": normalize, "--clip": clip, "--report": report, "--plot": plot}
        bases.check(opened, metric, others, flags, labels or [])
        bases.run(opened, metric, flags, writing, common, gates, state, digest=digest)
        return
    loss_inputs.check_files([*([path] for path in paths), labels or []], flags, LossFlags(), gates)
    keeper = gates.keeper(OF_PAIRS)
    drawn = Drawn(report, plot, plot_kind, writing.force, PAIRS)
    drawn.check(writing.output)
    comparing.check_plot(plot, paths)
    wanted = comparing.wanted(metric, worst, keeper.names)
    wanted = wanted._replace(pictures=drawn.wanted)
    temperatures = comparing.temperatures_of(temperature, paths, kinds)
    criteria = comparing.criteria_of(flags, kinds, temperatures, normalize=normalize, clip=clip)
    comparing.check_state(state, writing, by)
    telling = compared.Telling(keeper, Destination("compare", writing, common), drawn, common)
    telling.check()
    names = [each for each in (by, cluster) if each is not None]
    from xentcli.pipeline.pair_inputs import LabelOptions, open_models

    named = LabelOptions(
        flags.label_column,
        flags.label_key,
        flags.id_column,
        flags.shift,
        criteria[0].naming.classes,
    )
    sources, labels_source = open_models(
        readers, paths, labels or [], named, names, [writing.output]
    )
    for source in (*sources, *([labels_source] if labels_source else [])):
        common.tell_notes(source.notes)
    for source, criterion in zip(sources, criteria, strict=True):
        loss_inputs.check_kind(criterion, source)
    criteria[0] = loss_inputs.with_weights_in_order(criteria[0], sources[0])
    from xentcli.pipeline.samples import doubts

    beside = ([paths[0]], labels or [])
    groups, clusters = evaluating.beside_rows(
        readers[0], sources[0], labels_source, [*beside], by, cluster
    )
    from xentcli.pipeline.compare import Model
    from xentcli.pipeline.compare import compare as compare_models

    models = [Model(*each) for each in zip(sources, criteria, strict=True)]
    with common.run(sources[0], grouped=bool(by or cluster)) as run:
        found = compare_models(
            models,
            labels_source,
            run,
            wanted,
            by=groups,
            cluster=clusters,
            keep=state is not None,
        )
    provenance = comparing.provenance(sources, labels_source, paths, labels, digest=digest)
    doubted = (doubt for each in sources for doubt in doubts(each))
    telling.tell(found, wanted, provenance, [each.name for each in sources], criteria, doubted)
    if state is not None:
        labelled = None if labels_source is None else (labels_source, labels or [paths[0]])
        by = by or (None if groups is None else "tasks")  # of samples, without being asked
        comparing.write_state(state, found, models, paths, labelled, (wanted, by, cluster), writing)
    keeper.exit()


COMMAND = Command(
    compare,
    first=("--labels", "--input", "--by", "--worst", "--fail-if", "--json"),
    examples=(
        "xent compare base.npy new.npy --labels labels.npy",
        "xent compare base.npy new.npy",
        "xent compare base.npy new.npy --metric agreement --fail-if 'kl > 9'",
    ),
)
