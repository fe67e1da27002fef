"""Comparisons of models, where they come from, and what the gates say of them, as one page."""

from collections.abc import Sequence
from heapq import nlargest
from typing import Any

from xentcli.render.comparison_tables import accuracy_of_first
from xentcli.render.comparison_verdict import verdict
from xentcli.render.pictures.kinds import OF_PAIRS
from xentcli.render.report.template import rendered
from xentcli.render.report.words import pair_in_words
from xentcli.results.comparison import Comparison
from xentcli.results.groups import Group, measured_names
from xentcli.results.provenance import Provenance
from xentcli.results.verdict import Verdict

MOST_DRAWN = 4
"""Only so many models are drawn, so that a page stays small."""
_MOST_TOLD = 10
_MOST_ROWS = 50
_MOST_GROUPS = 50
_MOST_OF_MANY = 10  # rows and groups of each model, if there are several
_FIRST = ("loss_difference", "accuracy_difference", "kl", "agreement")
_SECTIONS = (
    (
        "changes",
        "How rows changed",
        "Many rows may become a little better while a few become much worse; the mean hides that.",
    ),
    (
        "losses",
        "Losses of both models",
        "On the dashed line, a row's loss is the same with both models.",
    ),
    (
        "reliability",
        "Reliability of both models",
        "A model is calibrated where, of the predictions that it is 70 % sure of, 70 % are right.",
    ),
    (
        "predictions",
        "Predictions of both models",
        "Off the diagonal stand the rows that the new model predicts otherwise.",
    ),
)


def comparison_page(
    comparisons: Sequence[Comparison],
    provenance: Provenance | None = None,
    verdicts: Sequence[Verdict] = (),
    told: Sequence[str] = (),
) -> str:
    """Return a page that needs no other file, no network and no script.

    Parameters
    ----------
    comparisons : sequence of Comparison
        The comparison of each model but the first with the first, with pictures.
    provenance : Provenance, optional
        The command line, the files and the version.
    verdicts : sequence of Verdict
        What the gates say.
    told : sequence of str
        The warnings, and then the notes.

    Examples
    --------
    >>> html = comparison_page([Comparison("a.npy", "b.npy", {})])
    >>> "<title>xent compare: a.npy and b.npy</title>" in html
    True
    """
    first = comparisons[0]
    several = len(comparisons) > 1
    others = f"{len(comparisons)} others" if several else first.new
    return rendered(
        "comparison.html",
        f"xent compare: {first.base} and {others}",
        provenance or Provenance(),
        verdicts,
        told,
        m=first,
        metrics=first.metrics,
        first=[] if several else [name for name in _FIRST if _has(first, name)],
        first_accuracy=accuracy_of_first(comparisons).value,
        models=[_model(each, i if several else 0) for i, each in enumerate(comparisons, 1)],
        sections=_SECTIONS,
        most_told=_MOST_TOLD,
    )


def _has(found: Comparison, name: str) -> bool:
    return name in found.metrics and found.metrics[name].value is not None


def _model(found: Comparison, number: int) -> dict[str, Any]:
    """Return what the page shows of one comparison; its number keeps it apart from the others."""
    sentence, word = verdict(found)
    drawn = OF_PAIRS.kinds if number <= MOST_DRAWN else ()
    suffix = f"-{number}" if number else ""
    return {
        "of": found,
        "id": suffix,
        "sentence": sentence,
        "word": word,
        "which": f", of {found.new}" if number else "",
        "numbers": [
            (name, pair_in_words(name))
            for name, each in found.metrics.items()
            if each.value is not None
        ],
        "pictures": {
            kind: OF_PAIRS.inline(kind, found, suffix)
            for kind in drawn
            if OF_PAIRS.is_drawn(kind, found)
        },
        "changed_rows": found.changed_rows[: _MOST_OF_MANY if number else _MOST_ROWS],
        "groups": _most_changed(found.groups, _MOST_OF_MANY if number else _MOST_GROUPS),
        "group_metrics": measured_names(found.groups),
    }


def _most_changed(groups: Sequence[Group], most: int) -> Sequence[Group]:
    """Return all groups; if there are many, those with the largest change or divergence."""
    if len(groups) <= most:
        return groups

    def change_of(group: Group) -> float:
        for name in ("loss_difference", "kl"):
            each = group.metrics.get(name)
            if each is not None and each.value is not None:
                return abs(each.value)
        return -1.0

    return nlargest(most, groups, key=change_of)
