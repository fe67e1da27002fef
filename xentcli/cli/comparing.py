"""The request to ``xent compare``, the files that it opens, and what its state keeps."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xentcli.cli import evaluating, loss_inputs, states
from xentcli.cli.loss_options import GivenOptions, RowFlags
from xentcli.cli.parsing import parse_temperature
from xentcli.errors import UsageError
from xentcli.pipeline.inputs.output_kinds import KINDS, check_name
from xentcli.text import shown_text

if TYPE_CHECKING:
    from xentcli.pipeline.compare import Compared, Model, PairOptions
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.inputs.reading import Reader
    from xentcli.pipeline.opening import Source
    from xentcli.results.provenance import FileFacts, Provenance


def models_of(
    files: list[str] | None,
    by_option: Mapping[str, list[str] | None],
    kinds: Sequence[str] | None,
) -> tuple[list[str], list["Kind"]]:
    """Return the files of the models, the first one first, and what each holds.

    Raises
    ------
    UsageError
        If there are fewer than two, or their order is not certain.
    """
    named = {name: paths for name, paths in by_option.items() if paths}
    if named and (files or len(named) > 1):
        raise UsageError(
            "which of the files is the first model?",
            hint="name all of them by position, the first model first, and say what each holds",
        )
    if named:
        ((name, there),) = named.items()
        if kinds:
            raise UsageError(f"give --{name} or --input")
        paths, inputs = list(there or ()), [name]
    else:
        paths, inputs = list(files or ()), list(kinds or ["logits"])
    if len(paths) < 2:
        raise UsageError(
            "compare takes the outputs of two models or more",
            hint="name the outputs of the first model, and then those of the new one",
        )
    for each in inputs:
        if each not in KINDS:
            raise UsageError(f"--input is {', '.join(KINDS)}, and not {each!r}")
    if len(inputs) not in (1, len(paths)):
        raise UsageError(f"--input is given {len(inputs)} times, and there are {len(paths)} models")
    inputs = inputs * len(paths) if len(inputs) == 1 else inputs
    return paths, [KINDS[each] for each in inputs]


def wanted(metrics: list[str] | None, worst: int, besides: tuple[str, ...]) -> "PairOptions":
    """Return what is to be measured.

    Raises
    ------
    UsageError
        If there is no such measure; the message names the nearest.
    """
    from xentcli.pipeline.compare import PairOptions

    found = PairOptions(None if metrics is None else tuple(metrics), worst, besides)
    found.check()
    return found


def temperatures_of(
    texts: Sequence[str] | None, paths: Sequence[str], kinds: Sequence["Kind"]
) -> list[float]:
    """Return what the logits of each model are divided by.

    Raises
    ------
    UsageError
        If it is given for some models alone, or for a model without logits.
    """
    texts = texts or ("1",)
    if len(texts) not in (1, len(paths)):
        raise UsageError(
            f"--temperature is given {len(texts)} times, and there are {len(paths)} models",
            hint="once for all of them, or once for each in their order; 1 changes nothing",
        )
    found = [parse_temperature(each) for each in texts]
    found *= len(paths) // len(found)
    for path, kind, value in zip(paths, kinds, found, strict=True):
        if kind != "logits" and value != 1.0:
            raise UsageError(
                f"--temperature divides logits, and {shown_text(path)} holds {kind}",
                hint="once for each model, with 1 for this one"
                if "logits" in kinds
                else loss_inputs.hint_of_temperature(kind),
            )
    return found


def check_plot(plot: str | None, paths: Sequence[str]) -> None:
    """Raise UsageError if a picture of several models is wanted."""
    if plot is not None and len(paths) > 2:
        raise UsageError(
            f"--plot draws one model beside the first, and there are {len(paths)} models",
            hint="name two of them, or --report FILE.html draws several",
        )


def criteria_of(
    flags: RowFlags,
    kinds: Sequence["Kind"],
    temperatures: Sequence[float],
    *,
    normalize: bool,
    clip: float,
) -> "list[Criterion]":
    """Return which loss is computed of each model."""
    if "probabilities" not in kinds:
        loss_inputs.refuse_of_probs("--input probs", normalize=normalize, clip=clip)
    first = loss_inputs.criterion_of(flags, kinds[0])._replace(normalize=normalize, clip=clip)
    return [first.of_model(*each) for each in zip(kinds, temperatures, strict=True)]


class OpenedModels(NamedTuple):
    """The rows of the models, their labels, their losses, and what stands beside them."""

    sources: "Sequence[Source]"
    labels: "Source | None"
    criteria: "Sequence[Criterion]"
    by: "Source | str | None"
    cluster: "Source | str | None"

    @property
    def models(self) -> "list[Model]":
        """The models."""
        from xentcli.pipeline.compare import Model

        return [Model(*each) for each in zip(self.sources, self.criteria, strict=True)]


def open_rows(
    criteria: "Sequence[Criterion]",
    paths: Sequence[str],
    labels: list[str],
    by: str | None,
    cluster: str | None,
    readers: "Sequence[Reader]",
    given: GivenOptions,
) -> OpenedModels:
    """Open the models, their labels and their groups, and print notes about them."""
    from xentcli.pipeline.inputs.beside_files import new_notes
    from xentcli.pipeline.inputs.groups import open_groups
    from xentcli.pipeline.inputs.weights import check_order_of_weights
    from xentcli.pipeline.pairs.pair_inputs import open_models

    named = loss_inputs.label_options(given.flags, criteria[0].naming.classes)
    beside = [each for each in (by, cluster) if each is not None]
    written = [given.writing.output]
    sources, labels_source = open_models(readers, paths, labels, named, beside, written)
    opened = (*sources, *([labels_source] if labels_source else []))
    given.common.tell_notes(dict.fromkeys(note for source in opened for note in source.notes))
    for source, criterion in zip(sources, criteria, strict=True):
        check_name(criterion.kind, source)
    check_order_of_weights(criteria[0], sources)
    first = loss_inputs.with_weights_in_order(criteria[0], sources[0], labels_source, given.common)
    files = ([paths[0]], labels)
    groups = open_groups(readers[0], sources[0], labels_source, files, by=by, cluster=cluster)
    given.common.tell_notes(new_notes(groups, (*sources, labels_source)))
    return OpenedModels(sources, labels_source, [first, *criteria[1:]], *groups)


def provenance(
    sources: "Sequence[Source]",
    labels: "Source | None",
    paths: Sequence[str],
    label_paths: Sequence[str] | None,
    *,
    digest: bool,
    counted: "tuple[Criterion, int] | None" = None,
) -> "Provenance":
    """Return the command line, the files that were read, and the version.

    `counted` says how rows were read, and how many there were.
    """
    from xentcli.pipeline import provenance as facts

    files: list[FileFacts] = []
    for i, (source, path) in enumerate(zip(sources, paths, strict=True)):
        files += facts.file_facts(facts.role_of_model(i), source, [path], digest=digest)
    if labels is not None:
        files += facts.file_facts("labels", labels, label_paths or [paths[0]], digest=digest)
    found = tuple(files) if counted is None else facts.counted(files, *counted)
    return evaluating.provenance_of(found)


def write_state(
    found: "Compared",
    rows: OpenedModels,
    paths: Sequence[str],
    labels: Sequence[str],
    asked: "tuple[PairOptions, str | None, str | None]",
    given: GivenOptions,
) -> None:
    """Write the state of a comparison; `asked` are options, groups and clusters."""
    from xentcli.pipeline.inputs.given_names import GivenNames
    from xentcli.pipeline.saved_states.pair_states import state_of_pairs

    labelled = None if rows.labels is None else (rows.labels, labels or [paths[0]])
    wanted, by, cluster = asked
    groups = GivenNames(states.by_or_tasks(by, grouped=rows.by is not None), rows.by)
    clusters = GivenNames(cluster, rows.cluster)
    saved = state_of_pairs(found, rows.models, paths, labelled, wanted, groups, clusters)
    states.write_state(saved, given.loss.state, given.writing)
