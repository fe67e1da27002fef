"""What ``xent compare`` is asked for, what it opens, and the forms of its result."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xentcli.cli import loss_inputs, states
from xentcli.cli.loss_options import RowFlags
from xentcli.cli.options import Writing
from xentcli.cli.parsing import parse_temperature
from xentcli.errors import UsageError
from xentcli.text import shown_text

if TYPE_CHECKING:
    from xentcli.pipeline.compare import Compared, Model, PairOptions
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.inputs import Source
    from xentcli.results.provenance import FileFacts, Provenance

KINDS: "dict[str, Kind]" = {
    "logits": "logits",
    "log-probs": "log-probabilities",
    "probs": "probabilities",
}


def models_of(
    files: list[str] | None,
    by_option: Mapping[str, list[str] | None],
    kinds: Sequence[str] | None,
) -> tuple[list[str], list["Kind"]]:
    """Return the files of the models, the first one first, and what each holds.

    Raises
    ------
    UsageError
        If they are fewer than two, or in no certain order.
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
        paths, said = list(there or ()), [name]
    else:
        paths, said = list(files or ()), list(kinds or ["logits"])
    if len(paths) < 2:
        raise UsageError(
            "compare takes the outputs of two models or more",
            hint="name the outputs of the first model, and then those of the new one",
        )
    for each in said:
        if each not in KINDS:
            raise UsageError(f"--input is {', '.join(KINDS)}, and not {each!r}")
    if len(said) not in (1, len(paths)):
        raise UsageError(f"--input is given {len(said)} times, and there are {len(paths)} models")
    said = said * len(paths) if len(said) == 1 else said
    return paths, [KINDS[each] for each in said]


def wanted(metrics: list[str] | None, worst: int, besides: tuple[str, ...]) -> "PairOptions":
    """Return what is to be measured.

    Raises
    ------
    UsageError
        If there is no such measure; names the nearest.
    """
    from xentcli.pipeline.compare import PairOptions

    found = PairOptions(None if metrics is None else tuple(metrics), worst, besides)
    found.check()
    return found


def temperatures_of(
    said: Sequence[str] | None, paths: Sequence[str], kinds: Sequence["Kind"]
) -> list[float]:
    """Return what the logits of each model are divided by.

    Raises
    ------
    UsageError
        If that is said of some models alone, or of what is no logits.
    """
    said = said or ("1",)
    if len(said) not in (1, len(paths)):
        raise UsageError(
            f"--temperature is given {len(said)} times, and there are {len(paths)} models",
            hint="once for all of them, or once for each in their order; 1 changes nothing",
        )
    found = [parse_temperature(each) for each in said]
    found *= len(paths) // len(found)
    for path, kind, value in zip(paths, kinds, found, strict=True):
        if kind != "logits" and value != 1.0:
            raise UsageError(
                f"--temperature divides logits, and {shown_text(path)} holds {kind}",
                hint="once for each model, with 1 for this one",
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
    for option, given in (("--normalize", normalize), ("--clip", clip)):
        if given and "probabilities" not in kinds:
            raise UsageError(f"{option} is for rows of probabilities: --input probs")
    first = loss_inputs.criterion_of(flags, kinds[0])
    found = []
    for kind, temperature in zip(kinds, temperatures, strict=True):
        criterion = first._replace(kind=kind, temperature=temperature)
        if kind == "probabilities":
            criterion = criterion._replace(normalize=normalize, clip=clip)
        found.append(criterion)
    return found


def provenance(
    sources: "Sequence[Source]",
    labels: "Source | None",
    paths: Sequence[str],
    label_paths: Sequence[str] | None,
    *,
    digest: bool,
) -> "Provenance":
    """Return the command line, the files that were read, and the version."""
    from xentcli import __version__
    from xentcli.pipeline.provenance import file_facts
    from xentcli.results.provenance import Provenance

    files: list[FileFacts] = []
    for i, (source, path) in enumerate(zip(sources, paths, strict=True)):
        role = ("base", "new")[i] if i < 2 else f"new {i}"
        files += file_facts(role, source, [path], digest=digest)
    if labels is not None:
        files += file_facts("labels", labels, label_paths or [paths[0]], digest=digest)
    line = shown_text(shlex.join(["xent", *sys.argv[1:]]))
    return Provenance(line, __version__, tuple(files))


def check_state(path: str | None, writing: Writing, by: str | None) -> None:
    """Raise now what writing a state would raise after the work."""
    states.check_state(path, writing)
    if path is not None and by == "axis0":
        raise UsageError("--by axis0 goes without --state: a slice has no name in other runs")


def write_state(
    path: str,
    found: "Compared",
    models: "Sequence[Model]",
    paths: Sequence[str],
    labels: "tuple[Source, Sequence[str]] | None",
    asked: "tuple[PairOptions, str | None, str | None]",
    writing: Writing,
) -> None:
    """Write the state of a comparison; `asked` are options, groups and clusters."""
    from xentcli.pipeline.pair_states import state_of_pairs

    saved = state_of_pairs(found, models, paths, labels, *asked)
    states.write_state(saved, path, writing)
