"""What ``xent eval`` is asked for, the forms of its result, and what is odd about it."""

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xentcli.cli import losses
from xentcli.cli.output import Forms
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.cli.loss_options import RowFlags
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.inputs import Source
    from xentcli.pipeline.measure import Options
    from xentcli.pipeline.reading import Reader
    from xentcli.results.measures import Measures
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict

_FITTING_COMMANDS = {
    "logits": "xent eval LOGITS LABELS",
    "log-probabilities": "xent eval --log-probs LOG_PROBS LABELS",
    "probabilities": "xent eval --probs PROBS LABELS",
}


def criterion_of(
    flags: "RowFlags", kind: "Kind", temperature: str, *, normalize: bool, clip: float
) -> "Criterion":
    """Return how rows are measured.

    Raises
    ------
    UsageError
        If an option is for rows of another kind.
    """
    for option, given in (("--normalize", normalize), ("--clip", clip)):
        if given and (kind != "probabilities" or flags.binary):
            raise UsageError(f"{option} is for rows of probabilities: --probs FILE")
    criterion = losses.criterion_of(flags, kind, temperature=temperature)
    if kind != "logits" and criterion.temperature != 1.0:
        raise UsageError("--temperature divides logits")
    return criterion._replace(normalize=normalize, clip=clip)


def wanted(
    metrics: list[str] | None, top_k: str, bins: int, worst: int, also: tuple[str, ...]
) -> "Options":
    """Return what is to be measured.

    Raises
    ------
    UsageError
        If there is no such measure; names the nearest.
    """
    from xentcli.pipeline.measure import Options

    names = None if metrics is None else tuple(metrics)
    found = Options(names, ks_of(top_k), bins, worst, also)
    found.check()
    return found


def ks_of(text: str) -> tuple[int, ...]:
    """Return the k of top-k accuracies.

    Raises
    ------
    UsageError
        If they are no numbers of classes.
    """
    try:
        ks = tuple(int(part) for part in text.split(","))
    except ValueError:
        ks = ()
    if not ks or min(ks) < 1:
        raise UsageError(f"--top-k must be like 1,5, not {text!r}")
    return ks


def beside_rows(
    reader: "Reader",
    source: "Source",
    labels: "Source | None",
    files: list[list[str]],
    by: str | None,
    cluster: str | None,
) -> "tuple[Source | str | None, Source | str | None]":
    """Open what groups rows, and what says which depend on one another: tasks, or columns."""
    from xentcli.pipeline.samples import task_groups

    ids = labels.id_column if labels else None
    tasks = task_groups(source, by)
    groups, clusters = (
        None if each is None else reader.column(each, files[0], files[1], ids)
        for each in (by if tasks is None else None, cluster)
    )
    return (groups if tasks is None else tasks), clusters


def provenance(
    source: "Source", labels: "Source | None", names: list[list[str]], *, digest: bool
) -> "Provenance":
    """Return the command line, the files that were read, and the version."""
    from xentcli import __version__
    from xentcli.pipeline.provenance import file_facts
    from xentcli.results.provenance import Provenance
    from xentcli.text import shown_text

    files = [*file_facts("logits", source, names[0], digest=digest)]
    if labels is not None:
        files += file_facts("labels", labels, names[1] or names[0], digest=digest)
    line = shown_text(shlex.join(["xent", *sys.argv[1:]]))
    return Provenance(line, __version__, tuple(files))


def forms(
    found: "Measures",
    asked: "Options",
    verdicts: "tuple[Verdict, ...]" = (),
) -> Forms:
    """Return a screen for a terminal, CSV for a pipe, or the bare number of one measure."""
    names = asked.metrics
    shown = found.only(
        name
        for name in asked.asked(binary=found.binary)
        if names is None or name in names or name not in found.inapplicable
    )

    def json() -> dict[str, Any]:
        from xentcli.render.evaluation_json import evaluation_object

        return evaluation_object(found, verdicts)

    def table(width: int) -> Iterator[Any]:
        from xentcli.render.evaluation import evaluation_screen, evaluation_tables

        if names is None:
            return evaluation_screen(shown, width)
        return evaluation_tables(shown, shown.tables, width)

    def text(delimiter: str) -> str:
        from xentcli.render.evaluation_text import evaluation_rows

        return evaluation_rows(shown, names, delimiter)

    if names is not None and len(names) == 1 and names[0] in found.metrics:
        value = found.metrics[names[0]].value
        return Forms(json, table, number=float("nan") if value is None else value)
    return Forms(json, table, text)


def warnings(
    found: "Measures", asked: "Options", criterion: "Criterion", name: str
) -> Iterator[str]:
    """Say what is odd about a result, and which command would fit what was given."""
    binary = " --binary" if found.binary else ""
    fitting = {
        kind: command.replace("eval", "eval" + binary)
        for kind, command in _FITTING_COMMANDS.items()
    }
    yield from losses.odd_kinds(name, criterion.kind, found.looks_like, fitting)
    if found.missing_rows:
        yield losses.odd_sums(name, found.missing_rows, found.missing_most)
    if criterion.options.weight is not None or (criterion.binary and criterion.binary.weight):
        yield "the weights of classes concern the loss alone"
    if not found.used:
        yield "nothing is used: " + (
            "every label is ignored" if found.rows else "there are no rows"
        )
    elif found.num_classes == 1 and not found.binary:
        yield "there is one class: its probability is 1, whatever the logits are"
    for metric in asked.metrics or ():
        if metric in found.inapplicable:
            yield f"{metric} does not apply: {found.inapplicable[metric]}"
        elif metric in found.metrics and found.metrics[metric].value is None and found.used:
            yield f"{metric} does not apply"
