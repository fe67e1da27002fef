"""Hidden states as a source of logits, which are formed where they are read."""

import math
import threading
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import IndexedSource, Source, Table, indexed
from xentcli.formats.hidden.head import TOKENS, Head
from xentcli.formats.hidden.head_options import HeadOptions
from xentcli.formats.hidden.rounding import round_to

_BLOCK_ELEMENTS = 2**26  # logits of a block: enough tokens for each reading of the head
_MOST_TOKENS = 1024
_FEW_TOKENS = 256  # in a block: reading the head costs a tenth of multiplying so many
_BLOCKS = 8  # of a file, for as many jobs, unless blocks would have fewer tokens
_LOOKED_AT = 32  # rows that tell whether the norm was applied


class HiddenSource(IndexedSource):
    """Logits of shape (..., V): hidden states of shape (..., D) in a file times a head.

    Where slices have several rows, a part of a slice is made and kept at a time, and read by tile.
    """

    of_tokens = True
    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_states", "_head", "_made")

    def __init__(self, states: Source, head: Head, options: HeadOptions) -> None:
        check_states(states, head, options)
        for field in ("name", "format", "size", "header", "labelled", "label_row", "id_column"):
            setattr(self, field, getattr(states, field))
        self.label_dtype = states.label_dtype
        self.stored_dtype, self.dtype = states.stored_dtype, np.dtype(np.float32)
        self.carries_bytes = not isinstance(states, IndexedSource) or states.carries_bytes
        self._states, self._head, self._options = indexed(states), head, options
        self.head_options = options
        self.without_layer = options.layer is None
        kept = states.shape[:-2] if options.layer is not None else states.shape[:-1]
        kept = (self._states.shape[0], *kept[1:])
        self.shape = (*kept, head.classes)
        beside = states.labelled or states.id_column is not None
        self.tileable = len(self.shape) > 2 and not beside
        self.shareable = self._states.shareable and head.weight.shareable
        self.unchanged = self._check
        self._made = threading.local()
        dtype = options.logits_dtype
        hint = " (models round: --logits-dtype bfloat16)" if dtype == "float32" else ""
        product = f"logits are the product with {head.what}, in {dtype}{hint}"
        self.notes = [*states.notes, f"{self.name}: {product}", *self._doubts()]

    def _check(self) -> None:
        self._states.check_unchanged()
        self._head.check_unchanged()

    def _doubts(self) -> list[str]:
        """Return what the first rows say of the norm."""
        norm, rows = self._head.norm, self._lead(0)
        if self._options.final_norm and norm is None:
            raise InputError(
                f"{self.name}: --final-norm needs the weights of the norm, and there are none",
                hint="--lm-head MODEL_DIR reads those of a model",
            )
        if norm is None or not len(rows) or norm.was_applied(rows) != self._options.final_norm:
            return []
        if self._options.final_norm:
            what = f"rows look as {norm.name} leaves them already: is --final-norm one too many?"
        else:
            what = f"rows do not look as {norm.name} leaves them: --final-norm applies it"
        return [f"{self.name}: {what}"]

    def _lead(self, start: int) -> NDArray[np.float32]:
        """Return the first rows of states."""
        inner = max(1, math.prod(n or 0 for n in self.shape[1:-1]))
        count = min(self.shape[0] or 0, -(-_LOOKED_AT // inner))
        values = self._picked(self._states.read(start, count).values)
        return values.reshape(-1, self._head.width)[:_LOOKED_AT].astype(np.float32)

    def _picked(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if self._options.layer is None else values[..., self._options.layer, :]

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices of an axis to read at a time, so that the head is read seldom."""
        others = [n or 0 for i, n in enumerate(self.shape[:-1]) if i != axis]
        cheap = self._tokens() // max(1, math.prod(others))
        if axis == len(self.shape) - 1:
            return self._head.classes
        return max(1, rows, cheap)

    def _tokens(self) -> int:
        """Return how many tokens are multiplied at a time; few of them are shared by two jobs."""
        fitting = _BLOCK_ELEMENTS // self._head.classes // TOKENS * TOKENS
        count = math.prod(n or 0 for n in self.shape[:-1])
        share = max(min(_FEW_TOKENS, -(-count // 2)), -(-count // _BLOCKS))
        return max(TOKENS, min(_MOST_TOKENS, fitting, -(-share // TOKENS) * TOKENS))

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read states, and form their logits in memory of this thread."""
        if axis == len(self.shape) - 1:
            table = self.read(0, self.shape[0] or 0)
            return table._replace(values=table.values[..., start : start + rows])
        table = self._states.read(start, rows, axis)
        values = self._picked(table.values)
        return table._replace(values=self._logits(values, "read"))

    def _logits(self, values: NDArray[Any], use: str) -> NDArray[np.float32]:
        """Return the logits of states of shape (..., D), which is (..., V)."""
        states = values.reshape(-1, self._head.width)
        if self._options.final_norm and self._head.norm is not None:
            states = self._head.norm.apply(states.astype(np.float32), self.stored_dtype)
        before, dtype = self._head.after.before, self._options.logits_dtype
        if before != 1.0 or dtype not in ("float32", self.stored_dtype):
            states = states.astype(np.float32)
            states /= np.float32(before)
            round_to(states, self.stored_dtype)
            round_to(states, dtype)  # as the head takes them: Mamba's are in float32
        size = len(states) * self._head.classes
        kept: NDArray[np.float32] | None = getattr(self._made, use, None)
        if kept is None or kept.size < size:
            kept = np.empty(size, np.float32)
            setattr(self._made, use, kept)
        out = kept[:size].reshape(len(states), self._head.classes)
        self._head.logits(states, out, self._options.logits_dtype)
        return out.reshape(*values.shape[:-1], self._head.classes)

    def tile(self, start: int, rows: int) -> NDArray[Any]:
        """Return rows of the array laid out as (N, V), of which many are made at a time."""
        parts = []
        while rows > 0:
            first, made = self._part_with(start)
            part = made[start - first : start - first + rows]
            parts.append(part.copy())
            start, rows = start + len(part), rows - len(part)
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty((0, self._head.classes), np.float32)

    def _part_with(self, row: int) -> tuple[int, NDArray[np.float32]]:
        """Return the first row of some whole slices, or of a part of one, and the logits."""
        first, made = getattr(self._made, "part", (0, None))
        if made is not None and first <= row < first + len(made):
            return first, made
        inner = math.prod(n or 0 for n in self.shape[1:-1])
        tokens = self._tokens()
        whole = self.step(1, 0) if inner <= tokens else 1
        begin = row // inner // whole * whole
        count = min(whole, (self.shape[0] or 0) - begin)
        values = self._picked(self._states.read(begin, count).values)
        states = values.reshape(-1, self._head.width)
        first = begin * inner
        if inner > tokens:
            skipped = (row - first) // tokens * tokens
            states, first = states[skipped : skipped + tokens], first + skipped
        self._made.part = (0, None)
        made = self._logits(states, "tile")
        self._made.part = (first, made)
        return first, made


def check_states(states: Source, head: Head, options: HeadOptions) -> None:
    """Raise ShapeError unless an array may be hidden states for a head."""
    shape, layer = states.shape, options.layer
    axes = 2 if layer is None else 3
    name = "(N, D) or (N, T, D)" if layer is None else "(N, layers, D)"
    if len(shape) < axes or states.dtype.kind != "f" or 0 in shape[1:]:
        what = f"{states.stored_dtype} of shape {shape}"
        raise ShapeError(f"{states.name}: {what} are no hidden states, which are {name}")
    if shape[-1] != head.width:
        what = f"hidden states of {shape[-1]} numbers, and {head.weight.name} has {head.width}"
        hint = "is this the head of the same model?"
        if head.classes == shape[-1]:
            hint = "a head is (classes, D); this one may be transposed"
        raise ShapeError(f"{states.name}: {what}", hint=hint)
    layers = 0 if layer is None else shape[-2] or 0
    if layer is not None and not -layers <= layer < layers:
        raise ShapeError(f"{states.name}: there is no layer {layer} of {layers}")
