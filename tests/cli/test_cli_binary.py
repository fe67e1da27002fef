"""Binary and multi-label losses, picked log-probabilities, weights and parts of rows."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run
from close_to import close_to
from in_one_test import in_one_test

from xentcli import binary_cross_entropy_with_logits as bce
from xentcli import cross_entropy

RNG = np.random.default_rng(3)
Z, Y = RNG.normal(0, 3, (40, 3)), RNG.integers(0, 2, (40, 3))
P = 1.0 / (1.0 + np.exp(-Z))
LOGITS, LABELS = RNG.normal(size=(20, 4)), RNG.integers(0, 4, 20)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, values in {"z": Z, "y": Y, "p": P, "logits": LOGITS, "labels": LABELS}.items():
        np.save(f"{name}.npy", values)


def test_multi_label(run: Run) -> None:
    assert run("loss", "z.npy", "y.npy", "--binary").number == bce(Z, Y)
    weighted = run("loss", "z.npy", "y.npy", "--binary", "--pos-weight", "1,2,0.5").number
    assert weighted == bce(Z, Y, pos_weight=[1, 2, 0.5])
    evaluated = run("eval", "z.npy", "y.npy", "--binary", "--weight", "1,2,0.5")
    assert evaluated.err == "warning: the weights of classes concern the loss alone\n"
    assert f"\nloss,{float(bce(Z, Y, weight=[1, 2, 0.5]))!r}," in evaluated.out
    probs = run("nll", "--binary", "--probs", "p.npy", "--labels", "y.npy").number
    assert probs == close_to(float(bce(Z, Y)), rel=1e-12)
    rows = run("loss", "z.npy", "y.npy", "--binary", "--reduction", "none", "-o", "out.npy")
    assert rows.code == 0
    np.testing.assert_array_equal(np.load("out.npy"), bce(Z, Y, reduction="none"))


def test_binary_results(run: Run) -> None:
    labels = Y.copy()
    labels[3, 1] = 255
    np.save("void.npy", labels.astype(np.uint8))
    wrong = run("loss", "z.npy", "void.npy", "--binary")
    assert wrong.code == 1
    assert "void.npy[3, 1]: label 255 is not between 0 and 1" in wrong.err
    assert "--ignore-index 255" in wrong.err
    found = run("loss", "z.npy", "void.npy", "--binary", "--ignore-index", "255", "--json").json
    used = labels != 255
    assert found["loss"] == bce(Z[used], Y[used])
    assert (found["used"], found["ignored"]) == (119, 1)
    assert found["accuracy"] == ((Z > 0) == (Y == 1))[used].mean()


@in_one_test
@pytest.mark.parametrize("shape", [(40,), (40, 1), (1, 40)])
def test_one_column(run: Run, shape: tuple[int, ...]) -> None:
    """Nothing is computed as if there were one class; the hint leads to the right number."""
    np.save("one.npy", Z[:, 0])
    np.save("column.npy", Y[:, 0].reshape(shape))
    for values in ("one.npy", "one_column.npy"):
        np.save("one_column.npy", Z[:, :1])
        refused = run("loss", values, "column.npy")
        assert refused.code == 1
        assert "--binary" in refused.err
        assert run("loss", values, "column.npy", "--binary").number == bce(Z[:, 0], Y[:, 0])


@in_one_test
@pytest.mark.parametrize("words", [("0", "1"), ("false", "true"), ("0.25", "1.0")])
def test_a_column_of_the_same_name_in_both_files(run: Run, words: tuple[str, str]) -> None:
    """The name above binary labels is no label, though the logits have a column of that name."""
    Path("z.csv").write_text("spam\n" + "".join(f"{z!r}\n" for z in Z[:, 0].tolist()))
    Path("y.csv").write_text("spam\n" + "".join(f"{words[y]}\n" for y in Y[:, 0].tolist()))
    labels = np.where(Y[:, 0], 1.0, 0.25 if words[0] == "0.25" else 0.0)
    outcome = run("loss", "z.csv", "y.csv", "--binary")
    assert outcome.number == bce(Z[:, 0], labels)
    assert "row" not in outcome.err


def test_a_loss_over_one_class_is_never_silent(run: Run) -> None:
    np.save("one.npy", Z[:, :1])
    np.save("zeros.npy", np.zeros(40, int))
    assert run("loss", "one.npy", "zeros.npy").code == 1
    asked = run("loss", "one.npy", "zeros.npy", "--class-axis", "1")
    assert asked.out == "0.0\n"
    assert "the loss over one class is 0" in asked.err


def test_picked(run: Run) -> None:
    numbers = [-1.25, None, -2, -9999, -0.125]
    Path("lp.csv").write_text("logprob\n-1.25\nnull\n-2\n-9999\n-0.125\n")
    Path("lp.json").write_text(json.dumps(numbers))
    Path("lp.jsonl").write_text("\n".join(map(json.dumps, reversed(numbers))))
    pq.write_table(pa.table({"logprob": pa.array(numbers, pa.float32())}), "lp.parquet")
    pq.write_table(pa.table({"logprob": [[*numbers, None]]}), "lists.parquet")
    for name, missing in (
        *((f"lp.{kind}", 2) for kind in ("csv", "json", "jsonl", "parquet")),
        ("lists.parquet", 3),
    ):
        outcome = run("nll", "--picked", name)
        assert float(outcome.out) == 3.375 / 3, name
        assert outcome.err == f"note: tokens without a log-probability, left out: {missing}\n"
    assert "it is null" in run("softmax", "lp.parquet").err
    np.save("padded.npy", np.array([[-1.0, -2.0, 0.0, 0.0, 0.0], [0.0, 0.0, -3.0, -2.0, 0.0]]))
    told = "log-probabilities of 0 at the ends of sequences: 5; if they are padding, NaN or null"
    assert told in run("nll", "--picked", "padded.npy").err
    np.save("w.npy", np.load("padded.npy") < 0)
    for more in (["--sample-weight", "w.npy"], ["--rows", ":0"]):
        assert "padding" not in run("nll", "--picked", "padded.npy", *more).err
    np.save("positive.npy", np.array([0.5, -1.0]))
    assert (
        "positive.npy[0]: log-probability 0.5 is above 0"
        in run("nll", "--picked", "positive.npy").err
    )


def test_sample_weight(run: Run) -> None:
    v, w = RNG.uniform(0, 2, 20), np.array([1.0, 2.0, 0.5, 1.0])
    np.save("v.npy", v)
    rows = np.asarray(cross_entropy(LOGITS, LABELS, reduction="none"))
    common = ("loss", "logits.npy", "labels.npy", "--sample-weight", "v.npy")
    assert run(*common).number == close_to((v * rows).sum() / v.sum(), rel=1e-14)
    want = (v * w[LABELS] * rows).sum() / (v * w[LABELS]).sum()
    assert run(*common, "--weight", "1,2,0.5,1").number == close_to(want, rel=1e-14)
    np.save("short.npy", v[:7])
    assert run(*common[:-1], "short.npy").code == 1
    np.save("row.npy", LOGITS[0])
    for words in ("loss --sample-weight", "eval --by", "eval --cluster"):
        wrong = run(*words.split(), "short.npy", "row.npy", "1")
        assert (wrong.code, wrong.out) == (1, ""), words
        assert "of shape (7,) for rows of shape ()" in wrong.err, words


@pytest.mark.parametrize(("text", "rows"), [("3:9", slice(3, 9)), ("15:", slice(15, None))])
def test_rows(run: Run, text: str, rows: slice) -> None:
    got = run("loss", "logits.npy", "labels.npy", "--rows", text).number
    assert got == cross_entropy(LOGITS[rows], LABELS[rows])
    assert run("loss", "logits.npy", "labels.npy", "--rows", "50:60").code == 1


def test_several_ignored_labels(run: Run) -> None:
    got = run(
        "loss", "logits.npy", "labels.npy", *["--ignore-index", "0"], "--ignore-index=2"
    ).number
    used = np.isin(LABELS, [1, 3])
    assert got == cross_entropy(LOGITS[used], LABELS[used])


def test_rounded_probabilities(run: Run) -> None:
    Path("p.csv").write_text("0.33,0.33,0.33\n0.67,0.17,0.17\n")
    Path("q.csv").write_text("0.2,0.3\n")
    Path("two.csv").write_text("0\n2\n")
    Path("one.csv").write_text("1\n")
    assert run("nll", "--probs", "p.csv", "--labels", "two.csv").err == ""
    missed = run("nll", "--probs", "q.csv", "--labels", "one.csv")
    assert "do not sum to 1: 1, by up to 0.5" in missed.err
    given = ("nll", "--probs", "q.csv", "--labels", "one.csv", "--normalize")
    assert run(*given).number == close_to(-np.log(0.6), rel=1e-15)
    assert run(*given, "--clip", "0.45").number == close_to(-np.log(0.55), rel=1e-15)
    assert "look like probabilities" in run("loss", "p.csv", "two.csv").err


def test_labels_that_are_logits(run: Run) -> None:
    np.save("more.npy", LOGITS + 1)
    assert "more.npy[" in (refused := run("loss", "logits.npy", "more.npy")).err
    assert refused.code == 1
    assert run("loss", "logits.npy", "logits.npy").code == 1


def test_one_hot_and_names(run: Run) -> None:
    want = cross_entropy(LOGITS, LABELS)
    for dtype in (bool, np.uint8, np.int64):
        np.save("hot.npy", np.eye(4, dtype=dtype)[LABELS])
        got = run("loss", "logits.npy", "hot.npy").number
        assert got == close_to(float(want), rel=1e-14)
    np.save("hot.npy", np.ones((20, 4), int))
    assert "exactly one 1 in each row" in run("loss", "logits.npy", "hot.npy").err
    for kind in ("U", "S"):
        np.save("names.npy", np.array(list("abcd"))[LABELS].astype(kind))
        assert run("loss", "logits.npy", "names.npy", "--classes", "a,b,c,d").number == want


def test_a_forgotten_shift(run: Run) -> None:
    labels = RNG.integers(0, 9, (4, 16))
    logits = RNG.normal(size=(4, 16, 9))
    np.put_along_axis(logits[:, :-1], labels[:, 1:, None], 8.0, axis=2)
    np.save("deep.npy", logits)
    np.save("tokens.npy", labels)
    assert "with --shift 1 the loss" in run("loss", "deep.npy", "tokens.npy").err
    assert "with --shift" not in run("loss", "deep.npy", "tokens.npy", "--shift", "1").err


@pytest.mark.parametrize(
    ("kind", "prompt"),
    [("logits", 0), ("log-probs", 20), ("probs", 0), ("classes along axis 1", 20)],
)
def test_a_forgotten_shift_shows_in_the_first_block(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: str, prompt: int
) -> None:
    monkeypatch.setattr("xentcli.pipeline.oddities._COMPARED_ELEMENTS", 43 * 300)  # of 64 rows
    labels = (np.arange(2 * 64).reshape(2, 64) * 7) % 300  # no two alike that are neighbours
    logits = np.zeros((2, 64, 300), np.float32)
    np.put_along_axis(logits[:, :-1], labels[:, 1:, None], 8.0, axis=2)
    normalizer = float(np.log(np.exp(8.0) + 299))
    values = {"log-probs": logits - np.float32(normalizer)}.get(kind, logits)
    values = np.exp(logits) / np.exp(normalizer) if kind == "probs" else values
    np.save("deep.npy", np.moveaxis(values, 2, 1) if "axis" in kind else values)
    labels[:, :prompt] = -100
    np.save("tokens.npy", labels)
    command = ["nll", f"--{kind}"] if "probs" in kind else ["loss", "--logits"]
    outcome = run(*command, "deep.npy", "--labels", "tokens.npy")
    losses = f"would be {normalizer - 8:.3g} instead of {normalizer:.3g}: "
    assert f"note: with --shift 1 the loss of the first rows {losses}" in outcome.err
    shifted = run(*command, "deep.npy", "--labels", "tokens.npy", "--shift", "1")
    assert float(shifted.out) == close_to(normalizer - 8, rel=1e-6)
    labels[:, :-1], labels[:, -1] = labels[:, 1:].copy(), -100
    np.save("tokens.npy", labels)
    assert "--shift" not in run(*command, "deep.npy", "--labels", "tokens.npy").err


def test_labels_that_count_from_one_are_judged_by_all(run: Run) -> None:
    for i, labels in enumerate(([0, 3], [1, 4])):
        np.save(f"a-{i}.npy", LOGITS[:2])
        np.save(f"b-{i}.npy", np.array(labels))
    outcome = run("loss", "--logits", "a-*.npy", "--labels", "b-*.npy")
    assert "label 4 is outside 0..3" in outcome.err
    assert "--label-base" not in outcome.err
    Path("b-0.npy").rename("b-2.npy")
    order = run("loss", "--logits", "a-*.npy", "--labels", "b-2.npy", "--labels", "b-1.npy")
    assert order.code == 1
    assert "b-2.npy stands at the place of a-0.npy" in order.err
