"""bfloat16 in files of NumPy, whose words --input-dtype names, and of safetensors."""

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from cli_tools import Run, ok
from in_one_test import in_one_folder
from safetensors.numpy import save_file

pytestmark = pytest.mark.usefixtures("arrays")
KEYS = ["--key", "logits", "--label-key", "labels"]
BFLOAT16 = ["--input-dtype", "bfloat16"]


@pytest.fixture
def arrays(folder: Path) -> Path:
    """Fill the folder with logits of bfloat16, and of float32 with the same numbers."""
    narrow, labels = np.load(folder / "z.npy").astype(ml_dtypes.bfloat16), np.load(folder / "y.npy")
    np.save(folder / "narrow.npy", narrow)
    np.save(folder / "words.npy", narrow.view(np.int16))
    np.savez(folder / "narrow.npz", logits=narrow, labels=labels)
    save_file({"logits": narrow, "labels": labels}, folder / "narrow.safetensors")
    np.save(folder / "wide.npy", narrow.astype(np.float32))
    return folder


@in_one_folder
@pytest.mark.parametrize(
    "arguments",
    [
        ["narrow.npy", "--labels", "y.npy", *BFLOAT16],
        ["words.npy", "--labels", "y.npy", *BFLOAT16],
        ["narrow.npz", *KEYS, *BFLOAT16],
        ["narrow.safetensors", *KEYS],
        ["narrow.safetensors", *KEYS, *BFLOAT16],
    ],
)
def test_bfloat16(run: Run, arguments: list[str]) -> None:
    want = ok(run("loss", "--logits", "wide.npy", "--labels", "y.npy"))
    assert ok(run("loss", "--logits", *arguments)) == want


def test_softmax_of_bfloat16_is_float32(run: Run) -> None:
    options = ["--key", "logits", "-o"]
    assert run("softmax", "narrow.safetensors", *options, "a.npy").code == 0
    assert run("softmax", "narrow.npz", "--input-dtype", "bfloat16", *options, "b.npy").code == 0
    assert run("softmax", "wide.npy", "-o", "c.npy").code == 0
    assert np.load("a.npy").dtype == np.float32
    assert Path("a.npy").read_bytes() == Path("b.npy").read_bytes() == Path("c.npy").read_bytes()


def test_info_says_bfloat16(run: Run) -> None:
    options = ["--input-dtype", "bfloat16", "--json"]
    for name, more in (("narrow.npy", []), ("narrow.safetensors", ["--key", "logits"])):
        (info,) = run("info", name, *more, *options).json["files"]
        assert (info["dtype"], info["shape"]) == ("bfloat16", [5, 3])
        assert info["maximum"] == np.load("wide.npy").max()
    assert (
        run("info", "narrow.npz", "--key", "labels", "--json").json["files"][0]["dtype"] == "int64"
    )
