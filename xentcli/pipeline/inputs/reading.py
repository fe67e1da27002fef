"""How the files of a command or a call are read: rows, labels, and columns beside them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions, Source
from xentcli.formats.files import InputFile, columns_of, may_have_columns, open_files
from xentcli.formats.inline import first_of, is_inline
from xentcli.records import Record
from xentcli.storage.names import input_name
from xentcli.storage.paths import are_files, reads_once

ROW_WORDS = ("axis0", "rows")
"""Words that name no column, but each slice of the first axis, or each row."""
_SHOWN_COLUMNS = 8
_FILE_HINT = "a file with a name for each row may stand there; that of the labels names classes"


def shared_ids(header: Sequence[str], *others: Sequence[str]) -> list[str]:
    """Return the columns whose names say that they name rows, and which other files have too."""
    from xentcli.formats.column_words import says_ids

    return [name for name in header if says_ids(name) and any(name in each for each in others)]


class Reader(Record):
    """What the user says of all files that are read, and of those of labels.

    Attributes
    ----------
    format : str, optional
        The format of the files, whatever their names or content say.
    common : mapping
        Options of `ReadOptions` for every file.
    values : mapping
        Options for the files of logits alone: columns, drop, key, ...
    labels_header : bool, optional
        Whether files of labels have a header, if the user says so of them alone.
    beside : tuple of str
        The columns of files of their own with groups or weights of rows, some of which may be ids.
    groups : tuple of str
        The columns that name groups of rows.
    """

    format: str | None = None
    common: Mapping[str, Any] = {}
    values: Mapping[str, Any] = {}
    labels_header: bool | None = None
    beside: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def file(self, path: str, **more: Any) -> InputFile:
        """Return a file of logits to read, with `more` of `ReadOptions`."""
        return self._file(path, **{**self.values, **more})

    def labels(
        self,
        path: str,
        label_column: str | None = None,
        label_key: str | None = None,
        *,
        beside: bool = False,
        key_option: str | None = "--label-key",
        **more: Any,
    ) -> InputFile:
        """Return a file of labels, to be read whole, or only the column or array that is named.

        Labels `beside` the logits are an array of the same file, known only by its name. `more` are
        options of `ReadOptions`: the names of classes, and the column of ids.
        """
        if self.labels_header is not None:
            more = {"header": self.labels_header, **more}
        return self._file(
            path,
            columns=(label_column,) if label_column else None,
            key=label_key,
            key_option=key_option,
            labels=True,
            groups=self.groups,
            beside=beside,
            **more,
        )

    def _file(self, path: str, **more: Any) -> InputFile:
        return InputFile(path, self.format, ReadOptions(**{**self.common, **more}))

    def without(self, names: Iterable[str]) -> "Reader":
        """Return the same, and these columns of logits are left out too."""
        drop = (*self.values.get("drop", ()), *names)
        return self._replace(values={**self.values, "drop": drop})

    def without_groups(
        self, paths: Sequence[str], *names: object, labels: Sequence[str] = ()
    ) -> "Reader":
        """Return the same, and columns of these files that name groups of rows are no classes.

        The one that the files of labels have too stays, since rows are matched by it.
        """
        wanted = [name for name in names if isinstance(name, str) and name not in ROW_WORDS]
        header = self.header_of(paths, waiting=True) if wanted else ()
        of_labels = self.header_of(labels, waiting=True) if wanted else ()
        ids = shared_ids(header, of_labels)
        found = self.without(name for name in wanted if name in header and [name] != ids)
        return found.with_files_beside(wanted, (*header, *of_labels))

    def with_files_beside(
        self, names: Iterable[str | None], columns: Sequence[str] = ()
    ) -> "Reader":
        """Return the same, which knows which of these names are columns, and those of files."""
        named = [name for name in names if name and name not in ROW_WORDS]
        groups = [name for name in named if name in columns]
        files = [name for name in named if name not in columns and are_files(name)]
        found = chain(*(self.header_of([file]) for file in files))
        return self._replace(beside=(*self.beside, *found), groups=(*self.groups, *groups))

    def header_of(self, paths: Sequence[str], *, waiting: bool = False) -> tuple[str, ...]:
        """Return the names of the columns of files that can be read more than once.

        A pipe that is `waiting` to be opened can be looked at, too.
        """
        first = first_of(paths)
        if first is None or is_inline(first) or (reads_once(first) and not waiting):
            return ()
        return columns_of(self.labels(first)) if may_have_columns(self.file(first)) else ()

    def column(
        self,
        name: str,
        logits: Sequence[str],
        labels: Sequence[str],
        id_column: str | None = None,
        row_ids: str | None = None,
    ) -> Source | str:
        """Open the column of this name: beside the labels, beside the logits, or a file of its own.

        A word of `ROW_WORDS` stays as it is. The file of labels has the ids `id_column`, if labels
        are matched by them; a file of its own is matched by the ids of the rows, if both have them.

        Raises
        ------
        InputError
            If there is none; the message names the columns.
        """
        if name in ROW_WORDS:
            return name
        headers: dict[str, tuple[str, ...]] = {}
        for paths, ids in ((labels, id_column), (logits, None)):
            header = self.header_of(paths)
            if name in header and name == ids and any(map(reads_once, logits)):
                where = input_name(logits[0])
                raise InputError(f"{where}: column {name!r} is read twice, which a pipe is not")
            if name in header and name != ids:  # the ids are those of the rows, in their order
                found = open_files(
                    paths, partial(self.labels, label_column=name, id_column=ids, names=True)
                )
                if paths is labels and name in self.header_of(logits):
                    what = f"column {name!r} is read here, and not that of {input_name(logits[0])}"
                    found.notes = [*found.notes, f"{input_name(paths[0])}: {what}"]
                return found
            if header:
                headers[paths[0]] = header
        if are_files(name):
            from xentcli.pipeline.inputs.beside_files import open_names

            return open_names(name, self.labels, row_ids)
        if pipe := next(filter(reads_once, (*labels, *logits)), None):
            none = "".join(f", and there is none in {path}" for path in headers)
            once = "a pipe is read once, without looking for column"
            raise InputError(
                f"{input_name(pipe)}: {once} {name!r}{none}",
                hint="write it to a file, and name that",
            )
        files = " and ".join(headers or (labels or logits)[:1])
        known = [*dict.fromkeys(chain(*headers.values()))][:_SHOWN_COLUMNS]
        raise InputError(
            f"{files}: there is no column {name!r}",
            hint=f"the columns are {', '.join(map(repr, known))}" if known else _FILE_HINT,
        )
