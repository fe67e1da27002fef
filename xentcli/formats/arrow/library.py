"""pyarrow: imported when it is used, and whatever it raises turned into one line."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from xentcli.errors import InputError, OutputError, XentError
from xentcli.storage.inputs import Input
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
    except ImportError as missing:
        if missing.name and missing.name.split(".")[0] != "pyarrow":
            raise
        raise error(
            f"{name}: {does} needs pyarrow", hint="pip install 'xentcli[arrow]'"
        ) from missing
    except MemoryError as full:
        raise error(f"{name}: {does} asks for more memory than there is") from full
    except Exception as other:
        damaged = error is InputError and not isinstance(other, NotImplementedError)
        raise error(
            f"{name}: {does} failed: {first_line(other)}",
            hint="is the file cut off or damaged?" if damaged else None,
        ) from other


class WholeFile(io.RawIOBase):
    """A seekable input for pyarrow, which asks for as many bytes as a damaged file says."""

    def __init__(self, data: Input) -> None:
        self._file = data.as_file()
        self._size = data.size or 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be read."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, fewer at the end; no memory is taken for what is not there."""
        left = max(0, self._size - self._file.tell())
        return self._file.read(left if size is None or size < 0 else min(size, left)) or b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()
