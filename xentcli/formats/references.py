"""Sources that other processes open again, and those that this process has open."""

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from xentcli.errors import InputError, reading
from xentcli.formats import registry
from xentcli.formats.base import Reference, Source
from xentcli.formats.names import is_added
from xentcli.records import Record
from xentcli.storage.inputs import Input
from xentcli.storage.local_inputs import WHILE_WRITTEN
from xentcli.storage.names import STANDARD_STREAM, is_url, local_name, shown_name
from xentcli.storage.open import open_input, version_of

if TYPE_CHECKING:
    from xentcli.formats.files import InputFile

AnySource = TypeVar("AnySource", bound=Source)

_MOST_OPEN_SOURCES = 16
"""Sources that stay open because another process referred to them."""


class FileReference(Record):
    """A file that any process may open again, and what tells that it is still the same."""

    file: "InputFile"
    folder: str
    """Where a relative path starts."""
    stamp: tuple[int | str | None, ...]
    added: str | None = None
    """The name of its format, if that was added to xent."""

    @classmethod
    def to(cls, file: "InputFile", source: Source, size: int | None) -> "FileReference":
        """Return the reference to a file of `size` bytes that has just been opened as a source."""
        return cls(file, folder_here(), _stamp(file.path, size), _added_format(source))

    @classmethod
    def unopened(cls, file: "InputFile", folder: str) -> "FileReference":
        """Return the reference to a local file, whose relative path starts in a folder."""
        return cls(file, folder, _stamp(cls(file, folder, ()).path, None))

    def open(self) -> Source:
        """Open the file.

        Raises
        ------
        InputError
            If it is no longer what it was when it was first opened, or another format reads it.
        """
        data, stamp = self._data()
        if stamp != self.stamp:
            raise _changed(data.name)
        self.check_format()
        source = self._source_of(data)
        if _added_format(source) != self.added:
            raise _added_in_part(data.name, source.format)
        return source

    def check_format(self) -> None:
        """Raise InputError if the format was added to xent elsewhere, and not in this process."""
        if self.added is not None and not is_added(self.added):
            raise _added_in_part(shown_name(self.file.path), self.added)

    @classmethod
    def first(cls, file: "InputFile", folder: str) -> "tuple[Source, FileReference]":
        """Open a file, whose relative path starts in a folder, and return its reference too."""
        data, stamp = cls(file, folder, ())._data()
        source = cls(file, folder, stamp)._source_of(data)
        reference = cls(file, folder, stamp, _added_format(source))
        if source.reference is not None:
            source.reference = reference
        return source, reference

    def check(self) -> None:
        """Raise InputError if a file is no longer what it was; a URL says so when it is read."""
        path = self.path
        if not is_url(local_name(path)) and _stamp(path, None) != self.stamp:
            raise _changed(shown_name(self.file.path))

    @property
    def path(self) -> str:
        """What opens the file in this process."""
        path = self.file.path
        if is_url(path) or self.folder == folder_here():
            return path
        return str(Path(self.folder, path))

    def _data(self) -> tuple[Input, tuple[int | str | None, ...]]:
        path = self.path
        data = open_input(path)
        data.name = shown_name(self.file.path)
        return data, _stamp(path, data.size)

    def _source_of(self, data: Input) -> Source:
        options = self.file.options
        if options.head is not None and self.folder != folder_here():
            options = options._replace(head=options.head.within(self.folder))
        source = registry.open_source(data, self.file.format, options)
        if _needs_reference(source, data):
            source.reference = self
        return source


def _changed(name: str) -> InputError:
    return InputError(f"{name}: the file changed while it was read", hint=WHILE_WRITTEN)


def _added_format(source: Source) -> str | None:
    return source.format if is_added(source.format) else None


def _added_in_part(name: str, format_name: str) -> InputError:
    return InputError(
        f"{name}: the format {format_name!r} was added to xent in some processes, and not in all",
        hint="workers import what the script does: dask worker --preload MODULE",
    )


def source_of(reference: Reference) -> Source:
    """Return the source that a reference names: the one that this process has, or a new one.

    A source that this process has opened itself is found as long as anybody uses it, and forked
    children inherit it. Of the sources opened here only for a reference, the latest are kept.
    """
    return _in_use.get(reference) or _opened(reference)


def restored(kind: type[AnySource], state: dict[str, Any]) -> AnySource:
    """Return a source with these attributes, as pickle makes it where no reference opens it."""
    source = object.__new__(kind)
    vars(source).update(state)
    return source


def remember(source: Source) -> None:
    """Let `source_of` find a source by its reference, as long as anybody uses it."""
    if source.reference is not None:
        _in_use[source.reference] = source


_in_use: WeakValueDictionary[Reference, Source] = WeakValueDictionary()


@lru_cache(_MOST_OPEN_SOURCES)
def _opened(reference: Reference) -> Source:
    return reference.open()


def referred(source: Source, file: "InputFile", data: Input) -> Source:
    """Give a source its file, and its reference unless its blocks carry their content.

    What is read once has no reference either.
    """
    source.opened = file
    if file.path != STANDARD_STREAM and _needs_reference(source, data):
        source.reference = FileReference.to(file, source, data.size)
        remember(source)
    return source


def _needs_reference(source: Source, data: Input) -> bool:
    """Whether other processes can read the input themselves at little cost."""
    return data.seekable and not source.carries_bytes


def folder_here() -> str:
    """Return where relative paths start in this process."""
    return os.getcwd()  # noqa: PTH109 - much faster than Path's


def _stamp(path: str, size: int | None) -> tuple[int | str | None, ...]:
    """Return what changes when a file is written to, on every machine that sees the file."""
    if is_url(local_name(path)):
        return size, version_of(path)
    with reading(shown_name(path)):
        status = os.stat(local_name(path))  # noqa: PTH116 - much faster than Path's
    return status.st_size, status.st_mtime_ns
