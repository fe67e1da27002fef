"""A model's head: the matrix that makes logits of hidden states, and what follows the product."""

import os
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import IndexedSource, read_whole
from xentcli.formats.hidden.config import After, config_of
from xentcli.formats.hidden.head_keys import UNQUANTISED, bias_in, bias_of, is_embedding, key_of
from xentcli.formats.hidden.head_options import HeadOptions
from xentcli.formats.hidden.model_tensors import Tensors, Version, find_tensors, versions_of
from xentcli.formats.hidden.norm import Norm, norm_of
from xentcli.formats.hidden.rounding import round_to

TOKENS = 128
"""How many states are multiplied at a time, in one product or in several of equal size."""
_MARGIN = 8
_PRODUCTS = ((TOKENS, 0), (TOKENS, _MARGIN), (16, 0), (4, 0), (1, 0))
"""How many states a product may have, and how many more on either side that are not used."""
_TILE_ELEMENTS = 2**23  # how much of the head is in float32 at a time
_LARGEST_TILE, _SMALLEST_TILE = 2048, 256
_MOST_OPEN = 8  # heads
_MOST_CLASSES = 2**24


class Head:
    """A matrix of shape (V, D) in a file, of which a tile of rows is in memory at a time.

    Attributes
    ----------
    weight : IndexedSource
        The matrix as it is stored.
    bias : ndarray of float32 of shape (V,) or None
        What is added to the logits of each row.
    after : After
        What follows the product.
    norm : Norm or None
        The model's final norm, where its weights are at hand.
    what : str
        What a note says of it.
    """

    def __init__(
        self,
        weight: IndexedSource,
        bias: NDArray[np.float32] | None,
        after: After,
        norm: Norm | None,
        what: str,
        classes: int | None = None,
    ) -> None:
        self.weight, self.bias, self.after, self.norm, self.what = weight, bias, after, norm, what
        rows, self.width = (n or 0 for n in weight.shape)
        self.classes = min(rows, classes or rows)
        per_tile = _TILE_ELEMENTS // max(1, self.width)
        self._tile = max(_SMALLEST_TILE, min(_LARGEST_TILE, per_tile))

    def logits(
        self, states: NDArray[Any], out: NDArray[np.float32], dtype: str = "float32"
    ) -> NDArray[np.float32]:
        """Put the logits of states of shape (N, D) into `out` of shape (N, V).

        Every product has the same tile of the head and as many states as `product_of` says,
        whatever is read at a time: a row has the same bits wherever it stands.
        """
        count = len(states)
        padded = np.zeros((-(-count // TOKENS) * TOKENS + 2 * _MARGIN, self.width), np.float32)
        last = np.empty(self._tile * (TOKENS + 2 * _MARGIN), np.float32)
        with np.errstate(all="ignore"):
            padded[_MARGIN : _MARGIN + count] = states
            for first in range(0, self.classes, self._tile):
                rows = min(self._tile, self.classes - first)
                stored = self.weight.read(first, rows).values
                tile = np.ascontiguousarray(stored, np.float32)
                step, margin = product_of(rows, self.width)
                columns = step + 2 * margin
                product = last[: rows * columns].reshape(rows, columns)
                for start in range(0, count, step):
                    stop = min(start + step, count)
                    begin = _MARGIN - margin + start
                    # Faster by a tenth than with the states on the left.
                    np.matmul(tile, padded[begin : begin + columns].T, out=product)
                    self._finish(product, first, dtype)
                    used = product[:, margin : margin + stop - start]
                    out[start:stop, first : first + rows] = used.T
        return out

    def _finish(self, product: NDArray[np.float32], first: int, dtype: str) -> None:
        """Apply what follows to logits of shape (classes, tokens), rounding as models do."""
        multiplier, divisor, softcap, in_float32, _ = self.after
        if self.bias is not None:
            product += self.bias[first : first + len(product), np.newaxis]
        round_to(product, dtype)
        dtype = "float32" if in_float32 else dtype
        if multiplier != 1.0:
            product *= np.float32(multiplier)
            round_to(product, dtype)
        if divisor != 1.0:
            product /= np.float32(divisor)
            round_to(product, dtype)
        if softcap:
            product /= np.float32(softcap)
            round_to(product, dtype)
            np.tanh(product, out=product)
            round_to(product, dtype)
            product *= np.float32(softcap)
            round_to(product, dtype)

    def check_unchanged(self) -> None:
        """Raise InputError if the file is no longer what it was when it was opened."""
        self.weight.check_unchanged()


@lru_cache
def product_of(rows: int, width: int) -> tuple[int, int]:
    """Return how many states are multiplied at once with a tile of `rows` rows of the head.

    And how many more on either side, whose products are not used. The order in which BLAS adds may
    depend on how many states there are, and with some processors' kernels on where among them one
    stands. So the first product is taken that gives all states in use the same bits if they are
    the same, which is tried here.
    """
    draws = np.random.default_rng(0)
    tile = draws.random((rows, width), np.float32) - np.float32(0.5)
    state = draws.random(width, np.float32) - np.float32(0.5)
    for step, margin in _PRODUCTS:
        product = np.empty((rows, step + 2 * margin), np.float32)
        np.matmul(tile, np.tile(state, (step + 2 * margin, 1)).T, out=product)
        used = product[:, margin : margin + step]
        if (used == used[:, :1]).all():
            break
    return step, margin


def head_of(options: HeadOptions) -> Head:
    """Open the head that a user names; it is opened once, whatever the number of shards.

    A program that runs on may save the model again: a head whose files have changed is opened anew.

    Raises
    ------
    InputError
        If there is none, or it cannot be used: a shard is missing, or it is quantised.
    """
    folder = os.getcwd()  # noqa: PTH109 - much faster than Path's
    found = _opened(options, folder)
    if found.versions != versions_of(found.files):
        _opened.cache_clear()
        found = _opened(options, folder)
    return found.head


class _Opened(NamedTuple):
    """A head, the files that say what it is, and the versions of these."""

    head: Head
    files: tuple[str, ...]
    versions: tuple[Version | None, ...]


@lru_cache(_MOST_OPEN)
def _opened(options: HeadOptions, _folder: str) -> _Opened:
    """Open a head; a relative path starts in the folder."""
    tensors, key = find_tensors(options.path)
    files = tensors.files
    if options.bias is not None:
        files += find_tensors(options.bias)[0].files
    versions = versions_of(files)
    return _Opened(_made(options, tensors, key), files, versions)


def _made(options: HeadOptions, tensors: Tensors, key: str | None) -> Head:
    config = config_of(tensors.folder)
    chosen = key_of(tensors, key, config)
    weight = _matrix(tensors, chosen)
    after = config.after
    if options.logit_scale is not None:
        after = after._replace(multiplier=options.logit_scale, divisor=1.0)
    if options.softcap is not None:
        after = after._replace(softcap=options.softcap or None)
    bias = _bias(options.bias, tensors, chosen, weight)
    norm = norm_of(tensors, config, weight.shape[-1] or 0)
    what = _words(weight, chosen, bias, after)
    return Head(weight, bias, after, norm, what, config.classes)


def _matrix(tensors: Tensors, key: str) -> IndexedSource:
    weight = tensors.open(key)
    if len(weight.shape) != 2 or 0 in weight.shape:
        raise ShapeError(f"{weight.name}: a head is a matrix (classes, D), not {weight.shape}")
    if weight.dtype.kind != "f" or weight.stored_dtype.startswith("float8"):
        raise InputError(
            f"{weight.name}: a head of {weight.stored_dtype} is quantised",
            hint=UNQUANTISED,
        )
    return weight


def _bias(
    path: str | None, tensors: Tensors, key: str, weight: IndexedSource
) -> NDArray[np.float32] | None:
    """Return the bias that a user names, or that stands beside the head."""
    if path is not None:
        found, chosen = find_tensors(path)
        bias = found.open(bias_in(found, chosen))
    else:
        beside = bias_of(tensors, key)
        if beside is None:
            return None
        bias = tensors.open(beside)
    if bias.shape != weight.shape[:1] or bias.dtype.kind != "f":
        what = f"{bias.stored_dtype} of shape {bias.shape}"
        raise ShapeError(f"{bias.name}: {what} is no bias of {weight.shape[0]} classes")
    return read_whole(bias, _MOST_CLASSES).astype(np.float32)


def _words(weight: IndexedSource, key: str, bias: NDArray[np.float32] | None, after: After) -> str:
    """Return what a note says of a head and of what follows."""
    tied = ", tied" if is_embedding(key) else ""
    text = f"{weight.name} ({weight.shape[0]} x {weight.shape[1]} {weight.stored_dtype}{tied})"
    text += " + bias" if bias is not None else ""
    text += f", of states / {after.before:g}" if after.before != 1.0 else ""
    text += f" x {after.multiplier:g}" if after.multiplier != 1.0 else ""
    text += f" / {after.divisor:g}" if after.divisor != 1.0 else ""
    return text + (f", capped at {after.softcap:g}" if after.softcap else "")
