"""Help: pages of 80 columns, examples that work, and documentation offline."""

import re
import shlex
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, Terminal
from in_one_test import in_one_folder, in_one_test

from xentcli.cli import names, topics
from xentcli.cli.command import load_command

NAMES = names.command_names()
RUNNABLE = [
    (name, line)
    for name in NAMES
    for line in load_command(name).spec.examples
    if name != "completion"
]


@in_one_folder
@pytest.mark.parametrize(
    ("name", "columns"), [*product(["", *NAMES], [80, 40]), ("", 200), ("eval", 200)]
)
def test_a_page_fits_its_terminal(terminal: Terminal, name: str, columns: int) -> None:
    screen = terminal(*name.split(), "--help", columns=columns)
    assert screen.code == 0
    # Examples are not wrapped, and neither is a word.
    wide = [line for line in screen.lines if len(line) > min(columns, 100)]
    assert all(line.startswith("  xent ") or len(line.split()) < 3 for line in wide), wide
    if columns == 80:
        assert not [line for line in wide if "$HOME" not in line], wide
    assert "<=" not in screen.text
    assert "RANGE" not in screen.text
    assert "\x1b" not in screen.text


@in_one_folder
@pytest.mark.parametrize("name", NAMES)
def test_what_matters_comes_first_and_nothing_is_left_out(run: Run, name: str) -> None:
    page = run(name, "--help").out
    command = load_command(name)
    assert len(command.spec.first) <= 6
    assert 1 <= len(command.spec.examples) <= 3
    first = page.split("\nOptions\n")[-1]
    places = [first.index(f"{flag} ") for flag in command.spec.first]
    assert places == sorted(places)
    lines = "\n".join(line for line in page.splitlines() if line.startswith("  "))
    shown = {*re.findall(r"(?<=[ /])-[-\w]+", lines)}
    for parameter in command.params:
        flags = {flag for flag in (*parameter.opts, *parameter.secondary_opts) if flag[0] == "-"}
        assert flags <= shown
    assert page.splitlines()[0].startswith(f"Usage: xent {name}")


def test_the_first_page_shows_every_command_by_position(run: Run) -> None:
    page = run().out
    assert page == run("--help").out == run("-h").out
    for usage in (
        "softmax LOGITS...",
        "nll LOG_PROBS LABELS",
        "loss LOGITS LABELS",
        "info FILE...",
    ):
        assert f"\n  {usage} " in page
    assert [n for n in NAMES if not re.search(rf"^  {n} ", page, re.MULTILINE)] == []


@in_one_test
@pytest.mark.parametrize(("name", "line"), RUNNABLE)
def test_examples_of_the_pages_work(run: Run, folder: Path, name: str, line: str) -> None:
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    arrays = {"logits": logits, "labels": labels, "probs": probs, "log_probs": np.log(probs)}
    arrays |= {"base": logits, "new": 0.5 * logits}
    (folder / "run").mkdir()
    for file, array in {**arrays, "run/logits-1": logits[:2], "run/logits-2": logits[2:]}.items():
        np.save(folder / f"{file}.npy", array)
    (folder / "z.csv").rename(folder / "logits.csv")
    (folder / "y.csv").rename(folder / "labels.csv")
    rows = [
        ",".join(map(repr, [*row, label]))
        for row, label in zip(logits.tolist(), labels.tolist(), strict=True)
    ]
    (folder / "requests.jsonl").write_text(
        '{"choices": [{"logprobs": {"tokens": ["a", "b"], "token_logprobs": [-1.5, -0.25]}}], '
        '"usage": {"prompt_tokens": 2, "completion_tokens": 0}}'
    )
    (folder / "predictions.csv").write_text("\n".join(["cat,dog,bird,label", *rows, ""]))
    if name == "calibrate":  # labels that are neither all right nor all wrong
        np.save(folder / "labels.npy", np.where(np.arange(len(logits)) == 0, 2, logits.argmax(1)))
    if name == "merge":
        for i, part in enumerate((slice(2), slice(2, None)), 1):
            np.save(folder / f"part-{i}.npy", labels[part])
            run("loss", f"run/logits-{i}.npy", f"part-{i}.npy", "--state", f"run-{i}.json")
    if name == "softmax" and "-o" in line:
        (folder / "probs.npy").unlink()
    if name == "log-softmax" and "-o" in line:
        (folder / "log_probs.npy").unlink()
    outcome = run(*shlex.split(line.removesuffix(" | head"))[1:])
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out or "-o " in line


# Pages of the documentation


def test_help_lists_the_pages(run: Run, terminal: Terminal) -> None:
    listed = run("help").out
    for topic in ("design", "numbers", "files", "options", "exit-codes", "benchmark"):
        assert f"- **{topic}**: " in listed
        assert topic in terminal("help").text


def test_a_page_is_markdown_in_a_pipe_and_readable_at_a_terminal(
    run: Run, terminal: Terminal
) -> None:
    text = topics.page("exit-codes")
    assert run("help", "exit-codes").out == text.rstrip("\n") + "\n"
    assert text.startswith("# ")
    screen = terminal("help", "exit-codes")
    assert not screen.text.startswith("#")
    assert max(map(len, screen.lines)) <= 80


def test_tables_of_a_page_are_cut_nowhere(terminal: Terminal) -> None:
    assert "…" not in topics.page("language-models")
    screen = terminal("help", "language-models")
    assert max(map(len, screen.lines)) <= 80
    assert "…" not in screen.text


@in_one_folder
@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("nubmers", "xent help numbers"),
        ("exit_code", "xent help exit-codes"),
        ("exit", "did you mean xent help exit-codes?"),
        ("Gates", "xent help options has a section 'Gates'"),
        ("csv", "xent help files has a section 'CSV'"),
        ("macro_f1", "xent help measures says what macro_f1 is"),
        ("perplexity", "xent help measures says what perplexity is"),  # no section of llama's
        ("McNemar", "xent help measures speaks of mcnemar"),
        ("bits_per_byte", "xent help language-models speaks of bits_per_byte"),
        ("nosuch", "there are "),
        ("", "there are "),
    ],
)
def test_there_is_no_such_page(run: Run, topic: str, hint: str) -> None:
    outcome = run("help", topic)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: there is no page '{topic}'\nhint: ")
    assert hint in outcome.err


def test_help_of_a_command_is_its_page(run: Run) -> None:
    assert run("help", "log-softmax") == run("log-softmax", "--help")


# A command from outside


TOY = '''
from __future__ import annotations

from typing import Annotated

from xentcli.cli.command import Command
from xentcli.cli.options import Common, Writing, files_argument
from xentcli.cli.output import Destination, Forms


def toy(
    files: Annotated[list[str], files_argument("FILE...", "Any.")],
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Count the files that are named."""
    text = f"{len(files)}\\n"
    forms = Forms(lambda: {"files": len(files)}, lambda _width: [text], lambda _delimiter: text)
    Destination("toy", writing, common).write(forms)


COMMAND = Command(toy, first=("--json",), examples=("xent toy a b",))
'''


def test_a_command_from_outside_is_one_file_and_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy_command.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "toy_command", None)  # so that it is none in the end
    del sys.modules["toy_command"]
    monkeypatch.setattr("xentcli.cli.names._HOMES", {**names._HOMES})
    names.register("toy", "toy_command")
    assert run("toy", "a", "b", "c").out == "3\n"
    assert run("toy", "a", "b", "c", "--json").out == '{"files": 3}\n'
    assert "toy FILE...               Count the files that are named\n" in run("--help").out
    assert "xent toy a b" in run("toy", "--help").out
    assert "did you mean xent toy?" in run("toyy").err
    mistyped = run("toy", "a", "--jsn").err
    assert mistyped.startswith("error: No such option: --jsn\nhint: did you mean --json?")
    sys.modules["toy_command"].COMMAND.first = ("--jsn",)
    assert "Command(first=...) names --jsn, and" in run("toy", "--help").err


def test_a_broken_command_from_outside_hides_no_other(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    broken = {
        "gone": ("", "ModuleNotFoundError: No module named 'added_gone'"),
        "other": ("X = 1", "added_other has no COMMAND = Command(...) for xent other"),
        "leaving": ("raise SystemExit(3)", "added_leaving exits when it is imported"),
        "wrong": ("1 / 0", "a mistake in added_wrong.py:1: ZeroDivisionError: division by zero"),
        "bare": (TOY.replace(": Common", ""), "the parameter common of toy has no annotation"),
        "text": (
            TOY.replace('("xent toy a b",)', '"xent toy a b"'),
            "Command(examples=...) takes a tuple: examples=('xent toy a b',)",
        ),
        "twice": (TOY.replace("*,", "*, json: bool,"), "toy has the option json twice"),
    }
    for name, (text, _) in broken.items():
        if text:
            (tmp_path / f"added_{name}.py").write_text(text)
        names.register(name, f"added_{name}")
    try:
        outcome = run("--help")
        assert (outcome.code, outcome.err) == (0, "")
        shown = " ".join(outcome.out.split())
        for name, (_, says) in broken.items():
            assert f" {name} cannot be used: " in shown
            assert says in shown
            own = run(name, "--help")
            assert own.code in (1, 2)
            assert says in own.err.splitlines()[0]
        for name in NAMES:
            assert re.search(rf"\n  {name}( |\n)", outcome.out), name
        assert "xent eval" in run("loss", "--bins", "3").err  # another command has that option
        monkeypatch.setenv("_XENT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "xent\nloss")
        monkeypatch.setenv("COMP_CWORD", "1")
        assert run().out.split() == ["loss"]
    finally:
        for name in broken:
            names.forget(name)
