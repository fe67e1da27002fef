"""pyarrow: imported when it is used, and whatever it raises turned into one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from xentcli.errors import InputError, OutputError, XentError, missing_library
from xentcli.formats.arrow import EXTRA
from xentcli.text import first_line


@cache
def pyarrow() -> Any:
    """Return the library; `understood` says what to install where it is missing."""
    import pyarrow.ipc

    return pyarrow


@cache
def parquet() -> Any:
    """Return pyarrow's reader and writer of Parquet."""
    import pyarrow.parquet

    return pyarrow.parquet


@contextmanager
def understood(name: str, error: type[InputError | OutputError], does: str) -> Iterator[None]:
    """Turn what pyarrow raises into an error that names the file.

    Besides its own errors, damage makes it raise OSError, KeyError, UnicodeDecodeError,
    OverflowError and others.
    """
    try:
        yield
    except XentError:
        raise
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.split(".")[0] != "pyarrow":
            raise
        raise missing_library(f"{name}: {does}", "pyarrow", EXTRA, error) from missing
    except ImportError:  # it is installed, but cannot be loaded
        raise
    except MemoryError as full:
        raise error(f"{name}: {does} asks for more memory than there is") from full
    except Exception as other:
        damaged = error is InputError and not isinstance(other, NotImplementedError)
        raise error(
            f"{name}: {does} failed: {first_line(other)}",
            hint="is the file cut off or damaged?" if damaged else None,
        ) from other
