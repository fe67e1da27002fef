"""Data that a user types where a file could be named: ``1,2,3`` or ``[[1,2],[0,1]]``."""

import os
import re
from collections.abc import Iterable, Sequence

import numpy as np

from xentcli.errors import InputError, UsageError
from xentcli.formats.base import MemorySource, ReadOptions, Source
from xentcli.storage.open import expand as expand_name
from xentcli.storage.paths import is_blank
from xentcli.text import NUMBER, shortened, visible

# Possessive, as a number is: an argument may have a hundred thousand characters.
_ROW = rf"(?a)\s*+{NUMBER}(?:(?:\s*+,\s*+|\s++){NUMBER})*+\s*+"
_CALL = r"(?:(?:torch\.|np\.|numpy\.)?(?:tensor|array)|(?:np|numpy)\.\w++)\s*+\("
_LISTS = (
    rf"(?i)\s*+(?:{_CALL}|\[\s*+(?:[\[\](\"]|[-+]?\.?\d|[-+]?(?:nan|inf)|null|{_CALL})"
    rf"|\(\s*+(?:[\[(]|{NUMBER}\s*+,|{_CALL}))"
)


def is_inline(name: str) -> bool:
    """Whether an argument is data itself, numbers or lists, and there is no file of this name."""
    if os.path.lexists(name):
        return False
    return re.fullmatch(_ROW, name) is not None or _is_lists(name)


def as_one_argument(texts: Sequence[str]) -> str | None:
    """Return what to type in place of several numbers, or several rows of them."""
    if any(map(_is_lists, texts)):
        return None
    rows = [",".join(re.split(r"\s*,\s*|\s+", text.strip())) for text in texts]
    if any("," in row for row in rows):
        return "rows are lists in one list: '[" + ",".join(f"[{row}]" for row in rows) + "]'"
    return f"the numbers of one row are one argument: {','.join(rows)}"


def expand(name: str, without: Iterable[str] = ()) -> list[str]:
    """Return the files of a pattern, or of a saved dataset's folder; else the name, or data.

    No pattern matches the names `without`, which will be written.
    """
    if os.path.isdir(name):  # noqa: PTH112 - much faster than Path's
        from xentcli.formats.saved_datasets import files_of

        return files_of(name) or [name]
    return [name] if is_inline(name) else expand_name(name, without)


def expand_all(names: Iterable[str], without: Iterable[str] = ()) -> list[str]:
    """Return the files of several names or patterns, as `expand` does."""
    return [path for name in names for path in expand(name, without)]


def first_of(names: Iterable[str], without: Iterable[str] = ()) -> str | None:
    """Return the first of these files that has a byte, or else the first of all, if there is one.

    Later patterns are not looked up.
    """
    first = None
    for path in (path for name in names for path in expand(name, without)):
        if is_inline(path) or not is_blank(path):
            return path
        first = first or path
    return first


def _is_lists(name: str) -> bool:
    """Whether text is lists, and no pattern such as ``[0-9].npy``."""
    return re.match(_LISTS, name) is not None and name.rstrip().endswith(("]", ")"))


def open_inline(text: str, options: ReadOptions) -> Source:
    """Return the array that a text describes."""
    shown = visible(shortened(text, characters=30))
    if options.key or options.columns or options.drop or options.id_column or options.label_column:
        raise InputError(f"{shown}: numbers that are typed have no columns and no keys")
    if options.beside:
        raise UsageError(f"where are the labels of {shown}?", hint="they come next: 2,0,1")
    if _is_lists(text):
        from xentcli.formats.json.document import read

        values, notes, *_ = read(text.encode(errors="surrogateescape"), shown, options)
    else:
        cells = re.split(r"\s*,\s*|\s+", text.strip())
        values, notes = np.array([float(cell) for cell in cells]), []
        too_large = [
            c for c, v in zip(cells, values, strict=True) if np.isinf(v) and "i" not in c.lower()
        ]
        if too_large:
            raise InputError(f"{shown}: {too_large[0]} is larger than any float64")
    source = MemorySource(shown, values)
    source.format = "typed"
    source.stored_dtype = "text" if values.dtype == object else "float64"
    source.notes = notes
    return source
