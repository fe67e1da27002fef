"""Rows of Parquet files that pandas saved with the index of a frame, in several orders."""

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run

import xentcli as xent

RANDOM = np.random.default_rng(7)
CLASSES = ["ant", "bee", "cat"]
LOGITS = pd.DataFrame(RANDOM.normal(size=(15, 3)), columns=CLASSES)
LABELS = pd.DataFrame({"label": RANDOM.choice(CLASSES, 15)})
LOSS = float(
    np.mean(
        np.log(np.exp(LOGITS.to_numpy()).sum(axis=1))
        - LOGITS.to_numpy()[np.arange(15), [CLASSES.index(name) for name in LABELS["label"]]]
    )
)
ONE, TWO = RANDOM.permutation(15), RANDOM.permutation(15)


def save(frame: pd.DataFrame, path: str, order: np.ndarray, name: str | None) -> None:
    """Save a frame in another order, with its index."""
    frame.iloc[order].rename_axis(name).to_parquet(path)


@pytest.mark.parametrize("name", [None, "index", "sample"])
def test_an_index_that_both_files_have_names_rows(run: Run, name: str | None) -> None:
    save(LOGITS, "z.parquet", ONE, name)
    save(LABELS, "y.parquet", TWO, name)
    outcome = run("loss", "z.parquet", "y.parquet")
    assert outcome.number == pytest.approx(LOSS, rel=1e-12)
    column = name or "__index_level_0__"
    assert f"in another order than z.parquet; matched by '{column}'" in outcome.err
    save(LOGITS, "w.parquet", TWO, name)
    outcome = run("compare", "z.parquet", "w.parquet", "--labels", "y.parquet", "--json")
    found = outcome.json["metrics"]
    assert found["kl"]["value"] == 0
    assert found["loss_base"]["value"] == pytest.approx(LOSS, rel=1e-12)


def test_an_index_in_one_order_may_be_doubled(run: Run) -> None:
    for frame, path in ((LOGITS, "z.parquet"), (LABELS, "y.parquet")):
        frame.set_index(np.arange(15) % 4).to_parquet(path)
    assert run("loss", "z.parquet", "y.parquet").number == pytest.approx(LOSS, rel=1e-12)


def test_a_column_of_ids_comes_before_the_index(run: Run) -> None:
    for frame, path, order in ((LOGITS, "z.parquet", ONE), (LABELS, "y.parquet", TWO)):
        moved = frame.assign(image_id=np.arange(100, 115)).iloc[order]
        moved.set_index(np.arange(50, 65)).to_parquet(path)
    assert run("loss", "z.parquet", "y.parquet").number == pytest.approx(LOSS, rel=1e-12)


def test_an_index_in_one_file_is_left_out_and_said(run: Run) -> None:
    LOGITS.to_parquet("z.parquet")
    LABELS.set_index(ONE).to_parquet("y.parquet")
    outcome = run("loss", "z.parquet", "y.parquet")
    assert outcome.number == pytest.approx(LOSS, rel=1e-12)
    assert "'__index_level_0__', is left out; rows are matched by place" in outcome.err


def test_an_index_that_one_of_two_models_has_is_left_out_and_said(run: Run) -> None:
    save(LOGITS, "one.parquet", ONE, "sample")
    LOGITS.to_parquet("two.parquet")
    save(LOGITS, "other.parquet", ONE, None)
    np.save("z.npy", LOGITS.to_numpy())
    np.save("y.npy", np.zeros(15, int))
    p = np.exp(LOGITS.to_numpy())
    p /= p.sum(axis=1, keepdims=True)
    kl = (p * np.log(p / p[ONE])).sum(axis=1).mean()
    said = "the index that pandas saved, {}, is left out; rows are matched by place"
    for files in (("two.parquet", "one.parquet"), ("z.npy", "one.parquet")):
        outcome = run("compare", *files, "--metric", "kl")
        assert outcome.number == pytest.approx(kl, rel=1e-9), files
        assert f"one.parquet: {said.format(repr('sample'))}" in outcome.err, files
    for files in (("one.parquet", "other.parquet"), ("other.parquet", "one.parquet")):
        outcome = run("compare", *files, "--metric", "kl")
        assert outcome.number == 0, files
        assert f"one.parquet: {said.format(repr('sample'))}" in outcome.err, files
        assert f"other.parquet: {said.format(repr('__index_level_0__'))}" in outcome.err, files
    assert said.format("'sample'") in run("loss", "one.parquet", "y.npy").err
    notes = xent.evaluate("one.parquet", np.zeros(15, int)).notes
    assert notes == (f"one.parquet: {said.format(repr('sample'))}",)
    assert notes[0] in xent.compare(LOGITS.to_numpy(), "one.parquet").notes
    assert "by place" not in run("softmax", "one.parquet").err


def test_an_index_that_counts_in_steps_is_said(run: Run) -> None:
    np.save("y.npy", np.zeros(15, int))
    LABELS.to_parquet("y.parquet")
    said = "z.parquet: the index that pandas saved counts {}; rows are matched by place"
    for step, counted in ((slice(None, None, -1), "14, 13, ..."), (slice(3, None, 2), "3, 5, ...")):
        frame = LOGITS[step]
        frame.to_parquet("z.parquet")
        np.save("y.npy", np.zeros(len(frame), int))
        assert said.format(counted) in run("loss", "z.parquet", "y.npy").err
        assert run("softmax", "z.parquet").err == ""
    LOGITS[::-1].to_parquet("z.parquet")
    assert said.format("14, 13, ...") in run("loss", "z.parquet", "y.parquet").err
    for cut in (LOGITS[3:], LOGITS):  # as a shard begins where the last one ends
        cut.to_parquet("z.parquet")
        np.save("y.npy", np.zeros(len(cut), int))
        assert run("loss", "z.parquet", "y.npy").err == ""
