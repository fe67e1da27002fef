"""What ``xent eval`` is asked for, the forms of its result, and what is odd about it."""

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xentcli.cli import loss_inputs, odd, states
from xentcli.cli.options import Writing
from xentcli.cli.output import Forms
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.cli.loss_options import RowFlags
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind, Measured
    from xentcli.pipeline.inputs import Source
    from xentcli.pipeline.measure import Keeping, Options
    from xentcli.pipeline.reading import Reader
    from xentcli.results.measures import Measures
    from xentcli.results.provenance import FileFacts, Provenance
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
    criterion = loss_inputs.criterion_of(flags, kind, temperature=temperature)
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
    from xentcli.pipeline.provenance import file_facts

    files = [*file_facts("logits", source, names[0], digest=digest)]
    if labels is not None:
        files += file_facts("labels", labels, names[1] or names[0], digest=digest)
    return provenance_of(tuple(files))


def provenance_of(files: "tuple[FileFacts, ...]") -> "Provenance":
    """Return the command line and the version, with these files."""
    from xentcli import __version__
    from xentcli.results.provenance import Provenance
    from xentcli.text import shown_text

    line = shown_text(shlex.join(["xent", *sys.argv[1:]]))
    return Provenance(line, __version__, files)


class KeptState:
    """The state of an evaluation: what is kept for it while rows are read, and where it goes.

    Raises
    ------
    UsageError
        If it cannot be written, or groups are slices, whose numbers are those of one run.
    """

    def __init__(
        self,
        path: str | None,
        writing: Writing,
        asked: "Options",
        by: str | None,
        cluster: str | None,
    ) -> None:
        states.check_state(path, writing)
        if path is not None and by == "axis0":
            raise UsageError("--by axis0 goes without --state: a slice has no name in other runs")
        self._path, self._writing = path, writing
        self._asked, self._by, self._cluster = asked, by, cluster
        self._found: list[Measured] = []

    def keeping(self, *, binary: bool) -> "Keeping | None":
        """Return what a run keeps for it, if it is asked for: a page may be made of it."""
        if self._path is None:
            return None
        from xentcli.pipeline.measure import Keeping
        from xentcli.render.report import REPORT_NEEDS

        usual = self._asked._replace(metrics=None).asked(binary=binary)
        return Keeping((*REPORT_NEEDS, *usual), self._found.append)

    def write(
        self,
        criterion: "Criterion",
        sources: "tuple[Source, Source | None]",
        names: list[list[str]],
        measures: "Measures",
    ) -> None:
        """Write it, if it is asked for."""
        if self._path is None:
            return
        from xentcli.pipeline.loss_states import state_of
        from xentcli.pipeline.measure_states import asked_of

        (found,) = self._found
        by = self._by or ("tasks" if measures.groups else None)  # of samples, without being asked
        asked = asked_of(self._asked, by, self._cluster, sources[0], found, measures)
        saved = state_of("eval", found, criterion, sources, names, asked=asked)
        states.write_state(saved, self._path, self._writing)


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
        from shutil import get_terminal_size

        from xentcli.render.evaluation import evaluation_screen, evaluation_tables

        if names is None:
            return evaluation_screen(shown, width, get_terminal_size().lines)
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
    yield from odd.kinds(name, criterion.kind, found.looks_like, fitting)
    if found.missing_rows:
        yield odd.sums(name, found.missing_rows, found.missing_most)
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
