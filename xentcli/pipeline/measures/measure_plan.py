"""Which measures of one model are wanted, and which states and numbers of rows they need."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from xentcli.errors import UsageError
from xentcli.formats.base import Shape
from xentcli.metrics.clusters import has_error
from xentcli.metrics.interface import from_outside
from xentcli.metrics.names import MEASURES, TABLES, nearest, top_of
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.inputs.clustering import Clustering
from xentcli.pipeline.opening import Source

_ON_REQUEST = ("classwise_ece", "equal_mass_ece", "losses", "suspects")
_MOST_BINS = 10_000
BINARY_ONLY = ("auroc", "average_precision")
TABLES_OF = {"confusions": "classes", "bins": "calibration", **{name: name for name in TABLES}}


class Options(NamedTuple):
    """What is measured, and how.

    Attributes
    ----------
    metrics : tuple of str, optional
        Names of measures and of tables, or ``all``; a sensible set by default.
    top_k : tuple of int
        Which top-k accuracies are in that set, and in ``all``.
    bins : int
        The number of bins for the calibration error.
    worst : int
        How many of the worst rows, and of suspects, are named.
    also : tuple of str
        Measures and tables that are wanted besides, whatever the set is: what gates name and
        pictures show.
    """

    metrics: tuple[str, ...] | None = None
    top_k: tuple[int, ...] = (5,)
    bins: int = 15
    worst: int = 10
    also: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise UsageError if a name is none, or a number makes no sense."""
        for name in (*(self.metrics or ()), *self.also):
            if name not in ("all", *MEASURES, *TABLES_OF) and top_of(name) is None:
                raise unknown_measure(name)
        check_bins(self.bins)
        if self.worst < 0 or any(k < 1 for k in self.top_k):
            raise UsageError("k is 1 or more, and the number of worst rows is not below 0")

    def names(self, *, binary: bool) -> tuple[str, ...]:
        """Return the measures and tables that are wanted, in the order of reporting."""
        return tuple(dict.fromkeys([*self.asked(binary=binary), *self.also]))

    def asked(self, *, binary: bool) -> tuple[str, ...]:
        """Return the measures and tables in the set."""
        tops = tuple(f"top{k}_accuracy" for k in self.top_k)
        every = list(MEASURES)
        place = every.index("accuracy") + 1
        every = [*every[:place], *([] if binary else tops), *every[place:], *TABLES_OF]
        if self.metrics is None:
            left_out = {*_ON_REQUEST, *(("mrr",) if binary else BINARY_ONLY)}
            return tuple(name for name in every if name not in left_out)
        if "all" in self.metrics:
            every += [name for name in self.metrics if name != "all"]
            return tuple(dict.fromkeys(every))
        return tuple(dict.fromkeys(self.metrics))


def ks_named(names: Iterable[str]) -> list[int]:
    """Return the k of the top-k accuracies among names."""
    return [k for name in names if (k := top_of(name)) is not None]


def check_bins(bins: int) -> None:
    """Raise UsageError unless there are as many bins of confidence as there may be."""
    if not 1 <= bins <= _MOST_BINS:
        raise UsageError(f"there are 1 to {_MOST_BINS} bins, not {bins}")


def known_measures() -> list[str]:
    """Return what ``--metric`` may name, apart from top-k accuracies of another k."""
    return [*MEASURES, *TABLES_OF, "all", "top5_accuracy"]


def unknown_measure(name: str) -> UsageError:
    """Return the error that names the measure which was probably meant."""
    if name in from_outside():
        hint = f"one that computes a Measure is one by register({name!r}, measure=True)"
        return UsageError(f"the metric {name!r} is not registered as a measure", hint=hint)
    meant = nearest(name, known_measures())
    hint = f"did you mean {meant}?" if meant else "xent eval --metric all shows them all"
    return UsageError(f"there is no measure {name!r}", hint=hint)


def metric_name_of(name: str) -> str:
    """Return the metric that a measure or a table comes from; empty if there is none."""
    return TABLES_OF.get(name) or ("ranks" if top_of(name) else MEASURES.get(name, ""))


class Plan:
    """Which states and which numbers of every row the measures need."""

    def __init__(
        self,
        names: tuple[str, ...],
        options: Options,
        criterion: Criterion,
        shape: Shape,
        by: Source | str | None,
        cluster: Source | str | None,
    ) -> None:
        self.names = names
        self.options = options
        self.base = criterion
        self.binary = criterion.binary is not None
        self.by_slices = by == "axis0"
        self.several_labels = self.binary and len(shape) > 1 and shape[-1] != 1
        several_axes = len(shape) > 2 and not self.binary
        self.clustering = Clustering.of(cluster, several_axes=several_axes)
        grouped = by is not None
        needed, left_out = self._needed(grouped=grouped), self._left_out(grouped=grouped)
        self.states = tuple(name for name in dict.fromkeys(needed) if name not in left_out)

    def _needed(self, *, grouped: bool) -> Iterator[str]:
        """Yield the states that the measures need, in the order of reporting."""
        yield from ("loss", "rows")
        if grouped:
            yield "groups"
        yield from map(metric_name_of, self.names)
        if "suspects" in self.names and not self.binary:
            yield "class_confidence"
        if self.several_labels:
            yield "labels"
        if self.clustering.applies:
            yield "clusters"
            yield from ("group_clusters",) * grouped
            yield from ("label_clusters",) * self.several_labels
        if not self.binary:
            yield from from_outside()

    def _left_out(self, *, grouped: bool) -> set[str]:
        """Return what is no state of the first read, or not one of such rows."""
        left_out = {"", "order", "suspects", "choices"}
        if not grouped:
            left_out.add("groups")
        if not self.several_labels:
            left_out.add("labels")
        if not self.options.worst:
            left_out.add("worst_rows")
        if self.binary:
            left_out |= {"ranks", "classwise"} | ({"classes"} if self.several_labels else set())
        return left_out

    @property
    def kept(self) -> tuple[str, ...]:
        """Which numbers of every row are kept."""
        of_order = (*BINARY_ONLY, *(["labels"] if self.several_labels else []))
        score = self.binary and any(name in self.names for name in of_order)
        equal_mass = "equal_mass_ece" in self.names
        return ("confidence",) * equal_mass + ("score",) * score

    def criterion(self) -> Criterion:
        """Return the criterion of the first read."""
        tops = tuple(k for name in self.names if (k := top_of(name)))
        of_bins = {"bins": self.options.bins}
        means = [name for name in self.names if has_error(name)]
        if self.binary:
            means = [name for name in means if name != "mrr" and not top_of(name)]
        parameters: dict[str, dict[str, Any]] = {
            "ranks": {"ks": tops},
            "calibration": of_bins,
            "classwise": of_bins,
            "groups": of_bins,
            "labels": of_bins,
            "worst_rows": {"most": self.options.worst},
            "clusters": {"means": tuple(dict.fromkeys(("loss", *means)))},
        }
        return self.base._replace(
            metrics=self.states,
            parameters={name: parameters[name] for name in self.states if name in parameters},
            kept=self.kept,
            by_slices=self.by_slices,
        )

    def criterion_of_suspects(self, thresholds: tuple[float, ...]) -> Criterion:
        """Return the criterion of the second read, which finds the suspects."""
        parameters = {"thresholds": thresholds, "most": self.options.worst}
        return self.base._replace(metrics=("loss", "suspects"), parameters={"suspects": parameters})

    def results_of_states(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results of the states of this plan, given those of these and others."""
        return {name: results[name] for name in self.states}
