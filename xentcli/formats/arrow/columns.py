"""Which columns of a table are read: the values, and the labels and ids beside them."""

from collections.abc import Callable, Sequence
from typing import Any

from xentcli.errors import InputError
from xentcli.formats import label_columns
from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.types import (
    cure_of,
    has_no_values,
    is_list,
    is_text,
    is_time,
    nested,
    number_dtype,
    plain_type,
    shown,
)
from xentcli.formats.base import ReadOptions
from xentcli.formats.beside_columns import BesideColumns
from xentcli.formats.column_looks import Column, Look
from xentcli.formats.column_names import SHOWN_NAMES, ColumnNames, is_unnamed, listed
from xentcli.formats.doubts import are_sure, check
from xentcli.formats.keys import check_no_lists
from xentcli.records import Record
from xentcli.text import name_option


class Selection(Record):
    """The columns to read, by name.

    Attributes
    ----------
    values : tuple of str
        Columns of one number a row or, if it is only one, of a list or of text.
    labels, ids : str or None
        The columns of each row's label and id.
    notes : list of str
        What was left out without being asked.
    """

    values: tuple[str, ...]
    labels: str | None
    ids: str | None
    notes: list[str]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns to read, each once."""
        beside = [name for name in (self.labels, self.ids) if name is not None]
        return tuple(dict.fromkeys([*self.values, *beside]))


def select(
    schema: Any,
    file: str,
    options: ReadOptions,
    look: Callable[[tuple[str, ...]], dict[str, Look]],
    sum_to_one: Callable[..., bool],
) -> Selection:
    """Choose columns as the user says, or else all that may be classes.

    Parameters
    ----------
    look : callable
        Returns what the first rows of some columns hold.
    sum_to_one : callable
        Returns whether some columns hold shares of 1, row by row, within an error of each.

    Raises
    ------
    InputError
        If a column is not there, is there twice, or may not hold what it is read as.
    """
    if options.key is not None and options.columns is not None:
        raise InputError(
            f"{file}: --key and --columns both say what to read", hint="leave --columns out"
        )
    names = schema.names  # a list that pyarrow makes each time
    named = options.columns if options.key is None else (options.key,)
    by_name = _chosen(schema, file, options, names, named)
    values, notes = by_name.values, by_name.notes
    place = {name: i for i, name in enumerate(names)}

    def sums(at: list[int], *error: float) -> bool:
        return sum_to_one(tuple(names[i] for i in at), *error)

    if options.labels and named is None and not options.any_columns:
        fields = [(place[name], name) for name in values]
        found, more = label_columns.choose(file, fields, options, sums)
        values, notes = tuple(names[i] for i in found), notes + more
    elif options.labels and len(values) > 1:
        fields = [(place[name], name) for name in values]
        found = label_columns.in_order_of_classes(fields, options.classes)
        values = tuple(names[i] for i in found)
    certain = named is not None or options.labels
    if options.any_columns:  # only their names are wanted; lists are read alone
        values = tuple(n for n in values if nested(schema.field(n).type))[:1] or values
    _check_lists(schema, file, values)
    if not certain and not options.any_columns and not nested(schema.field(values[0]).type):
        floats = all(_is_float(schema.field(name).type) for name in values)
        looks = {} if floats and are_sure(values, options.of_labels) else look(values)
        columns = [Column(n, place[n] + 1, looks.get(n, Look())) for n in values]
        notes += check(file, columns, names, options.partner, options.of_labels, sums)
    if not options.any_columns:
        _check_values(schema, file, values, options, may_be_names=certain and not options.weights)
    selection = Selection(values, by_name.labels, by_name.ids, notes)
    _check_beside(schema, file, selection)
    return selection


def _is_float(kind: Any) -> bool:
    dtype = number_dtype(kind)
    return dtype is not None and dtype.kind == "f"


def _chosen(
    schema: Any,
    file: str,
    options: ReadOptions,
    names: list[str],
    named: Sequence[str] | None,
) -> Selection:
    """Choose columns by their names: those that are `named`, or else all without another use."""
    there = ColumnNames(file, tuple(names), len(names))
    labels = None if options.label_column is None else there.name(options.label_column)
    saved = saved_index(schema)
    beside = BesideColumns.of(names, options, lambda i: is_text(schema.field(i).type), saved)
    ids = None if beside.ids is None else names[beside.ids]
    if options.id_column is not None and ids is None and not beside.notes:
        ids = there.name(options.id_column)
    index = saved if named is None else []
    others = {*there.names_of(options.drop), labels, ids}
    found: list[str] = []
    if named is None:
        chosen = [name for name in names if name not in index]
        others |= {names[i] for i in beside.left_out}
    else:
        places, found = there.choose(named)
        chosen = [names[place] for place in places]
        found = label_columns.notes_of_named(file, names, options, found, have_ids=ids is not None)
    values = tuple(name for name in chosen if name not in others)
    if not values:
        raise InputError(f"{file}: no column is left to read")
    there.check_once(values)
    notes = [*found, *(f"{file}: {note}" for note in beside.notes)]
    if left_out := [name for name in index if name not in others]:
        place = "; rows are matched by place" if ids is None and _goes_with_rows(options) else ""
        what = f"the index that pandas saved, {listed(left_out)}, is left out"
        notes.append(f"{file}: {what}{place}")
    if ids is None and _goes_with_rows(options) and (counted := _saved_steps(schema)):
        what = f"the index that pandas saved counts {counted}"
        notes.append(f"{file}: {what}; rows are matched by place")
    return Selection(values, labels, ids, notes)


def _goes_with_rows(options: ReadOptions) -> bool:
    """Whether the rows of a file belong to those of another table, or of logits."""
    other = options.goes_with or options.partner
    return bool(options.labels or other) and not (options.any_columns or options.alone)


def saved_index(schema: Any) -> list[str]:
    """Return the columns that are a pandas index; one that only counts is not stored."""
    saved = (schema.pandas_metadata or {}).get("index_columns", ())
    return [n for n in schema.names if n in saved or (n and is_unnamed(n))]


def _saved_steps(schema: Any) -> str | None:
    """Return how an index that is a range counts, unless each number is one more than the last.

    That of ``frame[::-1]`` or ``frame[::2]`` is no column, and names the rows all the same.
    """
    for saved in (schema.pandas_metadata or {}).get("index_columns", ()):
        if isinstance(saved, dict) and saved.get("kind") == "range":
            start, step = saved.get("start"), saved.get("step")
            if isinstance(start, int) and isinstance(step, int) and step != 1:
                return f"{start}, {start + step}, ..."
    return None


def _check_beside(schema: Any, file: str, selection: Selection) -> None:
    """Raise InputError unless labels hold one value or one list a row, and ids one value."""
    for name, what in ((selection.labels, "labels"), (selection.ids, "ids")):
        if name is None:
            continue
        type_ = schema.field(name).type
        plain = plain_type(type_)
        if is_text(type_) or number_dtype(plain) is not None:
            continue
        if what == "labels" and nested(type_):  # one-hot, or class probabilities
            continue
        if what == "labels" or plain.num_fields or pyarrow().types.is_interval(plain):
            raise InputError(
                f"{file}: column {name!r} holds {shown(type_)}, and {what} are numbers or text"
            )


def _check_lists(schema: Any, file: str, values: tuple[str, ...]) -> None:
    lists = [name for name in values if nested(schema.field(name).type)]
    if len(values) > 1 and lists:
        check_no_lists(file, lists)
        raise _several(file, lists, [name for name in values if name not in lists])


def _check_values(
    schema: Any, file: str, values: tuple[str, ...], options: ReadOptions, *, may_be_names: bool
) -> None:
    types = {name: schema.field(name).type for name in values}
    only = types[values[0]]
    if options.names and len(values) == 1 and (has_no_values(only) or is_time(only)):
        return  # of no values, all names are missing, or a shard has no rows
    if len(values) == 1 and (nested(only) or (may_be_names and is_text(only))):
        return
    odd = [name for name, type_ in types.items() if number_dtype(type_) is None]
    if odd:
        what = "list" if is_list(types[odd[0]]) else shown(types[odd[0]])
        what = "lists of other than numbers" if what == "list" else what
        some = len(odd) < len(values)
        raise InputError(
            f"{file}: column {odd[0]!r} holds {what}, not numbers",
            hint=f"leave it out with --drop {_option(odd)}, or name what to read: --columns A,B"
            if some
            else cure_of(types[odd[0]]),
        )


def _several(file: str, lists: list[str], others: list[str]) -> InputError:
    if len(lists) > 1:
        return InputError(
            f"{file}: there are {len(lists)} columns of lists: {listed(lists)}",
            hint=f"say which to read: --key {name_option(lists[0])}",
        )
    return InputError(
        f"{file}: column {lists[0]!r} holds lists, and there are others beside it: "
        f"{listed(others)}",
        hint=f"read it alone with --key {name_option(lists[0])}; "
        "--label-column NAME names the labels beside it",
    )


def _option(names: list[str]) -> str:
    """Write names as one argument for a shell."""
    more = ",..." if len(names) > SHOWN_NAMES else ""
    return ",".join(map(name_option, names[:SHOWN_NAMES])) + more
