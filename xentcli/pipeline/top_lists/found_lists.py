"""Finds out whether a file holds lists of the most probable classes.

Every file that is no single array is asked, so this imports nothing that whole rows do not need.
"""

from collections.abc import Iterable, Mapping

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import Format
from xentcli.formats.contents import Content
from xentcli.formats.files import InputFile, keep_waiting, looked_at
from xentcli.formats.inline import is_inline
from xentcli.formats.top_lists import TopKeys, check_plain, may_hold_lists, top_keys
from xentcli.pipeline.inputs.second_file import either
from xentcli.records import Record
from xentcli.storage.inputs import Input
from xentcli.storage.names import is_url, shown_name
from xentcli.storage.paths import reads_once

_KEPT_ANYWAY = ("npz", "pt", "hdf5", "parquet", "json")
"""Formats whose arrays are read from a copy where they come from a pipe."""
_TABLES = ("parquet", "arrow")
_LIST = "list<"  # what the dtype of a column of lists begins with


class FoundLists(Record):
    """The arrays of one file that holds lists."""

    file: InputFile
    keys: TopKeys
    contents: Mapping[str, Content]
    format: str
    is_lines: bool
    data: Input | None = None
    """A copy of an input that can be opened only once."""

    @property
    def is_table(self) -> bool:
        """Whether it is a table, whose columns may hold text."""
        return self.format in _TABLES

    @property
    def is_one_line(self) -> bool:
        """Whether it is JSON of one line, which may be that of a sequence."""
        from xentcli.formats.json.lines import only_line

        return self.format == "json" and isinstance(only_line(self.input()), dict)

    def input(self) -> Input:
        """Return the file, from its beginning."""
        if self.data is None:
            return looked_at(self.file)
        self.data.rewind()
        return self.data


def find_lists(file: InputFile) -> FoundLists | None:
    """Return the arrays of a file of lists, by their names; None for any other file."""
    if is_inline(file.path) or any((file.options.key, file.options.columns, file.options.drop)):
        return None
    once = reads_once(file.path) or is_url(file.path)
    try:
        format_, contents = _contents(file, once=once)
    except InputError:
        if _begins_with_lists(looked_at(file)):
            raise
        return None  # whoever reads it says what is wrong
    named: dict[str, Content] = {}
    for content in contents:
        if content.key is not None:
            named[content.key] = content
        named |= dict.fromkeys(content.columns, content)
    is_lines = format_.name == "json" and bool(named) and _are_lines(file)
    check_plain(shown_name(file.path), named)
    keys = top_keys(named)
    if format_.name in _TABLES:
        _check_numbers(shown_name(file.path), named, contents)
    structures = [each.name or "" for each in contents if "struct<" in each.dtype]
    if keys is None and (is_lines or (structures and format_.name in _TABLES)):
        from xentcli.formats.line_lists import pair_keys

        keys = pair_keys(looked_at(file), format_.name, structures)
        keys = keys and keys._replace(labels="labels" if "labels" in named else None)
        is_lines = keys is not None
    if keys is not None and not is_lines and any(len(named[key].shape) < 2 for key in keys[:2]):
        keys = _keys_of_row(file) if format_.name == "json" else None
        is_lines = keys is not None
    if keys is None:
        return None
    return FoundLists(file, keys, named, format_.name, is_lines, looked_at(file) if once else None)


def check_labels_alone(file: InputFile, labels: InputFile, label_name: str | None) -> None:
    """Raise InputError if two files hold lists, the first with labels: either may be meant.

    Parameters
    ----------
    file, labels : InputFile
        Two files by their places: that of lists, and that of their labels.
    label_name : str or None
        The array of labels that the user names.
    """
    if is_url(labels.path) or find_lists(labels) is None:
        return
    found = find_lists(file)
    if found is None or not (found.keys.labels or label_name in found.contents):
        return
    raise either(file.path, labels.path, "lists of the most probable classes")


def _check_numbers(name: str, named: Mapping[str, Content], contents: Iterable[Content]) -> None:
    """Raise InputError if a column of a table of lists holds text where numbers belong."""
    others = (each for each in contents if each.name and each.name not in named)
    unread = {each.name or "": each.dtype for each in others if "struct<" not in each.dtype}
    keys = top_keys([*named, *unread])
    if keys is None:
        return
    lists = [key for key in keys[:2] if not unread.get(key, _LIST).startswith(_LIST)]
    wanted = (keys.values, keys.indices, keys.log_sum_exp, keys.mask)
    odd = [key for key in wanted if key in unread]
    if odd and not lists:
        what = "lists of other than numbers" if unread[odd[0]].startswith(_LIST) else "no numbers"
        raise InputError(f"{name}: column {odd[0]!r} holds {what}")


def columns_of_lists(found: FoundLists) -> list[str]:
    """Return the names of the arrays and columns of a file of lists, which need not be numbers."""
    if not found.is_table:
        return [*found.contents]
    from xentcli.formats.arrow.documents import names_of

    return names_of(found.input(), found.format)


def _are_lines(file: InputFile) -> bool:
    from xentcli.formats.json.lines import are_lines

    return are_lines(looked_at(file))


def _keys_of_row(file: InputFile) -> TopKeys | None:
    """Return what is what in a file of one line, which is a row by itself, by its names."""
    from xentcli.formats.json.lines import only_line

    row = only_line(looked_at(file))
    return top_keys(row) if isinstance(row, dict) else None


def _begins_with_lists(data: Input) -> bool:
    """Whether the first line of JSON is a row of lists, so that an error is of a line below it."""
    from xentcli.formats.json.lines import first_value

    row = first_value(data) if may_hold_lists(data) else None
    return isinstance(row, dict) and top_keys(row) is not None


def _contents(file: InputFile, *, once: bool) -> tuple[Format, list[Content]]:
    """Return the arrays of a file that may hold lists; none for any other file."""
    data = looked_at(file)
    format_ = registry.format_of(data, file.format, file.options)
    if not format_.has_keys or (once and format_.name not in _KEPT_ANYWAY):
        return format_, []
    if format_.is_text and not may_hold_lists(data):
        return format_, []
    data, contents = registry.contents_of(data, format_.name, file.options)
    if once:
        data.rewind()
        keep_waiting(file.path, data)
    return format_, contents
