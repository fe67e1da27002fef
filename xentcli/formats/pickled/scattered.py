"""Arrays of one file as one array, whose numbers stand side by side: batches of a list."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from xentcli.formats.arrays import ArraySource
from xentcli.formats.stored import Stored
from xentcli.storage.inputs import Input

_MOST_BETWEEN_BYTES = 2**14  # that are read and dropped, as fast as another read begins
_MOST_PARTS = 1000  # that one call reads, with what stands between them


class ScatteredSource(ArraySource):
    """An array whose rows stand in parts here and there in a file, of which any slice is read.

    Parameters
    ----------
    data : Input
        What holds the numbers.
    stored : Stored
        How all parts together are stored, in C order.
    offsets : sequence of int
        Where each part begins in the file.
    sizes : sequence of int
        How many bytes each has.
    """

    batches: Sequence[int] = ()
    """How many rows each array of the list has, if these are known."""
    of_this_process: ClassVar[tuple[str, ...]] = (*ArraySource.of_this_process, "_between")

    def __init__(
        self,
        data: Input,
        stored: Stored,
        offsets: Sequence[int],
        sizes: Sequence[int],
        format_: str,
        name: str,
    ) -> None:
        super().__init__(data, stored, format_, name)
        self._ends = list(accumulate(sizes))
        # Where the array would begin if all of it stood as this part does.
        self._begins = [o - e + n for o, e, n in zip(offsets, self._ends, sizes, strict=True)]
        self._between = memoryview(bytearray(_MOST_BETWEEN_BYTES))  # what nobody reads

    def _read_run(self, first: int, part: memoryview) -> int:
        """Read the array's bytes from one on, with what stands between parts that are near."""
        done, size, i = 0, len(part), bisect_right(self._ends, first)
        while done < size:
            begin = end = self._begins[i] + first + done
            buffers: list[memoryview] = []
            while done < size and len(buffers) < _MOST_PARTS:
                place = self._begins[i] + first + done
                if not 0 <= place - end <= _MOST_BETWEEN_BYTES:
                    break
                count = min(size - done, self._ends[i] - first - done)
                buffers += self._between[: place - end], part[done : done + count]
                end, done, i = place + count, done + count, i + 1
            if self._data.read_parts_at(begin, buffers) < end - begin:
                return 0
        return done
