"""Files as the user names them, opened as sources."""

import os
import stat
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from xentcli.errors import InputError, XentError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions, Source
from xentcli.formats.inline import expand_all, is_inline, open_inline
from xentcli.formats.references import referred
from xentcli.records import Record
from xentcli.storage.inputs import Input
from xentcli.storage.names import is_url, local_name, shown_name
from xentcli.storage.open import expecting, open_input
from xentcli.storage.paths import reads_once

_PROBE_BYTES = 64
_SHOWN_FILES = 3
_FIRST_OF_TEXT = 9  # bytes below it stand in no text
_NPY = b"\x93NUMPY"


class InputFile(Record):
    """A file as the user names it, ``-`` for standard input, and what they say about it."""

    path: str
    format: str | None = None
    options: ReadOptions = ReadOptions()


def open_files(
    names: Sequence[str], file_of: Callable[[str], InputFile], without: Iterable[str] = ()
) -> Source:
    """Open one array: a file, or all files that `names`, which may be patterns, stand for.

    Parameters
    ----------
    names : sequence of str
        Names of files, or patterns.
    file_of : callable
        Returns a file to read of a name.
    without : iterable of str
        Files that no pattern stands for: what will be written.

    Raises
    ------
    InputError
        If a pattern matches nothing, or the shards are not of one shape, dtype and header.
    """
    paths = expand_all(names, without)
    if len(paths) == 1:
        return open_file(file_of(paths[0]))
    with expecting(paths):
        if paths and holds_samples(file_of(paths[0])):
            from xentcli.formats.harness.source import open_tasks

            inputs = [input_of(path) for path in paths]
            return open_tasks(inputs, file_of(paths[0]).options)
        from xentcli.formats.shards import open_shards

        source = open_shards(names, paths, file_of)
    source.notes = [*source.notes, *notes_of_files(names, paths)]
    return source


def notes_of_files(names: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
    """Yield notes on the files `paths` that `names` stand for: given twice, or missing."""
    yield from _repeated(paths)
    yield from _linked(paths)
    if len(paths) > len(names):  # the user does not see which files a pattern matches
        yield from _missing(paths)


def _repeated(paths: Sequence[str]) -> Iterator[str]:
    """Name the first few files that are given more than once, as by two patterns."""
    counts = Counter(map(local_name, paths))
    repeated = {path: count for path, count in counts.items() if count > 1}
    notes = [
        f"{shown_name(path)}: given {count} times, and its rows count each time"
        for path, count in repeated.items()
    ]
    return _first_few(notes, "more files given more than once")


def _linked(paths: Sequence[str]) -> Iterator[str]:
    """Name the first few files that are given by two names, as a link and what it leads to."""
    names: dict[tuple[int, int], str] = {}
    linked: dict[str, str] = {}
    for path in dict.fromkeys(map(local_name, paths)):
        with suppress(OSError, ValueError):  # a URL, or standard input
            facts = os.stat(path)  # noqa: PTH116 - of any name
            first = names.setdefault((facts.st_dev, facts.st_ino), path)
            if first != path and stat.S_ISREG(facts.st_mode):
                linked[path] = first
    notes = [
        f"{shown_name(path)}: the same file as {shown_name(first)}, and its rows count each time"
        for path, first in linked.items()
    ]
    return _first_few(notes, "more files given by two names")


def _missing(paths: Sequence[str]) -> Iterator[str]:
    """Name the first few files that names leave out, if they count."""
    from xentcli.storage.numbered_names import left_out

    notes = [
        f"{' or '.join(names)}: there is no such file, though the names of other files count it"
        for names in left_out(map(shown_name, paths))
    ]
    return _first_few(notes, "more such files")


def _first_few(notes: Sequence[str], others: str) -> Iterator[str]:
    yield from notes[:_SHOWN_FILES]
    if len(notes) > _SHOWN_FILES:
        yield f"and {len(notes) - _SHOWN_FILES:,} {others}"


def open_file(file: InputFile) -> Source:
    """Open a file, or data that stand in its place."""
    if is_inline(file.path):
        return registry.made_logits(open_inline(file.path, file.options), file.options)
    data = input_of(file.path)
    source = registry.open_source(data, file.format, file.options)
    return referred(source, file, data)


def may_have_columns(file: InputFile) -> bool:
    """Whether a file may be a table, as far as its name tells."""
    format_ = registry.by_name(file.format) if file.format else registry.by_extension(file.path)
    return format_ is None or format_.has_columns


def columns_of(file: InputFile) -> tuple[str, ...]:
    """Return the names of a file's columns, if it has any, before it is opened to be read.

    An error in the file is reported when it is read.
    """
    if is_inline(file.path):
        return ()
    if not may_have_columns(file):
        return ()
    once = reads_once(file.path) or is_url(file.path)
    if once and file.options.encoding is not None:
        return ()
    data = input_of(file.path)
    try:
        format_ = registry.detect(data, file.options.encoding)
        if once:
            data = data if format_.is_text else data.spooled()
            _waiting[file.path] = data
        if not format_.has_columns:
            return ()
        options = file.options._replace(any_columns=True)
        return registry.open_source(data, file.format or format_.name, options).header or ()
    except XentError:
        return ()


def holds_answers(file: InputFile) -> bool:
    """Whether a file holds a server's answers with log-probabilities of tokens."""
    if is_inline(file.path) or file.format not in (None, "json") or file.options.head:
        return False
    from xentcli.formats.logprobs.recognised import holds_answers

    return holds_answers(looked_at(file))


def may_be_partly(file: InputFile) -> bool:
    """Whether the rows of a file may be known only in part, as far as its beginning tells.

    A file of one array, of hidden states, or of text that is no JSON, holds whole rows. What is
    wrong with a file is said by whoever reads it.
    """
    if is_inline(file.path) or file.path.endswith(".npy") or file.options.head:
        return False
    try:
        head = looked_at(file).peek(_PROBE_BYTES)
    except InputError:
        return False
    is_text = not any(byte < _FIRST_OF_TEXT for byte in head) and not file.path.endswith(".kld")
    return not head.startswith(_NPY) and (
        not is_text or head.removeprefix(BOM_UTF8).lstrip()[:1] in (b"{", b"[")
    )


def looked_at(file: InputFile) -> Input:
    """Open a file to look at its beginning.

    An input that can be opened only once is kept for whoever opens it next.
    """
    data = input_of(file.path)
    if reads_once(file.path) or is_url(file.path):
        _waiting[file.path] = data
    return data


def holds_samples(file: InputFile) -> bool:
    """Whether a file holds samples of lm-evaluation-harness."""
    if is_inline(file.path) or file.format not in (None, "json") or file.options.head:
        return False
    data = looked_at(file)
    if "details_" in file.path:
        from xentcli.formats.harness.details import is_details

        return is_details(data)
    if not data.peek(_PROBE_BYTES).lstrip(b"\xef\xbb\xbf \n").startswith(b"{"):
        return False
    from xentcli.formats.harness.source import holds_samples

    return holds_samples(data)


def keep_waiting(path: str, data: Input) -> None:
    """Keep an input that was looked at for whoever opens this file next."""
    _waiting[path] = data


_waiting: dict[str, Input] = {}
"""Inputs that were looked at, and can be opened only once."""


def input_of(path: str) -> Input:
    """Open a file, or return the input that was kept because it can be opened only once."""
    return _waiting.pop(path, None) or open_input(path)


def open_pair(one: InputFile, other: InputFile) -> tuple[Source, Source]:
    """Open two arrays of the same file, which may be standard input."""
    data = input_of(one.path)
    spooled = data.spooled()
    first = referred(registry.open_source(spooled, one.format, one.options), one, data)
    spooled.rewind()
    second = referred(registry.open_source(spooled, other.format, other.options), other, data)
    return first, second
