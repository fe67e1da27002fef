"""The docs of samples files as arrays."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.harness.padded import arrays_of
from xentcli.formats.harness.sample import Sample, SampleKind
from xentcli.text import shortened, visible

Numbers = NDArray[np.float64]

_NAME = re.compile(r"(?:samples|details)_(.+?)(_\d{4}-\d\d-\d\dT[\d.:-]+)?")  # task, date


class Samples(NamedTuple):
    """The docs of one file or more, of one filter, in the order of the files.

    Attributes
    ----------
    kind : str
        What was asked.
    docs : tuple of str
        The name of each doc: its number, after the name of its task where there are several tasks.
    hashes : tuple of str or None
        What tells each doc from others with the same number.
    places : tuple of (str, int)
        The file and line of each.
    tasks : tuple of str
        The name of the task of each.
    log_likelihoods : ndarray of float64 of shape (N, C), or (N,) where there are no choices
        -inf where a doc has fewer choices.
    counts : tuple of int
        How many log-likelihoods each doc has.
    unconditional : ndarray of float64 of shape (N, C) or None
        The log-likelihoods without context, if every doc has them.
    golds : ndarray of int64 of shape (N,)
        The right choice, or `NO_GOLD`.
    several_golds : tuple of tuple of int
        All right choices of each doc.
    lengths, sizes : ndarray of float64 of shape (N, C) or None
        The characters and bytes of the choices, where they are known of every doc; 1 beyond them.
    words, bytes : ndarray of float64 of shape (N,) or None
        The words and bytes of each text.
    greedy : ndarray of float64 of shape (N,) or None
        1 where a continuation is what greedy decoding gives.
    logged : dict of str to ndarray of float64 of shape (N,)
        The measures of each doc, NaN where there is none.
    several_inputs : bool
        Whether the choices are contexts of what was scored.
    notes : tuple of str
        What the user should know.
    """

    kind: SampleKind
    docs: tuple[str, ...]
    hashes: tuple[str | None, ...]
    places: tuple[tuple[str, int], ...]
    tasks: tuple[str, ...]
    log_likelihoods: Numbers
    counts: tuple[int, ...]
    unconditional: Numbers | None
    golds: NDArray[np.int64]
    several_golds: tuple[tuple[int, ...], ...]
    lengths: Numbers | None
    sizes: Numbers | None
    words: Numbers | None
    bytes: Numbers | None
    greedy: Numbers | None
    logged: dict[str, Numbers]
    several_inputs: bool
    notes: tuple[str, ...]

    def place(self, row: int) -> str:
        """Name the line of a doc."""
        file, line = self.places[row]
        return f"{file}:{line}"

    @property
    def by_task(self) -> bool:
        """Whether there are several tasks."""
        return len(set(self.tasks)) > 1


class _PlacedSample(NamedTuple):
    sample: Sample
    file: str
    line: int


class Collector:
    """Gathers the docs of files, line by line."""

    def __init__(self, filter_: str | None) -> None:
        self._filter = filter_
        self._found: list[_PlacedSample] = []
        self._tasks: list[str] = []
        self._left_out: dict[str, int] = {}
        self._seen: dict[tuple[str, str], int] = {}
        self._notes: list[str] = []

    def begin(self, file: str) -> str:
        """Start with a file; return the name of its task.

        Raises
        ------
        InputError
            If another file is of the same task.
        """
        task = task_of(file)
        if task in self._tasks:
            raise InputError(
                f"{file}: a second file of the task {task!r}",
                hint="name one of them, or compare them: xent compare BASE NEW",
            )
        return task

    def add(self, sample: Sample, file: str, line: int, task: str) -> None:
        """Take a doc, unless it holds the answers of another filter than the first doc."""
        if self._filter is None:
            self._filter = sample.filter
        if sample.filter != self._filter:
            self._left_out[sample.filter] = self._left_out.get(sample.filter, 0) + 1
            return
        first = self._seen.setdefault((task, sample.doc), line)
        if first != line:
            shown = visible(shortened(sample.doc))
            raise InputError(
                f"{file}:{line}: doc {shown} a second time; the first is in line {first}",
                hint="are these two runs in one file? One file a run",
            )
        kind = self._found[0].sample.kind if self._found else sample.kind
        if sample.kind != kind and {sample.kind, kind} == {"choices", "likelihoods"}:
            sample = sample._replace(kind=kind)
        if sample.kind != kind:
            raise InputError(
                f"{file}:{line}: {_WHAT[sample.kind]}, but the docs before it have {_WHAT[kind]}",
                hint="name files of one kind: xent nll measures texts, xent eval measures choices",
            )
        self._found.append(_PlacedSample(sample, file, line))
        self._tasks.append(task)

    def collected(self, name: str) -> Samples:
        """Return everything that was taken.

        Raises
        ------
        InputError
            If nothing was taken.
        """
        if not self._found:
            told = ", ".join(repr(visible(each)) for each in self._left_out)
            hint = f"the filters are {told}" if told else "was it written to the end?"
            raise InputError(f"{name}: no sample of filter {self._filter!r}", hint=hint)
        if self._left_out:
            count = sum(self._left_out.values())
            others = ", ".join(repr(visible(each)) for each in self._left_out)
            self._notes.append(
                f"{name}: the samples of filter {visible(self._filter or '')!r} are read; those of "
                f"{others} are left out, lines: {count:,} (else --key FILTER)"
            )
        samples = [each.sample for each in self._found]
        several = len(set(self._tasks)) > 1
        docs = [
            f"{task}/{each.doc}" if several else each.doc
            for task, each in zip(self._tasks, samples, strict=True)
        ]
        return Samples(
            samples[0].kind,
            tuple(docs),
            tuple(each.doc_hash for each in samples),
            tuple((each.file, each.line) for each in self._found),
            tuple(self._tasks),
            **arrays_of(samples),
            notes=tuple(self._notes),
        )


_WHAT: dict[SampleKind, str] = {
    "choices": "log-likelihoods of choices",
    "likelihoods": "the log-likelihood of a continuation",
    "texts": "the log-likelihood of a text",
    "generated": "generated text",
}


def task_of(file: str) -> str:
    """Return the task of a file, by its name: ``samples_TASK_DATE.jsonl``, else what it is called.

    Examples
    --------
    >>> task_of("out/samples_arc_easy_2025-01-02T03-04-05.678901.jsonl"), task_of("a.jsonl")
    ('arc_easy', 'a')
    """
    stem = _stem(file)
    found = _NAME.fullmatch(stem)
    return found[1] if found else stem


def dated_task_of(file: str) -> str | None:
    """Return the task of a file that has the name and the date which the harness gave it."""
    found = _NAME.fullmatch(_stem(file))
    return found[1] if found and found[2] else None


def _stem(file: str) -> str:
    return re.sub(r"\.(jsonl|parquet)\b.*+", "", re.split(r"[/\\]", file)[-1])
