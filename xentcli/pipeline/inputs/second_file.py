"""Whether a second file, given by its place alone, holds labels or more rows of the first's kind.

The shell makes `xent loss run-0.npz run-1.npz` of `xent loss run-*.npz`.
"""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from xentcli.errors import InputError, XentError
from xentcli.formats import registry
from xentcli.formats.column_words import names_rows
from xentcli.formats.files import columns_of, looked_at
from xentcli.formats.keys import by_name
from xentcli.formats.label_columns import named_as_labels
from xentcli.pipeline.inputs.array_ids import has_keys, read_again
from xentcli.storage.names import is_url, shown_name

if TYPE_CHECKING:
    from xentcli.pipeline.inputs.labelled import Opening


def check_labels_alone(
    rows: Sequence[str], labels: Sequence[str], how: "Opening", option: str | None = None
) -> None:
    """Raise InputError if the files of rows hold labels, and those of labels such rows.

    Files that can be read only once, and those behind a URL, are not looked at. Tables whose rows
    are matched by id belong together as they are. An `option` may take both files.
    """
    other = None if {*rows} & {*labels} else read_again(labels, how.without)
    first = other and read_again(rows, how.without)
    if not (first and other) or is_url(first) or is_url(other):
        return
    if _hold_both(other, first, how):
        raise either(rows[0], labels[0], "whole rows", option)


def either(first: str, other: str, what: str, option: str | None = None) -> InputError:
    """Return the error of a file of labels that is as much one of more rows, `what` both hold."""
    name, alike = quote(shown_name(other)), quote(f"*{Path(other).suffix}")
    hint = f"other labels are named by their option, --labels {name}"
    if option is not None:
        hint = f"a file that holds both is named twice, {option} {name} {name}"
    return InputError(
        f"{shown_name(other)}: {what}, as {shown_name(first)} has, which holds labels: more rows, "
        "or other labels?",
        hint=f"{hint}; more rows by a quoted pattern, such as {alike}",
    )


def _hold_both(other: str, first: str, how: "Opening") -> bool:
    return all(_are_arrays(path, how) for path in (other, first)) or _are_tables(other, first, how)


def _are_tables(other: str, first: str, how: "Opening") -> bool:
    """Whether two files are tables with the same columns, labels and others, and without ids."""
    header = columns_of(how.labels(other))
    column, dropped = how.options.label_column, how.file(first).options.drop
    labels = [column] if column in header else named_as_labels(header)
    ids = how.options.id_column in header or any(map(names_rows, header))
    if ids or not 0 < len(labels) < len(header) or any(name in dropped for name in labels):
        return False
    return {*columns_of(how.file(first))} == {*header}


def _are_arrays(path: str, how: "Opening") -> bool:
    """Whether a file holds two arrays whose names, or the user, say that they are the two."""
    if not has_keys(path, how.reader):
        return False
    wanted = [how.file(path), how.labels(path)]
    whole = wanted[1]._replace(options=wanted[1].options._replace(key=None, columns=None))
    try:
        contents = registry.contents_of(looked_at(whole), whole.format, whole.options)[1]
    except (XentError, OSError):  # whoever reads the file says what is wrong
        return False
    keys = [each.key for each in contents if each.key is not None]
    found = [each.options.key or by_name(keys, each.options) for each in wanted]
    return found[0] != found[1] and all(key in keys for key in found)
