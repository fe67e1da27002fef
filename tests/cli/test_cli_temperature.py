"""--temperature: a number, or the file that calibrate has written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import DIGITS
from cli_tools import Argument, Run, refusal
from in_one_test import in_one_folder, in_one_test

import xentcli as xent

UNFOLDED = ("--folds", "0")
"""Without the losses out of fold, which take most of the time."""


def test_the_file_is_what_temperature_takes(run: Run) -> None:
    assert run("calibrate", *DIGITS, *UNFOLDED, "-o", "temperature.json").out == ""
    written = json.loads(Path("temperature.json").read_text())
    value = repr(written["temperature"])
    loss = run("loss", *DIGITS, "--temperature", "temperature.json")
    assert float(loss.out) == written["metrics"]["loss_after"]["value"]
    in_python: Any = xent.loss(*DIGITS, temperature="temperature.json")
    assert in_python.loss == float(loss.out)
    commands: list[list[Argument]] = [
        ["loss", *DIGITS],
        ["eval", *DIGITS, "--metric", "ece"],
        ["softmax", DIGITS[0]],
        ["log-softmax", DIGITS[0]],
    ]
    for command in commands:
        by_file = run(*command, "--temperature", "temperature.json")
        assert (by_file.code, by_file.err) == (0, "")
        assert by_file == run(*command, "--temperature", value)
        assert by_file != run(*command)
    again = run("calibrate", *DIGITS, *UNFOLDED, "-o", "temperature.json")
    assert (again.code, "--force" in again.err) == (1, True)


def test_a_temperature_through_a_pipe(run: Run) -> None:
    piped = run("calibrate", *DIGITS, *UNFOLDED, "--json", "--quiet").out.encode()
    value = repr(json.loads(piped)["temperature"])
    bare = run("calibrate", *DIGITS, *UNFOLDED, "--quiet").out.encode()
    assert bare.decode() == f"{value}\n"
    compared: list[Argument] = ["compare", DIGITS[0], DIGITS[0], "--labels", DIGITS[1]]
    compared += ["--temperature", "1"]
    alone: list[list[Argument]] = [["loss", *DIGITS], ["eval", *DIGITS], ["softmax", DIGITS[0]]]
    for command in (*alone, compared):
        by_value = run(*command, "--temperature", value)
        for text in (piped, bare) if command[0] == "loss" else (piped,):
            outcome = run(*command, "--temperature", "-", stdin=text)
            assert (outcome.code, outcome) == (0, by_value)
        for i in range(1, 2 + (command[0] != "softmax")):
            twice = run(*command[:i], "-", *command[i + 1 :], "--temperature", "-", stdin=piped)
            assert (twice.code, "only one input can be standard input" in twice.err) == (2, True)
    twice = run(*compared[:-1], "-", "--temperature", "-", stdin=piped)
    assert (twice.code, "only one input can be standard input" in twice.err) == (2, True)


def test_any_file_of_calibrate_is_one_that_temperature_reads(run: Run) -> None:
    value = repr(run("calibrate", *DIGITS, *UNFOLDED).number)
    by_value = run("loss", *DIGITS, "--temperature", value)
    for name in ("t.json.gz", "t", "t.of-today"):
        assert run("calibrate", *DIGITS, *UNFOLDED, "-o", name).code == 0
        by_file = run("loss", *DIGITS, "--temperature", name)
        assert (by_file.code, by_file) == (0, by_value), name


@in_one_folder
@pytest.mark.parametrize("options", ["-o t.npy", "-o t.csv", "-o t.txt", "-o t.json --to csv"])
def test_a_file_of_another_format_is_refused(run: Run, options: str) -> None:
    refused = run("calibrate", *DIGITS, *options.split())
    assert (refused.code, refused.out) == (2, "")
    assert "a file holds a temperature as JSON\nhint: --output temperature.json" in refused.err
    assert not list(Path().iterdir())


@in_one_test
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "t.json: the file is empty"),
        ('{"temperature": 0.5', "t.json: the JSON ends too early"),
        ("-0.5", "t.json: its temperature is -0.5"),
        ("true", "t.json: its temperature is True"),
        ('"0.5"', "t.json: this is no result of xent"),
        ("[0.5]", "t.json: this is no result of xent"),
        ('{"T": 0.5}', "t.json: there is no temperature in it"),
        ('{"temperature": null}', "t.json: there is no temperature in it"),
        (
            '{"temperature": 2, "binary": "yes"}',
            "t.json: whether it was fitted with --binary is true or false, not 'yes'",
        ),
        ('{"temperature": "0.5"}', "t.json: its temperature is '0.5'"),
        ('{"temperature": true}', "t.json: its temperature is True"),
        ('{"temperature": 0}', "t.json: its temperature is 0"),
        ('{"temperature": -2.5}', "t.json: its temperature is -2.5"),
        (f'{{"temperature": {10**400}}}', "t.json: its temperature is larger than any float64"),
    ],
)
def test_a_file_that_holds_no_temperature(run: Run, content: str, said: str) -> None:
    Path("t.json").write_text(content)
    outcome = run("loss", *DIGITS, "--temperature", "t.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.splitlines()[0] == f"error: {said}"
    assert len(outcome.err.splitlines()) == 2


def test_a_temperature_of_the_other_loss_is_refused(run: Run) -> None:
    logits, labels = np.array([1.5, -2.0, 3.0, -1.0, 0.5]), np.array([1, 0, 1, 1, 0])
    np.save("b.npy", logits)
    np.save("by.npy", labels)
    of_binary = run("calibrate", "b.npy", "by.npy", "--binary", "-o", "binary.json")
    of_rows = run("calibrate", *DIGITS, *UNFOLDED, "-o", "rows.json")
    assert (of_binary.code, of_rows.code) == (0, 0)
    value = json.loads(Path("binary.json").read_text())["temperature"]
    z = np.where(labels == 1, logits, -logits) / value
    own: list[Argument] = ["loss", "b.npy", "by.npy", "--binary", "--temperature"]
    assert np.isclose(run(*own, "binary.json").number, np.log1p(np.exp(-z)).mean(), rtol=1e-14)
    alone: list[list[Argument]] = [
        ["loss", *DIGITS],
        ["eval", *DIGITS],
        ["softmax", DIGITS[0]],
        ["log-softmax", DIGITS[0]],
        ["compare", DIGITS[0], DIGITS[0]],
    ]
    for command in alone:
        said = refusal(run(*command, "--temperature", "binary.json"), 1)
        assert said.error.startswith("binary.json: its temperature was fitted with --binary, ")
    for command in (own, ["eval", *own[1:]]):
        said = refusal(run(*command, "rows.json"), 1)
        assert said.error.startswith("rows.json: its temperature was fitted without --binary, ")
    Path("bare.json").write_text(repr(value))
    assert run(*own, "bare.json") == run(*own, "binary.json") == run(*own, repr(value))


@in_one_folder
@pytest.mark.parametrize("text", ["none.json", "0", "-1", "nan", "inf", "1,5"])
def test_what_is_no_temperature(run: Run, text: str) -> None:
    outcome = run("softmax", DIGITS[0], "--temperature", text)
    assert outcome.code == 2
    assert outcome.err.startswith("error: --temperature ")
