"""The final norm: whether rows have been through it, and applying it as the models do."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hidden_tools import (
    WIDTH,
    Array,
    all_of,
    opened,
    random_head,
    random_states,
    rounded,
    true_logits,
    write_model,
    write_safetensors,
)
from in_one_test import in_one_test

import xentcli as xent
from xentcli.errors import InputError

WEIGHT = (1 + 0.3 * np.random.default_rng(4).standard_normal(WIDTH)).astype(np.float32)
BIAS = np.random.default_rng(5).standard_normal(WIDTH).astype(np.float32)
RAW = random_states(40, WIDTH) * np.linspace(0.5, 9, 40)[:, None].astype(np.float32) + 0.5
FAMILIES = (
    *("llama", "gemma", "phi", "cohere", "olmo2", "gemma4_text", "nemotron", "opt"),
    *("lfm2", "nanochat", "olmo"),
)
OF_1_PLUS_W = ("gemma", "nemotron")
WITH_A_BIAS = ("phi", "nemotron", "opt")
WITHOUT_WEIGHTS = ("nanochat", "olmo")


def normed(rows: Array, family: str, dtype: str = "float32") -> Array:
    """Return what the final norm of a family makes of rows, in float64 but for roundings."""
    rows = rows.astype(np.float64)
    if family in (*WITH_A_BIAS, "cohere", "olmo"):
        rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows / np.sqrt((rows**2).mean(axis=1, keepdims=True) + 1e-5)
    if family in ("llama", "lfm2"):
        rows = rounded(rows, dtype).astype(np.float64)
    if family in WITHOUT_WEIGHTS:
        return rounded(rows, dtype)
    weight = 1 + (WEIGHT - 1).astype(np.float64) if family in OF_1_PLUS_W else WEIGHT
    rows = rows * (rounded(weight, dtype) if family == "nemotron" else weight)
    return rounded(rows + (BIAS if family in WITH_A_BIAS else 0), dtype)


def model_of(folder: Path, family: str) -> Path:
    weight = WEIGHT - 1 if family in OF_1_PLUS_W else WEIGHT
    names = {"phi": "model.final_layernorm", "lfm2": "model.embedding_norm"}
    name = names.get(family, "model.norm")
    tensors = {"lm_head.weight": random_head(), f"{name}.weight": weight}
    if family in WITHOUT_WEIGHTS:
        tensors = {"lm_head.weight": random_head()}
    if family in WITH_A_BIAS:
        tensors[f"{name}.bias"] = BIAS
    epsilon = "layer_norm_eps" if family in ("phi", "cohere") else "rms_norm_eps"
    epsilon = "norm_eps" if family == "nemotron" else epsilon
    config: dict[str, Any] = {"model_type": family, epsilon: 1e-5}
    if family in ("opt", "olmo", "lfm2"):  # PyTorch's own 1e-5, or that of the model's class
        config = {"model_type": family}
    after: dict[str, dict[str, Any]] = {
        "cohere": {"logit_scale": 1},
        "nanochat": {"final_logit_softcapping": None},
    }
    return write_model(folder, tensors, config | after.get(family, {}))


@in_one_test
@pytest.mark.parametrize("family", FAMILIES)
def test_rows_are_looked_at(tmp_path: Path, family: str) -> None:
    model = model_of(tmp_path / "model", family)
    np.save(tmp_path / "raw.npy", RAW)
    np.save(tmp_path / "normed.npy", normed(RAW, family))

    def doubts(name: str, **more: Any) -> list[str]:
        return [each for each in opened(tmp_path / name, model, **more).notes if "norm " in each]

    assert "do not look as" in doubts("raw.npy")[0]
    assert not doubts("normed.npy")
    assert not doubts("raw.npy", final_norm=True)
    assert "one too many" in doubts("normed.npy", final_norm=True)[0]


def test_results_in_python_say_what_rows_look_like(tmp_path: Path) -> None:
    model = model_of(tmp_path / "model", "llama")
    labels = true_logits(RAW, random_head()).argmax(axis=1)
    labels[::3] = 0  # some are wrong, so that there is a temperature
    for found in (
        xent.evaluate(RAW, labels, lm_head=model, metrics=["loss"], jobs=1),
        xent.compare(RAW, RAW, labels, lm_head=model, metrics=["loss_new"], jobs=1),
        xent.calibrate(RAW, labels, lm_head=model, folds=0, jobs=1),
    ):
        assert any("do not look as" in note for note in found.notes), found


@in_one_test
@pytest.mark.parametrize(
    ("family", "dtype"),
    [
        *((family, "bfloat16") for family in FAMILIES),
        *product(("llama", "phi", "nemotron"), ("float32", "float16")),
    ],
)
def test_the_norm_is_applied_and_rounded(tmp_path: Path, family: str, dtype: str) -> None:
    model = model_of(tmp_path / "model", family)
    write_safetensors(tmp_path / "raw.safetensors", {"hidden_states": RAW}, dtype)
    source = opened(tmp_path / "raw.safetensors", model, final_norm=True)
    wanted = true_logits(normed(rounded(RAW, dtype), family, dtype), random_head())
    # A number half way between two of few bits may be rounded otherwise than in float64.
    error = np.abs(all_of(source) - wanted)
    assert np.median(error) < 1e-5
    assert error.max() < {"float32": 2e-5, "bfloat16": 0.02, "float16": 0.002}[dtype]


def test_a_norm_that_is_not_there(tmp_path: Path) -> None:
    np.save(tmp_path / "raw.npy", RAW)
    np.save(tmp_path / "head.npy", random_head())
    with pytest.raises(InputError, match="--final-norm needs the weights"):
        opened(tmp_path / "raw.npy", tmp_path / "head.npy", final_norm=True)
