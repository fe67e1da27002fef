"""loss and nll: options, outputs and warnings, against formulas written here."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, run_process
from numpy.typing import NDArray

Array = NDArray[Any]
LOSS = ["loss", "--logits", "z.npy", "--labels", "y.npy"]


def log_softmax(logits: Array) -> Array:
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))


def row_losses(logits: Array, labels: Array) -> Array:
    return -np.take_along_axis(log_softmax(logits), labels[:, None], axis=1)[:, 0]


@pytest.fixture
def logits(folder: Path) -> Array:
    return np.asarray(np.load(folder / "z.npy"))


@pytest.fixture
def labels(folder: Path) -> Array:
    return np.asarray(np.load(folder / "y.npy"))


@pytest.fixture
def losses(logits: Array, labels: Array) -> Array:
    return row_losses(logits, labels)


# What is printed


def test_a_pipe_gets_the_bare_number(folder: Path, losses: Array) -> None:
    outcome = run_process("loss", "--logits", folder / "z.npy", "--labels", folder / "y.npy")
    assert outcome.err == ""
    assert float(outcome.out) == pytest.approx(losses.mean(), rel=1e-14)
    assert outcome.out == f"{float(outcome.out)!r}\n"


@pytest.mark.parametrize(
    ("reduction", "expected"), [("mean", np.mean), ("sum", np.sum), ("none", np.asarray)]
)
def test_reduction(run: Run, losses: Array, reduction: str, expected: Any) -> None:
    outcome = run(*LOSS, "--reduction", reduction)
    got = np.array([float(line) for line in outcome.out.splitlines()])
    np.testing.assert_allclose(got, np.atleast_1d(expected(losses)), rtol=1e-14)


def test_the_mean_is_the_exact_sum_of_the_rows(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(5)
    np.save(folder / "z.npy", rng.normal(scale=20, size=(1000, 7)))
    np.save(folder / "y.npy", rng.integers(0, 7, 1000))
    rows = [float(line) for line in run(*LOSS, "--reduction", "none").out.splitlines()]
    assert float(run(*LOSS, "--reduction", "sum").out) == math.fsum(rows)
    assert float(run(*LOSS).out) == math.fsum(rows) / 1000


def test_json(run: Run, losses: Array) -> None:
    answer = run(*LOSS, "--json").json
    mean, spread = losses.mean(), losses.std(ddof=1)
    assert answer == {
        "command": "loss",
        "reduction": "mean",
        "rows": 5,
        "used": 5,
        "ignored": 0,
        "unpaired": 0,
        "num_classes": 3,
        "loss": pytest.approx(mean, rel=1e-14),
        "loss_sum": pytest.approx(losses.sum(), rel=1e-14),
        "weight_sum": 5.0,
        "perplexity": pytest.approx(math.exp(mean), rel=1e-14),
        "bits": pytest.approx(mean / math.log(2), rel=1e-14),
        "standard_error": pytest.approx(spread / math.sqrt(5), rel=1e-13),
        "accuracy": 0.2,
        "accuracy_low": pytest.approx(0.0362241, rel=1e-5),
        "accuracy_high": pytest.approx(0.6244654, rel=1e-5),
        "hits": 1,
        "binary": False,
        "picked": False,
        "metrics": {},
    }
    assert answer["loss"] == float(run(*LOSS).out)


def test_accuracy_of_nll_and_of_class_probabilities(
    run: Run, folder: Path, logits: Array, labels: Array
) -> None:
    hits = int((logits.argmax(axis=1) == labels).sum())
    np.save(folder / "lp.npy", log_softmax(logits))
    np.save(folder / "p.npy", np.exp(log_softmax(logits)))
    for given in ("--log-probs lp.npy", "--probs p.npy"):
        answer = run("nll", *given.split(), "--labels", "y.npy", "--json").json
        assert (answer["accuracy"], answer["hits"]) == (hits / len(labels), hits)
    answer = run("loss", "--logits", "z.npy", "--labels", "p.npy", "--json").json
    names = ("accuracy", "accuracy_low", "accuracy_high", "hits")
    assert [answer[name] for name in names] == [None] * 4
    np.save(folder / "y.npy", np.full(len(labels), -100))
    assert run(*LOSS, "--json").json["accuracy"] is None


@pytest.mark.usefixtures("folder")
def test_a_bare_number_asks_for_the_loss_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from xentcli.metrics.accuracy import AccuracyState

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(AccuracyState, "from_rows", fail)
    assert run(*LOSS).code == 0
    assert run(*LOSS, "--reduction", "none").code == 0


def test_json_of_the_sum(run: Run, losses: Array) -> None:
    answer = run(*LOSS, "--json", "--reduction", "sum").json
    assert answer["loss"] == answer["loss_sum"] == pytest.approx(losses.sum(), rel=1e-14)


def test_json_of_each_row(run: Run, losses: Array) -> None:
    answer = run(*LOSS, "--json", "--reduction", "none").json
    np.testing.assert_allclose(answer["losses"], losses, rtol=1e-14)
    assert (answer["command"], answer["reduction"]) == ("loss", "none")
    promised = {"loss", "loss_sum", "weight_sum", "rows", "used", "ignored", "num_classes"}
    assert promised | {"perplexity", "bits", "standard_error"} <= answer.keys()


def test_json_of_one_row_has_no_standard_error(run: Run, folder: Path) -> None:
    np.save(folder / "z.npy", np.zeros((1, 2)))
    np.save(folder / "y.npy", np.zeros(1, np.int64))
    assert run(*LOSS, "--json").json["standard_error"] is None


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--reduction", "none"]])
def test_output_file(run: Run, folder: Path, arguments: list[str]) -> None:
    name = folder / "loss.csv"
    assert run(*LOSS, *arguments, "-o", "loss.csv") == (0, b"", b"")
    text = name.read_text()
    assert text == run(*LOSS, *arguments).out
    assert run(*LOSS, *arguments, "-o", "loss.csv").code == 1
    assert name.read_text() == text
    assert run(*LOSS, *arguments, "--output", "loss.csv", "--force").code == 0


def test_losses_as_npy(run: Run, losses: Array) -> None:
    assert run(*LOSS, "--reduction", "none", "-o", "rows.npy").code == 0
    np.testing.assert_allclose(np.load("rows.npy"), losses, rtol=1e-14)


def test_one_number_as_npy(run: Run, losses: Array) -> None:
    assert run(*LOSS, "-o", "loss.npy").code == 0
    assert float(np.load("loss.npy")) == pytest.approx(losses.mean(), rel=1e-14)


# Options


def test_weight_of_numbers_and_of_files(
    run: Run, folder: Path, losses: Array, labels: Array
) -> None:
    weight = np.array([1.0, 2.0, 0.5])
    np.save(folder / "w.npy", weight)
    (folder / "row.csv").write_text("1,2,0.5\n")
    (folder / "column.csv").write_text("weight\n1\n2\n0.5\n")
    want = (losses * weight[labels]).sum() / weight[labels].sum()
    for said in ("1,2,0.5", "w.npy", "row.csv", "column.csv"):
        outcome = run(*LOSS, "--weight", said, "--json")
        assert outcome.json["loss"] == pytest.approx(want, rel=1e-14), said
        assert outcome.json["weight_sum"] == weight[labels].sum()
        assert outcome.err == ""


def test_weight_of_standard_input(run: Run, losses: Array, labels: Array) -> None:
    want = (losses * np.array([1, 2, 0.5])[labels]).mean()
    total = float(run(*LOSS, "--weight", "-", "--reduction", "sum", stdin=b"1\n2\n0.5\n").out)
    assert total == pytest.approx(want * 5, rel=1e-14)


@pytest.mark.parametrize("command", ["loss", "eval"])
@pytest.mark.parametrize("said", ["-", "fifo"])
def test_weights_of_a_pipe_are_read_once_and_go_by_name(
    run: Run, folder: Path, command: str, said: str
) -> None:
    arguments = [command, "--logits", "z.csv", "--labels", "y.npy", "--json", "--weight"]
    want = run(*arguments, "1,2,0.5").json
    first, second, third = (folder / "z.csv").read_text().split()[0].split(",")
    content = f"{third},{first},{second}\n0.5,1,2\n".encode()
    os.mkfifo(folder / "fifo")
    with ThreadPoolExecutor(1) as pool:
        if said == "fifo":
            pool.submit((folder / "fifo").write_bytes, content)
        outcome = run(*arguments, said, stdin=content)
    assert outcome.code == 0
    measured = "loss" if command == "loss" else "metrics"
    assert outcome.json[measured] == want[measured]


@pytest.mark.parametrize("ignored", [0, 1, 2, -1, 255])
def test_ignore_index(
    run: Run, folder: Path, logits: Array, losses: Array, labels: Array, ignored: int
) -> None:
    if ignored in (-1, 255):
        labels = np.where(labels == 1, ignored, labels)
        np.save(folder / "y.npy", labels)
    logits[labels == ignored] = np.nan
    np.save(folder / "z.npy", logits)
    used = labels != ignored
    answer = run(*LOSS, f"--ignore-index={ignored}", "--json").json
    assert answer["loss"] == pytest.approx(losses[used].mean(), rel=1e-14)
    assert (answer["used"], answer["ignored"]) == (used.sum(), (~used).sum())


def test_label_smoothing(run: Run, logits: Array, losses: Array) -> None:
    spread = -log_softmax(logits).mean(axis=1)
    want = (0.9 * losses + 0.1 * spread).mean()
    assert float(run(*LOSS, "--label-smoothing", "0.1").out) == pytest.approx(want, rel=1e-14)


def test_temperature(run: Run, logits: Array, labels: Array) -> None:
    want = row_losses(logits / 0.5, labels).mean()
    assert float(run(*LOSS, "--temperature", "0.5").out) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize(("dtype", "rel"), [("float16", 5e-3), ("float32", 1e-6)])
def test_dtype_casts_first(
    run: Run, logits: Array, labels: Array, losses: Array, dtype: str, rel: float
) -> None:
    got = float(run(*LOSS, "--dtype", dtype).out)
    cast = row_losses(logits.astype(dtype).astype(np.float64), labels).mean()
    assert got == pytest.approx(cast, rel=1e-6)
    assert got == pytest.approx(losses.mean(), rel=rel)
    assert got != losses.mean()


def test_label_base(run: Run, folder: Path, labels: Array, losses: Array) -> None:
    np.save(folder / "y.npy", labels + 1)
    assert run(*LOSS).err == (
        "error: y.npy[2]: label 3 is outside 0..2\nhint: labels look 1-based; try --label-base 1\n"
    )
    assert float(run(*LOSS, "--label-base", "1").out) == pytest.approx(losses.mean(), rel=1e-14)


def test_class_probabilities(run: Run, folder: Path, logits: Array) -> None:
    probs = np.random.default_rng(1).dirichlet(np.ones(3), size=5)
    np.save(folder / "p.npy", probs)
    outcome = run("loss", "--logits", "z.npy", "--labels", "p.npy")
    want = -(probs * log_softmax(logits)).sum(axis=1).mean()
    assert float(outcome.out) == pytest.approx(want, rel=1e-14)
    assert outcome.err == ""
    np.save(folder / "p.npy", probs / 2)
    uneven = run("loss", "--logits", "z.npy", "--labels", "p.npy")
    assert float(uneven.out) == pytest.approx(want / 2, rel=1e-14)
    assert "do not sum to 1" in uneven.err


def test_class_axis(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(4)
    deep, labels = rng.normal(size=(2, 4, 3)), rng.integers(0, 3, (2, 4))
    np.save(folder / "deep.npy", deep)
    np.save(folder / "torch.npy", deep.swapaxes(1, 2))
    np.save(folder / "deep_labels.npy", labels)
    want = row_losses(deep.reshape(8, 3), labels.reshape(8)).mean()
    command = ["loss", "--labels", "deep_labels.npy", "--logits"]
    found = run(*command, "deep.npy")
    assert found.err == ""  # the labels fit one axis only
    assert run(*command, "deep.npy", "--quiet").err == ""
    for arguments in (["torch.npy"], ["deep.npy", "--class-axis", "2"], ["deep.npy"]):
        got = float(run(*command, *arguments).out)
        assert got == pytest.approx(want, rel=1e-14), arguments
    assert run(*command, "torch.npy").err == ""
    assert run(*command, "deep.npy", "--class-axis=-1").err == ""
    assert run(*command, "deep.npy", "--class-axis", "1").code == 1


def test_class_axis_that_may_be_either(run: Run, folder: Path) -> None:
    cube = np.random.default_rng(4).normal(size=(2, 3, 3))
    labels = np.random.default_rng(5).integers(0, 3, (2, 3))
    np.save(folder / "cube.npy", cube)
    np.save(folder / "cube_labels.npy", labels)
    command = ["loss", "--logits", "cube.npy", "--labels", "cube_labels.npy"]
    first, last = cube.swapaxes(1, 2).reshape(6, 3), cube.reshape(6, 3)
    outcome = run(*command)
    assert float(outcome.out) == pytest.approx(row_losses(first, labels.reshape(6)).mean())
    assert outcome.err.startswith("note: axis 1 holds the classes")
    got = float(run(*command, "--class-axis", "2").out)
    assert got == pytest.approx(row_losses(last, labels.reshape(6)).mean(), rel=1e-14)


def test_one_row_of_logits(run: Run, folder: Path, logits: Array, losses: Array) -> None:
    np.save(folder / "z.npy", logits[3])
    for labels in (np.array(0), np.array([0])):
        np.save(folder / "y.npy", labels)
        assert float(run(*LOSS).out) == pytest.approx(losses[3], rel=1e-14)


@pytest.mark.parametrize("jobs", ["1", "3"])
@pytest.mark.parametrize("kind", ["npy", "csv"])
def test_jobs_and_formats_do_not_change_a_bit(run: Run, folder: Path, kind: str, jobs: str) -> None:
    rows = {"npy": 5500, "csv": 1100}[kind]  # more than one block of each
    logits = np.random.default_rng(6).normal(size=(rows, 400)).astype(np.float32)
    labels = np.arange(rows) % 400
    np.save(folder / "big.npy", logits)
    np.save(folder / "big_labels.npy", labels)
    command = ["loss", "--labels", "big_labels.npy", "--dtype", "float32", "--logits"]
    reference = run(*command, "big.npy", "--jobs", "1").out
    assert float(reference) == pytest.approx(row_losses(logits, labels).mean(), rel=1e-6)
    if kind == "csv":
        lines = [",".join(map(str, row)) for row in logits]
        (folder / "big.csv").write_text("\n".join(lines) + "\n")
    assert run(*command, f"big.{kind}", "--jobs", jobs).out == reference


# Where the labels are


@pytest.mark.parametrize("logits_name", ["z.npy", "z.csv", "-"])
@pytest.mark.parametrize("labels_name", ["y.npy", "y.csv", "-"])
def test_files_and_standard_input(
    run: Run, folder: Path, losses: Array, logits_name: str, labels_name: str
) -> None:
    if logits_name == labels_name:
        assert run("loss", "--logits", "-", "--labels", "-").code == 2
        return
    stdin = folder / ("z.csv" if logits_name == "-" else "y.npy")
    outcome = run(
        "loss", "--logits", logits_name, "--labels", labels_name, stdin=stdin.read_bytes()
    )
    assert float(outcome.out) == pytest.approx(losses.mean(), rel=1e-14)


def test_label_column_beside_the_logits(run: Run, folder: Path, losses: Array) -> None:
    logits, labels = (folder / name for name in ("z.csv", "y.csv"))
    rows = zip(logits.read_text().splitlines(), labels.read_text().splitlines(), strict=True)
    (folder / "both.csv").write_text("".join(f"{z},{y},text\n" for z, y in rows))
    command = ["loss", "--logits", "both.csv", "--label-column", "label"]
    refused = run(*command)
    assert (refused.code, refused.err.splitlines()) == (
        1,
        [
            "error: both.csv: column 'text' may be no class: it holds text",
            (
                "hint: leave out what is none: --drop text, or name the classes: "
                "--columns cat,dog,bird"
            ),
        ],
    )
    for choice in (["--drop", "text"], ["--columns", "cat,dog,bird"], ["--columns", "1,2,3"]):
        outcome = run(*command, *choice)
        assert float(outcome.out) == pytest.approx(losses.mean(), rel=1e-14), outcome.err


def test_label_column_of_the_labels(run: Run, losses: Array) -> None:
    Path("many.csv").write_text("id,label,note\n9,0,a\n8,1,b\n7,2,c\n6,0,d\n5,1,e\n")
    outcome = run("loss", "--logits", "z.npy", "--labels", "many.csv", "--label-column", "label")
    assert float(outcome.out) == pytest.approx(losses.mean(), rel=1e-14)


def test_whole_floats_are_labels(run: Run, folder: Path, labels: Array, losses: Array) -> None:
    np.save(folder / "y.npy", labels.astype(np.float64))
    assert float(run(*LOSS).out) == pytest.approx(losses.mean(), rel=1e-14)


# nll


def test_nll_of_log_probs_and_of_probs(
    run: Run, folder: Path, logits: Array, losses: Array
) -> None:
    np.save(folder / "lp.npy", log_softmax(logits))
    np.save(folder / "p.npy", np.exp(log_softmax(logits)))
    for option, name in (("--log-probs", "lp.npy"), ("--probs", "p.npy")):
        outcome = run("nll", option, name, "--labels", "y.npy", "--json")
        assert outcome.json["command"] == "nll"
        assert outcome.json["loss"] == pytest.approx(losses.mean(), rel=1e-14)
        assert outcome.err == ""


def test_nll_takes_the_options_of_loss(
    run: Run, folder: Path, logits: Array, losses: Array, labels: Array
) -> None:
    np.save(folder / "lp.npy", log_softmax(logits))
    weight = np.array([1.0, 2.0, 0.5])
    used = labels != 2
    arguments = ["--weight", "1,2,0.5", "--ignore-index", "2", "--reduction", "none"]
    outcome = run("nll", "--log-probs", "lp.npy", "--labels", "y.npy", *arguments)
    got = [float(line) for line in outcome.out.splitlines()]
    np.testing.assert_allclose(got, losses * weight[labels] * used, rtol=1e-14)
    for option in ("--label-smoothing", "--temperature"):
        assert run("nll", "--log-probs", "lp.npy", "--labels", "y.npy", option, "1").code == 2


def test_a_probability_of_zero_gives_infinity(run: Run, folder: Path) -> None:
    (folder / "p.csv").write_text("0.5,0.5\n1,0\n")
    (folder / "one.csv").write_text("0\n1\n")
    command = ["nll", "--probs", "p.csv", "--labels", "one.csv"]
    outcome = run(*command)
    assert (outcome.code, float(outcome.out)) == (0, math.inf)
    assert outcome.err == "warning: the loss is infinite: a label has probability 0\n"
    rows = run(*command, "--reduction", "none").out.splitlines()
    assert [float(row) for row in rows] == [pytest.approx(math.log(2)), math.inf]
    assert run(*command, "--json").json["loss"] is None


def test_a_masked_label_gives_infinity(run: Run, folder: Path) -> None:
    (folder / "masked.csv").write_text("0,-inf\n0,1\n")
    (folder / "one.csv").write_text("1\n1\n")
    outcome = run("loss", "--logits", "masked.csv", "--labels", "one.csv")
    assert (outcome.code, outcome.out) == (0, "inf\n")
    assert outcome.err.startswith("warning: ")


# Warnings


@pytest.mark.parametrize(
    ("given", "command", "fitting"),
    [
        ("probs", ["loss", "--logits"], "xent nll --probs PROBS LABELS"),
        ("log_probs", ["loss", "--logits"], "xent nll LOG_PROBS LABELS"),
        ("probs", ["nll", "--log-probs"], "xent nll --probs PROBS LABELS"),
        ("logits", ["nll", "--log-probs"], "xent loss LOGITS LABELS"),
    ],
)
def test_the_wrong_kind_of_input(
    run: Run, folder: Path, logits: Array, given: str, command: list[str], fitting: str
) -> None:
    kinds = {"log_probs": log_softmax(logits), "probs": np.exp(log_softmax(logits))}
    np.save(folder / f"{given}.npy", kinds.get(given, logits))
    outcome = run(*command, f"{given}.npy", "--labels", "y.npy")
    assert math.isfinite(float(outcome.out))
    assert outcome.err.startswith(f"warning: {given}.npy: these look like ")
    assert fitting in outcome.err
    assert run(*command, f"{given}.npy", "--labels", "y.npy", "-q").err == ""


@pytest.mark.parametrize(
    ("labels", "said"), [("all_ignored", "every label is ignored"), ("no", "no rows")]
)
@pytest.mark.parametrize(("reduction", "expected"), [("mean", math.nan), ("sum", 0.0)])
def test_nothing_is_used(
    run: Run, folder: Path, labels: str, said: str, reduction: str, expected: float
) -> None:
    rows = 5 if labels == "all_ignored" else 0
    np.save(folder / "z.npy", np.zeros((rows, 3)))
    np.save(folder / "y.npy", np.full(rows, -100))
    outcome = run(*LOSS, "--reduction", reduction)
    assert float(outcome.out) == pytest.approx(expected, nan_ok=True)
    assert outcome.err.startswith("warning: nothing is used")
    assert said in outcome.err


def test_not_finite_may_propagate(run: Run, folder: Path, logits: Array, losses: Array) -> None:
    logits[1, 2] = np.nan
    np.save(folder / "z.npy", logits)
    refused = run(*LOSS)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("error: z.npy[1, 2]: logit nan\nhint: --non-finite propagate")
    outcome = run(*LOSS, "--non-finite", "propagate")
    assert (outcome.code, outcome.out) == (0, "nan\n")
    assert outcome.err.startswith("warning: the loss is NaN")
    rows = run(*LOSS, "--non-finite", "propagate", "--reduction", "none").out.splitlines()
    want = np.where(np.arange(5) == 1, np.nan, losses)
    np.testing.assert_allclose([float(row) for row in rows], want, rtol=1e-14)
    assert run(*LOSS, "--non-finite", "propagate", "--json").json["loss"] is None


def test_a_wrong_label_of_one_row_of_logits(run: Run, folder: Path) -> None:
    """Logits of shape (C,) have a label without axes, which a CSV file holds in its first line."""
    np.save(folder / "row.npy", np.arange(3.0))
    (folder / "row.csv").write_text("7\n")
    outcome = run("loss", "--logits", "row.npy", "--labels", "row.csv")
    hint = "hint: if 7 marks rows to leave out: --ignore-index 7\n"
    assert (outcome.code, outcome.err) == (1, "error: row.csv:1: label 7 is outside 0..2\n" + hint)


def test_classes_are_counted_along_the_first_axis_of_a_csv(run: Run, folder: Path) -> None:
    (folder / "columns.csv").write_text("1.5,2.5\n3.5,4.5\n0.5,9.5\n")
    (folder / "two.csv").write_text("0\n2\n")
    outcome = run(
        "loss", "--logits", "columns.csv", "--labels", "two.csv", "--class-axis", "0", "--json"
    )
    assert (outcome.json["num_classes"], outcome.json["rows"]) == (3, 2)


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_rounded_probabilities_are_no_logits(run: Run, decimals: int) -> None:
    """A row of ten classes with one decimal may miss a sum of 1 by 0.3, and all together do not."""
    logits = np.random.default_rng(5).normal(size=(30, 10))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.savetxt("p.csv", probs, f"%.{decimals}f", ",")
    np.savetxt("z.csv", np.abs(logits) % 1, f"%.{decimals}f", ",")
    np.save("y.npy", np.arange(30) % 10)
    warning = "warning: p.csv: these look like probabilities, not logits: xent nll --probs PROBS "
    assert run("loss", "p.csv", "y.npy").err.startswith(warning)
    assert run("loss", "z.csv", "y.npy").err == ""
