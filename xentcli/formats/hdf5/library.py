"""h5py: imported when it is used, and whatever it raises turned into one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from xentcli.errors import InputError, OutputError, XentError
from xentcli.text import first_line


@cache
def h5py() -> Any:
    """Return the library."""
    import h5py

    return h5py


@contextmanager
def understood(name: str, error: type[InputError | OutputError], does: str) -> Iterator[None]:
    """Turn what h5py raises into an error that names the file."""
    try:
        yield
    except (XentError, MemoryError):
        raise
    except Exception as problem:
        raise error(f"{name}: {does}: {first_line(problem)}") from problem
