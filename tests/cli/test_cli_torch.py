"""PyTorch files at the command line: arrays found by name, lists of batches, pipes, `xent info`."""

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from cli_tools import Run

SAMPLES = Path(__file__).parents[2] / "sample_data"
Z = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
Y = np.arange(8) % 5
WANT = str(
    float(
        np.mean(
            np.log(np.exp(Z.astype(np.longdouble)).sum(1))
            - Z[np.arange(8), Y].astype(np.longdouble)
        )
    )
)


def assert_loss(run: Run, *arguments: str, stdin: bytes | None = None) -> str:
    outcome = run("loss", *arguments, stdin=stdin)
    assert outcome.code == 0, outcome
    assert np.isclose(float(outcome.out), float(WANT), 1e-6, 0)
    return outcome.err


def saved(name: str, thing: Any) -> bytes:
    content = pickle.dumps(thing, 4)
    Path(name).write_bytes(content)
    return content


def test_arrays_are_found_by_name(run: Run) -> None:
    content = saved("run.pkl", {"logits": Z, "targets": Y, "epoch": 3})
    assert assert_loss(run, "run.pkl").count("by name") == 2
    assert_loss(run, "-", stdin=content)
    Path("run.pkl.gz").write_bytes(gzip.compress(content))
    assert_loss(run, "run.pkl.gz")


def test_arrays_are_named(run: Run) -> None:
    saved("run.pkl", (Z, Y))
    assert_loss(run, "run.pkl", "--key", "0", "--label-key", "1")
    saved("run.pkl", {"test": {"z": Z, "y": Y.tolist()}})
    assert_loss(run, "run.pkl", "--key", "test/z", "--label-key", "test/y")
    refused = run("loss", "run.pkl", "--key", "test/zz", "--label-key", "test/y")
    assert "did you mean --key test/z?" in refused.err


def test_lists_of_batches(run: Run) -> None:
    batches: list[dict[str, Any]] = [
        {"logits": Z[i : i + 3], "labels": Y[i : i + 3]} for i in range(0, 8, 3)
    ]
    saved("run.pkl", batches)
    assert_loss(run, "run.pkl")
    told = "run.pkl:labels: the shift leads from each of 3 arrays of a list into the next, as in"
    for kept in (list, np.asarray):
        saved("run.pkl", [{**batch, "labels": kept(batch["labels"].tolist())} for batch in batches])
        assert [told in run("loss", "run.pkl", "--shift", n).err for n in "10"] == [True, False]
    for i, batch in enumerate(batches):
        saved(f"part-{i}.pkl", batch)
    saved("labels.pkl", Y)
    assert_loss(run, "part-*.pkl", "labels.pkl", "--key", "logits")


def test_the_sample_file(run: Run) -> None:
    sample = str(SAMPLES / "digits.pt")
    logits = np.load(SAMPLES / "digits_logits.npy").view(np.uint32)
    rounded = (logits + 0x7FFF + (logits >> 16 & 1)) & np.uint32(0xFFFF0000)
    np.save("z.npy", rounded.view(np.float32))
    want = run("loss", "z.npy", str(SAMPLES / "digits_labels.npy"), "--quiet")
    assert run("loss", sample, "--quiet").out == want.out
    listed = run("info", sample).out
    assert "bfloat16" in listed
    assert "int64" in listed


def test_info_names_what_is_not_read(run: Run) -> None:
    saved("run.pkl", {"logits": Z, "other": np.array([None]), "names": [*"abababab"]})
    outcome = run("info", "run.pkl")
    assert outcome.code == 0
    assert "run.pkl:other: an array of object is not read" in outcome.err
    assert "class names" in outcome.out
    saved("run.pkl", {"logits": np.array([None]), "labels": Y})
    for command in ("loss", "eval"):  # labels are no logits
        assert "run.pkl:logits: an array of object is not read" in run(command, "run.pkl").err


def test_weights_of_a_model_are_no_logits(run: Run) -> None:
    saved("model.pkl", {"fc.weight": Z, "fc.bias": Z[0]})
    refused = run("loss", "model.pkl", "0")
    assert "the weights of a model, not what it returns" in refused.err


def test_it_is_not_written(run: Run) -> None:
    np.save("z.npy", Z)
    assert "pt is only read" in run("softmax", "z.npy", "-o", "p.pt").err
