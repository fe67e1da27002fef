"""Opening what the user names, and how a run over it is set up."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from xentcli.alignment.naming import Naming, check_names_of_classes, read_naming
from xentcli.formats import registry
from xentcli.formats.base import (
    ArrayHeader,
    ReadOptions,
    Source,
)
from xentcli.formats.files import (
    InputFile,
    columns_of,
    holds_answers,
    holds_samples,
    may_be_partly,
    may_have_columns,
    notes_of_files,
    open_file,
    open_files,
)
from xentcli.formats.inline import expand, expand_all, first_of
from xentcli.storage.open import expecting
from xentcli.storage.paths import is_there, reads_once, will_write

__all__ = [
    "ArrayHeader",
    "InputFile",
    "Naming",
    "ReadOptions",
    "Source",
    "are_answers",
    "are_samples",
    "check_names_of_classes",
    "columns_of_first",
    "expand",
    "expand_all",
    "expecting",
    "is_there",
    "may_be_ids",
    "may_be_partly",
    "may_have_keys",
    "notes_of_files",
    "open_file",
    "open_files",
    "open_model",
    "read_naming",
    "reads_once",
    "will_write",
]

Array = NDArray[Any]


def are_samples(
    names: Sequence[str], file_of: Callable[..., InputFile], without: Sequence[str] = ()
) -> bool:
    """Whether the first of these files holds samples of lm-evaluation-harness."""
    first = first_of(names, without)
    return first is not None and may_be_partly(file_of(first)) and holds_samples(file_of(first))


def are_answers(names: Sequence[str], file_of: Callable[..., InputFile]) -> bool:
    """Whether the first of these files holds the answers of a server of language models."""
    first = first_of(names)
    if first is None or first.endswith(".npy"):
        return False
    return holds_answers(file_of(first))


def open_model(
    logits: Sequence[str],
    file_of: Callable[..., InputFile],
    base: Source,
    header: tuple[str, ...] = (),
    without: Sequence[str] = (),
    asked: str | None = None,
    labels: Source | None = None,
) -> Source:
    """Open the logits of another model, with the ids that the first one's rows have.

    `header` comes from `columns_of_first`, since a pipe can be looked at only once; `asked` is the
    column of ids that the user names. If the first model's rows have no ids, their labels' are it.
    """
    of_labels = labels.id_column if labels is not None else None
    wanted = base.id_column or of_labels or asked
    id_column = wanted if wanted in header else None
    source = open_files(logits, partial(file_of, id_column=id_column, goes_with=True), without)
    if base.id_column is None and of_labels is not None:
        return source
    if (source.id_column is None) != (base.id_column is None):
        there, lacking = (source, base) if base.id_column is None else (base, source)
        what = f"{lacking.name}: there is no column {there.id_column!r} as in {there.name}"
        source.notes = [*source.notes, f"{what}: rows are matched by place"]
    return source


def columns_of_first(
    names: Sequence[str], file_of: Callable[..., InputFile], without: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the names of the columns of the first of these files, if it has any."""
    first = first_of(names, without)
    if first is None or not may_have_columns(file_of(first)):
        return ()
    return columns_of(file_of(first))


def may_be_ids(names: Iterable[str]) -> Iterator[str]:
    """Yield the names of columns that may name rows, and are not the name of a class by chance."""
    from xentcli.formats.column_words import may_name_rows

    return filter(may_name_rows, names)


def may_have_keys(file: InputFile) -> bool:
    """Whether a file may hold several arrays, as far as its name tells."""
    format_ = registry.by_name(file.format) if file.format else registry.by_extension(file.path)
    return format_ is None or format_.has_keys
