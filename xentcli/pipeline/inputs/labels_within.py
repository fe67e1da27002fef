"""Finds labels within the files of logits, for the error of labels that nobody named."""

from collections.abc import Callable

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.files import InputFile, columns_of, looked_at
from xentcli.formats.keys import check_no_lists
from xentcli.storage.names import shown_name
from xentcli.storage.paths import reads_once
from xentcli.text import name_option


def labels_within(name: str, file_of: Callable[..., InputFile]) -> str | None:
    """Return the options that choose columns of a file whose names say that they are labels."""
    from xentcli.formats.label_columns import choices, named_as_labels, one_a_class

    if reads_once(name):
        return None
    if both := _arrays_within(file_of(name)):
        return both
    columns = columns_of(file_of(name))
    named = named_as_labels(columns)
    return one_a_class(named, columns) or choices(named) or None


def _arrays_within(file: InputFile) -> str | None:
    """Return the options that choose labels and the one array beside them, columns of lists."""
    from xentcli.formats.label_columns import named_as_labels

    contents = registry.contents_of(looked_at(file), file.format, file.options)[1]
    by_name = {name: each for each in contents for name in each.columns or (each.name or "",)}
    if {*by_name} >= {"doc", "model_response"}:
        raise InputError(
            f"{shown_name(file.path)}: docs of lighteval, which are known by the name of the file",
            hint="name it details_TASK.parquet, as lighteval does, and do not compress it",
        )
    labels = named_as_labels([*by_name])
    arrays = [key for key, each in by_name.items() if each.key is not None and key not in labels]
    check_no_lists(shown_name(file.path), arrays)
    if len(labels) != 1 or len(arrays) != 1:
        return None
    option = "--label-column" if by_name[labels[0]].key is None else "--label-key"
    return f"--key {name_option(arrays[0])} {option} {name_option(labels[0])}"
