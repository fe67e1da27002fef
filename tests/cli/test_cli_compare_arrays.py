"""xent compare of named arrays, beside which there are no labels."""

import json
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from cli_tools import Run, refusal
from compare_tools import ONE, TWO, metrics_of, save_models
from in_one_test import in_one_test


def write_arrays(path: str, **arrays: Any) -> None:
    """Write named arrays into a file."""
    if path.endswith(".npz"):
        np.savez(path, **arrays)
    elif path.endswith(".json"):
        Path(path).write_text(json.dumps({name: each.tolist() for name, each in arrays.items()}))
    elif path.endswith(".hdf5"):
        with h5py.File(path, "w") as file:
            file.update(arrays)
    else:
        Path(path).write_bytes(pickle.dumps(arrays))


@in_one_test
@pytest.mark.parametrize("kind", ["npz", "json", "hdf5", "pickle"])
def test_a_named_array_without_labels(run: Run, kind: str) -> None:
    save_models()
    expected = metrics_of(run("compare", "one.npy", "two.npy", "--json", "--jobs", "1"))
    assert expected["loss_new"]["value"] is None
    write_arrays(f"one.{kind}", logits=ONE)
    write_arrays(f"two.{kind}", logits=TWO, embeddings=ONE)
    more = ("--json", "--jobs", "1")
    assert metrics_of(run("compare", f"one.{kind}", f"two.{kind}", *more)) == expected
    turned = metrics_of(run("compare", f"two.{kind}", "one.npy", *more, "--key", "logits"))
    assert turned["kl"] == expected["kl_reverse"]
    doubtful = run("compare", f"two.{kind}", "one.npy")
    assert (doubtful.code, doubtful.out) == (1, "")
    refused = run("loss", f"one.{kind}")
    assert (refused.code, refused.out) == (1, "")
    assert "hint: labels stand in a file of their own: --labels FILE" in refused.err


@pytest.mark.parametrize("path", ["one.json", "one.jsonl"])
def test_lists_of_json_beside_which_there_is_nothing(run: Run, path: str) -> None:
    """Nothing is chosen in a file that is one array: it is not its own labels."""
    save_models()
    rows = [json.dumps(row) for row in ONE.tolist()]
    Path(path).write_text("\n".join(rows) if path.endswith("l") else f"[{','.join(rows)}]")
    found = run("compare", path, "two.npy", "--json").json["metrics"]
    assert found["kl"] == run("compare", "one.npy", "two.npy", "--json").json["metrics"]["kl"]
    error = refusal(run("loss", path), 2).error
    assert error.startswith("where are the labels? In a second file")
