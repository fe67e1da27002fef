"""Why a measure or a table has nothing to say about some rows."""

from collections.abc import Iterator

from xentcli.core.class_facts import MOST_BINNED_CLASSES
from xentcli.metrics.interface import from_outside
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.measure_plan import BINARY_ONLY, Plan, metric_name_of
from xentcli.results.comparison import Comparison

_ONE_HOT = "of one-hot rows, labels.argmax(1) gives the classes"
NEEDS_A_CLASS = f"the labels are class probabilities, and it needs one class a row ({_ONE_HOT})"
_NEEDS_CHOICES = (
    "it needs the lengths of choices and which are right, as samples of lm-evaluation-harness have "
    "them without labels of another file"
)
_OF_CLASSES = ("accuracy_", "mcnemar_", "both_", "only_", "neither_", "delta_p", "rms_delta_p")
"""So begin the measures of two models that need one class a row."""
_OF_ANY_LABELS = ("loss", "losses", "worst_rows", "brier", "entropy")
_OF_ROWS = ("ranks", "classwise", "suspects")


def note_of_classes(others: str) -> str:
    """Return what to know where labels are class probabilities; `others` are left out, too."""
    return (
        "labels are class probabilities: what needs one class a row is left out, such as accuracy"
        f"{others} ({_ONE_HOT})"
    )


def why_not_of_models(metric: str, first: Comparison) -> str:
    """Return why a measure that labels have has no value of models, if that is known."""
    if not first.labelled:
        return " without labels: --labels FILE"
    return f": {NEEDS_A_CLASS}" if first.measured and metric.startswith(_OF_CLASSES) else ""


def reasons(plan: Plan, found: Measured, *, uneven: bool) -> Iterator[tuple[str, str]]:
    """Yield the name of each measure or table that does not apply, and why.

    `uneven` says whether elements, each a row by itself, have labels between 0 and 1.
    """
    for name in plan.names:
        why = _why_not(name, metric_name_of(name), plan, found, uneven=uneven)
        if why is not None:
            yield name, why


def _why_not(name: str, metric: str, plan: Plan, found: Measured, *, uneven: bool) -> str | None:
    conditions = {
        "groups": ("groups" in found.results, "--by COLUMN says what the groups are"),
        "labels": (plan.several_labels, "it is of several labels a row, with --binary"),
        "choices": (plan.options.metrics is None, _NEEDS_CHOICES),
        "kl": (found.probabilities, "it needs class probabilities as labels"),
    }
    if metric in conditions:
        holds, why = conditions[metric]
        return None if holds else why
    if metric in from_outside() and getattr(found.results.get(metric), "value", None) is not None:
        return "there are labels between 0 and 1" if uneven else None
    if metric in _OF_ANY_LABELS:
        return None
    if plan.binary:
        return _why_not_binary(metric, plan, uneven=uneven)
    return _why_not_of_classes(name, metric, found)


def _why_not_of_classes(name: str, metric: str, found: Measured) -> str | None:
    if name in BINARY_ONLY:
        return "it needs --binary, and the logits or probabilities of class 1"
    if found.probabilities:
        return NEEDS_A_CLASS
    if metric == "classwise" and found.num_classes > MOST_BINNED_CLASSES:
        return f"there are more than {MOST_BINNED_CLASSES:,} classes"
    return None


def _why_not_binary(metric: str, plan: Plan, *, uneven: bool) -> str | None:
    if metric in _OF_ROWS or metric in from_outside():
        return "with --binary each number is a row by itself, of two classes"
    if uneven:
        return "there are labels between 0 and 1"
    if metric == "classes" and plan.several_labels:
        return "it is not computed of several labels a row"
    return None
