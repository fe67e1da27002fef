"""softmax, log-softmax and one-hot: every option, every kind of output, against the formulas."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from formulas import softmax
from in_one_test import in_one_folder, in_one_test
from numpy.typing import NDArray

Array = NDArray[Any]
pytestmark = pytest.mark.usefixtures("folder")


def table(text: str, delimiter: str = ",") -> tuple[str, Array]:
    """Return the header and the numbers of CSV output."""
    header, *rows = text.splitlines()
    return header, np.array([[float(cell) for cell in row.split(delimiter)] for row in rows])


# Outputs


def test_a_pipe_gets_csv_in_full(run: Run, logits: Array) -> None:
    outcome = run("softmax", "z.npy")
    got = np.array([[float(cell) for cell in row.split(",")] for row in outcome.out.splitlines()])
    np.testing.assert_allclose(got, softmax(logits), rtol=1e-14)
    assert (outcome.code, outcome.err) == (0, "")
    run("softmax", "z.npy", "-o", "out.npy")
    np.testing.assert_array_equal(got, np.load("out.npy"), "text reads back to the same bits")


@in_one_test
@pytest.mark.parametrize(("name", "delimiter"), [("out.csv", ","), ("out.tsv", "\t")])
def test_header_names_carry_over(run: Run, logits: Array, name: str, delimiter: str) -> None:
    assert run("log-softmax", "z.csv", "-o", name) == (0, b"", b"")
    header, got = table(Path(name).read_text(), delimiter)
    assert header == delimiter.join(["cat", "dog", "bird"])
    np.testing.assert_allclose(got, np.log(softmax(logits)), rtol=1e-13)


def test_npy_to_standard_output(run: Run, logits: Array) -> None:
    outcome = run("softmax", "z.csv", "--to", "npy")
    np.testing.assert_allclose(np.load(io.BytesIO(outcome.stdout)), softmax(logits), rtol=1e-14)


def test_to_overrules_the_extension(run: Run, folder: Path) -> None:
    assert run("softmax", "z.npy", "-o", "out.csv", "--to", "npy").code == 0
    assert np.load(folder / "out.csv").shape == (5, 3)


@in_one_test
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_text_reads_back_to_the_same_bits(run: Run, folder: Path, dtype: str) -> None:
    hard = np.random.default_rng(3).normal(scale=30, size=(200, 4)).astype(dtype)
    np.save(folder / "hard.npy", hard)
    run("log-softmax", "hard.npy", "--dtype", dtype, "-o", "out.npy")
    text = run("log-softmax", "hard.npy", "--dtype", dtype).out
    got = np.array([row.split(",") for row in text.splitlines()]).astype(dtype)
    np.testing.assert_array_equal(got, np.load("out.npy"))


def test_json_of_an_array(run: Run, logits: Array) -> None:
    answer = run("softmax", "z.csv", "--json").json
    assert answer["command"] == "softmax"
    assert answer["columns"] == ["cat", "dog", "bird"]
    assert answer["shape"] == [5, 3]
    np.testing.assert_allclose(answer["values"], softmax(logits), rtol=1e-14)


def test_json_has_null_for_what_is_not_finite(run: Run, folder: Path) -> None:
    np.save(folder / "masked.npy", np.array([[0.0, -np.inf], [np.nan, 0.0]]))
    answer = run("log-softmax", "masked.npy", "--json", "--non-finite", "propagate").json
    assert answer["values"] == [[0.0, None], [None, None]]


def test_json_goes_to_a_file_too(run: Run, folder: Path) -> None:
    assert run("softmax", "z.npy", "--json", "-o", "out.json") == (0, b"", b"")
    assert '"command": "softmax"' in (folder / "out.json").read_text()


def test_an_array_of_three_axes_is_no_csv(run: Run, folder: Path) -> None:
    np.save(folder / "deep.npy", np.zeros((2, 3, 4)))
    refused = refusal(run("softmax", "deep.npy"))
    assert "2×3×4" in refused.error
    assert "--to npy" in refused.hint
    assert run("softmax", "deep.npy", "-o", "out.npy").code == 0
    np.testing.assert_array_equal(np.load("out.npy"), np.full((2, 3, 4), 0.25))


# Inputs


@in_one_folder
@pytest.mark.parametrize("name", ["z.npy", "z.csv"])
def test_standard_input(run: Run, logits: Array, name: str) -> None:
    outcome = run("softmax", "-", "--to", "npy", "-o", "-", stdin=Path(name).read_bytes())
    assert outcome.code == 0, outcome.err
    np.testing.assert_allclose(np.load(io.BytesIO(outcome.stdout)), softmax(logits), rtol=1e-14)


@in_one_test
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("name", ["z.npy", "z.csv", "fortran.npy"])
def test_axes_of_standard_input(run: Run, logits: Array, name: str, axis: int) -> None:
    np.save("fortran.npy", np.asfortranarray(logits))
    content = Path(name).read_bytes()
    outcome = run("softmax", "-", f"--axis={axis}", "--to", "npy", stdin=content)
    assert outcome.code == 0, outcome.err
    got = np.load(io.BytesIO(outcome.stdout))
    np.testing.assert_allclose(got, softmax(logits, axis), rtol=1e-14)


@in_one_folder
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4)])
def test_other_shapes_of_standard_input(run: Run, shape: tuple[int, ...]) -> None:
    logits = np.random.default_rng(1).normal(size=shape)
    content = io.BytesIO()
    np.save(content, logits)
    outcome = run("softmax", "-", "--to", "npy", stdin=content.getvalue())
    assert outcome.code == 0, outcome.err
    want = softmax(logits) if shape else np.array(1.0)
    np.testing.assert_allclose(np.load(io.BytesIO(outcome.stdout)), want, rtol=1e-14)


def test_one_column_of_standard_input(run: Run) -> None:
    outcome = run("softmax", "-", stdin=b"0\n1\n2\n")
    assert outcome.code == 0, outcome.err
    got = [float(line) for line in outcome.out.splitlines()]
    np.testing.assert_allclose(got, softmax(np.arange(3.0)), rtol=1e-14)


def test_from_overrules_the_extension(run: Run) -> None:
    Path("table.npy").write_text("1,2\n3,5\n")
    outcome = run("softmax", "table.npy", "--from", "csv", "--to", "npy")
    want = softmax(np.array([[1.0, 2.0], [3.0, 5.0]]))
    np.testing.assert_allclose(np.load(io.BytesIO(outcome.stdout)), want, rtol=1e-14)
    assert run("softmax", "z.npy", "--from", "csv").code == 1


def test_magic_bytes_overrule_the_extension(run: Run) -> None:
    Path("really.csv").write_bytes(Path("z.npy").read_bytes())
    assert run("softmax", "really.csv").out == run("softmax", "z.npy").out


def test_commands_join_in_a_pipe(run: Run) -> None:
    """What one run writes, the next reads; the number is that of the direct way."""
    first = run("log-softmax", "z.csv", "--to", "npy")
    second = run("nll", "--log-probs", "-", "--labels", "y.csv", stdin=first.stdout)
    direct = float(run("loss", "--logits", "z.csv", "--labels", "y.csv").out)
    assert float(second.out) == close_to(direct, rel=1e-14)
    assert (first.err, second.err) == ("", "")


# Options


@in_one_test
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_axis(run: Run, folder: Path, axis: int) -> None:
    deep = np.random.default_rng(0).normal(size=(4, 2, 3))
    np.save(folder / "deep.npy", deep)
    assert run("softmax", "deep.npy", f"--axis={axis}", "-o", "out.npy").code == 0
    np.testing.assert_allclose(np.load("out.npy"), softmax(deep, axis), rtol=1e-14)


def test_temperature(run: Run, logits: Array) -> None:
    run("softmax", "z.npy", "--temperature", "2.5", "-o", "out.npy")
    np.testing.assert_allclose(np.load("out.npy"), softmax(logits / 2.5), rtol=1e-14)


@in_one_test
@pytest.mark.parametrize(
    ("stored", "said", "written"),
    [
        ("float64", None, "float64"),
        ("float32", None, "float32"),
        ("float16", None, "float32"),
        ("int64", None, "float64"),
        ("float16", "float16", "float16"),
        ("float32", "float64", "float64"),
        ("float64", "float32", "float32"),
    ],
)
def test_dtype(run: Run, folder: Path, stored: str, said: str | None, written: str) -> None:
    logits = np.array([[3, -2, 0.5], [1, 1, 2]]).astype(stored)
    np.save(folder / "typed.npy", logits)
    option = ["--dtype", said] if said else []
    assert run("softmax", "typed.npy", *option, "-o", "out.npy").code == 0
    got = np.load("out.npy")
    assert got.dtype == written
    rtol = {"float16": 1e-3, "float32": 1e-6, "float64": 1e-14}[written]
    np.testing.assert_allclose(got, softmax(logits.astype(np.float64)), rtol=rtol)


def test_jobs_do_not_change_a_bit(run: Run, folder: Path) -> None:
    many = np.random.default_rng(2).normal(size=(260, 4096)).astype(np.float32)
    np.save(folder / "many.npy", many)
    for jobs in ("1", "2"):
        assert run("softmax", "many.npy", "--jobs", jobs, "-o", f"out{jobs}.npy").code == 0
    got = np.load("out1.npy")
    np.testing.assert_allclose(got[[0, 259]], softmax(many[[0, 259]]), rtol=2e-6)
    np.testing.assert_array_equal(got, np.load("out2.npy"))


@in_one_test
@pytest.mark.parametrize("command", ["softmax", "log-softmax"])
def test_not_finite_is_an_error_unless_it_may_propagate(
    run: Run, folder: Path, command: str
) -> None:
    np.save(folder / "bad.npy", np.array([[0.0, 1.0], [0.0, np.nan], [1.0, -np.inf]]))
    refused = refusal(run(command, "bad.npy", "-o", "out.npy"))
    assert refused.error == "bad.npy[1, 1]: logit nan"
    assert refused.hint.startswith("--non-finite propagate")
    assert not (folder / "out.npy").exists()
    assert run(command, "bad.npy", "-o", "out.npy", "--non-finite", "propagate").code == 0
    got = np.load("out.npy")
    assert np.isnan(got[1]).all()
    assert np.isfinite(got[0]).all()
    assert got[2].tolist() == ([1.0, 0.0] if command == "softmax" else [0.0, -np.inf])


def test_looks_like_probabilities_already(run: Run, folder: Path, logits: Array) -> None:
    np.save(folder / "p.npy", softmax(logits))
    outcome = run("softmax", "p.npy")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 5
    assert outcome.err.startswith("warning: p.npy: these look like probabilities")
    assert run("softmax", "p.npy", "--quiet").err == ""
    assert run("softmax", "p.npy", "-q").err == ""
