"""Completion as it happens, in a real bash and a real zsh by the tab key, and what it answers."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from cli_tools import Run
from in_one_test import in_one_folder
from shells import Shell

TYPED = [
    ("expl", "explain"),
    ("softmax --temp", "softmax --temperature"),
    ("loss --color al", "loss --color always"),
    ("loss --color=al", "loss --color=always"),
    ("loss logits.npy --labels lab", "loss logits.npy --labels labels.npy"),
    ("nonsense --js", "nonsense --js"),
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
    [*(("bash", *each) for each in TYPED), *(("zsh", *each) for each in TYPED[2:])],
)
def test_the_tab_key(shell_of: Callable[[str], Shell], name: str, typed: str, line: str) -> None:
    assert shell_of(name).complete(f"xent {typed}") == ["xent", *line.split()]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_names_the_command(run: Run, name: str) -> None:
    outcome = run("completion", name)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"_XENT_COMPLETE=complete_{name}" in outcome.out


@in_one_folder
@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("log-s", "log-softmax"),
        ("help num", "numbers"),
        ("completion z", "zsh"),
        ("loss --no-h", "--no-header"),
        ("nll --reduction su", "sum"),
        ("softmax logits.npy --to parq", "parquet"),
        ("softmax logits.npy --to pic", ""),
        ("softmax logits.npy --from pic", "pickle"),
        ("eval logits.npy --metric balanc", "balanced_accuracy"),
        ("compare base.npy --metric kl_rev", "kl_reverse"),
        ("loss logi", ""),  # a file, of which the shell knows
        ("loss logits.npy lab", ""),
    ],
)
def test_the_words_that_bash_is_given(
    run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, word: str
) -> None:
    """They are found by the same code for every shell."""
    monkeypatch.setenv("_XENT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(["xent", *typed.split()]))
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    assert run() == (0, f"{word}\n".encode(), b"")


@in_one_folder
@pytest.mark.parametrize(
    ("typed", "word"), [("xent loss --color=al", "--color=always"), ("xent soft", "softmax")]
)
def test_what_fish_asks(run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, word: str) -> None:
    monkeypatch.setenv("_XENT_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    for action, said in (("get-args", word), ("is-args", "")):
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", action)
        outcome = run()
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.split("\t")[0].strip() == said


@in_one_folder
@pytest.mark.parametrize("value", ["1", "nonsense", "complete_tcsh", "source_bash"])
def test_another_value_of_the_variable_changes_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    del folder
    monkeypatch.setenv("_XENT_COMPLETE", value)
    outcome = run("loss", "z.npy", "y.npy")
    assert (outcome.code, outcome.err) == (0, "")
    assert float(outcome.out) > 0
