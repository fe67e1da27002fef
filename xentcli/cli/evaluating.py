"""The request to ``xent eval``, and what its state keeps."""

import shlex
import sys
from typing import TYPE_CHECKING, NamedTuple

from xentcli.cli import loss_inputs, states
from xentcli.cli.loss_options import GivenOptions, RowFlags
from xentcli.cli.options import Writing
from xentcli.errors import UsageError
from xentcli.pipeline.inputs.output_kinds import check_name
from xentcli.text import read_int

if TYPE_CHECKING:
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.measure import Keeping, Options
    from xentcli.pipeline.measured import Measured
    from xentcli.pipeline.opening import Source
    from xentcli.results.measures import Measures
    from xentcli.results.provenance import FileFacts, Provenance


def criterion_of(
    flags: RowFlags, kind: "Kind", temperature: str, *, normalize: bool, clip: float
) -> "Criterion":
    """Return how rows are measured.

    Raises
    ------
    UsageError
        If an option is for rows of another kind.
    """
    if kind != "probabilities" or flags.binary:
        loss_inputs.refuse_of_probs("--probs FILE", normalize=normalize, clip=clip)
    criterion = loss_inputs.criterion_of(flags, kind, temperature=temperature)
    if kind != "logits" and criterion.temperature != 1.0:
        hint = loss_inputs.hint_of_temperature(kind)
        raise UsageError("--temperature divides logits", hint=hint)
    return criterion._replace(normalize=normalize, clip=clip)


def wanted(
    metrics: list[str] | None, top_k: str, bins: int, worst: int, also: tuple[str, ...]
) -> "Options":
    """Return what is to be measured.

    Raises
    ------
    UsageError
        If there is no such measure; the message names the nearest.
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
        If they are not numbers of classes.
    """
    try:
        ks = tuple(read_int(part) for part in text.split(","))
    except ValueError:
        ks = ()
    if not ks or min(ks) < 1:
        raise UsageError(f"--top-k must be like 1,5, not {text!r}")
    return ks


def provenance(
    source: "Source",
    labels: "Source | None",
    names: list[list[str]],
    counted: "tuple[Criterion, int]",
    *,
    digest: bool,
) -> "Provenance":
    """Return the command line, the files that were read, and the version.

    `counted` says how rows were read, and how many there were.
    """
    from xentcli.pipeline import provenance as facts

    files = [*facts.file_facts("logits", source, names[0], digest=digest)]
    if labels is not None:
        files += facts.file_facts("labels", labels, names[1] or names[0], digest=digest)
    return provenance_of(facts.counted(files, *counted))


def provenance_of(files: "tuple[FileFacts, ...]") -> "Provenance":
    """Return the command line and the version, with these files."""
    from xentcli import __version__
    from xentcli.results.provenance import Provenance
    from xentcli.text import shown_text

    line = shown_text(shlex.join(["xent", *sys.argv[1:]]))
    return Provenance(line, __version__, files)


class KeptState:
    """The state of an evaluation: what it keeps while rows are read, and where it goes.

    Raises
    ------
    UsageError
        If it cannot be written, or groups are slices, whose numbers hold only in one run.
    """

    def __init__(
        self,
        path: str | None,
        writing: Writing,
        asked: "Options",
        by: str | None,
        cluster: str | None,
    ) -> None:
        states.check_state(path, writing, by=by)
        self._path, self._writing = path, writing
        self._asked, self._by, self._cluster = asked, by, cluster
        self._found: list[Measured] = []

    def keeping(self, *, binary: bool) -> "Keeping | None":
        """Return what a run keeps for it, if it is asked for; a page may be made of it later."""
        if self._path is None:
            return None
        from xentcli.pipeline.measure import Keeping
        from xentcli.render.report import REPORT_NEEDS

        usual = self._asked._replace(metrics=None).asked(binary=binary)
        return Keeping((*REPORT_NEEDS, *usual), self._found.append)

    def write(self, rows: "EvalRows", names: list[list[str]], measures: "Measures") -> None:
        """Write it, if it is asked for."""
        if self._path is None:
            return
        from xentcli.pipeline.inputs.given_names import GivenNames
        from xentcli.pipeline.saved_states.loss_states import state_of
        from xentcli.pipeline.saved_states.measure_states import asked_of
        from xentcli.pipeline.saved_states.state_rows import BesideRows

        (found,) = self._found
        by = states.by_or_tasks(self._by, grouped=bool(measures.groups))
        groups, clusters = GivenNames(by, rows.by), GivenNames(self._cluster, rows.cluster)
        asked = asked_of(self._asked, groups.called, clusters.called, rows.logits, found)
        beside = BesideRows(groups=groups.files, clusters=clusters.files)
        sources = (rows.logits, rows.labels)
        saved = state_of("eval", found, rows.criterion, sources, names, beside=beside, asked=asked)
        states.write_state(saved, self._path, self._writing)


class EvalRows(NamedTuple):
    """Rows, their labels, how they are measured, and what stands beside them."""

    logits: "Source"
    labels: "Source | None"
    criterion: "Criterion"
    by: "Source | str | None"
    cluster: "Source | str | None"


def open_rows(
    criterion: "Criterion",
    files: list[list[str]],
    by: str | None,
    cluster: str | None,
    given: GivenOptions,
) -> EvalRows:
    """Open rows, their labels and their groups, and print notes about them."""
    reader = given.reading.reader.without_groups(files[0], by, cluster, labels=files[1])
    source, labels = loss_inputs.open_rows(criterion, files, given.flags, given.writing, reader)
    given.common.tell_notes([*source.notes, *(labels.notes if labels else [])])
    check_name(criterion.kind, source)
    criterion = loss_inputs.with_weights_in_order(criterion, source, labels, given.common)
    from xentcli.pipeline.inputs.beside_files import new_notes
    from xentcli.pipeline.inputs.groups import open_groups

    groups = open_groups(reader, source, labels, (files[0], files[1]), by=by, cluster=cluster)
    given.common.tell_notes(new_notes(groups, (source, labels)))
    return EvalRows(source, labels, criterion, *groups)
