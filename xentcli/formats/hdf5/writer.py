"""Writes one dataset, by way of a file on disk: HDF5 is not written from beginning to end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import OutputError
from xentcli.formats.base import ArrayHeader, SequentialWriter
from xentcli.formats.hdf5.library import h5py, understood
from xentcli.storage.outputs import Output
from xentcli.storage.temporary import TemporaryCopy

_NOT_WRITTEN = "cannot be written"


class Hdf5Writer(SequentialWriter):
    """Writes rows as they come; the numbers stand side by side where the rows are counted before.

    The bytes are the same at any time.
    """

    def __init__(self, output: Output, header: ArrayHeader) -> None:
        if header.dtype.kind not in "fiub":
            raise OutputError(f"HDF5 does not hold {header.dtype}")
        self._output, self._header, self._rows = output, header, 0
        self._kept = TemporaryCopy(output.name)
        shape = tuple(n or 0 for n in header.shape)
        grows = {"maxshape": (None, *shape[1:])} if header.shape[:1] == (None,) else {}
        with understood(output.name, OutputError, _NOT_WRITTEN):
            self._file = h5py().File(self._kept.file, "w")
            self._array = self._file.create_dataset(
                header.name, shape, header.dtype, track_times=False, **grows
            )

    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Write the next rows, converted to the header's dtype."""
        if ids is not None:
            raise AssertionError("a dataset holds no ids")
        values = np.asarray(rows, self._header.dtype)
        with understood(self._output.name, OutputError, _NOT_WRITTEN):
            if not values.ndim:
                self._array[()] = values
                return
            end = self._rows + len(values)
            if self._header.shape[:1] == (None,):
                self._array.resize(end, axis=0)
            if values.size:
                self._array[self._rows : end] = values
            self._rows = end

    def close(self) -> None:
        """Hand over what was written."""
        with understood(self._output.name, OutputError, _NOT_WRITTEN):
            self._file.close()
        with self._kept.file:
            for part in self._kept.parts():
                self._output.write(part)
