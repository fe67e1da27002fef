"""Which columns of a table are labels."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.column_names import is_one_pattern, listed, without_shared
from xentcli.formats.column_words import is_beside, names_rows, says_label
from xentcli.formats.keys import notes_of_masks
from xentcli.text import name_option

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN_CHOICES = 3  # columns that a hint lists
_ROUNDING_ERROR = 5e-3  # how far rounding to two decimals may move a share
ROUNDED_TO_4 = 5e-5
"""How far rounding to four decimals may move a share."""


def choose(
    file: str,
    columns: list[tuple[int, str]],
    options: ReadOptions,
    sum_to_one: Callable[[list[int]], bool] = lambda _: False,
) -> tuple[list[int], list[str]]:
    """Return which columns of a file of labels hold them, and notes about the others.

    Labels are one column, or one for each class, in the order of the classes. Where the classes
    have no names, the labels are the remaining columns if their numbers `sum_to_one` row by row.

    Raises
    ------
    InputError
        If several columns may be the labels.
    """
    fields = [field for field, _ in columns]
    if len(columns) == 1 or not all(name for _, name in columns):
        return fields, []

    def chosen(fields: list[int]) -> tuple[list[int], list[str]]:
        others = [name for field, name in columns if field not in fields]
        return fields, _left_out(file, others, options)

    of_classes = _of_classes(columns, options.classes)
    if of_classes is not None:
        return chosen(of_classes)
    kept = [(field, name) for field, name in columns if not _is_beside(name)]
    letters = all(len(name) == 1 for _, name in columns)  # x, y, z
    labels = [column for column in kept if says_label(column[1]) and not letters]
    if len(labels) == 1:
        kept = labels
    of_labels = [field for field, _ in kept]
    if len(kept) == 1:
        return chosen(of_labels)
    alike = len(kept) < len(columns) or one_a_class([n for _, n in kept], [n for _, n in columns])
    if alike and kept and not options.classes and sum_to_one(of_labels):
        return chosen(of_labels)
    if options.classes and _count(kept, options.classes):
        what = "its columns count the classes; they are matched by number with"
        _, notes = chosen(of_labels)
        return of_labels, [*notes, f"{file}: {what} {listed(options.classes)}"]
    numbered = len(labels) == len(columns) and is_one_pattern([name for _, name in columns])
    if len(kept) < len(columns) or (labels and not numbered):
        raise _ask(file, [name for _, name in kept or columns], options)
    if options.classes and not _same_names(kept, options.classes):
        raise InputError(
            f"{file}: columns {listed(name for _, name in kept)} are not named as the classes: "
            f"{listed(options.classes)}",
            hint="which column holds the labels? --label-column NAME; one column for each class "
            "is named as its class",
        )
    return fields, []


def in_order_of_classes(columns: list[tuple[int, str]], classes: tuple[str, ...]) -> list[int]:
    """Return the columns of labels that the user names, in the order of the classes.

    They stay in the user's order unless their names are those of all classes.
    """
    fields = [field for field, _ in columns]
    found = _of_classes(columns, classes) if len(columns) == len(classes) else None
    return found if found is not None and sorted(found) == sorted(fields) else fields


def are_shares(rows: "NDArray[Any]", error: float = _ROUNDING_ERROR) -> bool:
    """Whether rows (N, C) hold shares of 1, each within an error: probabilities, or one-hot."""
    within = bool(((rows >= 0) & (rows <= 1)).all())
    return within and bool((abs(rows.sum(axis=1) - 1) <= error * rows.shape[1]).all())


def _of_classes(columns: list[tuple[int, str]], classes: tuple[str, ...]) -> list[int] | None:
    """Return the column of each class, where all have one."""
    if len(classes) < 2:
        return None
    names = [name for _, name in columns]
    shorts = without_shared(names)
    for wanted in filter(None, (classes, without_shared(classes))):
        for there in filter(None, (names, shorts)):
            if set(wanted) <= set(there):
                return [columns[there.index(name)][0] for name in wanted]
    return None


def _count(columns: list[tuple[int, str]], classes: tuple[str, ...]) -> bool:
    """Whether names of columns do no more than count classes, which are called otherwise."""
    counted = [*map(str, range(len(classes)))]
    return [name for _, name in columns] == counted and not {*counted} & {*classes}


def _same_names(columns: list[tuple[int, str]], classes: tuple[str, ...]) -> bool:
    return {name for _, name in columns} == set(classes)


def _is_beside(name: str) -> bool:
    return is_beside(name) or (names_rows(name) and not says_label(name))


def _left_out(file: str, others: Sequence[str], options: ReadOptions) -> list[str]:
    # Ids are told of even if they name groups: rows are not matched by them.
    names = [name for name in others if name not in options.groups or names_rows(name)]
    if not names:
        return []
    # Other columns beside labels may still be read, as the groups or the clusters of rows.
    left_out = "not taken for labels" if options.takes_names else "left out"
    what, are = ("column", "is") if len(names) == 1 else ("columns", "are")
    ids = [name for name in names if names_rows(name)]
    place = "; rows are matched by place" if ids else ""
    if ids and options.alone:
        place = f" (--id-column {name_option(ids[0])} writes it before each row)"
    return [f"{file}: {what} {listed(names)} {are} {left_out}{place}"]


def notes_of_named(
    file: str, names: Sequence[str], options: ReadOptions, found: list[str], *, have_ids: bool
) -> list[str]:
    """Return notes on columns that the user names, `found` among them, and on what is not read."""
    if options.names:
        return []
    if options.weights or options.alone or not (options.labels or options.label_column):
        return found
    by_id = have_ids or options.id_column is not None
    read = {*(options.columns or ()), *options.drop, *options.groups}
    unread = [name for name in names if name not in read]
    found = [*found, *notes_of_masks(file, unread, options)]
    ids = [name for name in unread if names_rows(name)]
    if by_id or not options.labels or len(ids) != 1 or says_label(ids[0]):
        return found
    return [*found, f"{file}: rows are matched by place, not by column {ids[0]!r}"]


def _ask(file: str, names: Sequence[str], options: ReadOptions) -> InputError:
    what, hint = "labels", one_a_class(names, names) or choices(names)
    if options.weights:
        what, hint = "weights", "in each file, leave them alone, or in one column beside the ids"
    return InputError(f"{file}: columns {listed(names)} may be the {what}", hint=hint)


def choices(names: Sequence[str]) -> str:
    """Return the options, each of which chooses one of these columns as that of the labels."""
    return " or ".join(f"--label-column {name_option(name)}" for name in names[:_SHOWN_CHOICES])


def one_a_class(names: Sequence[str], columns: Sequence[str]) -> str | None:
    """Return the option that chooses columns of labels together, if they are named alike."""
    if len(names) < 2 or not without_shared(names):
        return None
    rest = without_shared(names)[0]
    pattern = names[0].replace(rest, "*", 1)
    found = [name for name in columns if fnmatchcase(name, pattern)]
    return f"--label-column {name_option(pattern)}" if found == [*names] else None


def named_as_labels(names: Sequence[str]) -> list[str]:
    """Return the columns whose names say that they hold labels."""
    return [name for name in names if says_label(name) and not is_beside(name)]
