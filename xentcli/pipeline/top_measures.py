"""What is measured of lists of the most probable classes: exact, or within bounds."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xentcli.core.bounds import brier_bounds, entropy_bounds
from xentcli.metrics.bounds import BoundsState
from xentcli.metrics.calibration import CalibrationState
from xentcli.metrics.top_lists import Places, TopListsState, first_class_facts
from xentcli.pipeline.bounded import following
from xentcli.pipeline.flow import Part, collect
from xentcli.pipeline.run import Run
from xentcli.pipeline.top_rows import TopRows
from xentcli.results.bounds import TopMeasures
from xentcli.results.measure import Measure

OF_LISTS = (
    *("loss", "perplexity", "bits", "accuracy", "brier", "ece", "ece_by_chance", "mce", "rmsce"),
    *("rmsce_debiased", "mean_confidence", "entropy"),
)
"""What is measured of lists, besides ``top5_accuracy`` and the like."""
_OF_CALIBRATION = ("ece", "ece_by_chance", "mce", "rmsce", "rmsce_debiased", "mean_confidence")


class _Work(NamedTuple):
    rows: TopRows
    ks: tuple[int, ...]
    bins: int

    def part_of(self, step: tuple[int, int]) -> Part[TopListsState]:
        """Measure the rows of a block."""
        bounds, used, _ = self.rows.bounds_of(*step)
        loss = BoundsState.from_rows(bounds, used)
        values, indices = self.rows.read(*step)
        labels = self.rows.lists.labels[step[0] : step[0] + step[1]]
        if used is not None:
            values, indices, labels = values[used], indices[used], labels[used]
        places = Places(values, indices, labels)
        hits = tuple(int((places.rank < k).sum()) for k in self.ks)
        state = TopListsState(
            self.ks, hits, len(labels), places.fewest, CalibrationState(self.bins), loss
        )
        if self.rows.kind != "log-probabilities":
            return Part(step[1], state=state)
        count, slack = self.rows.num_classes, self.rows.slack
        entropy = entropy_bounds(values, count, slack=slack)
        brier = brier_bounds(values, indices, labels, count, slack=slack)
        state = TopListsState(
            *(self.ks, hits, len(labels), places.fewest),
            CalibrationState(self.bins).from_rows(first_class_facts(places)),
            loss,
            BoundsState.from_rows(entropy),
            BoundsState.from_rows(brier),
        )
        return Part(step[1], state=state)


def measure_lists(
    parts: Sequence[TopRows], ks: tuple[int, ...], bins: int, run: Run
) -> TopMeasures:
    """Return what lists say of a model: of logits without their log-sum-exp, loss and hits alone.

    Parameters
    ----------
    parts : sequence of TopRows
        Lists and labels, of one kind and length, of one file after the other.
    ks : tuple of int
        The k of top-k accuracies; of more classes than a row lists, none is told.
    bins : int
        Of confidence.
    run : Run
        Threads and progress.
    """
    rows, wanted = parts[0], tuple(sorted({1, *ks}))
    state = TopListsState(wanted)
    for part in parts:
        work = _Work(part, wanted, bins)
        done = run.map(work.part_of, part.steps())
        progress = run.progress_of((part.num_rows,))
        total = collect(done, None, progress, lambda p, _: p.at(""), part.sources)
        state = state if total.state is None else state.merge(total.state)
    loss, entropy, brier = state.bounds()
    shares = state.hit_shares()
    metrics: dict[str, Measure] = {
        "loss": loss,
        "perplexity": following(loss, "perplexity"),
        "bits": following(loss, "bits"),
        "accuracy": shares.get(1, Measure()),
    }
    metrics |= {f"top{k}_accuracy": shares.get(k, Measure()) for k in wanted if k > 1}
    errors = state.errors()
    metrics["brier"] = brier
    metrics |= {name: getattr(errors, name) for name in _OF_CALIBRATION}
    metrics["entropy"] = entropy
    return TopMeasures(
        metrics=metrics,
        rows=sum(part.num_rows for part in parts),
        used=state.rows,
        num_classes=rows.num_classes,
        listed=rows.listed,
        exact=loss.exact,
        why=rows.why,
        notes=tuple(_notes(rows, state)),
    )


def _notes(rows: TopRows, state: TopListsState) -> Iterator[str]:
    if missing := [k for k in state.ks if k > state.fewest]:
        listed = ", ".join(f"top {k}" for k in missing)
        yield f"some rows list {state.fewest} classes only: {listed} accuracy does not apply"
    if rows.kind != "log-probabilities":
        yield "calibration, Brier score and entropy need log-probabilities, or the log-sum-exp"
    elif rows.num_classes is None:
        yield "--num-classes V would bound Brier score and entropy more closely"
