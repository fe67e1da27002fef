"""Bases of llama-perplexity for tests: written and read by plain loops, from their description."""

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def kld_row(logits: list[float], floor: float = 16.0) -> bytes:
    """Return one row: scale, least log-probability, a code for each class, padding."""
    most = max(logits)
    least = max(min(logits), most - floor)
    scale = (most - least) / 65535
    total = math.log(math.fsum(math.exp(z - most) for z in logits))
    codes = [round((z - least) / scale) if z > least else 0 for z in logits]
    row = struct.pack("<ff", scale, least - most - total) + struct.pack(f"<{len(codes)}H", *codes)
    return row + b"\0\0" * (len(codes) % 2)


def kld_file(tokens: Array, logits: Array, floor: float = 16.0) -> bytes:
    """Return a file of tokens (windows, n_ctx) and logits (windows, positions, classes)."""
    windows, n_ctx = tokens.shape
    assert logits.shape[:2] == (windows, n_ctx - 1 - n_ctx // 2)
    head = b"_logits_" + struct.pack("<iii", n_ctx, logits.shape[2], windows)
    rows = logits.reshape(-1, logits.shape[2]).tolist()
    return head + tokens.astype("<i4").tobytes() + b"".join(kld_row(row, floor) for row in rows)


def read_plainly(content: bytes) -> tuple[list[list[float]], list[int], list[float], list[bool]]:
    """Return log-probabilities, labels, scales, and whether rows are cut, in a plain loop."""
    n_ctx, n_vocab, n_chunk = struct.unpack_from("<iii", content, 8)
    tokens = struct.unpack_from(f"<{n_ctx * n_chunk}i", content, 20)
    at = 20 + 4 * n_ctx * n_chunk
    nv = 2 * ((n_vocab + 1) // 2) + 4
    first = n_ctx // 2
    rows, labels, scales, cut = [], [], [], []
    for chunk in range(n_chunk):
        for j in range(n_ctx - 1 - n_ctx // 2):
            scale, least = struct.unpack_from("<ff", content, at)
            codes = struct.unpack_from(f"<{n_vocab}H", content, at + 8)
            rows.append([scale * code + least for code in codes])
            labels.append(tokens[chunk * n_ctx + first + j + 1])
            scales.append(scale)
            cut.append(any(abs(scale * 65535 - floor) < 1e-4 for floor in (16, 24)))
            at += 2 * nv
    assert at == len(content)
    return rows, labels, scales, cut


def text_and_logits(
    seed: int, n_vocab: int, windows: int = 3, n_ctx: int = 9, spread: float = 3.0
) -> tuple[Array, Array]:
    """Return tokens, and logits of the positions that are scored."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(windows, n_ctx - 1 - n_ctx // 2, n_vocab)) * spread
    return rng.integers(0, n_vocab, (windows, n_ctx)), logits
