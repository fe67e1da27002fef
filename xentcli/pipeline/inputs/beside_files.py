"""Opens what stands beside rows in a file of its own: their weights, or the names of groups.

No option names one of several arrays there: --label-key names one of the labels'.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from xentcli.alignment.followers import leader_of_ids
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.column_names import is_unnamed
from xentcli.formats.files import InputFile, columns_of, open_files
from xentcli.formats.inline import first_of
from xentcli.storage.names import shown_name

_SHOWN_NAMES = 8


def open_weights(
    paths: Sequence[str], file_of: Callable[..., InputFile], rows: Source, labels: Source | None
) -> Source:
    """Open the weights of rows, by id where their file has the column of the ids, else by place.

    Rows without ids have those of their labels. Of several files, the first tells.

    Raises
    ------
    InputError
        If several columns may be the weights, or stand beside weights that go by place.
    """
    from xentcli.formats.beside_columns import same_ids
    from xentcli.formats.column_words import says_ids

    weights_of = partial(file_of, weights=True, key_option=None)
    header, file = _header(paths, weights_of), shown_name(paths[0])
    id_column = same_ids(leader_of_ids(rows, labels).id_column, header)
    if id_column is None:
        if len(header) > 1 and any(map(says_ids, header)):
            raise _by_place(file)
        source = open_files(paths, weights_of)
        several = source.header is not None and len(source.header) > 1 and len(source.shape) < 2
        if several and source.id_column is None:
            raise _by_place(source.name)
        return source
    names = [name for name in header if name != id_column and not is_unnamed(name)]
    named = [name for name in names if "weight" in name.casefold()] or names
    if len(named) != 1:
        raise InputError(
            f"{file}: {_listed(names)} may be the weights",
            hint="leave one of them beside the ids, or name it weight",
        )
    return open_files(paths, partial(weights_of, label_column=named[0], id_column=id_column))


def _header(names: Sequence[str], file_of: Callable[[str], InputFile]) -> tuple[str, ...]:
    """Return the names of the columns of a file, or of the first of several, or of a pattern's."""
    first = first_of(names)
    return () if first is None else columns_of(file_of(first))


def _by_place(name: str) -> InputError:
    return InputError(
        f"{name}: weights go by place, and there are other columns beside them",
        hint="write the weights alone, in the order of the rows; or match them by the ids "
        "of both files: --id-column NAME",
    )


def open_names(path: str, file_of: Callable[..., InputFile], id_column: str | None) -> Source:
    """Open the names of groups or clusters, by id where their file has the column of the ids.

    Raises
    ------
    InputError
        If there is not one column of names besides the ids.
    """
    from xentcli.formats.beside_columns import same_ids
    from xentcli.formats.column_words import says_ids

    names_of = partial(file_of, names=True, key_option=None)
    header = _header([path], names_of)
    if len(header) < 2:
        return open_files([path], names_of)
    there = same_ids(id_column, header)
    ids = {there} if there else set(filter(says_ids, header))
    found = [name for name in header if name not in ids and not is_unnamed(name)]
    if len(found) != 1:
        raise InputError(
            f"{shown_name(path)}: one column says the group of each row, and here are "
            f"{_listed(header)}",
            hint="write that column alone, or with the ids; or, if it stands beside the labels, "
            "name it instead of the file",
        )
    source = open_files([path], partial(names_of, label_column=found[0], id_column=there))
    if there is None:
        source.notes = [*source.notes, f"{source.name}: rows are matched by place"]
    return source


def new_notes(
    beside: Iterable[Source | str | None], known: Iterable[Source | None]
) -> Iterator[str]:
    """Yield the notes of what stands beside rows, but for those that are `known` already."""
    told = {note for source in known if source is not None for note in source.notes}
    for source in beside:
        if isinstance(source, Source):
            yield from (note for note in source.notes if note not in told)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, [*names][:_SHOWN_NAMES]))
