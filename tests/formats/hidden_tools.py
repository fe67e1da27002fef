"""Hidden states, heads and models of random numbers, and their logits in float64."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xentcli.formats.base import BLOCK_ELEMENTS, ReadOptions, Source, blocks_along
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.hidden.head_options import HeadOptions

Array = NDArray[Any]
WIDTH, CLASSES = 64, 1000
CODES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "uint8": "U8"}


def as_bfloat16(values: Array) -> Array:
    """Return the 16 upper bits of numbers rounded by hand: half way goes to the even one."""
    bits = values.astype(np.float32).view(np.uint32).astype(np.uint64)
    upper, lower = bits >> 16, bits & 0xFFFF
    up = (lower > 0x8000) | ((lower == 0x8000) & (upper & 1 == 1))
    words: Array = (upper + up).astype(np.uint16)
    return words


def widened(words: Array) -> Array:
    """Return what the 16 upper bits of float32 stand for."""
    values: Array = (words.astype(np.uint32) << 16).view(np.float32)
    return values


def rounded(values: Array, dtype: str) -> Array:
    """Return numbers as a file of a dtype has them."""
    if dtype == "bfloat16":
        return widened(as_bfloat16(values))
    return values.astype(dtype).astype(np.float32)


def write_safetensors(path: Path, tensors: Mapping[str, Array], dtype: str = "float32") -> None:
    """Write tensors, those of floats in a dtype."""
    header: dict[str, Any] = {}
    content = b""
    for name, values in tensors.items():
        kind = dtype if values.dtype.kind == "f" else values.dtype.name
        stored = as_bfloat16(values) if kind == "bfloat16" else values.astype(kind)
        offsets = [len(content), len(content) + stored.nbytes]
        header[name] = {"dtype": CODES[kind], "shape": values.shape, "data_offsets": offsets}
        content += stored.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)


def write_model(
    folder: Path,
    tensors: Mapping[str, Array],
    config: Mapping[str, Any] | None = None,
    dtype: str = "float32",
) -> Path:
    """Write a model's folder: one file of tensors and a config.json."""
    folder.mkdir(exist_ok=True)
    write_safetensors(folder / "model.safetensors", tensors, dtype)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@cache
def random_head(seed: int = 0, classes: int = CLASSES, width: int = WIDTH) -> Array:
    """Return a head of shape (V, D)."""
    drawn = np.random.default_rng(seed).standard_normal((classes, width)) * 0.3
    return drawn.astype(np.float32)


def random_states(*shape: int, seed: int = 1) -> Array:
    """Return hidden states of this shape."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.fixture(name="states")
def states_file(tmp_path: Path) -> Path:
    """Write hidden states of shape (5, WIDTH)."""
    np.save(tmp_path / "states.npy", random_states(5, WIDTH))
    return tmp_path / "states.npy"


def true_logits(states: Array, head: Array) -> Array:
    """Return the product in float64."""
    product: Array = states.astype(np.float64) @ head.astype(np.float64).T
    return product


def true_losses(logits: Array, labels: Array) -> Array:
    """Return the loss of each row in float64."""
    flat = logits.reshape(-1, logits.shape[-1]).astype(np.float64)
    largest = flat.max(axis=1)
    sums = np.log(np.exp(flat - largest[:, None]).sum(axis=1)) + largest
    losses: Array = sums - flat[np.arange(len(flat)), labels.reshape(-1)]
    return losses


def opened(path: Path, head: Path | str, **more: Any) -> Source:
    """Open hidden states with a head."""
    options = ReadOptions(head=HeadOptions(str(head), **more))
    return open_file(InputFile(str(path), options=options))


def all_of(source: Source, elements: int = BLOCK_ELEMENTS) -> Array:
    """Return all logits of a source."""
    tables = (source.decode(block).copied() for block in blocks_along(source, 0, elements))
    return np.concatenate([table.values for table in tables])


def near(values: Any, wanted: Any) -> bool:
    return bool(np.abs(np.asarray(values) - wanted).max() < 1e-5)
