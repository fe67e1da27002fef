"""Reports how two models differ whose rows are known in part, from the states of their rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from xentcli.metrics.coded_pairs import CodedPairsState, CodedSums
from xentcli.metrics.listed_pairs import ListedPairsState
from xentcli.metrics.names import OF_BASES
from xentcli.pipeline.inputs.clustering import Clustering, notes_of_errors
from xentcli.pipeline.top_lists.clustered_rows import with_errors_of_clusters
from xentcli.results.comparison import Comparison

CODES = "codes"
"""What the rows of a base of llama-perplexity are."""
OF_LISTS = ("loss_base", "loss_new", "loss_difference", "kl", "agreement")
"""The measures of two models by their lists."""
MEANS_OF_LISTS = ("loss_base", "loss_new", "loss_difference", "agreement")
"""Those whose errors clusters give; a divergence is known from below, and has none."""
_FEWEST_ROWS = 100


@dataclass(frozen=True)
class PairsKind:
    """What is compared of models that are known in part.

    Attributes
    ----------
    kinds : tuple of str
        What each model's values are.
    metrics : tuple of str or None
        The measures that are shown, where not all are.
    cluster : str or None
        What the user says of the rows that depend on one another.
    several_axes : bool
        Whether the rows of lists are in sequences.
    """

    kinds: tuple[str, ...]
    metrics: tuple[str, ...] | None = None
    cluster: str | None = None
    several_axes: bool = False

    @property
    def clustering(self) -> Clustering:
        """Whether rows depend on one another."""
        return Clustering.of(self.cluster, several_axes=self.several_axes)

    @property
    def are_bases(self) -> bool:
        """Whether they are bases."""
        return self.kinds[:1] == (CODES,)

    @property
    def names(self) -> tuple[str, ...]:
        """What is measured of them."""
        return OF_BASES if self.are_bases else OF_LISTS


def comparison_of(
    state: CodedPairsState | ListedPairsState,
    names: tuple[str, str],
    kinds: tuple[str, str],
    num_classes: int,
    clustering: Clustering,
) -> Comparison:
    """Return how far two models of these names and kinds are apart."""
    counts, metrics = state.compute(), state.measures()
    errors = None
    if isinstance(state, CodedPairsState):
        notes = [*_notes_of_codes(names[1], state.sums)]
    else:
        errors = state.by_cluster()
        notes = [*clustering.notes, *notes_of_errors(errors), _note_of_lists(names[1], kinds)]
    return Comparison(
        *names,
        metrics=metrics if errors is None else with_errors_of_clusters(metrics, errors),
        rows=counts.rows,
        used=counts.used,
        measured=counts.measured,
        num_classes=num_classes,
        percentiles=state.percentiles(),
        clusters=None if errors is None else errors.clusters,
        notes=tuple(notes),
    )


def _notes_of_codes(new: str, sums: CodedSums) -> Iterator[str]:
    """Say in how many rows the floor of a file leaves open what is measured of a `new` model."""
    if sums.bounded:
        yield (
            f"{new}: rows in which this file keeps no value of a class that counts: "
            f"{sums.bounded:,}; their KL divergence is at least what its floor says"
        )
    if sums.floored_base or sums.floored_new:
        yield (
            f"{new}: rows whose label is at the floor: {sums.floored_base:,} of the base, "
            f"{sums.floored_new:,} of the new model; their losses are at least what it says, and "
            "like all others stored to half a step of their codes"
        )
    if sums.rows < _FEWEST_ROWS:
        yield f"fewer than {_FEWEST_ROWS} rows, of which llama-perplexity gives no statistics"


def _note_of_lists(new: str, kinds: tuple[str, str]) -> str:
    if {*kinds} == {"log-probabilities"}:
        return (
            "of lists, a KL divergence is known from below, as classes that not both list count as "
            "one: kl is a lower bound of the mean, and has no standard error"
        )
    return f"{new}: KL needs log-probabilities of both, or their log-sum-exp"
