"""Files of which nothing can be read: what is wrong with them, and what to do about it."""

import io
import zipfile
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from cli_files import DATA
from cli_tools import Run, refusal

from xentcli.cli.names import register as register_command
from xentcli.formats import registry

ENDINGS = sorted(
    {ending for each in registry.formats() for ending in each.extensions} | {".zip", ".gz", ".txt"}
)
REPEATED = "llama-perplexity was interrupted, or the copy was: make it again"


def test_an_empty_file(run: Run, folder: Path) -> None:
    for ending, other in zip(ENDINGS, cycle(("info", "compare")), strict=False):
        name = f"none{ending}"
        (folder / name).touch()
        for command in (["softmax"], [other, *[name] * (other == "compare")]):
            said = refusal(run(*command, name))
            assert said == (f"{name}: the file is empty", "was it written to the end?")


def test_a_base_that_is_cut_off(run: Run, folder: Path) -> None:
    base = DATA / "text_base.kld"
    for size in (4, 8, 12, 20, 21, 500):
        (folder / "cut.kld").write_bytes(base.read_bytes()[:size])
        for command in (["nll"], ["info"], ["compare", base], ["compare", "cut.kld"]):
            said = refusal(run(*command, "cut.kld"))
            assert said.error.startswith("cut.kld: ")
            assert said.hint == REPEATED


def encrypted(content: bytes) -> bytes:
    """Return an archive of one member that is said to be encrypted."""
    changed = bytearray(content)
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        changed[changed.rfind(signature) + place] |= 1
    return bytes(changed)


def test_what_is_encrypted(run: Run, folder: Path) -> None:
    np.savez(folder / "z.npz", logits=np.eye(2))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("z.csv", "a,b\n1,2\n")
    for name, content in (
        ("z.npz", (folder / "z.npz").read_bytes()),
        ("z.zip", file.getvalue()),
    ):
        (folder / name).write_bytes(encrypted(content))
        said = refusal(run("softmax", name))
        assert "is encrypted" in said.error
        assert said.hint == "unzip asks for the password: give the file that comes out"


def test_hdf5_without_datasets(run: Run, folder: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "z.h5", "w") as file:
        file.create_group("run")
    said = refusal(run("softmax", "z.h5"))
    assert said.error == "z.h5: it holds no array"
    assert said.hint.startswith("was it written to the end, and closed?")


def test_a_command_is_registered_by_a_word() -> None:
    for name in ("", "a b", "--x", "a\n"):
        with pytest.raises(ValueError, match="a command has a name of one word"):
            register_command(name, "my_module")
