"""Samples of lm-evaluation-harness; the code that measures them is imported only where needed."""

from typing import TYPE_CHECKING, Any

from xentcli.formats.base import Source
from xentcli.pipeline.criterion import Criterion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xentcli.formats.harness.collected import Samples
    from xentcli.metrics.hits_of_choices import ChoicesState
    from xentcli.results.measures import Measures

CHOICES = "choices"
"""The name of the state of choices, which stands beside those of metrics."""

__all__ = [
    "CHOICES",
    "check_same_docs",
    "choices_of",
    "doubts",
    "other_task",
    "samples_of",
    "task_groups",
    "with_choices",
]


def samples_of(source: Source) -> "Samples | None":
    """Return the samples of a source; None for any other source."""
    if not source.of_samples:
        return None
    from xentcli.formats.harness.source import SamplesSource

    return source.samples if isinstance(source, SamplesSource) else None


def doubts(source: Source) -> list[str]:
    """Return warnings where the log-likelihoods contradict what was logged."""
    samples = samples_of(source)
    if samples is None:
        return []
    from xentcli.pipeline.language.choices import contradictions

    return [*contradictions(source.name, samples)]


def task_groups(source: Source, by: object) -> Source | None:
    """Return the task of each doc, if the user asks for it, or for several tasks without groups."""
    samples = samples_of(source)
    if samples is None or not (by == "task" or (by is None and samples.by_task)):
        return None
    from xentcli.pipeline.language.choices import tasks_of

    return tasks_of(samples)


def check_same_docs(base: Source, other: Source) -> None:
    """Raise InputError if two models were asked about different docs under the same numbers."""
    one, two = samples_of(base), samples_of(other)
    if one is not None and two is not None:
        from xentcli.pipeline.language.choices import check_hashes

        check_hashes(one, two)


def other_task(base: Source, other: Source) -> list[str]:
    """Say if the files of two models are of two tasks, as their names tell."""
    models = samples_of(base), samples_of(other)
    if not all(samples is not None and not samples.by_task for samples in models):
        return []
    from xentcli.formats.harness.collected import dated_task_of

    one, two = dated_task_of(base.name), dated_task_of(other.name)
    if None in (one, two) or one == two:
        return []
    what = f"{other.name}: samples of the task {two!r} are compared with those of {one!r}"
    return [f"{what}; several tasks of a model are one input in quotes: 'small/samples_*.jsonl'"]


def choices_of(
    source: Source, clusters: "NDArray[Any] | None", criterion: Criterion, *, complete: bool
) -> "ChoicesState | None":
    """Return which choices are right by their lengths, if the rows are docs with choices.

    `clusters` has the cluster of each row, if rows depend on one another; those that are `complete`
    have no rows in other files. The docs are those that the criterion measures.
    """
    samples = samples_of(source)
    if samples is None:
        return None
    from xentcli.pipeline.language.choices import docs_among, state_of_choices

    docs = docs_among(samples, criterion.rows, criterion.options.ignored)
    return state_of_choices(samples, clusters, docs, complete=complete)


def with_choices(
    found: "Measures", state: "ChoicesState | None", names: tuple[str, ...]
) -> "Measures":
    """Add the measures of the choices' lengths, if the rows are docs with choices."""
    if state is None:
        return found
    from xentcli.pipeline.language.choices import with_shares

    return with_shares(found, state, names)
