"""Everything that a file holds, one array after the other."""

from collections.abc import Iterator
from typing import NamedTuple

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import Source
from xentcli.formats.contents import Content
from xentcli.formats.files import InputFile, input_of, open_file
from xentcli.formats.inline import is_inline
from xentcli.formats.references import referred


class HeldArray(NamedTuple):
    """An array or columns of a file, and the source that reads them, where one does."""

    content: Content | None
    """None for a file of one array."""
    source: Source | None
    problem: InputError | None = None
    """Why the array cannot be read."""


def open_all(file: InputFile) -> Iterator[HeldArray]:
    """Open everything that a file holds, one after the other.

    Raises
    ------
    InputError
        If a file of one array cannot be read; among several, the unreadable one has a `problem`.
    """
    if is_inline(file.path):
        options = file.options._replace(labels=True)  # labels may be names
        yield HeldArray(None, open_file(file._replace(options=options)))
        return
    given = input_of(file.path)
    format_ = registry.format_of(given, file.format, file.options)
    data, contents = registry.contents_of(given, format_.name, file.options)
    if not contents:
        options = file.options._replace(labels=not format_.has_columns)  # labels may be names
        source = registry.open_source(data, format_.name, options)
        yield HeldArray(None, referred(source, file._replace(options=options), given))
    readable = [content for content in contents if content.key is not None or content.columns]
    data = data.spooled() if len(readable) > 1 else data
    for content in contents:
        if content.key is None and not content.columns:
            yield HeldArray(content, None)
            continue
        options = file.options._replace(key=content.key, columns=content.columns or None)
        if content.texts:
            options = options._replace(labels=True)
        one = file._replace(options=options)
        if data.seekable:
            data.rewind()
        try:
            source = referred(registry.open_source(data, format_.name, options), one, given)
        except InputError as error:
            yield HeldArray(content, None, error)
            continue
        yield HeldArray(content, source)
