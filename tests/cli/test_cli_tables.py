"""Parquet and Arrow files on the command line."""

import io
import shlex
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run
from in_one_test import in_one_folder, in_one_test
from numpy.typing import NDArray

from xentcli import softmax

Array = NDArray[np.float64]
NAMES = ["cat", "dog", "bird"]


@pytest.fixture
def logits(folder: Path) -> Array:
    """Fill the folder with logits and labels, as NPY and together in tables; return the logits."""
    z = np.asarray(np.load(folder / "z.npy"))
    y = np.load(folder / "y.npy")
    frame = pd.DataFrame(z, columns=NAMES).assign(label=y)
    frame.to_parquet(folder / "wide.parquet")
    frame.to_feather(folder / "wide.feather")
    frame[["label"]].assign(who=[*"abcde"]).to_parquet(folder / "y.parquet")
    lists = pa.table({"logits": pa.array(list(z)), "label": y})
    pq.write_table(lists, folder / "lists.pq")
    with pa.ipc.new_stream(folder / "lists.arrows", lists.schema) as writer:
        writer.write_table(lists, 2)
    return z


@in_one_folder
@pytest.mark.parametrize("name", ["wide.parquet", "wide.feather", "lists.pq", "lists.arrows"])
def test_loss_of_a_table(run: Run, logits: Array, name: str) -> None:
    want = run("loss", "--logits", "z.npy", "--labels", "y.npy")
    assert len(logits) == 5
    assert run("loss", "--logits", name, "--label-column", "label") == want
    piped = run("loss", "--logits", "-", "--label-column", "label", stdin=Path(name).read_bytes())
    assert piped == want


def test_the_hint_of_labels_beside_lists_chooses_them(run: Run, logits: Array) -> None:
    """In a file and in the folder of a dataset that is saved; followed, it gives the loss."""
    labels = np.arange(len(logits)) % logits.shape[1]
    np.save("labels.npy", labels)
    np.save("rows.npy", logits)
    folder = Path("saved")
    folder.mkdir()
    (folder / "state.json").write_text('{"_data_files": [{"filename": "p.arrow"}]}')
    table = pa.table({"text": ["a"] * len(labels), "logits": logits.tolist(), "labels": labels})
    pq.write_table(table, "p.parquet")
    with pa.ipc.new_stream(folder / "p.arrow", table.schema) as stream:
        stream.write_table(table)
    want = run("loss", "rows.npy", "labels.npy").out
    for name in ("p.parquet", "saved"):
        asked = run("loss", name)
        assert asked.code == 2, asked.err
        options = asked.err.partition("hint: ")[2].split()
        assert options == ["--key", "logits", "--label-column", "labels"]
        assert run("loss", name, *options).out == want


def test_labels_of_a_table(run: Run, logits: Array) -> None:
    want = run("loss", "--logits", "z.npy", "--labels", "y.npy")
    assert len(logits) == 5
    got = run("loss", "--logits", "z.csv", "--labels", "y.parquet", "--label-column", "label")
    assert got == want
    got = run("loss", "--logits", "z.npy", "--labels", "y.parquet")
    note = "note: y.parquet: column 'who' is not taken for labels\n"
    assert (got.out, got.err) == (want.out, note)


@in_one_test
@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("wide.parquet", "out.parquet"),
        ("z.npy", "out.parquet"),
        ("z.csv", "out.feather"),
        ("z.npy", "out.arrow"),
        ("wide.parquet", "out.arrows"),
    ],
)
def test_softmax_to_a_table(run: Run, logits: Array, name: str, out: str) -> None:
    drop = ["--drop", "label"] if name == "wide.parquet" else []
    assert run("softmax", name, *drop, "-o", out) == (0, b"", b"")
    run("softmax", out, "-o", "twice.npy")
    np.testing.assert_allclose(np.load("twice.npy"), softmax(softmax(logits)), rtol=1e-14)
    values = run("info", out, "--json").json["files"][0]
    assert values["shape"] == [5, 3]
    assert values["columns"] == (None if name == "z.npy" else NAMES)
    assert values["format"] == {".parquet": "parquet", ".arrows": "arrows"}.get(
        Path(out).suffix, "arrow"
    )


def test_axis_0_of_a_table(run: Run, logits: Array) -> None:
    assert run("softmax", "lists.pq", "--columns", "logits", "--axis", "0", "-o", "o.npy").code == 0
    np.testing.assert_allclose(np.load("o.npy"), softmax(logits, 0), rtol=1e-14)


def test_a_table_to_standard_output(run: Run, logits: Array) -> None:
    outcome = run("softmax", "z.npy", "--to", "parquet")
    assert outcome.err == ""
    frame = pd.read_parquet(io.BytesIO(outcome.stdout))
    np.testing.assert_allclose(np.stack([*frame["values"]]), softmax(logits))


def test_one_hot_keeps_its_dtype(run: Run, logits: Array) -> None:
    assert len(logits) == 5
    assert run("one-hot", "y.parquet", "--columns", "label", "-o", "hot.parquet").code == 0
    assert str(pq.read_schema("hot.parquet").field("values").type).endswith(": uint8 not null>[3]")
    assert run("one-hot", "y.npy", "--classes", "a,b,c", "-o", "hot.arrow").code == 0
    hot = np.stack([*pd.read_feather("hot.arrow")["values"]])
    assert hot.tolist() == np.eye(3)[[0, 1, 2, 0, 1]].tolist()
    assert "columns" in run("info", "hot.arrow").out
    assert "a b c" in run("info", "hot.arrow").out  # names are kept beside the list


def test_losses_of_rows(run: Run, logits: Array) -> None:
    assert len(logits) == 5
    command = ["loss", "--logits", "z.npy", "--labels", "y.npy", "--reduction", "none"]
    assert run(*command, "-o", "losses.parquet").code == 0
    want = [float(line) for line in run(*command).out.splitlines()]
    assert pd.read_parquet("losses.parquet")["values"].tolist() == want


def test_places(run: Run, logits: Array) -> None:
    logits[3, 1] = np.nan
    table = pa.table({"logits": pa.array(list(logits)), "label": [0, 1, 2, 0, 3]})
    pq.write_table(table, "bad.parquet")
    outcome = run("loss", "--logits", "bad.parquet", "--label-column", "label")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("error: bad.parquet: row 3: column 'logits'[1]: logit nan")
    outcome = run(
        "loss",
        "--logits",
        "bad.parquet",
        "--label-column",
        "label",
        "--non-finite",
        "propagate",
    )
    assert outcome.err.startswith("error: bad.parquet: row 4: label 3 is outside 0..2")


def test_nothing_is_left_of_a_table_that_fails(run: Run, logits: Array, tmp_path: Path) -> None:
    logits[3, 1] = np.nan
    np.save("nan.npy", logits)
    before = sorted(tmp_path.iterdir())
    outcome = run("softmax", "nan.npy", "-o", "out.parquet")
    assert outcome.code == 1
    assert outcome.err.startswith("error: nan.npy[3, 1]")
    assert sorted(tmp_path.iterdir()) == before


def test_text_does_not_go_to_a_table(run: Run, logits: Array) -> None:
    assert len(logits) == 5
    outcome = run("info", "z.npy", "-o", "out.parquet")
    assert (outcome.code, outcome.err) == (
        2,
        "error: out.parquet: this is text, and not parquet\nhint: --output FILE.csv\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["softmax", "wide.parquet", "--drop", "label"],
        ["softmax", "z.npy", "-o", "out.arrow"],
    ],
)
@pytest.mark.usefixtures("logits")
def test_pyarrow_is_not_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run(*arguments)
    file = "out" if "-o" in arguments else "wide"
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: {file}.")
    install = shlex.join([sys.executable, "-m", "pip", "install", "pyarrow>=26"])
    assert done.err.endswith(f" needs pyarrow\nhint: the extra 'arrow' brings it: {install}\n")
    assert not list(tmp_path.glob("*out*"))
