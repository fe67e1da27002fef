"""The names of classes: those that the user gives, in a list or a file, or those of columns."""

import io
import re
from collections.abc import Sequence

from xentcli.alignment.axes import Axes
from xentcli.alignment.class_names import ClassNames
from xentcli.errors import InputError, ShapeError, UsageError
from xentcli.formats.base import Source
from xentcli.records import Record
from xentcli.storage.names import shown_name
from xentcli.storage.open import open_input
from xentcli.storage.paths import is_there
from xentcli.text import shortened, split_names

__all__ = ["Naming", "check_names_of_classes", "read_naming"]

_FILE_NAME = r"/|\.[A-Za-z]{2,5}\Z"  # looks like a file, not like a class
_MOST_BYTES, _MOST_NAMES = 2**24, 2**20  # limits of a file of class names


class Naming(Record):
    """What the user says about the names of classes.

    Attributes
    ----------
    classes : tuple of str
        The names in the order of the columns; empty if none were given.
    from_file : bool
        Whether they are the lines of a file, of which the first may be a header.
    counted : bool
        Whether numbers are always indices, because a label base was given.
    """

    classes: tuple[str, ...] = ()
    from_file: bool = False
    counted: bool = False

    def header(self, num_classes: int | None) -> str | None:
        """Return the first line of the file if it has one line more than there are classes."""
        one_more = self.from_file and len(self.classes) - 1 == num_classes
        return self.classes[0] if one_more else None

    def of(self, num_classes: int | None) -> tuple[str, ...]:
        """Return the names of this many classes."""
        if self.header(num_classes) is not None:
            return self.classes[1:]
        if self.classes and num_classes not in (None, len(self.classes)):
            one = len(self.classes) == 1
            hint = (
                f"there is no file {shortened(self.classes[0], 80)!r}"
                if one and not self.from_file
                else None
            )
            names = f"{len(self.classes)} name{'' if one else 's'}"
            raise ShapeError(f"--classes has {names} for {num_classes} classes", hint=hint)
        return self.classes

    def of_others(self, logits: Source) -> "Naming":
        """Return what names the classes of other rows: a header of the same names in its order."""
        names = tuple(name.strip() for name in logits.columns or ())
        if not names or names == self.classes or {*names} != {*self.classes}:
            return self
        return Naming(counted=self.counted)

    def names_of(self, logits: Source, axes: Axes) -> ClassNames:
        """Return the names that the user gives, or those of the columns, if these are the classes.

        Raises
        ------
        InputError
            If the user names more or fewer classes than there are, or in another order than the
            header.
        """
        where = "--classes" if self.classes else logits.name
        names, header, shorts = self._names_in(logits, axes)
        return ClassNames(names, self.counted, where, header, shorts)

    def _names_in(
        self, logits: Source, axes: Axes
    ) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
        """Return the names, the header of their file, and the names without what all share."""
        last = axes.class_axis == len(axes.logits) - 1
        columns = tuple(name.strip() for name in logits.columns or ()) if last else ()
        names = self.of(axes.num_classes)
        if names and names != columns and sorted(names) == sorted(columns):
            raise InputError(
                f"{logits.name}: the header names the same classes as --classes, in another order",
                hint="leave --classes out",
            )
        shorts: tuple[str, ...] = ()
        if columns and not names:
            from xentcli.formats.column_names import without_shared

            shorts = without_shared(columns)
        return names or columns, self.header(axes.num_classes), shorts


def read_naming(text: str | None, label_base: int | None) -> Naming:
    """Return the naming that ``--classes`` (names, or a file of them) and a label base give."""
    counted = label_base is not None
    if text is None:
        return Naming(counted=counted)
    from_file = "://" in text or is_there(text)
    names = _lines(text) if from_file else split_names(text)
    if not from_file and len(names) == 1 and re.search(_FILE_NAME, text):
        raise UsageError(f"--classes: there is no file {shortened(text, 80)!r}")
    where = shown_name(text) if from_file else "--classes"
    if not any(names):
        raise UsageError(f"{where}: it names no class")
    check_names_of_classes(names, where, in_lines=from_file)
    return Naming(names, from_file, counted)


def check_names_of_classes(names: Sequence[str], where: str, *, in_lines: bool = False) -> None:
    """Raise InputError if a class has no name, or that of another one.

    `where` they are is the name of a file that has one `in_lines`, or of an option.
    """
    seen: dict[str, int] = {}
    for i, name in enumerate(names, 1):
        place = f"{where}:{i}" if in_lines else where
        if not name:
            raise InputError(f"{place}: a class without a name")
        if name in seen:
            raise InputError(f"{place}: two classes are named {name!r}: {seen[name]} and {i}")
        seen[name] = i


def _lines(path: str) -> tuple[str, ...]:
    """Read a file with one name a line; in CSV and TSV, names may be quoted."""
    data = open_input(path)
    content = data.read(_MOST_BYTES + 1)
    lines = max(content.count(b"\n"), content.count(b"\r"))
    if len(content) > _MOST_BYTES or lines > _MOST_NAMES:
        raise InputError(
            f"{data.name}: more than {_MOST_NAMES} lines, or more than {_MOST_BYTES} bytes",
            hint="a file of --classes has the name of one class a line",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{data.name}:{line}: the names of classes must be UTF-8 text") from error
    if data.suffix not in (".csv", ".tsv"):
        return tuple(line.strip() for line in re.split(r"\r\n|\n|\r", text.rstrip()))
    import csv

    from xentcli.formats.csv.long_cells import long_cells

    delimiter = "\t" if data.suffix == ".tsv" else ","
    lines_of_text = io.StringIO(text.rstrip() + "\n", newline="")
    names: list[str] = []
    with long_cells():
        for row in csv.reader(lines_of_text, delimiter=delimiter):
            if len(row) > 1:
                hint = "one name a line, in quotes if it holds the delimiter"
                raise InputError(f"{data.name}:{len(names) + 1}: {len(row)} cells", hint=hint)
            names.append("".join(row).strip())
    return tuple(names)
