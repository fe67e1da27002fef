"""Where a result comes from: the command line, the files, and the version."""

from typing import NamedTuple


class FileFacts(NamedTuple):
    """A file that was read.

    Attributes
    ----------
    role : str
        What it was read as: logits, labels, ...
    name : str
        Its name, without what a URL keeps secret.
    shape : tuple of int or None
        Of the array in it; None where an axis is not known.
    dtype : str
        Of the array in it.
    size : int or None
        In bytes; None of a pipe.
    modified : str or None
        When it was changed last, as ISO 8601 has it, in UTC.
    sha256 : str or None
        The digest of its bytes, where that was asked for.
    """

    role: str
    name: str
    shape: tuple[int | None, ...]
    dtype: str
    size: int | None = None
    modified: str | None = None
    sha256: str | None = None


class Provenance(NamedTuple):
    """Where a result comes from.

    Attributes
    ----------
    command_line : str
        What was typed, quoted for a shell; empty for a call from Python.
    version : str
        Of xent.
    files : tuple of FileFacts
        What was read.
    """

    command_line: str = ""
    version: str = ""
    files: tuple[FileFacts, ...] = ()
