"""What names the groups or the clusters of rows, as a state calls it: a column, a word, or files.

The runs that share some work may each have a file of their own, ``lang-0.csv`` and ``lang-1.csv``.
"""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from xentcli.formats.base import Source
from xentcli.formats.inline import first_of
from xentcli.pipeline.provenance import first_file, paths_of, within
from xentcli.storage.names import is_url, shown_name, uncompressed_name
from xentcli.storage.paths import are_files

_NUMBERS = re.compile("[0-9]+")
_WILD = re.compile(r"(?:[0-9*?]|\[[^]]*\])+")


class GivenNames(NamedTuple):
    """What a user gave as the names of groups or of clusters.

    Attributes
    ----------
    text : str or None
        What the user wrote.
    source : Source, str or None
        What was opened for it.
    """

    text: str | None
    source: Source | str | None

    @property
    def files(self) -> tuple[Source, Sequence[str]] | None:
        """The source and what the user named it, if files of their own hold the names."""
        if self.text is None or not isinstance(self.source, Source) or not are_files(self.text):
            return None
        path = _first_path(self.source)
        return (self.source, [self.text]) if path == first_of([self.text]) else None

    @property
    def called(self) -> str | None:
        """What a state calls it: files by a pattern, in which an asterisk stands for each number.

        So does one for what matches numbers in a pattern of the user's. The pattern is followed by
        the column or the array, where that has a name.
        """
        if self.files is None:
            return self.text
        source, (name,) = self.files
        pattern = _NUMBERS if _first_path(source) == name else _WILD
        shown = shown_name(name) if is_url(name) else os.path.normpath(name)  # ./lang.csv
        called = pattern.sub("*", uncompressed_name(shown))
        columns = source.columns or ()
        inner = columns[0] if len(columns) == 1 else within(*first_file(source, [name]))
        inner = inner.removeprefix(":")
        return f"{called}:{inner}" if inner else called


def _first_path(source: Source) -> str | None:
    """Return the first of the files of a source."""
    if source.opened is not None:
        return source.opened.path
    return next(iter(paths_of(source, [])), None)
