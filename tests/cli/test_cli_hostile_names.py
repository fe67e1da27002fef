"""Names with control characters and markup: shown as what they are, written unchanged."""

from pathlib import Path

import pytest
from cli_tools import Run, Screen, Terminal
from in_one_test import in_one_folder, in_one_test

HOSTILE = [
    ("[red]markup[/red]", "[red]markup[/red]"),
    ("[/]", "[/]"),
    ("[link=file:///x]z", "[link=file:///x]z"),
    (":smile:", ":smile:"),
    ("\x1b[31mred", r"\x1b[31mred"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("\x9b31m", r"\x9b31m"),
    ("\u202eevil", r"\u202eevil"),
    ("\u2066a\u2069", r"\u2066a\u2069"),
    ("new\nline", r"new\nline"),
    ("\x00a\x7f", r"\x00a\x7f"),
    ("zero\u200bwidth", r"zero\u200bwidth"),
]
SOME = [HOSTILE[i] for i in (0, 1, 3, 5, 7, 9)]
"""Markup of three kinds, and characters that terminals obey, reverse and break lines at."""
FEW = [HOSTILE[i] for i in (0, 5, 9)]


def assert_shown(screen: Screen, shown: str) -> None:
    """Check that the name stands there, and that nothing in the text is a control character."""
    flat = screen.text.replace("\n", "")
    cut = [shown[:length] + "…" for length in range(4, len(shown))]
    assert any(text in flat for text in [shown, *cut]), screen.text
    assert all(c.isprintable() for c in flat), ascii(screen.text)


def hostile_csv(name: str) -> str:
    """Write a file with a column of this name, and return its header."""
    header = f'"{name}",b\n'
    Path("z.csv").write_text(f"{header}1,2\n3,4\n", newline="")
    return header


@in_one_test
@pytest.mark.parametrize(("name", "shown"), HOSTILE)
def test_headers(terminal: Terminal, name: str, shown: str) -> None:
    hostile_csv(name)
    assert_shown(terminal("softmax", "z.csv", columns=200), shown)
    if (name, shown) in SOME:
        assert_shown(terminal("info", "z.csv", columns=200), shown)
    if (name, shown) in FEW:
        Path("y.csv").write_text("0\n0\n")
        assert_shown(terminal("explain", "z.csv", "y.csv", columns=200), shown)


@in_one_test
@pytest.mark.parametrize(("name", "shown"), SOME)
def test_headers_in_errors(terminal: Terminal, name: str, shown: str) -> None:
    Path("z.csv").write_text(f'"{name}",b\nx,2\n', newline="")
    screen = terminal("softmax", "z.csv", columns=200)
    assert screen.code == 1
    assert len(screen.lines) == 2
    assert all(c.isprintable() for c in screen.text.replace("\n", ""))
    assert shown.replace("\\", "") in screen.text.replace("\\", "")


@in_one_folder
@pytest.mark.parametrize(("name", "shown"), SOME)
def test_class_names(terminal: Terminal, name: str, shown: str) -> None:
    assert_shown(terminal("one-hot", "0,1,2", "--classes", f"{name},b,c", columns=200), shown)


@in_one_test
@pytest.mark.parametrize(("name", "shown"), [pair for pair in SOME if "/" not in pair[0]])
def test_file_names(terminal: Terminal, name: str, shown: str) -> None:
    Path(f"{name}.csv").write_text(",a,b\n0,1,2\n")
    assert_shown(terminal("info", f"{name}.csv", columns=200), shown)
    for arguments in (["softmax", f"{name}.csv"], ["softmax", f"{name}.npy"]):
        screen = terminal(*arguments, columns=200)
        assert_shown(screen, shown)
        assert screen.lines[0].startswith(("note: ", "error: "))
    assert_shown(terminal("softmax", "1,2", "-o", f"no{name}/x.csv"), f"no{shown}")


@pytest.mark.usefixtures("folder")
@in_one_folder
@pytest.mark.parametrize(("name", "_shown"), FEW)
def test_arguments(terminal: Terminal, name: str, _shown: str) -> None:
    for arguments in (
        [name],
        ["softmax", "z.csv", f"--{name}"],
        *(["softmax", "z.csv", option, name] for option in ("--columns", "--from", "--axis")),
    ):
        screen = terminal(*arguments)
        assert screen.code in (1, 2)
        assert all(c.isprintable() for c in screen.text.replace("\n", "")), ascii(screen.text)
        assert len(screen.lines) <= 2


@in_one_test
@pytest.mark.parametrize(("name", "shown"), HOSTILE)
def test_names_in_files_are_unchanged(run: Run, name: str, shown: str) -> None:
    header = hostile_csv(name)
    assert run("softmax", "z.csv", "-o", "out.csv").code == 0
    written = Path("out.csv").read_text()
    assert written.replace('"', "").startswith(header.replace('"', "")), shown
    if (name, shown) in SOME:
        columns = run("softmax", "z.csv", "--json").json["columns"]
        assert columns[0] == name.strip()


@in_one_folder
@pytest.mark.parametrize(("name", "shown"), SOME)
def test_a_traceback_is_as_harmless(run: Run, name: str, shown: str) -> None:
    outcome = run("loss", "1,2", "0", "--weight", f"{name},x", "--debug")
    assert outcome.err.startswith("Traceback")
    assert f"--weight {shown},x" in outcome.err
    assert all(c.isprintable() for c in outcome.err.replace("\n", ""))


def test_a_traceback_tells_no_secrets(run: Run) -> None:
    for url in (
        "nope://us'er:pass word@host/a.npy?sig=topsecret",
        "nope://user:pw@host/a?topsecret",
    ):
        for arguments in ((url,), (f"--logits={url}",), ("--logits", url)):
            outcome = run("loss", *arguments, "--labels", "0", "--debug")
            assert outcome.err.startswith("Traceback")
            assert not any(word in outcome.err for word in ("pw", "word@", "topsecret", "us'er"))
