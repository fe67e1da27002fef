"""Measures, where they come from, and what the gates say of them, as one page of HTML."""

from collections.abc import Sequence
from heapq import nlargest
from typing import Any

from xentcli.render.pictures import OF_MEASURES
from xentcli.render.report.template import rendered
from xentcli.render.report.words import in_words
from xentcli.results.groups import Group, measured_names
from xentcli.results.measures import Measures
from xentcli.results.provenance import Provenance
from xentcli.results.records import field_names
from xentcli.results.verdict import Verdict

MOST_CLASSES = 20
MOST_GROUPS = 50
_MOST_ROWS = 50
_MOST_BINS = 50
_MOST_PAIRS = 10
_FIRST = ("accuracy", "loss", "ece", "brier")


def page(
    measures: Measures,
    provenance: Provenance | None = None,
    verdicts: Sequence[Verdict] = (),
    told: Sequence[str] = (),
) -> str:
    """Return a page that needs no other file, no network and no script.

    Parameters
    ----------
    measures : Measures
        What was measured.
    provenance : Provenance, optional
        The command line, the files and the version.
    verdicts : sequence of Verdict
        What the gates say.
    told : sequence of str
        The warnings, and then the notes.

    Examples
    --------
    >>> from xentcli.results.measures import Measure
    >>> html = page(Measures({"loss": Measure(0.5, n=3)}, 3, 3, 3, 2))
    >>> html.startswith("<!DOCTYPE html>"), ">Numbers</h2>" in html
    (True, True)
    """
    found = provenance or measures.provenance
    groups, labels = _worst_groups(measures.groups), _worst_groups(measures.labels)
    return rendered(
        "page.html",
        _title(found),
        found,
        verdicts,
        told,
        m=measures,
        metrics=measures.metrics,
        first=[name for name in _FIRST if _has(measures, name)],
        numbers=[
            (name, in_words(name, binary=measures.binary))
            for name in measures.metrics
            if name not in measures.inapplicable
        ],
        pictures=OF_MEASURES.of_page(measures),
        bins=[each for each in measures.bins if each.rows],
        pairs=measures.confusions.most_confused(_MOST_PAIRS) if measures.confusions else (),
        supports={each.index: each.support for each in measures.classes},
        classes=_classes(measures),
        worst_rows=measures.worst_rows[:_MOST_ROWS],
        suspects=measures.suspects.rows[:_MOST_ROWS] if measures.suspects else (),
        groups=groups,
        labels=labels,
        group_metrics=measured_names(groups),
        label_metrics=measured_names(labels),
        others=[(name, _fields(result)) for name, result in measures.others.items()],
        most_bins=_MOST_BINS,
    )


def _title(provenance: Provenance) -> str:
    """Return the title: the name of the first file, and how many more there are."""
    if not provenance.files:
        return "xent eval"
    name, more = provenance.files[0].name, sum(f.role == "logits" for f in provenance.files) - 1
    return f"xent eval: {name}" + (f" and {more:,} more" if more > 0 else "")


def _has(measures: Measures, name: str) -> bool:
    return name in measures.metrics and measures.metrics[name].value is not None


def _classes(measures: Measures) -> list[Any]:
    """Return the scores of all classes; if there are many, those with the lowest F1, ascending."""
    if len(measures.classes) <= MOST_CLASSES:
        return list(measures.classes)
    return sorted(measures.classes, key=lambda each: (each.f1, -each.support))[:MOST_CLASSES]


def _worst_groups(groups: Sequence[Group]) -> Sequence[Group]:
    """Return all groups; if there are many, those with the largest loss, descending."""
    if len(groups) <= MOST_GROUPS:
        return groups

    def loss_of(group: Group) -> float:
        loss = group.metrics.get("loss")
        return -1.0 if loss is None or loss.value is None else loss.value

    return nlargest(MOST_GROUPS, groups, key=loss_of)


def _fields(result: Any) -> dict[str, Any]:
    return {name: getattr(result, name) for name in field_names(result)}
