"""Write `text_base.kld` and `text_q4.kld`, as ``llama-perplexity --kl-divergence-base`` does.

The logits are drawn: a base model's, and those of its quantisation, which are the same but for
noise. A few tokens are so unlikely that the 16 bits of the file do not reach them.

Run ``python sample_data/make_kld.py``.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
N_CTX, N_VOCAB, N_CHUNK = 32, 61, 12
FLOOR = 16.0
HERE = Path(__file__).parent


def row(logits: Array) -> bytes:
    """Return a row as llama.cpp stores it: two float32, a code for each class, and padding."""
    largest = logits.max()
    least = max(logits.min(), largest - FLOOR)
    scale = (largest - least) / 65535
    log_prob = least - largest - np.log(np.exp(logits - largest).sum())
    codes = np.round((np.maximum(logits, least) - least) / (scale or 1.0)).astype("<u2")
    padding = b"\0\0" * (N_VOCAB % 2)
    return np.array([scale, log_prob], "<f4").tobytes() + codes.tobytes() + padding


def save(name: str, tokens: Array, logits: Array) -> None:
    """Write a file of the distributions at the second half of each window."""
    header = b"_logits_" + np.array([N_CTX, N_VOCAB, N_CHUNK], "<i4").tobytes()
    rows = b"".join(row(each) for each in logits.reshape(-1, N_VOCAB))
    (HERE / name).write_bytes(header + tokens.astype("<i4").tobytes() + rows)


def main() -> None:
    """Draw a text, and what two models say of it."""
    rng = np.random.default_rng(7)
    rows = N_CTX - 1 - N_CTX // 2
    logits = rng.normal(size=(N_CHUNK, rows, N_VOCAB)) * 4.0
    probs = np.exp(logits - logits.max(-1, keepdims=True))
    probs /= probs.sum(-1, keepdims=True)
    tokens = rng.integers(0, N_VOCAB, (N_CHUNK, N_CTX))
    for chunk in range(N_CHUNK):
        for j in range(rows):
            tokens[chunk, N_CTX // 2 + j + 1] = rng.choice(N_VOCAB, p=probs[chunk, j])
    for chunk, j in ((2, 3), (5, 11), (9, 0)):  # a token that nothing led to expect
        tokens[chunk, N_CTX // 2 + j + 1] = logits[chunk, j].argmin()
    save("text_base.kld", tokens, logits)
    save("text_q4.kld", tokens, logits + rng.normal(size=logits.shape) * 0.25)


if __name__ == "__main__":
    main()
