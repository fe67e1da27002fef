"""Heads in models: which matrix it is, its bias, and what follows the product."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hidden_tools import (
    CLASSES,
    WIDTH,
    all_of,
    near,
    opened,
    random_head,
    random_states,
    rounded,
    states_file,  # noqa: F401 - a fixture
    true_logits,
    write_model,
    write_safetensors,
)
from in_one_test import in_one_test
from torch_bytes import saved

from xentcli.errors import InputError

HEAD = random_head()


def test_a_head_in_shards(tmp_path: Path, states: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    other = random_head(9)
    write_safetensors(model / "a.safetensors", {"model.embed_tokens.weight": other})
    write_safetensors(model / "b.safetensors", {"lm_head.weight": HEAD, "more": other})
    shards = {"model.embed_tokens.weight": "a.safetensors", "lm_head.weight": "b.safetensors"}
    index = model / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": shards}))
    wanted = true_logits(np.load(states), HEAD)
    for path in (model, index, f"{model}/b.safetensors:lm_head.weight"):
        assert near(all_of(opened(states, path)), wanted)
    (model / "b.safetensors").rename(model / "c.safetensors")
    with pytest.raises(InputError, match=r"'lm_head.weight' is in b.safetensors, which is not"):
        opened(states, f"{model}/.")


def test_a_head_of_pytorch(tmp_path: Path, states: Path) -> None:
    wanted = true_logits(np.load(states), HEAD)
    file = tmp_path / "pytorch_model.bin"
    file.write_bytes(saved({"model.embed_tokens.weight": random_head(9), "lm_head.weight": HEAD}))
    for path in (tmp_path, file, f"{file}:lm_head.weight"):
        assert near(all_of(opened(states, path)), wanted), path
    file.rename(tmp_path / "b.bin")
    index = {"weight_map": {"lm_head.weight": "b.bin", "a": "a.bin"}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert near(all_of(opened(states, f"{tmp_path}/.")), wanted)


@in_one_test
@pytest.mark.parametrize("tied", [None, True, False])
def test_embeddings_are_the_head_where_it_is_tied(
    tmp_path: Path, states: Path, tied: bool | None
) -> None:
    config: dict[str, Any] = {"model_type": "gemma3", "text_config": {"tie_word_embeddings": tied}}
    if tied is False:  # of the text alone; the whole model is
        config["tie_word_embeddings"] = True
    tensors = {"model.language_model.embed_tokens.weight": HEAD, "other": HEAD[:3]}
    model = write_model(tmp_path / "model", tensors, config, "bfloat16")
    wanted = true_logits(np.load(states), rounded(HEAD, "bfloat16"))
    assert near(all_of(opened(states, model)), wanted)


def test_a_model_in_a_model(tmp_path: Path, states: Path) -> None:
    tensors = {"thinker.lm_head.weight": HEAD, "thinker.model.embed_tokens.weight": random_head(9)}
    model = write_model(tmp_path / "model", tensors)
    assert near(all_of(opened(states, model)), true_logits(np.load(states), HEAD))


def test_a_missing_head_is_not_replaced_by_embeddings(tmp_path: Path, states: Path) -> None:
    tensors = {"model.embed_tokens.weight": HEAD, "other": HEAD[:3]}
    model = write_model(tmp_path / "model", tensors, {"tie_word_embeddings": False})
    with pytest.raises(InputError, match="says that it is not tied"):
        opened(states, model)


def capped(z: Any, cap: float) -> Any:
    return cap * np.tanh(z / cap)


FAMILIES = [
    ({"model_type": "llama"}, lambda z: z),
    ({"model_type": "gemma2", "final_logit_softcapping": 3.0}, lambda z: capped(z, 3.0)),
    ({"model_type": "gemma2"}, lambda z: capped(z, 30.0)),
    ({"model_type": "gemma2", "final_logit_softcapping": None}, lambda z: z),
    ({"text_config": {"model_type": "gemma3n_text"}}, lambda z: capped(z, 30.0)),
    ({"model_type": "t5gemma", "decoder": {"hidden_size": WIDTH}}, lambda z: capped(z, 30.0)),
    ({"model_type": "nanochat"}, lambda z: capped(z, 15.0)),
    ({"model_type": "cohere2_moe"}, lambda z: z * 0.0625),
    ({"model_type": "mpt", "logit_scale": "inv_sqrt_d_model"}, lambda z: z),
    ({"model_type": "minicpm3", "hidden_size": WIDTH, "dim_model_base": 16}, lambda z: z / 4),
    ({"model_type": "minicpm3", "hidden_size": 512}, lambda z: z / 2),
    ({"model_type": "t5", "d_model": WIDTH}, lambda z: z / 8),
    ({"model_type": "t5", "d_model": WIDTH, "tie_word_embeddings": False}, lambda z: z),
    ({"model_type": "inkling_text", "logits_mup_width_multiplier": 3.0}, lambda z: z / 3),
    ({"model_type": "inkling_text", "unpadded_vocab_size": 900}, lambda z: z[:, :900] / 24),
    ({"model_type": "gemma3", "final_logit_softcapping": None}, lambda z: z),
    ({"model_type": "recurrent_gemma", "logits_soft_cap": 5.0}, lambda z: capped(z, 5.0)),
    ({"model_type": "cohere", "logit_scale": 0.0625}, lambda z: z * 0.0625),
    ({"model_type": "granite", "logits_scaling": 6.0}, lambda z: z / 6.0),
    ({"model_type": "hyperclovax", "logits_scaling": 0.2}, lambda z: z * 0.2),
    ({"model_type": "falcon_h1", "lm_head_multiplier": 0.3}, lambda z: z * 0.3),
    (
        {"logits_scaling": 9.0, "text_config": {"model_type": "granite", "logits_scaling": 2.0}},
        lambda z: z / 2.0,
    ),
]


@in_one_test
@pytest.mark.parametrize(("config", "after"), FAMILIES)
def test_what_follows_the_product_in_each_family(
    tmp_path: Path, states: Path, config: dict[str, Any], after: Any
) -> None:
    model = write_model(tmp_path / "model", {"lm_head.weight": HEAD}, config)
    assert near(all_of(opened(states, model)), after(true_logits(np.load(states), HEAD)))


def test_a_bias_beside_the_head_and_one_of_its_own(tmp_path: Path, states: Path) -> None:
    bias = random_states(CLASSES, seed=7)
    tensors = {"lm_head.weight": HEAD, "lm_head.bias": bias}
    model = write_model(tmp_path / "model", tensors, {"model_type": "phi"})
    wanted = true_logits(np.load(states), HEAD) + bias
    assert near(all_of(opened(states, model)), wanted)
    tied = {"transformer.w.weight": HEAD, "lm_head.bias": bias}
    assert near(all_of(opened(states, write_model(tmp_path / "ctrl", tied))), wanted)
    np.save(tmp_path / "bias.npy", bias)
    np.save(tmp_path / "head.npy", HEAD)
    own = opened(states, tmp_path / "head.npy", bias=str(tmp_path / "bias.npy"))
    assert near(all_of(own), wanted)


def test_arrays_of_files_by_their_keys(tmp_path: Path, states: Path) -> None:
    bias = random_states(CLASSES, seed=7)
    write_safetensors(tmp_path / "head.safetensors", {"own": HEAD})
    write_safetensors(tmp_path / "bias.safetensors", {"lm_head.weight": HEAD, "lm_head.bias": bias})
    write_safetensors(tmp_path / "more.safetensors", {"a": HEAD, "b": bias})
    head, more = f"{tmp_path}/head.safetensors:own", f"{tmp_path}/more.safetensors"
    wanted = true_logits(np.load(states), HEAD)
    assert near(all_of(opened(states, head)), wanted)
    for path in (f"{tmp_path}/bias.safetensors", f"{more}:b"):
        assert near(all_of(opened(states, head, bias=path)), wanted + bias), path
    for path, message in {more: "which array is the bias", f"{more}:c": "no array 'c'"}.items():
        with pytest.raises(InputError, match=message):
            opened(states, head, bias=path)
    with pytest.raises(InputError, match="there is no array 'other'"):
        opened(states, f"{tmp_path}/head.safetensors:other")


def test_options_come_before_the_configuration(tmp_path: Path, states: Path) -> None:
    config = {"final_logit_softcapping": 2.0, "logits_scaling": 8.0}
    model = write_model(tmp_path / "model", {"lm_head.weight": HEAD}, config)
    plain = true_logits(np.load(states), HEAD)
    scaled = opened(states, model, logit_scale=0.5, softcap=4.0)
    assert near(all_of(scaled), capped(plain / 2, 4.0))
    assert near(all_of(opened(states, model, softcap=0.0)), plain / 8)


def test_a_model_that_was_saved_again(tmp_path: Path, states: Path) -> None:
    """Each of its files counts: the head, what follows the product, and a bias of its own."""
    bias, bias_file = random_states(CLASSES, seed=7), tmp_path / "bias.npy"
    np.save(bias_file, bias)
    plain = true_logits(np.load(states), HEAD)

    def logits() -> Any:
        return all_of(opened(states, model, bias=str(bias_file)))

    model = write_model(tmp_path / "model", {"lm_head.weight": HEAD}, {"logits_scaling": 8.0})
    assert near(logits(), (plain + bias) / 8)
    (model / "config.json").write_text(json.dumps({"logits_scaling": 16.0}))
    assert near(logits(), (plain + bias) / 16)
    (model / "config.json").unlink()
    assert near(logits(), plain + bias)
    write_model(model, {"lm_head.weight": 2 * HEAD, "more": HEAD})
    assert near(logits(), 2 * plain + bias)
    np.save(bias_file, -bias.astype(np.float64))
    assert near(logits(), 2 * plain - bias)


REFUSED = {
    "quantised": ({"lm_head.qweight": HEAD[:4], "model.embed_tokens.weight": HEAD}, "quantised"),
    "scales": ({"lm_head.weight": HEAD, "lm_head.weight_scale": HEAD[:1]}, "quantised"),
    "bytes": ({"lm_head.weight": np.zeros((CLASSES, WIDTH), np.uint8)}, "uint8 is quantised"),
    "width": ({"lm_head.weight": HEAD[:, :32]}, "numbers, and .*lm_head.weight has 32"),
    "axes": ({"lm_head.weight": HEAD[0]}, "a head is a matrix"),
    "bias": ({"lm_head.weight": HEAD, "lm_head.bias": HEAD[0]}, "is no bias of 1000 classes"),
    "layers": (
        {"lm_head.dense.weight": HEAD, "lm_head.decoder.weight": HEAD},
        "more than a matrix: it has 'lm_head.dense.weight'",
    ),
    "none": ({"a": HEAD, "b": HEAD}, "there is no lm_head.weight"),
}


@in_one_test
@pytest.mark.parametrize("name", REFUSED)
def test_heads_that_are_none(tmp_path: Path, states: Path, name: str) -> None:
    tensors, message = REFUSED[name]
    model = write_model(tmp_path / "model", tensors)
    with pytest.raises(InputError, match=message):
        opened(states, model)


@in_one_test
@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", '{"weight_map": {}}', '{"weight_map": {"lm_head.weight": 5}}'),
        *('{"weight_map": {"lm_head.weight": "../x"}}', '{"weight_map": 5}', "[" * 10_000),
    ],
)
def test_damaged_indexes(tmp_path: Path, states: Path, text: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(InputError, match=r"index\.json: "):
        opened(states, tmp_path)


@in_one_test
@pytest.mark.parametrize("value", ["inv_sqrt_d_model", -1.0, 0, True, [1]])
def test_multipliers_that_are_no_numbers(tmp_path: Path, states: Path, value: Any) -> None:
    model = write_model(tmp_path / "model", {"lm_head.weight": HEAD}, {"logit_scale": value})
    with pytest.raises(InputError, match=r"logit_scale is .* and no number above 0"):
        opened(states, model)
