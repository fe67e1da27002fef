"""The formats there are, and which one a file is in."""

import re
from pathlib import Path

from xentcli.errors import InputError, UsageError
from xentcli.formats import csv, npy
from xentcli.formats.interface import Format, ReadOptions, Source
from xentcli.storage.inputs import Input

FORMATS: tuple[Format, ...] = (npy.NPY, csv.CSV, csv.TSV)

_HEAD = 64  # bytes that tell a binary format
_NAMES = ", ".join(f.name for f in FORMATS)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # of text, UTF-16 or -32
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # what text does not hold
_OTHERS = {
    b"PK\3\4": "a zip archive (NPZ, Excel, PyTorch)",
    b"\x1f\x8b": "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x89HDF": "an HDF5 file",
    b"\x80\x02": "a pickle",
}


def by_name(name: str) -> Format:
    """Return the format that the user names."""
    for format_ in FORMATS:
        if format_.name == name.lower():
            return format_
    raise UsageError(f"there is no format {name!r}; there are {', '.join(f.name for f in FORMATS)}")


def by_extension(path: str) -> Format | None:
    """Return the format that writes files named like `path`, if any."""
    suffix = Path(path).suffix.lower()
    return next((f for f in FORMATS if suffix in f.extensions), None)


def detect(data: Input, encoding: str | None = None) -> Format:
    """Return the format of an input: by its first bytes, then its extension, else CSV.

    An encoding says that it is text, if nothing says what it is.
    """
    head = data.peek(_HEAD)
    for magic, what in _OTHERS.items():
        if head.startswith(magic) and _CONTROL.search(head):
            raise InputError(f"{data.name}: {what}, which is not one of {_NAMES}")
    recognised = next((f for f in FORMATS if f.recognises(head)), None)
    if found := recognised or by_extension(data.name):
        return found
    if b"\0" in head and encoding is None and not head.startswith(_BYTE_ORDER_MARKS):
        raise InputError(
            f"{data.name}: neither text nor one of {_NAMES}",
            hint="is it text in UTF-16? --encoding utf-16-le",
        )
    return csv.CSV


def open_source(data: Input, name: str | None, options: ReadOptions) -> Source:
    """Open an input in the format `name`, or the one that it is found to be in."""
    format_ = by_name(name) if name else detect(data, options.encoding)
    chosen = options.columns or options.drop or options.id_column
    if chosen and not format_.has_columns:
        raise InputError(f"{data.name}: {format_.name} has no columns to choose from")
    return format_.open_source(data, options)
