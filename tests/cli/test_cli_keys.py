"""Files of several arrays: --key, --label-key."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from cli_files import log_probs
from cli_tools import Run, ok
from close_to import close_to
from in_one_test import in_one_folder
from safetensors.numpy import load_file, save_file

pytestmark = pytest.mark.usefixtures("arrays")

KEYS = ["--key", "logits", "--label-key", "labels"]
BFLOAT16 = ["--input-dtype", "bfloat16"]


@pytest.fixture
def arrays(folder: Path) -> Path:
    """Fill the folder with logits and labels in one file, in each way there is."""
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    probs = np.exp(log_probs(logits))
    both = {"logits": logits, "labels": labels, "probs": probs}
    np.save(folder / "p.npy", probs)
    np.savez(folder / "run.npz", **both)
    np.savez_compressed(folder / "packed.npz", **both)
    np.savez(folder / "fortran.npz", logits=np.asfortranarray(logits), labels=labels)
    save_file(both, folder / "run.safetensors")
    np.save(folder / "narrow.npy", logits.astype(ml_dtypes.bfloat16))
    np.savez(folder / "odd.npz", a=logits, b=labels)
    np.save(folder / "few.npy", labels[:4])
    return folder


LOSS = "loss --logits z.npy --labels y.npy"
BY_KEYS = [
    (LOSS, "loss --logits {name} --key logits --label-key labels"),
    (LOSS, "loss --logits - --key logits --label-key labels"),
    ("softmax z.npy --axis 0", "softmax {name} --key logits --axis 0"),
    (LOSS, "loss --logits {name} --key logits --labels y.npy"),
    (LOSS, "loss --logits {name} --key logits --labels y.csv"),
    (LOSS, "loss --logits z.npy --labels {name} --label-key labels"),
    (LOSS, "loss --logits {name} --key logits --labels {name} --label-key labels"),
    (LOSS, "loss --logits - --key logits --labels {name} --label-key labels"),
    (f"{LOSS} --reduction none", "loss {name} --key logits --label-key labels --reduction none"),
    ("explain z.npy y.npy", "explain --logits {name} --key logits --label-key labels"),
    ("softmax z.npy", "softmax {name} --key logits"),
    ("one-hot y.npy", "one-hot {name} --key labels"),
    ("nll --probs p.npy y.npy", "nll --probs {name} --key probs --label-key labels"),
]


def test_arrays_go_by_their_keys(run: Run) -> None:
    """As a container is read, so it is for every command: the odd ones have three of them."""

    @cache
    def plain(line: str) -> str:
        return ok(run(*line.split()))

    for name, lines in (
        ("run.npz", BY_KEYS),
        ("run.safetensors", BY_KEYS[:3]),
        ("packed.npz", BY_KEYS[:3]),
        ("fortran.npz", BY_KEYS[:3]),
    ):
        for whole, by_key in lines:
            words = by_key.format(name=name).split()
            stdin = Path(name).read_bytes() if "-" in words else None
            assert ok(run(*words, stdin=stdin)) == plain(whole), (name, by_key)


def test_labels_of_the_logits_shape_are_probabilities(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a stream too, and where the classes are the first axis, in several blocks."""
    monkeypatch.setattr("xentcli.formats.blocks.BLOCK_ELEMENTS", 8)
    monkeypatch.setattr("xentcli.formats.arrays.ArraySource.run_bytes", 1)
    logits, labels = np.random.default_rng(1).normal(size=(2, 4, 6))
    np.savez_compressed("both.npz", logits=logits, labels=np.abs(labels) / 9)
    np.save("l.npy", logits)
    np.save("t.npy", np.abs(labels) / 9)
    for axis in ("0", "1"):
        outcomes = [
            run("loss", "--logits", *files, "--class-axis", axis, "-q")
            for files in (["both.npz", *KEYS], ["l.npy", "--labels", "t.npy"])
        ]
        assert ok(outcomes[0]) == ok(outcomes[1])


@pytest.mark.parametrize(
    ("command", "name"),
    [("softmax", "probs"), ("log-softmax", "log_probs"), ("one-hot", "one_hot")],
)
def test_what_is_written_has_a_name(run: Run, command: str, name: str) -> None:
    file = "y.npy" if command == "one-hot" else "z.npy"
    for output in ("out.npy", "out.npz", "out.safetensors"):
        assert ok(run(command, file, "-o", output)) == ""
    want = np.load("out.npy")
    got: dict[str, Any]
    for got in (dict(np.load("out.npz")), load_file("out.safetensors")):
        assert list(got) == [name]
        assert got[name].dtype == want.dtype
        np.testing.assert_array_equal(got[name], want)


def test_losses_are_written_too(run: Run) -> None:
    files = ["loss", "--logits", "z.npy", "--labels", "y.npy"]
    assert ok(run(*files, "-o", "one.npz")) == ""
    assert ok(run(*files, "-o", "all.safetensors", "--reduction", "none")) == ""
    assert np.load("one.npz")["loss"] == load_file("all.safetensors")["losses"].mean()


def test_what_one_command_writes_the_next_reads(run: Run) -> None:
    """The rows of a CSV file are not counted when the first is written."""
    want = close_to(run(*LOSS.split()).number, rel=1e-14)
    for name in ("npz", "safetensors"):
        content = run("log-softmax", "z.csv", "--to", name).stdout
        assert run("nll", "--log-probs", "-", "--labels", "y.npy", stdin=content).number == want


HOLDS = "'a' (5, 3) float64, 'b' (5,) int64"
Z = ["loss", "--logits", "z.npy"]
RUN = ["loss", "--logits", "run.npz"]
UNUSABLE: list[tuple[list[str], str, str]] = [
    (["softmax", "odd.npz"], f"odd.npz: it holds {HOLDS}", "--key NAME says which"),
    (["softmax", "run.npz", "--key", "logit"], "run.npz: there is no array 'logit'", "did you"),
    (["softmax", "run.npz", "--key", "\x1b[1m"], r"run.npz: there is no array '\x1b[1m'", ""),
    (["softmax", "z.npy", "--key", "a"], "z.npy: npy holds one array: --key is for", ""),
    (["softmax", "z.csv", "--key", "a"], "z.csv: csv holds one array: --key is for", ""),
    (["softmax", "run.npz", "--columns", "a"], "run.npz: npz has no columns", "leave --columns"),
    (["softmax", "z.npy", *BFLOAT16], "z.npy: --input-dtype bfloat16 reads raw", ""),
    (["softmax", "z.csv", *BFLOAT16], "z.csv: --input-dtype is for arrays of", ""),
    (["softmax", "narrow.npy"], "narrow.npy: an array of raw words", "NumPy saves bfloat16 so: "),
    (["softmax", "z.npy", "--from", "npz"], "z.npy: not an NPZ file: ", ""),
    (["softmax", "z.npy", "--from", "safetensors"], "z.npy: not a safetensors file", ""),
    ([*Z, "--label-key", "a"], "z.npy: npy holds one array: --label-key", ""),
    ([*Z, "--labels", "y.npy", "--label-key", "a"], "y.npy: npy holds one array: --label-key", ""),
    ([*Z, "--labels", "odd.npz"], "odd.npz: it holds", "--label-key NAME says which"),
    ([*Z, "--labels", "y.npy", "--weight", "run.npz"], "run.npz: it holds", "a file of one array"),
    (["loss", "odd.npz", "--label-key", "b"], "odd.npz: it holds", "--key NAME"),
    (["loss", "odd.npz", "--key", "a"], "odd.npz: it holds", "--label-key NAME"),
    (["loss", "odd.npz"], "odd.npz: it holds", "--key NAME --label-key NAME say"),
    ([*RUN, "--key", "logits", "--label-column", "a"], "run.npz: npz has no", "leave --label-col"),
    ([*RUN, "--key", "logits", "--labels", "few.npy"], "few.npy: 4 labels for the 5 rows", ""),
]  # fmt: skip


@in_one_folder
@pytest.mark.parametrize(("arguments", "message", "hint"), UNUSABLE)
def test_what_cannot_be_used(run: Run, arguments: list[str], message: str, hint: str) -> None:
    outcome = run(*arguments)
    error, *rest = outcome.err.splitlines()
    assert (outcome.code, outcome.stdout) == (1, b"")
    assert error.startswith(f"error: {message}")
    assert "".join(rest).startswith(f"hint: {hint}" if hint else "")
    assert len(rest) <= 1


def test_where_the_labels_are_must_be_said(run: Run) -> None:
    both = ["run.npz", "--key", "logits", "--label-key", "a", "--label-column", "b"]
    for arguments in (["z.npy"], ["z.csv"], both):
        outcome = run("loss", "--logits", *arguments)
        assert outcome.code == 2
        assert "--labels FILE" in outcome.err
    assert run("softmax", "narrow.npy", "--input-dtype", "int8").code == 2


def test_a_name_that_a_terminal_would_act_on(run: Run) -> None:
    arrays: dict[str, Any] = {"../\x1b[2J": np.array([[np.nan, 0.0]])}
    np.savez("bad.npz", **arrays)
    outcome = run("softmax", "bad.npz")
    assert outcome.err.startswith(r"error: bad.npz:../\x1b[2J[0, 0]: logit nan")
    assert not Path("../\x1b[2J.npy").exists()


@pytest.mark.parametrize("name", ["run.npz", "packed.npz", "run.safetensors"])
def test_files_with_a_flipped_bit(run: Run, name: str) -> None:
    content = Path(name).read_bytes()
    rng = np.random.default_rng(5)
    for place, bit in zip(rng.integers(0, len(content), 8), rng.integers(0, 8, 8), strict=True):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(bit)
        Path("flipped").write_bytes(flipped)
        outcome = run("loss", "--logits", "flipped", *KEYS, "-q")
        assert outcome.code in (0, 1), (place, bit, outcome)
        assert "a mistake in xent" not in outcome.err
        assert bool(outcome.err) == bool(outcome.code)


def test_a_damaged_archive_leaves_no_output(run: Run) -> None:
    content = bytearray(Path("run.npz").read_bytes())
    content[content.find(np.load("z.npy").tobytes()) + 50] ^= 1
    Path("bad.npz").write_bytes(content)
    outcome = run("softmax", "bad.npz", "--key", "logits", "-o", "out.npz")
    assert outcome.err == (
        "error: bad.npz:logits: cannot be read: Bad CRC-32 for file 'logits.npy'\n"
        "hint: is the file damaged? Then copy or write it again\n"
    )
    assert not Path("out.npz").exists()


def test_npz_in_a_pipe_both_ways(run: Run) -> None:
    content = run(
        "softmax", "-", "--key", "logits", "--to", "npz", stdin=Path("run.npz").read_bytes()
    )
    run("softmax", "z.npy", "-o", "want.npy")
    got = np.load(io.BytesIO(content.stdout))["probs"]
    np.testing.assert_array_equal(got, np.load("want.npy"))


@pytest.mark.usefixtures("folder")
def test_a_mask_beside_rows_or_columns_of_labels_is_named(run: Run) -> None:
    """Where labels stand in another file, or in a column that is named, nothing was said."""
    table = pd.DataFrame({"logits": np.load("z.npy").tolist(), "label": np.load("y.npy")})
    table.assign(loss_mask=[1, 0, 1, 1, 0]).to_parquet("m.parquet")
    table[["label"]].assign(loss_mask=1).to_csv("m.csv", index=False)
    np.savez("m.npz", logits=np.load("z.npy"), loss_mask=np.ones(5))
    whole, column = run("loss", "z.npy", "y.npy").out, ["--label-column", "label"]
    for line, name in (
        (["m.parquet", "--key", "logits", *column], "m.parquet"),
        (["z.npy", "m.parquet", *column], "m.parquet"),
        (["z.npy", "m.csv", *column], "m.csv"),
        (["m.npz", "y.npy"], "m.npz"),
    ):
        found = run("loss", *line)
        assert found.out == whole
        for err in (found.err, run("loss", *line, "--shift", "1").err):
            assert err.count(f"note: {name}: 'loss_mask' is not read: a row is left") == 1, line


@pytest.mark.parametrize("name", ["attention_mask", "loss_mask"])
def test_a_mask_beside_labels_is_named_where_it_is_not_read(run: Run, name: str) -> None:
    """The tokens of padding would count in the mean, and nothing would say so."""
    logits, labels = np.load("z.npy"), np.load("y.npy")
    mask = np.ones(len(labels), np.int64)
    mask[:2] = 0
    rows = -np.take_along_axis(log_probs(logits), labels[:, None], axis=1)
    arrays: dict[str, Any] = {"logits": logits, "labels": labels, name: mask}
    np.savez("masked.npz", **arrays)
    save_file(arrays, "masked.safetensors")
    for file in ("masked.npz", "masked.safetensors"):
        for options in ([], KEYS):
            got = run("loss", "--logits", file, *options)
            assert got.number == close_to(rows.mean(), rel=1e-6)
            assert f"note: {file}: {name!r} is not read: a row is left out if" in got.err
    del arrays["logits"]
    np.savez("labels.npz", **arrays)
    assert f"labels.npz: {name!r} is not" in run("loss", "z.npy", "labels.npz").err
    assert " is not read" not in run("softmax", "masked.npz").err
    np.savez("packed.npz", logits=logits, labels=labels, position_ids=[0, 1, 0, 1, 2])
    found = [run("loss", "packed.npz", *options).err for options in (["--shift", "1"], [])]
    assert ["'position_ids' is not read: where a row is several" in err for err in found] == [1, 0]
    values, classes = -np.sort(-logits)[:, :2], np.argsort(-logits)[:, :2]
    np.savez("lists.npz", top_values=values, top_indices=classes, labels=labels, loss_mask=mask)
    assert " is not read" not in run("loss", "lists.npz").err  # lists are read with their mask
