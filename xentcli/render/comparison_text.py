"""A comparison for a pipe: a line for each measure, or the rows of a table; and as JSON."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xentcli.render.csv import cell, text_of_rows
from xentcli.render.measures import all_of_groups, group_cells, measure_cells, shown_value
from xentcli.render.row_fields import fields_of_row, with_place

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict

_COUNTS = ("rows", "used", "measured", "num_classes", "clusters")
_CHANGED = (
    "row",
    "id",
    "change",
    "loss_base",
    "loss_new",
    "kl",
    "label",
    "prediction_base",
    "prediction_new",
    "label_probability_base",
    "label_probability_new",
)


def comparison_rows(
    comparisons: "Sequence[Comparison]", names: Sequence[str] | None, delimiter: str
) -> str:
    """Return a line for each measure, or the rows of a single table.

    Measures that all groups have are columns of the groups' table.
    With several models, each line begins with a model's name.
    """
    several = len(comparisons) > 1
    lines: list[list[str]] = []
    for each in comparisons:
        header, *rows = _lines(each, names)
        if not lines:
            lines.append([*(["model"] if several else []), *header])
        lines += [[*([each.new] if several else []), *row] for row in rows]
    return text_of_rows(lines, delimiter)


def _lines(found: "Comparison", names: Sequence[str] | None) -> Iterator[list[str]]:
    if names is not None and len(names) == 1 and names[0] in TABLE_ROWS:
        return TABLE_ROWS[names[0]](found)
    if names is not None and all_of_groups(found.groups, names):
        return TABLE_ROWS["groups"](found)
    metrics = found.metrics
    if names is None:  # measures that do not apply are left out
        metrics = {name: each for name, each in metrics.items() if shown_value(each, "")}
    return measure_cells(metrics)


def _percentiles(found: "Comparison") -> Iterator[list[str]]:
    yield ["percent", "kl", "delta_p"]
    for each in found.percentiles:
        yield [cell(each.percent), cell(each.kl), cell(each.delta_p)]


def _changed_rows(found: "Comparison") -> Iterator[list[str]]:
    names = with_place(_CHANGED, found.changed_rows)
    yield names
    yield from cells_of_changed(found, names)


def cells_of_changed(found: "Comparison", names: Sequence[str]) -> Iterator[list[str]]:
    """Yield some fields of each row that changed most, with the names of classes."""
    for each in found.changed_rows:
        cells = {name: getattr(each, name) for name in names}
        cells["row"] = found.row_index(each.row)
        for name in ("label", "prediction_base", "prediction_new"):
            if cells.get(name) is not None:
                cells[name] = found.class_name(cells[name])
        yield [cell(cells[name]) for name in names]


TABLE_ROWS: "dict[str, Callable[[Comparison], Iterator[list[str]]]]" = {
    "percentiles": _percentiles,
    "changed_rows": _changed_rows,
    "groups": lambda found: group_cells(found.groups, "group"),
}
"""The tables by their names for ``--metric``: each yields a header and rows of cells."""


def comparison_object(
    comparisons: "Sequence[Comparison]",
    provenance: "Provenance | None" = None,
    verdicts: "Sequence[Verdict]" = (),
) -> dict[str, Any]:
    """Return everything that was measured, with null for what does not apply.

    The results of the second model stand at the top, and again among all comparisons if there are
    more models.
    """
    first = comparisons[0]
    more = [_object(each) for each in comparisons] if len(comparisons) > 1 else None
    return {
        "command": "compare",
        **_object(first),
        "class_names": first.class_names,
        **({"comparisons": more} if more else {}),
        **({"gates": list(verdicts)} if verdicts else {}),
        **({"files": list(provenance.files), "version": provenance.version} if provenance else {}),
    }


def _object(found: "Comparison") -> dict[str, Any]:
    return {
        "base": found.base,
        "new": found.new,
        "temperature_base": found.temperature_base,
        "temperature_new": found.temperature_new,
        "metrics": found.metrics,
        **{name: getattr(found, name) for name in _COUNTS},
        "percentiles": list(found.percentiles) or None,
        "changed_rows": [fields_of_row(found, each) for each in found.changed_rows] or None,
        "groups": found.groups or None,
    }
