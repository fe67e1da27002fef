"""h5py: imported when it is used, and whatever it raises turned into one line."""

import atexit
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

    atexit.register(_close_files, h5py)
    return h5py


def _close_files(h5py: Any) -> None:
    """Close files whose datasets something still refers to as Python ends, such as an error.

    The HDF5 library would close them when what they are read from is gone, and crash.
    """
    for dataset in h5py.h5f.get_obj_ids(types=h5py.h5f.OBJ_DATASET):
        if dataset.valid:  # it belongs to no file that was closed just now
            h5py.File(h5py.h5i.get_file_id(dataset)).close()


@contextmanager
def understood(name: str, error: type[InputError | OutputError], does: str) -> Iterator[None]:
    """Turn what h5py raises into an error that names the file."""
    try:
        yield
    except (XentError, MemoryError):
        raise
    except Exception as problem:
        raise error(f"{name}: {does}: {first_line(problem)}") from problem
