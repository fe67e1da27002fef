"""The shift of language models: labels that stand further on than their rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, Terminal
from close_to import close_to
from formulas import cross_entropies

TOKENS = ["loss", "--logits", "t.npy", "--labels", "l.npy", "--class-axis", "-1"]


@pytest.fixture
def tokens(folder: Path) -> tuple[Any, Any]:
    """Write (2, 5, 3) logits as language models give them, and their labels; return both."""
    rng = np.random.default_rng(8)
    logits, labels = rng.normal(size=(2, 5, 3)), rng.integers(3, size=(2, 5))
    labels[0, 3] = -100
    np.save(folder / "t.npy", logits)
    np.save(folder / "l.npy", labels)
    return logits, labels


def shifted_losses(logits: Any, labels: Any, shift: int) -> Any:
    later = labels[:, shift:]
    return np.where(later == -100, 0.0, cross_entropies(logits[:, :-shift], np.maximum(later, 0)))


def test_what_is_said_of_the_shift(run: Run, terminal: Terminal, tokens: tuple[Any, Any]) -> None:
    outcome = run(*TOKENS, "--shift", "2", "--json")
    answer = outcome.json
    assert answer["loss"] == close_to(shifted_losses(*tokens, 2).sum() / 5, rel=1e-14)
    counts = {"rows": 6, "used": 5, "ignored": 1, "unpaired": 4}
    assert counts.items() <= answer.items()
    both = ("compare", "t.npy", "t.npy", *TOKENS[3:], "--shift", "2")
    assert "note: rows without a label 2 further on, left out: 4\n" in run(*both).err
    assert outcome.err == (
        "note: rows without a label 2 further on, left out: 4\n"
        "note: the standard error takes each row for independent; xent eval takes those of a slice "
        "of the first axis to depend on one another\n"
    )
    for of_no_error in ((), ("--reduction", "sum", "--json")):
        assert "standard error" not in run(*TOKENS, "--shift", "2", *of_no_error).err
    screen = terminal(*TOKENS, "--shift", "2")
    assert "left out 4 rows that the shift leaves no label" in " ".join(screen.text.split())
    assert "left out" not in terminal(*TOKENS, "--shift", "0").text


def test_each_loss_of_the_shift(run: Run, tokens: tuple[Any, Any]) -> None:
    outcome = run(*TOKENS, "--shift", "1", "--reduction", "none", "-o", "losses.npy")
    assert outcome.code == 0
    got = np.load("losses.npy")
    assert got.shape == (2, 4)
    np.testing.assert_allclose(got, shifted_losses(*tokens, 1), rtol=1e-13)


def test_weights_and_groups_of_positions_stand_where_the_labels_do(
    run: Run, tokens: tuple[Any, Any]
) -> None:
    labels = tokens[1]
    weights = np.arange(1.0, 11.0).reshape(2, 5)
    np.save("w.npy", weights)
    used, losses = labels[:, 1:] != -100, shifted_losses(*tokens, 1)
    kept = weights[:, 1:] * used
    want = (kept * losses).sum() / kept.sum()
    assert run(*TOKENS, "--shift", "1", "--sample-weight", "w.npy").number == close_to(
        want, rel=1e-14
    )
    groups = np.arange(10).reshape(2, 5) % 3
    np.save("g.npy", groups)
    found = run("eval", *TOKENS[1:], "--shift", "1", "--by", "g.npy", "--json").json["groups"]
    for group, name in enumerate("012"):
        here = used & (groups[:, 1:] == group)
        assert found[group]["name"] == name
        assert found[group]["metrics"]["loss"]["n"] == here.sum()
        assert found[group]["metrics"]["loss"]["value"] == close_to(losses[here].mean(), rel=1e-14)


@pytest.mark.usefixtures("tokens")
def test_a_shift_that_leaves_nothing(run: Run) -> None:
    for shift in ("5", "1000000000000"):
        outcome = run(*TOKENS, "--shift", shift)
        assert outcome.out == "nan\n", shift
        assert outcome.err.splitlines()[1] == (
            "warning: nothing is used: the shift leaves no row a label, so the mean is NaN"
        ), shift


@pytest.mark.usefixtures("folder")
def test_a_shift_that_leads_from_file_to_file_is_a_note(run: Run) -> None:
    """A file for each sequence may be meant; files of whole sequences lead nowhere."""
    rng = np.random.default_rng(5)
    for i in range(2):
        np.save(f"a{i}.npy", rng.normal(size=(5, 3)))
        np.save(f"b{i}.npy", rng.integers(3, size=5))
        np.save(f"c{i}.npy", rng.normal(size=(1, 5, 3)))
        np.save(f"d{i}.npy", rng.integers(3, size=(1, 5)))
    note = "note: the shift leads from each of 2 files into the next, as in one text; if each is"
    assert note in run("loss", "a?.npy", "b?.npy", "--shift", "1").err
    whole = run("loss", "c?.npy", "d?.npy", "--shift", "1").number
    for i in range(2):  # as the note says
        np.save(f"b{i}.npy", np.r_[-100, np.load(f"d{i}.npy")[0, 1:]])
        np.save(f"a{i}.npy", np.load(f"c{i}.npy")[0])
    assert run("loss", "a?.npy", "b?.npy", "--shift", "1").number == close_to(whole, rel=1e-12)
    for files in (("a0.npy", "b0.npy"), ("c?.npy", "d?.npy"), ("a?.npy", "b?.npy", "--shift", "0")):
        assert "leads" not in run("loss", "--shift", "1", *files).err, files
