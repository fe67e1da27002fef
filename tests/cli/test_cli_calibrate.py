"""xent calibrate: what it prints and writes, and what it refuses."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from cli_files import DIGITS, WEAK, log_probs, write_rows
from cli_tools import Argument, Run, Terminal
from close_to import close_to
from in_one_test import in_one_folder

import xentcli as xent

TEMPERATURE = 0.57247563916619417  # in arithmetic of 40 digits
UNFOLDED = ("--folds", "0")
"""Without the losses out of fold, which take most of the time."""
NAMES = (
    *("temperature", "log_temperature_error", "loss_before", "loss_after", "ece_before"),
    *("ece_after", "ece_by_chance_after", "brier_before", "brier_after"),
    *("loss_out_of_fold", "ece_out_of_fold"),
)


def test_a_pipe_gets_the_bare_number(run: Run) -> None:
    outcome = run("calibrate", *DIGITS)
    assert outcome.code == 0
    assert math.isclose(outcome.number, TEMPERATURE, rel_tol=2e-16)
    assert outcome.err == (
        "note: loss and calibration 'after' are of the rows that were fitted; of new rows, "
        "expect 'out of fold'\n"
    )


def test_json_has_everything(run: Run) -> None:
    found = run("calibrate", *DIGITS, "--json", "--digest").json
    assert found["command"] == "calibrate"
    assert found["temperature"] == found["metrics"]["temperature"]["value"]
    assert {*NAMES} <= found["metrics"].keys()
    for each in found["metrics"].values():
        assert set(each) == {"value", "standard_error", "low", "high", "n"}
    assert (found["rows"], found["used"], found["num_classes"]) == (450, 450, 10)
    assert [fold["rows"] for fold in found["folds"]] == [90] * 5
    assert len(found["bins_before"]) == len(found["bins_after"]) == 15
    assert [file["role"] for file in found["files"]] == ["logits", "labels"]
    assert len(found["files"][0]["sha256"]) == 64
    plain = run("calibrate", *DIGITS, "--json", "--folds", "0", "--bins", "7").json
    assert plain["folds"] is None
    assert plain["metrics"]["loss_out_of_fold"]["value"] is None
    assert len(plain["bins_after"]) == 7


def test_a_screen(terminal: Terminal) -> None:
    screen = terminal("calibrate", *DIGITS, columns=110)
    assert max(map(len, screen.lines)) <= 110
    assert screen.lines[0].split()[:4] == ["temperature", "0.5725", "±", "0.0625"]
    for text in ("0.1565 ± 0.0181", "0.1112 ± 0.0258", "0.0115 (0.0171 by chance)", "out of fold"):
        assert text in screen.text
    (line,) = [line for line in screen.lines if line.startswith("reliability")]
    assert line.split() == ["reliability", "before", "reliability", "after"]
    assert "95 % 0.4619 to 0.7095: the model is not confident enough" in screen.text
    np.save("sharp.npy", np.load(DIGITS[0]) * 4)
    sharp = terminal("calibrate", "sharp.npy", DIGITS[1], *UNFOLDED).text
    assert "the model is too confident" in sharp
    np.save("small.npy", np.load(DIGITS[0]) / 100)  # as those of cosines are
    assert "95 % 0.00462 to 0.00709" in terminal("calibrate", "small.npy", DIGITS[1]).text
    np.save("right.npy", np.load(DIGITS[0]) / TEMPERATURE)
    text = terminal("calibrate", "right.npy", DIGITS[1], *UNFOLDED).text
    assert "it may as well be 1, which changes nothing" in text
    np.save("two.npy", np.arange(450) < 400)
    lost, weights = np.load(DIGITS[0]), np.ones(450)
    lost[7, np.load(DIGITS[1])[7]], weights[7] = -np.inf, 0.0  # a loss of 0 * inf
    np.save("lost.npy", lost)
    np.save("v.npy", weights)
    asked = ("lost.npy", DIGITS[1], "--sample-weight", "v.npy", *UNFOLDED)
    text = terminal("calibrate", *asked, columns=110).text
    assert re.search(r"95 % \S+ to \S+ *\n", text)
    assert "warning: lost.npy: the loss is NaN, as PyTorch's is" in text
    two = terminal("calibrate", *DIGITS, "--cluster", "two.npy", *UNFOLDED, columns=110).text
    assert re.search(r"95 % \S+ to \S+, but 2 clusters say little of others", two)


def test_confidence_in_what_logits_do_not_say(terminal: Terminal) -> None:
    """Labels do not depend on the logits: of few rows, T may be anything, but the loss is not."""
    rng = np.random.default_rng(1)
    z, y = rng.normal(size=(200, 3)), rng.integers(3, size=200)
    gaps = z.max(axis=1, keepdims=True) - z
    p = np.exp(-gaps) / np.exp(-gaps).sum(axis=1, keepdims=True)
    slopes = gaps[np.arange(200), y] - (p * gaps).sum(axis=1)
    assert slopes.sum() > 6 * np.sqrt((slopes**2).sum())  # a score test of T = 1
    np.save("z.npy", z)
    np.save("y.npy", y)
    asked = ("calibrate", "z.npy", "y.npy", *UNFOLDED)
    text = terminal(*asked, columns=110).text
    assert "95 % 0.3492 to 1395.8438, but surely not 1: the model is too confident" in text
    few = terminal(*asked, "--rows", "0:13", columns=110).text
    assert "90.0868: it may as well be 1, which changes nothing" in few
    np.save("z.npy", np.tile([1e-9, 0.0], (7, 1)))  # as good as none: all they tell is 5 of 7 rows
    np.save("y.npy", [0, 0, 0, 0, 0, 1, 1])
    tiny = terminal(*asked, columns=110).text
    assert "95 % 1.169e-10 to 1.019e-08, but it may as well be 1, which changes nothing" in tiny


@pytest.mark.parametrize("columns", [40, 80])
def test_no_line_is_wider_than_the_terminal(terminal: Terminal, columns: int) -> None:
    screen = terminal("calibrate", *DIGITS, "--test", WEAK, DIGITS[1], columns=columns)
    assert screen.code == 0
    assert max(map(len, screen.lines)) <= columns
    assert "test files" in screen.text
    assert ("reliability before, test files" in screen.text) == (columns > 60)


def test_pipes_and_text(run: Run) -> None:
    logits, labels = (np.load(path) for path in DIGITS)
    piped = run("calibrate", "-", DIGITS[1], *UNFOLDED, stdin=DIGITS[0].read_bytes())
    assert math.isclose(piped.number, TEMPERATURE, rel_tol=2e-16)
    np.save("z.npy", logits[:200])
    np.save("y.npy", labels[:200])
    want = run("calibrate", "z.npy", "y.npy", *UNFOLDED).number
    rows = np.c_[logits[:200].astype(np.float64), labels[:200]].tolist()
    write_rows("z.csv", [*(f"c{i}" for i in range(10)), "label"], rows)
    text = Path("z.csv").read_bytes()
    assert run("calibrate", "-", "--label-column", "label", *UNFOLDED, stdin=text).number == want


@pytest.mark.parametrize("kind", ["log-probs", "probs"])
def test_what_is_given_instead_of_logits(run: Run, kind: str) -> None:
    normalized = log_probs(np.load(DIGITS[0]))
    np.save("p.npy", normalized if kind == "log-probs" else np.exp(normalized))
    by_option = run("calibrate", f"--{kind}", "p.npy", DIGITS[1], "--quiet", *UNFOLDED)
    assert math.isclose(float(by_option.out), TEMPERATURE, rel_tol=1e-13)
    by_kind = run("calibrate", "--input", kind, "p.npy", DIGITS[1], "-q", *UNFOLDED)
    assert by_option == by_kind == (0, by_option.stdout, b"")
    warned = run("calibrate", "p.npy", DIGITS[1], *UNFOLDED)
    assert f"xent calibrate --{kind} " in warned.err


def test_weights(run: Run) -> None:
    np.save("w.npy", np.linspace(0.0, 1.0, 450))
    np.save("z.npy", np.load(DIGITS[0])[1:])
    np.save("y.npy", np.load(DIGITS[1])[1:])
    np.save("v.npy", np.linspace(0.0, 1.0, 450)[1:])
    weighted = (*UNFOLDED, "--sample-weight")
    measured = run("calibrate", *DIGITS, "--json", *weighted, "w.npy").json
    one = measured["temperature"]
    other = run("calibrate", "z.npy", "y.npy", *weighted, "v.npy").number
    assert math.isclose(one, other, rel_tol=1e-15)
    of_classes = (*UNFOLDED, "--weight", ",".join(map(str, range(1, 11))))
    for found in (one, run("calibrate", *DIGITS, *of_classes).number):
        assert not math.isclose(found, TEMPERATURE, rel_tol=1e-3)
    both = run("calibrate", *DIGITS, *weighted, "w.npy", *of_classes)
    assert both.err.endswith(
        "warning: the weights of classes concern the temperature and the losses alone\n"
        "warning: the weights of rows concern the temperature and the losses alone\n"
    )
    plain = run("calibrate", *DIGITS, "--json", *UNFOLDED).json
    for name in ("ece_before", "brier_before", "accuracy"):
        assert measured["metrics"][name] == plain["metrics"][name]


def test_binary(run: Run) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=200) * 3
    y = rng.random(200) < 1 / (1 + np.exp(-z / 2))
    np.save("z.npy", z)
    np.save("y.npy", y.astype(int))
    np.save("z2.npy", np.column_stack([np.zeros(200), z]))
    two = run("calibrate", "z2.npy", "y.npy", "-q", *UNFOLDED).number
    assert run("calibrate", "z.npy", "y.npy", "--binary", "-q", *UNFOLDED).number == pytest.approx(
        two
    )


def test_labels_between_0_and_1_have_no_calibration_error(run: Run) -> None:
    """A binary label of 0.95 is neither right nor wrong, also of rows that a fit left out."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=200) * 3
    np.save("z.npy", z)
    np.save("y.npy", np.where(rng.random(200) < 1 / (1 + np.exp(-z)), 0.95, 0.05))
    found = run("calibrate", "z.npy", "y.npy", "--binary", "--json").json["metrics"]
    for name in ("ece_before", "ece_after", "ece_by_chance_after", "ece_out_of_fold", "accuracy"):
        assert found[name]["value"] is None, name
    assert found["loss_out_of_fold"]["value"] > found["loss_after"]["value"]
    failed = run("calibrate", "z.npy", "y.npy", "--binary", "--fail-if", "ece_out_of_fold > 9")
    assert (failed.code, "ece_out_of_fold has no value" in failed.err) == (3, True)


def test_gates(run: Run) -> None:
    digits = ("calibrate", *DIGITS, *UNFOLDED)
    passes = run(*digits, "--fail-if", "ece_after > 0.05", "-q")
    assert (passes.code, passes.err) == (0, "")
    fails = run(*digits, "--fail-if", "temperature < 1 - 2 se", "-q")
    assert fails.code == 3
    assert math.isclose(float(fails.out), TEMPERATURE, rel_tol=2e-16)
    Path("last.json").write_text(run(*digits, "--json").out)
    gate = ["--baseline", "last.json", "--fail-if", "loss_after > baseline"]
    assert run(*digits, *gate, "-q").code == 0
    unknown = run(*digits, "--fail-if", "temperatur > 1")
    assert (unknown.code, "did you mean temperature?" in unknown.err) == (2, True)


def test_nothing_is_written_where_there_is_none(run: Run) -> None:
    logits = np.load(DIGITS[0])
    np.save("right.npy", logits.argmax(axis=1))
    outcome = run("calibrate", DIGITS[0], "right.npy", "-o", "t.json")
    assert outcome.code == 1
    assert outcome.err.splitlines()[0].endswith("every label is at the largest logit of its row")
    assert not Path("t.json").exists()


@in_one_folder
@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--folds", "1"], "there are 2 to 20000 folds, or 0 for none, not 1"),
        (["--bins", "0"], "--bins"),
        (["--input", "probs", "--log-probs", "z.npy"], "give one of"),
        (["--test", WEAK], "--test"),
        (["--pos-weight", "2"], "--pos-weight needs --binary"),
        (["--plot", "t.svg", "--plot-kind", "tested"], "and there is no --test"),
    ],
)
def test_usage(run: Run, more: list[Argument], said: str) -> None:
    outcome = run("calibrate", *DIGITS, *more)
    assert outcome.code == 2
    assert said in outcome.err


def test_a_page_and_a_picture(run: Run) -> None:
    written = ("--report", "a.html", "--plot", "a.svg", "--plot-kind", "curve")
    outcome = run("calibrate", *DIGITS, *written, "-q", *UNFOLDED)
    assert math.isclose(outcome.number, TEMPERATURE, rel_tol=2e-16)
    page = Path("a.html").read_text()
    assert "Reliability before and after" in page
    assert "are of the rows that were fitted" in page
    assert "The loss is least at T = 0.5725" in Path("a.svg").read_text()
    again = run("calibrate", *DIGITS, "--plot", "a.svg", "-q")
    assert (again.code, again.out) == (1, "")
    np.save("flat.npy", np.zeros((3, 2)))
    nothing = run("calibrate", "flat.npy", "0,1,1", "--report", "c.html")
    assert nothing.code == 1
    assert not Path("c.html").exists()


def test_clusters_of_a_column(run: Run, terminal: Terminal) -> None:
    logits, labels = (np.load(path) for path in DIGITS)
    rows = [
        [*row, label, f"p{i % 30}"]
        for i, (row, label) in enumerate(zip(logits.tolist(), labels.tolist(), strict=True))
    ]
    write_rows("a.csv", [*(f"c{i}" for i in range(10)), "label", "patient"], rows)
    options = ("--label-column", "label", "--cluster", "patient")
    found = run("calibrate", "a.csv", *options, "--json").json
    assert found["clusters"] == 30
    assert found["temperature"] == close_to(TEMPERATURE, rel=1e-6)
    measured = run("eval", "a.csv", *options, "--metric", "loss", "--json").json
    assert found["metrics"]["loss_before"] == measured["metrics"]["loss"]
    assert "30 clusters" in terminal("calibrate", "a.csv", *options, *UNFOLDED).text
    wrong = run("calibrate", *DIGITS, "--cluster", "patient")
    assert (wrong.code, wrong.out) == (1, "")
    assert "there is no column 'patient'" in wrong.err


def test_what_is_no_probability_is_named_by_its_place(run: Run) -> None:
    probs = np.full((6, 2), 0.5)
    for value, said in ((1.5, "1.5 is above 1"), (-0.25, "-0.25 is below 0"), (np.inf, "inf is")):
        probs[4, 1] = value
        np.save("p.npy", probs)
        outcome = run("calibrate", "--probs", "p.npy", "0,1,0,1,0,1")
        assert (outcome.code, outcome.out) == (1, "")
        assert f"error: p.npy[4, 1]: probability {said}" in outcome.err
    for row, said in (([np.nan, 0.5], "p.npy[4, 0]: probability nan"), ([0, 0], "p.npy[4]: every")):
        probs[4] = row
        with pytest.raises(xent.XentError, match=re.escape(said.replace("p.npy", "logits"))):
            xent.calibrate(probs, [0, 1, 0, 1, 0, 1], input="probs")


def test_probabilities_that_do_not_sum_to_1(run: Run) -> None:
    """Their logarithms are logits, so that a factor of a row changes nothing."""
    logits, labels = (np.load(path) for path in DIGITS)
    probs = np.exp(log_probs(logits.astype(np.float64)))
    np.save("p.npy", probs)
    probs[::2] /= 4.0
    np.save("q.npy", probs)
    both = ("p.npy", "y.npy", "--input", "probs", *UNFOLDED)
    np.save("y.npy", labels)
    said = "q.npy: rows whose probabilities do not sum to 1: 225, by up to 0.75; each is divided"
    outcome = run("calibrate", "q.npy", *both[1:], "--test", "p.npy", "y.npy", "--json")
    assert outcome.err.count("do not sum to 1") == outcome.err.count(said) == 1
    whole = run("calibrate", *both, "--test", "q.npy", "y.npy", "--json")
    assert whole.err.count("do not sum to 1") == whole.err.count(said) == 1
    for name in ("temperature", "loss_before"):
        wanted = whole.json["metrics"][name]["value"]
        assert outcome.json["metrics"][name]["value"] == close_to(wanted, rel=1e-12)
