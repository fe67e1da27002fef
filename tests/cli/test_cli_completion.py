"""Completion as it happens: in a real bash and a real zsh, by the tab key."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from cli_tools import Run, command
from shells import Shell

COMPLETED = [
    ("expl", "explain"),
    ("softmax --temp", "softmax --temperature"),
    ("loss --color al", "loss --color always"),
    ("loss --color=al", "loss --color=always"),
    ("loss logits.npy --labels lab", "loss logits.npy --labels labels.npy"),
    ("nonsense --js", "nonsense --js"),
]
# The words are found by the same code for every shell, so that one is asked for these too.
COMPLETED_BY_BASH = [
    ("log-s", "log-softmax"),
    ("help num", "help numbers"),
    ("completion z", "completion zsh"),
    ("loss --no-h", "loss --no-header"),
    ("nll --reduction su", "nll --reduction sum"),
    ("softmax logits.npy --to parq", "softmax logits.npy --to parquet"),
    ("loss logi", "loss logits.npy"),
    ("loss logits.npy lab", "loss logits.npy labels.npy"),
]


@pytest.fixture(scope="module")
def shell_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Shell]]:
    """Return the shell of a name, which is started when a test first asks for it."""
    with ExitStack() as stack:

        @cache
        def start(name: str) -> Shell:
            assert shutil.which(name), f"these tests need {name}"
            folder = tmp_path_factory.mktemp(name)
            for file in ("logits.npy", "labels.npy"):
                (folder / file).touch()
            return stack.enter_context(Shell(name, folder))

        yield start


@pytest.mark.parametrize(
    ("name", "typed", "line"),
    [
        *(("bash", *case) for case in [*COMPLETED, *COMPLETED_BY_BASH]),
        *(("zsh", *case) for case in COMPLETED),
    ],
)
def test_the_tab_key(shell_of: Callable[[str], Shell], name: str, typed: str, line: str) -> None:
    assert shell_of(name).complete(f"xent {typed}") == ["xent", *line.split()]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_names_the_command(run: Run, name: str) -> None:
    outcome = run("completion", name)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"_XENT_COMPLETE=complete_{name}" in outcome.out


@pytest.mark.parametrize(
    ("typed", "answer"), [("xent loss --color=al", "--color=always"), ("xent soft", "softmax")]
)
def test_what_fish_asks(typed: str, answer: str) -> None:
    asked = {"_XENT_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": typed}
    for action, out in (("get-args", answer), ("is-args", "")):
        done = subprocess.run(
            command(),
            env={**os.environ, **asked, "_TYPER_COMPLETE_FISH_ACTION": action},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode().split("\t")[0].strip() == out


@pytest.mark.parametrize("value", ["1", "nonsense", "complete_tcsh", "source_bash"])
def test_another_value_of_the_variable_changes_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    del folder
    monkeypatch.setenv("_XENT_COMPLETE", value)
    outcome = run("loss", "z.npy", "y.npy")
    assert (outcome.code, outcome.err) == (0, "")
    assert float(outcome.out) > 0
