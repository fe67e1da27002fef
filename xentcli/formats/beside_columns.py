"""What stands beside the values of a table: ids, labels of another file, and others."""

from collections.abc import Callable, Sequence

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.column_names import listed
from xentcli.formats.column_words import names_rows, says_label
from xentcli.records import Record
from xentcli.text import name_option

_IN_BOTH = "which both files have"
_SHOWN_CHOICES = 3  # columns that a hint lists


class BesideColumns(Record):
    """The columns that are no values, whatever they are named.

    Attributes
    ----------
    ids : int or None
        The column that names the rows, here and in the file of labels.
    left_out : frozenset of int
        Others that are not read.
    notes : tuple of str
        What the user should know about these.
    """

    ids: int | None = None
    left_out: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        options: ReadOptions,
        is_text: Callable[[int], bool],
        index: Sequence[str] = (),
    ) -> "BesideColumns":
        """Return what the names of columns, here and in the file of labels, decide.

        An `index` of one column that pandas saved names rows, too, if no other column does.
        """
        left_out: list[int] = []
        notes: list[str] = []
        if options.partner_label in names:
            left_out = [names.index(options.partner_label)]
            what = f"column {options.partner_label!r} is left out"
            notes = [f"{what}: the labels come from a file of their own"]
        if options.id_column is not None:
            ids = names.index(options.id_column) if options.id_column in names else None
            ids = _called(options.id_column, names) if ids is None and options.partner else ids
            if ids is None and options.id_column in options.partner:
                what = f"there is no column {options.id_column!r} as in the file of labels"
                notes.append(f"{what}: rows are matched by place")
            return cls(ids, frozenset(left_out), tuple(notes))
        both = [
            i
            for i, name in enumerate(names)
            if _called(name, options.partner) is not None
            and name not in (options.partner_label, *options.drop, *(options.columns or ()))
            and str(i + 1) not in options.drop
            and (names_rows(name) or (not says_label(name) and is_text(i)) or [name] == [*index])
        ]
        both = [i for i in both if names_rows(names[i])] or both
        both = [i for i in both if [names[i]] != [*index] or is_text(i)] or both
        if len(both) > 1:
            few = " or ".join(f"--id-column {name_option(names[i])}" for i in both[:_SHOWN_CHOICES])
            raise InputError(f"columns {listed(names[i] for i in both)} may be ids", hint=few)
        ids = both[0] if both else None
        if ids is not None:
            notes.append(f"rows are matched by column {names[ids]!r}, {_IN_BOTH}")
        return cls(ids, frozenset(left_out), tuple(notes))


def note_on_several(note: str, having: int, files: int) -> str:
    """Return a note on a file and another one for more files, so many of which have the ids."""
    many = f"all {files}" if having == files else f"{having} of {files}"
    return note if files < 3 else note.replace(_IN_BOTH, f"which {many} files have")


def _called(name: str, names: Sequence[str]) -> int | None:
    """Return the place of a column of this name, in small letters or large; None if none has it."""
    if name in names:
        return names.index(name)
    found = [i for i, other in enumerate(names) if other.casefold() == name.casefold()]
    return found[0] if len(found) == 1 else None


def same_ids(name: str | None, names: Sequence[str]) -> str | None:
    """Return what the other file calls the column that names the rows here."""
    place = None if name is None else _called(name, names)
    return None if place is None else names[place]
