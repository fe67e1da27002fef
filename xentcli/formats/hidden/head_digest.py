"""The digest of a head: two runs whose heads hold the same make the same logits."""

import hashlib
from collections.abc import Iterator

import numpy as np

from xentcli.formats.hidden.head import head_of
from xentcli.formats.hidden.head_options import HeadOptions

_TILE_ROWS = 2048  # of the head, in memory at a time


def digest_of(options: HeadOptions) -> str:
    """Return the SHA-256 of all numbers by which a head makes logits of hidden states.

    They are the same in whatever file and dtype they are stored.
    """
    digest = hashlib.sha256()
    for each in _contents(options):
        digest.update(each)
    return digest.hexdigest()


def _contents(options: HeadOptions) -> Iterator[bytes]:
    head = head_of(options)
    norm = head.norm if options.final_norm else None
    said = None if norm is None else norm._replace(name="", weight=_NONE, bias=None)
    yield repr((head.classes, head.width, head.after, said)).encode()
    arrays = [head.bias] if norm is None else [head.bias, norm.weight, norm.bias]
    for array in arrays:
        yield b"none" if array is None else array.astype("<f4").tobytes()
    for first in range(0, head.classes, _TILE_ROWS):
        rows = min(_TILE_ROWS, head.classes - first)
        yield head.weight.read(first, rows).values.astype("<f4").tobytes()
    head.check_unchanged()


_NONE = np.zeros(0, np.float32)
