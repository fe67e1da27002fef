"""What is typed wrong: one line that says what, exit code 2, perhaps a hint, and nothing else."""

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_folder

from xentcli.cli.command import load_command
from xentcli.cli.names import COMMANDS
from xentcli.errors import UNSET

Command = list[str]
pytestmark = pytest.mark.usefixtures("folder")
LOSS = ["loss", "--logits"]
EXPLAIN = ["explain", "--logits", "z.npy", "--labels", "y.npy"]

_WITH_TWO_FILES = ("compare", "nll", "loss", "explain", "eval", "calibrate")
_NUMBERS_IN_TEXT = {
    "--temperature": "{}",
    "--weight": "{},2",
    "--pos-weight": "1,{}",
    "--rows": "{}:",
    "--top-k": "1,{}",
}

DIGITS = ["1_0", "\u0661\u0660", "0_1", "1_", "0x1"]

MISUSED: list[tuple[Command, str]] = [
    (["softmax", "z.npy", "-o", "out.xyz"], "out.xyz: its extension names no format"),
    ([*LOSS, "-", "--labels", "-"], "only one input can be standard input"),
    ([*LOSS, "-", "--labels", "y.npy", "--weight", "-"], "only one input can be standard input"),
    (["explain", "--logits", "-", "--labels", "-"], "only one input can be standard input"),
    (["info", "-", "-"], "only one input can be standard input"),
    ([*LOSS, "z.npy"], "where are the labels?"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--weight", "1,2,x"], "--weight 1,2,x: neither"),
    (["explain", "--logits", "z.npy"], "where are the labels?"),
    (["nll", "--probs", "z.npy"], "where are the labels?"),
    (["nll", "--labels", "y.npy"], "there is no file of LOG_PROBS"),
    (["nll", "--probs", "z.npy", "--log-probs", "z.npy", "--labels", "y.npy"], "give one of"),
    (["softmax"], "there is no file of LOGITS"),
    (["loss", "--labels", "y.npy"], "there is no file of LOGITS"),
    ([*LOSS, "z.npy", "y.npy", "--labels", "y.npy"], "a file too many: y.npy"),
    ([*LOSS, "z.npy", "--logits", "-", "--labels", "y.npy"], "standard input cannot be one of"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--shift=-1"], "Invalid value for '--shift'"),
    (["softmax", "z.npy", "--bogus"], "No such option: --bogus"),
    (["bogus"], "there is no command 'bogus'"),
    (["--bogus"], "No such option: --bogus"),
    ([*EXPLAIN, "--rows", "3:1"], "--rows 3:1 has no row"),
    ([*EXPLAIN, "--rows", "a"], "--rows must be like 0:3"),
    ([*EXPLAIN, "--rows=-1"], "--rows must be like 0:3"),
    (["eval", "z.npy", "y.npy", "--plot-kind", "losses"], "--plot-kind says what --plot"),
    (["compare", "z.npy", "z.npy", "--plot-kind", "changes"], "--plot-kind says what --plot"),
    (["calibrate", "z.npy", "y.npy", "--plot-kind", "curve"], "--plot-kind says what --plot"),
    (["softmax", "z.npy", "--dtype", "int8"], "Invalid value for '--dtype'"),
    (["one-hot", "y.npy", "--dtype", "text"], "--dtype must be a dtype of numbers"),
    (["one-hot", "y.npy", "--dtype", "object"], "--dtype must be a dtype of numbers"),
    (["one-hot", "y.npy", "--num-classes", "0"], "Invalid value for '--num-classes'"),
    (["one-hot", "y.npy", "--classes", "a,b", "--num-classes", "3"], "--classes has 2 names"),
    (["softmax", "z.npy", "--temperature", "0"], "--temperature must be positive"),
    (["softmax", "z.npy", "--temperature", "-1"], "--temperature must be positive"),
    (["softmax", "z.npy", "--temperature", "inf"], "--temperature must be positive and finite"),
    (["softmax", "z.npy", "--temperature", "nan"], "--temperature must be positive"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--temperature", "inf"], "--temperature must be"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--label-smoothing", "1.5"], "Invalid value for"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--label-smoothing", "nan"], "Invalid value for"),
    (["compare", "a.npz", "a.npz", "--key", "a", "--key", "b"], "--key names one array, for all"),
    (["eval", "z.npy", "y.npy", "--clip", "nan"], "Invalid value for '--clip': 'nan' is no number"),
    (["loss", "z.npy", "--jobs", "x"], "Invalid value for '--jobs': 'x' is no whole number"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--reduction", "max"], "Invalid value for"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--non-finite", "zero"], "Invalid value for"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--jobs", "0"], "Invalid value for '--jobs'"),
    ([*LOSS, "z.npy", "--labels", "y.npy", "--color", "red"], "Invalid value for '--color'"),
    (["softmax", "z.npy", "--axis", "x"], "Invalid value for '--axis'"),
    (["softmax", "z.npy", "--from", "xyz"], "there is no format 'xyz'; there are "),
    (["softmax", "z.npy", "--to", "xyz"], "there is no format 'xyz'; there are "),
    (["softmax", "z.csv", "--delimiter", "ab"], "--delimiter must be one character"),
    (["softmax", "z.csv", "--delimiter", '"'], "--delimiter must be one character"),
]  # fmt: skip


@in_one_folder
@pytest.mark.parametrize(("arguments", "message"), MISUSED)
def test_usage(run: Run, arguments: Command, message: str) -> None:
    error, hint = refusal(run(*arguments), 2)
    assert error.startswith(message)
    assert not hint or hint.startswith(
        ("xent", "--to", "did you mean", "several files", "if each number")
    ), hint


def test_debug_shows_where(run: Run) -> None:
    arguments = ["softmax", "missing.npy"]
    plain, debug = run(*arguments), run(*arguments, "--debug")
    assert plain == (1, b"", b"error: missing.npy: cannot be read: no such file or directory\n")
    assert (debug.code, debug.stdout) == (1, b"")
    assert debug.err.startswith("Traceback (most recent call last):\n")
    assert debug.err.endswith(plain.err)


def test_help_and_version(run: Run) -> None:
    for arguments in (["--help"], ["-h"], ["softmax", "--help"], ["info", "-h"], ["--version"], []):
        outcome = run(*arguments)
        assert (outcome.code, outcome.err) == (0, "")
        assert "xent" in outcome.out


@in_one_folder
@pytest.mark.parametrize(
    ("option", "text", "code", "says"),
    [
        ("--rows", f"0:{'9' * 5000}", 0, ""),
        ("--columns", "9" * 5000, 1, "there is no column"),
        ("--drop", f"1-{'9' * 5000}", 1, "there is no column"),
        ("--metric", f"top{'9' * 5000}_accuracy", 2, "there is no"),
    ],
)
def test_numbers_that_int_does_not_read(
    run: Run, option: str, text: str, code: int, says: str
) -> None:
    result = run("eval", "--logits", "z.csv", "--labels", "y.csv", f"{option}={text}")
    assert (result.code, says in result.err) == (code, True)
    assert "a mistake" not in result.err


@in_one_folder
@pytest.mark.parametrize("dtype", ["1_0", "9" * 5000, "(2,)f4", "f4,f4", "object", "O"])
def test_what_is_no_dtype_of_numbers(run: Run, dtype: str) -> None:
    refused = refusal(run("one-hot", "y.npy", f"--dtype={dtype}"), 2)
    assert "must be a dtype of numbers" in refused.error


def with_new_options(wanted: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    """Yield each command with those of its options that no command before has, or with one."""
    known: set[str] = set()
    for name in COMMANDS:
        options = [each for each in load_command(name).params if wanted(each)]
        yield from (
            (name, each)
            for each in [each for each in options if each.opts[0] not in known] or options[:1]
        )
        known |= {each.opts[0] for each in options}


def test_what_python_alone_reads_as_a_number(run: Run) -> None:
    """Underscores between digits, and digits of other scripts, are no number for any option."""
    asked = set()

    def takes_numbers(parameter: Any) -> bool:
        kind = parameter.type.name
        return parameter.opts[0] in _NUMBERS_IN_TEXT or kind.startswith(("int", "float"))

    for (name, each), digits in zip(with_new_options(takes_numbers), cycle(DIGITS), strict=False):
        option = each.opts[0]
        files = ["1,2,3", "1"] if name in _WITH_TWO_FILES else ["1,2,3"]
        value = _NUMBERS_IN_TEXT.get(option, "{}").format(digits)
        said = refusal(run(name, *files, f"{option}={value}"), 2)
        assert digits in said.error, (name, option)
        assert option in said.error, (name, option)
        asked.add(option)
    assert {*_NUMBERS_IN_TEXT, "--clip", "--jobs", "--bins", "--softcap", "--axis"} < asked


@in_one_folder
@pytest.mark.parametrize("digits", DIGITS)
def test_no_place_of_numbers_takes_what_python_alone_reads(run: Run, digits: str) -> None:
    for option in (*_NUMBERS_IN_TEXT, "--label-smoothing", "--shift"):  # of text, floats and ints
        value = _NUMBERS_IN_TEXT.get(option, "{}").format(digits)
        command = ["loss"] if option not in ("--rows", "--top-k") else ["eval"]
        said = refusal(run(*command, "1,2,3", "1", f"{option}={value}"), 2)
        assert digits in said.error, option
        assert option in said.error
    for files in ([f"1,{digits}", "1"], ["1,2", digits]):
        assert digits in refusal(run("loss", *files), 1).error


@in_one_folder
@pytest.mark.parametrize("option", ["--bins", "--folds"])
@pytest.mark.parametrize("count", [2**31, 2**63, 10**20])
def test_more_parts_than_are_of_use(run: Run, option: str, count: int) -> None:
    refused = refusal(run("calibrate", "z.npy", "y.npy", f"{option}={count}"), 2)
    assert "is not in the range" in refused.error


@in_one_folder
@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("calibrate z.npy y.npy --test z.npy", "--test LOGITS LABELS"),
        ("calibrate z.npy y.npy --input", "--input logits|log-probs|probs"),
        ("softmax z.npy -o", "-o FILE"),
        ("eval z.npy y.npy --by", "--by COLUMN|FILE|axis0"),
        ("loss z.npy y.npy --json=3", "xent loss --help"),
    ],
)
def test_an_option_without_its_value(run: Run, line: str, hint: str) -> None:
    said = refusal(run(*line.split()), 2)
    assert said.error.startswith("Option '-")
    assert said.hint == hint


def test_an_option_that_is_empty(run: Run) -> None:
    """A variable of the shell may not be set: `--report "$PAGE"`."""
    asked = []

    def takes_text(parameter: Any) -> bool:
        option, kind = parameter.opts[0], parameter.type.name
        return option[0] == "-" and option != "--id-column" and kind in ("str", "<str str>")

    for name, each in with_new_options(takes_text):
        said = refusal(run(name, "z.npy", each.opts[0], *[""] * each.nargs), 2)
        assert said == (f"{each.opts[0]} has an empty value", UNSET), name
        asked.append(each.opts[0])
    assert {"--output", "--report", "--plot", "--state", "--by", "--temperature"} < {*asked}
    assert refusal(run("eval", "z.npy", "y.npy", "--by="), 2).error == "--by has an empty value"
    assert refusal(run("eval", "z.npy", "--labels", "y.npy", "--labels", ""), 2).hint == UNSET


def test_a_column_may_have_an_empty_name(run: Run) -> None:
    Path("rows.csv").write_text(",a,b,label\nx,0.5,1.5,1\ny,2.5,0.5,0\n")
    losses = ("--reduction", "none", "--id-column", "")
    outcome = run("loss", "rows.csv", "--label-column", "label", *losses)
    assert [line.split(",")[0] for line in outcome.out.splitlines()[1:]] == ["x", "y"]
