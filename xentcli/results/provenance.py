"""The origin of a result: the command line, the files, and the version."""

from typing import NamedTuple


class FileFacts(NamedTuple):
    """A file that was read.

    Attributes
    ----------
    role : str
        The role in which it was read: logits, labels, ...
    name : str
        Its name; a URL is without user, password and query.
    shape : tuple of int or None
        The shape of its array; None for an axis whose length is not known.
    dtype : str
        The dtype of its array.
    size : int or None
        Its size in bytes; None for a pipe.
    modified : str or None
        The time of its last change in UTC, in ISO 8601.
    sha256 : str or None
        The digest of its bytes, if that was asked for.
    """

    role: str
    name: str
    shape: tuple[int | None, ...]
    dtype: str
    size: int | None = None
    modified: str | None = None
    sha256: str | None = None


class Provenance(NamedTuple):
    """The origin of a result.

    Attributes
    ----------
    command_line : str
        The command as it was typed, quoted for a shell; empty for a call from Python.
    version : str
        The version of xent.
    files : tuple of FileFacts
        The files that were read.
    """

    command_line: str = ""
    version: str = ""
    files: tuple[FileFacts, ...] = ()
