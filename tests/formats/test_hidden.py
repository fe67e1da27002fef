"""Hidden states and a head are logits: what NumPy computes in float64, in the same bits always."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

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
    true_losses,
    write_model,
    write_safetensors,
)
from in_one_test import in_one_test

from xentcli.errors import InputError
from xentcli.formats.base import IndexedSource
from xentcli.formats.hidden.head import TOKENS

HEAD = random_head()


@in_one_test
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("shape", [(7, WIDTH), (3, 5, WIDTH), (2, 2, 3, WIDTH)])
def test_logits_are_the_product_of_what_is_stored(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    states = random_states(*shape)
    write_safetensors(tmp_path / "states.safetensors", {"hidden_states": states}, dtype)
    write_safetensors(tmp_path / "head.safetensors", {"lm_head.weight": HEAD}, dtype)
    source = opened(tmp_path / "states.safetensors", tmp_path / "head.safetensors")
    wanted = true_logits(rounded(states, dtype), rounded(HEAD, dtype))
    assert source.shape == (*shape[:-1], CLASSES)
    assert near(all_of(source), wanted)


def test_a_loss_of_15_is_right_to_2e_6(tmp_path: Path) -> None:
    width, classes = 2048, 1000
    head, states = random_head(3, classes, width), random_states(32, width) * 0.25
    np.save(tmp_path / "states.npy", states)
    np.save(tmp_path / "head.npy", head)
    labels = np.random.default_rng(5).integers(0, classes, 32)
    wanted = true_losses(true_logits(states, head), labels)
    got = true_losses(all_of(opened(tmp_path / "states.npy", tmp_path / "head.npy")), labels)
    assert 10 < wanted.mean() < 20
    assert abs(got.mean() - wanted.mean()) < 2e-6


def test_a_row_has_the_same_bits_wherever_it_stands(tmp_path: Path) -> None:
    """Rows of a product are computed alike at every place, whatever comes before and after."""
    head = random_head(2, 2 * 2048 + 1)  # the last tile is a single class
    np.save(tmp_path / "head.npy", head)
    row = random_states(1, WIDTH)
    np.save(tmp_path / "one.npy", row)
    alone = all_of(opened(tmp_path / "one.npy", tmp_path / "head.npy"))[0]
    np.save(tmp_path / "many.npy", np.repeat(row, TOKENS + 1, axis=0))
    many = all_of(opened(tmp_path / "many.npy", tmp_path / "head.npy"))
    assert (many.view(np.uint32) == alone.view(np.uint32)).all()


def test_so_it_is_with_the_kernels_of_processors_without_avx_512(tmp_path: Path) -> None:
    """OpenBLAS adds up the first eight of 128 states in another order there than the next ones."""
    np.save(tmp_path / "head.npy", random_head(2, 100))
    np.save(tmp_path / "many.npy", np.repeat(random_states(1, WIDTH), TOKENS + 1, axis=0))
    command = [sys.executable, "-m", "xentcli", "log-softmax", "many.npy", "--lm-head", "head.npy"]
    env = {**os.environ, "OPENBLAS_CORETYPE": "Haswell"}
    subprocess.run([*command, "-o", "out.npy"], env=env, cwd=tmp_path, check=True)
    assert len(np.unique(np.load(tmp_path / "out.npy"), axis=0)) == 1


def test_bits_are_the_same_however_much_is_read_at_a_time(tmp_path: Path) -> None:
    count = 2 * TOKENS + 9
    np.save(tmp_path / "states.npy", random_states(count, WIDTH))
    np.save(tmp_path / "head.npy", HEAD)
    source = opened(tmp_path / "states.npy", tmp_path / "head.npy")
    assert isinstance(source, IndexedSource)
    whole = np.array(source.read(0, count).values)
    for rows in (13, TOKENS - 1, TOKENS, TOKENS + 1):
        starts = range(0, count, rows)
        parts = [np.array(source.read(i, min(rows, count - i)).values) for i in starts]
        assert np.array_equal(np.concatenate(parts), whole), rows
    for row in (0, TOKENS - 1, TOKENS, count - 1):
        assert np.array_equal(source.read(row, 1).values[0], whole[row]), row


@in_one_test
@pytest.mark.parametrize("shape", [(7, 50), (2, 700), (1, 1500), (3, 2, 40)])
def test_tiles_are_the_rows_of_the_whole(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "states.npy", random_states(*shape, WIDTH))
    head = random_head(0, 2 * 2048 + 9)  # of more tiles than one
    np.save(tmp_path / "head.npy", head)
    source = opened(tmp_path / "states.npy", tmp_path / "head.npy")
    assert isinstance(source, IndexedSource)
    assert source.tileable
    rows = int(np.prod(shape))
    for start, count in ((0, 3), (rows - 5, 5), (rows // 2 - 20, 40), (30, 1)):
        states = random_states(*shape, WIDTH).reshape(-1, WIDTH)[start : start + count]
        assert near(source.tile(start, count), true_logits(states, head))


def test_slices_of_any_axis(tmp_path: Path) -> None:
    states = random_states(2, 4, WIDTH)
    np.save(tmp_path / "states.npy", states)
    np.save(tmp_path / "head.npy", HEAD)
    source = opened(tmp_path / "states.npy", tmp_path / "head.npy")
    assert isinstance(source, IndexedSource)
    wanted = true_logits(states, HEAD)
    assert near(source.read(1, 2, axis=1).values, wanted[:, 1:3])
    assert near(source.read(10, 20, axis=2).values, wanted[..., 10:30])


def test_other_processes_open_the_head_again(tmp_path: Path, states: Path) -> None:
    np.save(tmp_path / "head.npy", HEAD)
    source = opened(states, tmp_path / "head.npy")
    again = pickle.loads(pickle.dumps(source))
    assert np.array_equal(all_of(again), all_of(source))


@in_one_test
@pytest.mark.parametrize("layer", [0, 2, -1])
def test_one_of_several_layers(tmp_path: Path, layer: int) -> None:
    states = random_states(6, 3, WIDTH)
    np.save(tmp_path / "states.npy", states)
    np.save(tmp_path / "head.npy", HEAD)
    source = opened(tmp_path / "states.npy", tmp_path / "head.npy", layer=layer)
    assert near(all_of(source), true_logits(states[:, layer], HEAD))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_logits_rounded_after_each_step(tmp_path: Path, states: Path, dtype: str) -> None:
    config = {"logits_scaling": 3.0, "final_logit_softcapping": 5.0}
    model = write_model(tmp_path / "model", {"lm_head.weight": HEAD}, config)
    z = rounded(true_logits(rounded(np.load(states), dtype), HEAD), dtype)
    for step in (lambda z: z / 3, lambda z: z / 5, np.tanh, lambda z: z * 5):
        z = rounded(step(z.astype(np.float64)), dtype)
    got = all_of(opened(states, model, logits_dtype=dtype))
    assert np.array_equal(got, rounded(got, dtype))
    assert (got == z).mean() > 0.99  # ties of the product in float32 are no ties in float64
    assert np.abs(got - z).max() < 0.07


@in_one_test
@pytest.mark.parametrize("shape", [(WIDTH,), (3, 0), (3, 32)])
def test_states_that_are_none(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "states.npy", random_states(*shape))
    np.save(tmp_path / "head.npy", HEAD)
    with pytest.raises(InputError, match="hidden states"):
        opened(tmp_path / "states.npy", tmp_path / "head.npy")
