"""An evaluation as text for a pipe: a line for each measure, or the rows of one table."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xentcli.render.csv import cell, text_of_rows
from xentcli.render.measures import all_of_groups, group_cells, measure_rows
from xentcli.render.row_fields import with_place
from xentcli.results.records import field_names

if TYPE_CHECKING:
    from xentcli.results.measures import Measures


def evaluation_rows(found: "Measures", names: Sequence[str] | None, delimiter: str) -> str:
    """Return a line for each measure, or the rows of a single table.

    Measures that all groups have are columns of the groups' table.
    """
    if names is not None and len(names) == 1 and names[0] in TABLE_ROWS:
        return text_of_rows(TABLE_ROWS[names[0]](found), delimiter)
    if names is not None and all_of_groups(found.groups, names):
        return text_of_rows(TABLE_ROWS["groups"](found), delimiter)
    return measure_rows(found.metrics, delimiter)


def _records(records: Sequence[Any], empty: Sequence[str] = ()) -> Iterator[list[str]]:
    """Yield the names of the fields of records, and their values."""
    names = field_names(records[0]) if records else tuple(empty)
    yield list(names)
    for each in records:
        yield [cell(getattr(each, name)) for name in names]


def _classes(found: "Measures") -> Iterator[list[str]]:
    names = ["class", "support", "predicted", "hits", "precision", "recall", "f1"]
    yield names
    for each in found.classes:
        numbers = [cell(getattr(each, name)) for name in names[1:]]
        yield [found.class_name(each.index), *numbers]


def _confusions(found: "Measures") -> Iterator[list[str]]:
    yield ["label", "prediction", "rows"]
    if found.confusions is not None:
        pairs = found.confusions
        columns = (pairs.labels.tolist(), pairs.predictions.tolist(), pairs.rows.tolist())
        for label, prediction, rows in zip(*columns, strict=True):
            yield [found.class_name(label), found.class_name(prediction), str(rows)]


def _rows(found: "Measures", rows: Sequence[Any], names: Sequence[str]) -> Iterator[list[str]]:
    """Yield rows of the file, with the names of their classes."""
    names = with_place(names, rows)
    yield names
    for each in rows:
        cells = {name: getattr(each, name) for name in names}
        cells["row"] = found.row_index(each.row)
        for name in ("label", "prediction", "suggestion"):
            if cells.get(name) is not None:
                cells[name] = found.class_name(cells[name])
        yield [cell(cells[name]) for name in names]


def _losses(found: "Measures") -> Iterator[list[str]]:
    """Yield the bins of the losses, in which 0 and infinity have one of their own."""
    yield ["low", "high", "rows", "hits"]
    if found.losses is not None:
        for each in (found.losses.zero, *found.losses.bins, found.losses.infinite):
            yield [cell(getattr(each, name)) for name in ("low", "high", "rows", "hits")]


_WORST = ("row", "id", "loss", "label", "prediction", "label_probability", "confidence")
_SUSPECT = ("row", "id", "label", "suggestion", "label_probability")
TABLE_ROWS: "dict[str, Callable[[Measures], Iterator[list[str]]]]" = {
    "classes": _classes,
    "confusions": _confusions,
    "bins": lambda found: _records(found.bins),
    "losses": _losses,
    "worst_rows": lambda found: _rows(found, found.worst_rows, _WORST),
    "suspects": lambda found: _rows(found, found.suspects.rows if found.suspects else (), _SUSPECT),
    "groups": lambda found: group_cells(found.groups, "group"),
    "labels": lambda found: group_cells(found.labels, "label"),
}
"""The tables by their names for ``--metric``: each yields a header and rows of cells."""
