"""Write `hidden.safetensors` and `tiny_lm/`: hidden states of a language model that there is not.

    pip install numpy
    python sample_data/make_hidden.py

The head and the states are drawn: each state is near the row of its next token.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
WIDTH, CLASSES, TOKENS = 32, 300, 120
CONFIG = {
    "model_type": "llama",
    "hidden_size": WIDTH,
    "vocab_size": CLASSES,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
}


def main() -> None:
    """Draw and write."""
    drawn = np.random.default_rng(17)
    head = drawn.standard_normal((CLASSES, WIDTH)).astype(np.float32)
    tokens = drawn.integers(0, CLASSES, TOKENS)
    states = head[np.roll(tokens, -1)] + 1.2 * drawn.standard_normal((TOKENS, WIDTH))
    norm = 1 + 0.2 * drawn.standard_normal(WIDTH)
    states = states / np.sqrt((states**2).mean(axis=1, keepdims=True)) * norm
    save("hidden.safetensors", {"hidden_states": states, "input_ids": tokens})
    weights = {"lm_head.weight": 0.5 * head, "model.norm.weight": norm}
    (HERE / "tiny_lm").mkdir(exist_ok=True)
    save("tiny_lm/model.safetensors", weights)
    (HERE / "tiny_lm" / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")


def save(name: str, tensors: dict[str, Any]) -> None:
    """Write tensors: numbers in bfloat16, tokens in int64."""
    header, content = {}, b""
    for key, values in tensors.items():
        is_tokens = values.dtype.kind == "i"
        stored = values if is_tokens else (values.astype(np.float32).view(np.uint32) + 2**15) >> 16
        part = stored.astype("<i8" if is_tokens else "<u2").tobytes()
        kind = "I64" if is_tokens else "BF16"
        offsets = [len(content), len(content) + len(part)]
        header[key] = {"dtype": kind, "shape": values.shape, "data_offsets": offsets}
        content += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / name).write_bytes(len(text).to_bytes(8, "little") + text + content)


if __name__ == "__main__":
    main()
