"""The files that a result is of: their shapes, sizes and times of change, and their digests."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from xentcli.errors import reading
from xentcli.formats.base import Shape, Source
from xentcli.formats.inline import expand_all, is_inline
from xentcli.formats.shards import Shards
from xentcli.pipeline.criterion import Criterion
from xentcli.results.provenance import FileFacts
from xentcli.storage.names import STANDARD_STREAM, input_name, is_url, local_name
from xentcli.storage.open import open_stored
from xentcli.storage.paths import reads_once

_PIECE_BYTES = 2**20


def role_of_model(number: int) -> str:
    """Return the role of a model's files in a comparison: base, new, new 2, ..."""
    return ("base", "new")[number] if number < 2 else f"new {number}"


def file_facts(
    role: str, source: Source, names: Sequence[str], *, digest: bool = False
) -> Iterator[FileFacts]:
    """Yield what is known of each file of a source, in the order of its rows.

    Parameters
    ----------
    role : str
        What the source was read as.
    source : Source
        What was read.
    names : sequence of str
        What the user named: files or patterns.
    digest : bool
        Whether to read local and remote files once more for their SHA-256.
    """
    paths = paths_of(source, names)
    for path, shape in zip(paths, _shapes(source, len(paths)), strict=True):
        size, modified = _size_and_time(path)
        if size is None and len(paths) == 1:
            size = source.size
        sha256 = _sha256(path) if digest else None
        yield FileFacts(role, input_name(path), shape, source.stored_dtype, size, modified, sha256)


def paths_of(source: Source, names: Sequence[str]) -> list[str]:
    """Return the files of a source, in the order of its rows, or those that the user named."""
    return [each.path for each in source.files] or expand_all(names)


def within(source: Source, names: Sequence[str]) -> str:
    """Return what follows the only file's name in that of a source, such as its array."""
    paths = paths_of(source, names)
    return source.name.removeprefix(input_name(paths[0])) if len(paths) == 1 else ""


def first_file(source: Source, names: Sequence[str]) -> tuple[Source, Sequence[str]]:
    """Return the first of several files, which all have the array and the column of the others."""
    if not isinstance(source, Shards):
        return source, names
    first = source.shard(0)
    first.opened = source.files[0]
    return first, [source.files[0].path]


def lengths_of(source: Source, count: int) -> Sequence[int | None]:
    """Return how many rows each of several files has, as far as that is known."""
    lengths: Sequence[int | None] | None = getattr(source, "lengths", None)
    return lengths or [None] * count


def counted(files: Iterable[FileFacts], criterion: Criterion, rows: int) -> tuple[FileFacts, ...]:
    """Return what is known of files after all `rows` were read and counted.

    A file of text does not tell its length before, which is then the number of rows. It stays
    unknown if the two may differ: for one of several files, if only some rows were read, and for
    elements, shifted labels, and labels that stand in one row.
    """
    found = tuple(files)
    if criterion.rows is not None or criterion.shift or criterion.binary is not None:
        return found
    of_role = Counter(each.role for each in found)
    return tuple(
        each._replace(shape=(rows, *each.shape[1:]))
        if each.shape[:1] == (None,)
        and len(each.shape) <= (1 if each.role.endswith("labels") else 2)
        and of_role[each.role] == 1
        else each
        for each in found
    )


def _shapes(source: Source, count: int) -> list[Shape]:
    if count == 1:
        return [source.shape]
    return [(length, *source.shape[1:]) for length in lengths_of(source, count)]


def _size_and_time(path: str) -> tuple[int | None, str | None]:
    """Return a local file's size and time of change; nothing for anything else."""
    path = local_name(path)
    if path == STANDARD_STREAM or is_url(path) or is_inline(path) or reads_once(path):
        return None, None
    with reading(path):
        status = os.stat(path)  # noqa: PTH116 - of any name that was opened
    return status.st_size, datetime.fromtimestamp(status.st_mtime, UTC).isoformat()


def _sha256(path: str) -> str | None:
    """Return the digest of a file's bytes as they are stored; None if it is read only once."""
    if path == STANDARD_STREAM or is_inline(path) or reads_once(path):
        return None
    import hashlib  # 3 ms, and seldom asked for

    digest = hashlib.sha256()
    data = open_stored(path)
    try:
        while piece := data.read(_PIECE_BYTES):
            digest.update(piece)
    finally:
        data.close()
    return digest.hexdigest()
