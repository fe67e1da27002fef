"""explain: every step of a loss, as CSV, as JSON, and in files."""

from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import log_probs as log_probs_of
from cli_tools import Run, Terminal
from close_to import close_to
from formulas import softmax
from in_one_test import in_one_folder, in_one_test
from numpy.typing import NDArray

from xentcli import cross_entropy

Array = NDArray[Any]
pytestmark = pytest.mark.usefixtures("folder")
EXPLAIN = ["explain", "--logits", "z.csv", "--labels", "y.csv"]


@pytest.fixture
def log_probs(folder: Path) -> Array:
    return np.asarray(log_probs_of(np.load(folder / "z.npy")))


def test_every_step_as_csv(run: Run, folder: Path, log_probs: Array) -> None:
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    cells = run(*EXPLAIN).table
    assert [cell["class"] for cell in cells] == ["cat", "dog", "bird"] * 3
    assert [cell["row"] for cell in cells] == [row for row in "012" for _ in range(3)]
    hot = np.eye(3)[labels[:3]]
    steps = {
        "logit": logits[:3],
        "softmax": np.exp(log_probs[:3]),
        "one_hot": hot,
        "log_softmax": log_probs[:3],
        "term": -hot * log_probs[:3],
        "gradient": (np.exp(log_probs[:3]) - hot) / 3,
    }
    for name, want in steps.items():
        got = np.array([float(cell[name]) for cell in cells]).reshape(3, 3)
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-16, err_msg=name)


@in_one_folder
@pytest.mark.parametrize(
    ("rows", "kind", "places"),
    [
        ("0:3", "csv", [0, 1, 2]),
        ("3", "npy", [3]),
        ("2:4", "csv", [2, 3]),
        ("2:4", "npy", [2, 3]),
        ("3:", "csv", [3, 4]),
        (":2", "npy", [0, 1]),
        ("4:9", "csv", [4]),
    ],
)
def test_rows(
    run: Run, folder: Path, log_probs: Array, kind: str, rows: str, places: list[int]
) -> None:
    files = ["--logits", f"z.{kind}", "--labels", f"y.{kind}"]
    found = run("explain", *files, "--rows", rows, "--json").json["explanation"]
    labels = np.load(folder / "y.npy")[places]
    want = -log_probs[places, labels]
    assert found["first_row"] == places[0]
    np.testing.assert_allclose(found["row_losses"], want, rtol=1e-13)
    np.testing.assert_array_equal(found["labels"], labels)
    losses = [route["loss"] for route in found["routes"]]
    np.testing.assert_allclose(losses, [want.mean()] * 3, rtol=1e-13)
    assert found["difference"] == max(losses) - min(losses)


def test_three_routes_and_labels_that_are_whole(run: Run) -> None:
    outcome = run(*EXPLAIN, "--json")
    assert '"labels": [0, 1, 2]' in outcome.out
    routes = outcome.json["explanation"]["routes"]
    assert [route["formula"] for route in routes] == [
        "(one_hot * -log(softmax)).sum(1).mean()",
        "nll_loss(log_softmax(logits), labels)",
        "cross_entropy(logits, labels)",
    ]


def test_softmax_that_underflows(run: Run) -> None:
    Path("z.csv").write_text("0,1000\n")
    Path("y.csv").write_text("0\n")
    found = run(*EXPLAIN, "--json").json["explanation"]
    assert found["routes"][0]["loss"] is None
    assert [route["loss"] for route in found["routes"][1:]] == [1000.0, 1000.0]
    assert found["softmax"] == [[0.0, 1.0]]
    assert found["underflows"] == 1


def test_label_column_and_label_base(run: Run, folder: Path, log_probs: Array) -> None:
    lines = (folder / "z.csv").read_text().splitlines()
    labels = ["label", "1", "2", "3", "1", "2"]
    rows = [f"{line},{label}" for line, label in zip(lines, labels, strict=True)]
    (folder / "both.csv").write_text("\n".join(rows) + "\n")
    arguments = ["--label-column", "label", "--label-base", "1", "--json"]
    found = run("explain", "--logits", "both.csv", *arguments).json["explanation"]
    np.testing.assert_allclose(found["row_losses"], -np.diag(log_probs[:3]), rtol=1e-13)


def test_explain_to_a_file(run: Run, folder: Path) -> None:
    assert run(*EXPLAIN, "-o", "steps.csv") == (0, b"", b"")
    assert (folder / "steps.csv").read_text() == run(*EXPLAIN).out
    assert run(*EXPLAIN, "-o", "steps.csv").code == 1
    assert run(*EXPLAIN, "-o", "steps.csv", "--force").code == 0


@in_one_test
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("label\n0\n17\n1\n0\n0\n", "y.csv:3: label 17 is outside 0..2"),
        ("label\n0\n0\n-1\n0\n0\n", "y.csv:4: label -1 is outside 0..2"),
        ("label\n3.5\n0\n1\n0\n0\n", "y.csv:2: label 3.5 is not a whole number"),
    ],
)
def test_explain_names_the_place_of_a_wrong_label(
    run: Run, folder: Path, labels: str, message: str
) -> None:
    (folder / "y.csv").write_text(labels)
    outcome = run(*EXPLAIN)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {message}\n")


def test_explain_names_the_label_as_it_stands_in_the_file(run: Run) -> None:
    outcome = run(*EXPLAIN, "--label-base", "1")
    assert outcome.err.splitlines()[0] == "error: y.csv:2: label 0 is outside 1..3"


def test_explain_says_how_to_leave_out_the_rows_of_a_label(run: Run, folder: Path) -> None:
    (folder / "y.csv").write_text("label\n0\n0\n-1\n0\n0\n")
    hint = "hint: if -1 marks rows to leave out: --ignore-index -1\n"
    assert run(*EXPLAIN).err.endswith(hint)
    assert run(*EXPLAIN, "--ignore-index", "-1").code == 0


def test_explain_one_row_of_logits(run: Run, folder: Path, log_probs: Array) -> None:
    np.save(folder / "z.npy", np.load(folder / "z.npy")[1])
    for labels in ("y.npy", "y.csv"):
        np.save(folder / "y.npy", np.array(1))
        (folder / "y.csv").write_text("1\n")
        outcome = run("explain", "--logits", "z.npy", "--labels", labels, "--json")
        assert outcome.code == 0, outcome.err
        got = outcome.json["explanation"]["row_losses"]
        np.testing.assert_allclose(got, [-log_probs[1, 1]], rtol=1e-13)


def test_rows_that_end_beyond_the_last_are_a_note(run: Run) -> None:
    np.save("z.npy", np.eye(2))
    np.save("y.npy", [0, 1])
    assert run("explain", "z.npy", "y.npy").err == ""  # three rows are asked for by nobody
    for rows, said in (
        ("1:9", "note: z.npy: of rows 1:9, the last is 1\n"),
        ("1:", ""),
        ("1:2", ""),
    ):
        assert run("explain", "z.npy", "y.npy", "--rows", rows).err == said


def test_the_gradient_is_the_slope_of_the_mean(run: Run, folder: Path) -> None:
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    found = run(*EXPLAIN, "--json").json["explanation"]["gradient"]
    step = 1e-6
    for index in np.ndindex(3, 3):
        moved = [logits[:3].copy() for _ in range(2)]
        moved[0][index] += step
        moved[1][index] -= step
        up, down = (float(cross_entropy(z, labels[:3])) for z in moved)
        assert found[index[0]][index[1]] == pytest.approx((up - down) / (2 * step), abs=1e-8)


def test_the_gradient_of_confident_rows_has_all_digits(run: Run) -> None:
    """At the label it is less the sum of the others' probabilities, not p - 1."""
    logits = [[50.0, 0.0, -3.0], [1.0, 40.0, 39.5], [0.0, -800.0, 3.0], [-20.0, 0.0, 5.0]]
    labels = [0, 1, 2, 0]
    np.save("z.npy", logits)
    np.save("y.npy", labels)
    found = run("explain", "z.npy", "y.npy", "--rows", ":", "--json").json["explanation"][
        "gradient"
    ]
    for row, label, got in zip(logits, labels, found, strict=True):
        with localcontext(prec=50):
            powers = [Decimal(z).exp() for z in row]
            probs = [power / sum(powers) for power in powers]
            want = [float((p - (i == label)) / 4) for i, p in enumerate(probs)]
        assert got == close_to(want, rel=1e-15)


@in_one_test
@pytest.mark.parametrize(
    ("shift", "rows", "first", "axis"),
    [
        (0, "0:3", 0, "last"),
        (0, "4:9", 4, "1"),
        (0, "11", 11, "last"),
        (1, "0:3", 0, "1"),
        (1, "4:9", 4, "last"),
        (1, "11", 11, "1"),
    ],
)
def test_rows_of_several_axes(
    run: Run, folder: Path, shift: int, rows: str, first: int, axis: str
) -> None:
    random = np.random.default_rng(8)
    logits, labels = random.normal(size=(4, 5, 7)), random.integers(0, 7, (4, 5))
    np.save(folder / "y.npy", labels)
    np.save(folder / "z.npy", np.moveaxis(logits, -1, 1) if axis == "1" else logits)
    places = [(n, t) for n in range(4) for t in range(5 - shift)]
    start, _, stop = rows.partition(":")
    wanted = places[first : int(stop or int(start) + 1)]
    arguments = ["explain", "z.npy", "y.npy", "--rows", rows, "--shift", str(shift), "--quiet"]
    found = run(*arguments, "--json").json["explanation"]
    assert found["rows"] == [list(place) for place in wanted]
    assert found["labels"] == [labels[n, t + shift] for n, t in wanted]
    z = np.array([logits[place] for place in wanted])
    np.testing.assert_array_equal(found["logits"], z)
    assert rows != "4:9" or run(*arguments).table[0]["row"] == str(list(wanted[0]))
    gradient = (softmax(z) - np.eye(7)[found["labels"]]) / len(wanted)
    np.testing.assert_allclose(found["gradient"], gradient, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(("rows", "alone"), [("", "0:3"), ("1:9", "1:5"), (":", None)])
def test_a_page_of_some_rows_says_so(
    terminal: Terminal, run: Run, rows: str, alone: str | None
) -> None:
    options = ["--rows", rows] if rows else []
    said = f"All of this is of rows {alone} alone; --rows : takes every row."
    page = terminal(*EXPLAIN, *options).text
    assert (said in page) == ("takes every row" in page) == bool(alone)
    assert run(*EXPLAIN, *options, "--json").json["explanation"]["others"] == bool(alone)


@pytest.mark.parametrize("arguments", [EXPLAIN, ["info", "z.csv"]])
def test_an_npy_file_never_holds_text(run: Run, folder: Path, arguments: list[str]) -> None:
    """An output whose name says NPY is NPY, or is refused."""
    outcome = run(*arguments, "-o", "out.npy")
    assert (outcome.code == 0) == (folder / "out.npy").exists()
    if outcome.code == 0:
        np.load(folder / "out.npy")
