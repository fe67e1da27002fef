"""Which measures of two models are wanted, and which states and numbers of rows they need."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from xentcli.errors import UsageError
from xentcli.metrics.interface import States
from xentcli.metrics.names import MEASURES, OF_PAIRS, PAIR_TABLES
from xentcli.pipeline.inputs.clustering import Clustering
from xentcli.pipeline.measures.inapplicable import note_of_classes
from xentcli.pipeline.opening import Source
from xentcli.results.comparison import Comparison
from xentcli.results.measure import NOTHING

OF_SEQUENCES = tuple(name for name in OF_PAIRS if "perplexity" in name)
"""Measures that are shown by default for language models only."""
ERRORS_IN_GROUPS = "pair_group_clusters"
"""The state from which errors within groups come, if rows depend on one another."""
_OF_KL = ("kl", "kl_reverse", "kl_median")
_BELOW_0 = -1e-12  # nats; float64 rounds by less
_SAID_ELSEWHERE = {
    "kld": "kl",
    "mean_kl": "kl",
    "kl_mean": "kl",
    "mean_kld": "kl",
    "kl_divergence": "kl",
    "jsd": "js",
    "js_divergence": "js",
    "mcnemar": "mcnemar_p",
    "same_top": "agreement",
    "same_top_p": "agreement",
    "ppl_ratio": "perplexity_ratio",
    "rms_dp": "rms_delta_p",
    "correlation": "loss_correlation",
    "worst_rows": "changed_rows",
}


class PairOptions(NamedTuple):
    """What is measured, and how.

    Attributes
    ----------
    metrics : tuple of str, optional
        Names of measures and of tables, or ``all``; a sensible set by default.
    worst : int
        How many of the rows that changed most are named.
    besides : tuple of str
        Measures and tables that are taken besides, whatever the set is: those that gates name,
        and those of a page.
    pictures : bool
        Whether what pictures show is measured too.
    """

    metrics: tuple[str, ...] | None = None
    worst: int = 10
    besides: tuple[str, ...] = ()
    pictures: bool = False

    def check(self) -> None:
        """Raise UsageError if a name is none, or a number makes no sense."""
        for name in (*(self.metrics or ()), *self.besides):
            if name not in known_pair_measures():
                raise unknown_measure(name)
        if self.worst < 0:
            raise UsageError("the number of rows that changed most is not below 0")

    def names(self, *, sequences: bool) -> tuple[str, ...]:
        """Return the measures and tables that are wanted, in the order of reporting."""
        if self.metrics is None:
            names = [
                name for name in (*OF_PAIRS, *PAIR_TABLES) if sequences or name not in OF_SEQUENCES
            ]
        elif "all" in self.metrics:
            names = [*OF_PAIRS, *PAIR_TABLES]
        else:
            names = list(self.metrics)
        return tuple(dict.fromkeys([*names, *self.besides]))

    def with_page(self) -> "PairOptions":
        """Return the same, with the usual set besides: a page shows it, whatever is printed."""
        usual = PairOptions().names(sequences=False)
        return self._replace(besides=(*self.besides, *usual))


def known_pair_measures() -> list[str]:
    """Return what ``--metric`` may name of two models."""
    return [*OF_PAIRS, *PAIR_TABLES, "all"]


def unknown_measure(name: str) -> UsageError:
    """Return the error that names the measure which was probably meant."""
    from difflib import get_close_matches

    plain = name.lower().replace("-", "_").replace(" ", "_")
    plain = _SAID_ELSEWHERE.get(plain, plain)
    known = known_pair_measures()
    near = [plain] if plain in known else get_close_matches(plain, known, 1)
    near = near or [each for each in known if plain and plain in each][:1]
    hint = f"did you mean {near[0]}?" if near else "xent compare --metric all shows them all"
    if not near and plain in MEASURES:
        hint = f"xent eval has {plain}, of one model"
    return UsageError(f"there is no measure {name!r}", hint=hint)


class PairPlan:
    """Which states and which numbers of every row the measures need."""

    def __init__(
        self,
        options: PairOptions,
        by: Source | str | None,
        cluster: Source | str | None,
        *,
        labelled: bool,
        several_axes: bool,
        shifted: bool,
    ) -> None:
        self.labelled = labelled
        self.options = options
        self.names = options.names(sequences=several_axes or shifted)
        self.grouped = by is not None
        self.clustering = Clustering.of(cluster, several_axes=several_axes)
        self.errors_in_groups = self.grouped and self.clustering.applies

    def states(self, *, pictures: bool) -> States:
        """Return the states of no rows, with what pictures show or without."""
        names = ["rows", "pair_loss", "pair_hits", "pair_divergences"]
        names += ["changed_rows"] * (self.options.worst > 0)
        names += ["pair_groups"] * self.grouped + ["pair_clusters"] * self.clustering.applies
        names += [ERRORS_IN_GROUPS] * self.errors_in_groups
        names += ["pair_pictures"] * pictures
        parameters: dict[str, dict[str, Any]] = {"changed_rows": {"most": self.options.worst}}
        return States.empty(names, parameters)

    def kept(self, others: int) -> Iterator[str]:
        """Yield the names of what is kept of every row."""
        for i in range(1, others + 1):
            yield f"{i} kl"
            yield f"{i} delta_p"

    def notes(self, comparisons: Sequence[Comparison]) -> Iterator[str]:
        """Say what was decided about the errors of what was measured, and about odd rows."""
        for each in comparisons:
            yield from each.notes
        usual = self.labelled and self.options.metrics is None
        if usual and comparisons[0].measured and comparisons[0]["accuracy_base"].value is None:
            yield note_of_classes(" and delta_p")
        yield from self.clustering.notes
        tests = (each.metrics.get("mcnemar_p", NOTHING) for each in comparisons)
        if self.clustering.applies and any(each.value is not None for each in tests):
            yield "mcnemar_p takes each row for independent"
        divergences = (each.metrics.get(name, NOTHING) for each in comparisons for name in _OF_KL)
        if any((each.value or 0.0) < _BELOW_0 for each in divergences):
            yield (
                "KL is below 0, as rows do not sum to 1 exactly: --normalize divides probabilities "
                "by their sums, and log-probabilities may be given as logits"
            )
