"""llama.cpp's base of ``llama-perplexity --kl-divergence``: log-probabilities in codes of 16 bits.

After the header and the tokens comes one row for each position in the second half of each window:
a scale, the least log-probability that is kept, and a code for each class. A class whose logit is
more than 16 (in ik_llama.cpp 24) below the largest has code 0, whatever its logit is.
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Format, IndexedSource, ReadOptions, Table
from xentcli.formats.kld_rows import CodedRows, LabelRows
from xentcli.storage.inputs import Input

MAGIC = b"_logits_"
FLOORS = (16.0, 24.0)
"""How many nats below a row's largest logit llama.cpp and ik_llama.cpp cut logits off."""
STEPS = 65535
"""The distance from a row's least code to its largest."""

_HEADER_BYTES = 20
_HEAD_BYTES = 8  # what precedes the codes of a row: two float32
_ABOVE_0 = 1e-3  # how far rounding may lift a log-probability above 0
_NEAR = 5e-5  # how far rounding may move a floor
_WHOLE_ROW_BYTES = 2**13  # up to this size a row is read whole, though only one code is wanted
_BLOCK_BYTES = 2**24
_MADE_AGAIN = "llama-perplexity was interrupted, or the copy was: make it again"


class KldSource(IndexedSource):
    """The log-probabilities of a file, of shape (windows, positions, classes).

    Attributes
    ----------
    num_classes, num_rows : int
        V, and how many rows all windows have.
    tokens : ndarray of int32 of shape (windows, n_ctx)
        The text.
    """

    format = "kld"
    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_data")

    def __init__(self, data: Input) -> None:
        self.name, self.size, self.notes = data.name, data.file_size, []
        self.unchanged = data.check_unchanged
        self.shareable = data.shareable
        self._data = data
        head = self._read(0, _HEADER_BYTES)
        if head[: len(MAGIC)].tobytes() != MAGIC:
            raise InputError(f"{self.name}: not a base of llama-perplexity: no {MAGIC.decode()!r}")
        numbers: list[int] = head[len(MAGIC) :].view("<u4").tolist()
        n_ctx, self.num_classes, chunks = numbers
        self._positions = max(0, n_ctx - 1 - n_ctx // 2)
        self._row_bytes = _HEAD_BYTES + 4 * ((self.num_classes + 1) // 2)
        self._begin = _HEADER_BYTES + 4 * n_ctx * chunks
        self.num_rows = chunks * self._positions
        self.shape = (chunks, self._positions, self.num_classes)
        self.dtype, self.stored_dtype = np.dtype(np.float64), "uint16 codes"
        self._check_size(n_ctx, chunks)
        tokens = self._read(_HEADER_BYTES, 4 * n_ctx * chunks).view("<i4")
        self.tokens = tokens.reshape(chunks, n_ctx)
        self.labels = self.tokens[:, n_ctx // 2 + 1 :].astype(np.int64).reshape(-1)

    def _check_size(self, n_ctx: int, chunks: int) -> None:
        size = self._data.size or 0
        promised = self._begin + self.num_rows * self._row_bytes
        told = f"n_ctx {n_ctx:,}, {self.num_classes:,} classes, {chunks:,} windows"
        if not self.num_rows or not self.num_classes:
            raise InputError(f"{self.name}: it holds no rows ({told})")
        if size == promised:
            return
        what = f"{self.name}: the header ({told}) promises {promised:,} bytes, there are {size:,}"
        if size > promised:
            raise InputError(what, hint="something follows the last row: is it one file?")
        whole = max(0, size - self._begin) // (self._row_bytes * self._positions)
        raise InputError(
            f"{what}: {whole:,} of {chunks:,} windows",
            hint=_MADE_AGAIN,
        )

    def row_place(self, row: int) -> str:
        """Name a row among all, by its window and its position there."""
        return self.place((row // self._positions, row % self._positions))

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Return slices of log-probabilities, as the codes have them."""
        positions = self._positions
        if axis == 0:
            values = self._log_probs(start * positions, rows * positions)
            return Table(values.reshape(rows, positions, self.num_classes))
        whole = self._log_probs(0, self.num_rows).reshape(-1, positions, self.num_classes)
        return Table(whole[(slice(None),) * axis + (slice(start, start + rows),)])

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Return rows of log-probabilities, counted through all windows."""
        return self._log_probs(start, rows)

    def _log_probs(self, start: int, rows: int) -> NDArray[np.float64]:
        coded = self.coded(start, rows)
        return coded.codes * coded.scale[:, None] + coded.least[:, None]

    def coded(self, start: int, rows: int) -> CodedRows:
        """Read rows with all of their codes.

        Raises
        ------
        InputError
            If a row is impossible: its scale or its least log-probability is no such number.
        """
        stored = self._read(self._begin + start * self._row_bytes, rows * self._row_bytes)
        stored = stored.reshape(rows, self._row_bytes)
        codes = stored[:, _HEAD_BYTES:].view("<u2")[:, : self.num_classes]
        return CodedRows(codes, *self._heads(start, stored[:, :_HEAD_BYTES]))

    def _heads(
        self, start: int, heads: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return scales and least log-probabilities, and whether logits were cut off there."""
        numbers = np.ascontiguousarray(heads).view("<f4").astype(np.float64)
        scale, least = numbers[:, 0], numbers[:, 1]
        with np.errstate(invalid="ignore"):
            spans = scale * STEPS
            sound = (scale >= 0.0) & (spans <= max(FLOORS) + _NEAR)
            sound &= np.isfinite(least) & (least + spans <= _ABOVE_0)
        if not sound.all():
            row = int(np.argmin(sound))
            what = f"scale {scale[row]:g}, least log-probability {least[row]:g}"
            raise InputError(
                f"{self.row_place(start + row)}: no row of log-probabilities ({what})",
                hint="the file is damaged: make it again",
            )
        cut = np.logical_or.reduce([np.abs(spans - floor) < _NEAR for floor in FLOORS])
        return scale, least, cut

    def label_rows(self, start: int, rows: int) -> LabelRows:
        """Read what rows say of their labels, which takes 10 bytes of each row where rows are long.

        Raises
        ------
        InputError
            If a label is no class, or a row is impossible.
        """
        labels = self.checked_labels(start, rows)
        if self._row_bytes <= _WHOLE_ROW_BYTES or not self._data.shareable:
            coded = self.coded(start, rows)
            codes = coded.codes[np.arange(rows), labels].astype(np.float64)
            scale, least, cut = coded.scale, coded.least, coded.cut
        else:
            heads, codes = self._strewn(start, labels)
            scale, least, cut = self._heads(start, heads)
        return LabelRows(scale * codes + least, scale, least, cut, cut & (codes == 0.0))

    def checked_labels(self, start: int, rows: int) -> NDArray[np.int64]:
        """Return the labels of rows.

        Raises
        ------
        InputError
            If one is no class.
        """
        labels = self.labels[start : start + rows]
        wrong = (labels < 0) | (labels >= self.num_classes)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InputError(
                f"{self.row_place(start + row)}: token {labels[row]} is outside 0.."
                f"{self.num_classes - 1}"
            )
        return labels

    def _strewn(
        self, start: int, labels: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Read the head of each row, and its label's code."""
        heads = np.empty((len(labels), _HEAD_BYTES), np.uint8)
        codes = np.empty((len(labels), 2), np.uint8)
        at = self._begin + start * self._row_bytes
        for head, code, label in zip(heads, codes, labels.tolist(), strict=True):
            self._fill(at, head.data)
            self._fill(at + _HEAD_BYTES + 2 * label, code.data)
            at += self._row_bytes
        return heads, codes.view("<u2")[:, 0].astype(np.float64)

    def rows_at_once(self, *, labels_only: bool) -> int:
        """Return how many rows make a block."""
        if labels_only and self._row_bytes > _WHOLE_ROW_BYTES and self._data.shareable:
            return 2**12
        return max(1, _BLOCK_BYTES // self._row_bytes)

    def _read(self, offset: int, count: int) -> NDArray[np.uint8]:
        if offset + count > (self._data.size or 0):
            raise InputError(
                f"{self.name}: the file is cut off: it has {self._data.size or 0} bytes",
                hint=_MADE_AGAIN,
            )
        buffer = np.empty(count, np.uint8)
        self._fill(offset, buffer.data)
        return buffer

    def _fill(self, offset: int, buffer: memoryview) -> None:
        if self._data.read_at(offset, buffer) < len(buffer):
            raise InputError(f"{self.name}: it became shorter while it was read")


def open_source(data: Input, options: ReadOptions) -> KldSource:
    """Open a base; one from a pipe is kept on disk."""
    del options
    return KldSource(data.spooled())


KLD = Format(
    name="kld",
    extensions=(".kld",),
    recognises=lambda head: head.startswith(MAGIC),
    open_source=open_source,
    partly=(
        "log-probabilities of llama-perplexity, cut off below the largest: rows do not sum to 1",
        "xent nll BASE, or two of them: xent compare BASE NEW",
    ),
)
