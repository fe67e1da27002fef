"""HDF5, and MATLAB's files since version 7.3, which are HDF5. Read and written by h5py."""

from typing import TYPE_CHECKING

from xentcli.formats.base import ArrayHeader, Format, ReadOptions, Source, Writer
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

EXTRA = "hdf5"
"""The extra of this package that brings h5py."""

MATLAB = b"MATLAB 7.3 MAT-file"
_MAGICS = (b"\x89HDF\r\n\x1a\n", MATLAB)


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open a dataset of a file; one from a pipe is kept on disk."""
    from xentcli.formats.hdf5.source import open_source as open_

    return open_(data, options)


def contents(data: Input, options: ReadOptions) -> list["Content"]:
    """Return the datasets of a file, if there are several."""
    del options
    from xentcli.formats.hdf5.source import contents as contents_of

    return contents_of(data)


def open_writer(output: Output, header: ArrayHeader) -> Writer:
    """Return what writes a file of one dataset."""
    from xentcli.formats.hdf5.writer import Hdf5Writer

    return Hdf5Writer(output, header)


HDF5 = Format(
    name="hdf5",
    extensions=(".h5", ".hdf5", ".hdf"),
    recognises=lambda head: head.startswith(_MAGICS),
    open_source=open_source,
    open_writer=open_writer,
    has_keys=True,
    requires=("h5py", EXTRA),
    contents=contents,
)
