"""Lines for people on standard error, and the progress bar's silence."""

import pytest
from in_one_test import in_one_test

from xentcli.render import progress
from xentcli.render.console import Color, console, tell


@pytest.fixture
def _no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@in_one_test
@pytest.mark.usefixtures("_no_color")
@pytest.mark.parametrize("kind", ["error", "hint", "warning", "note"])
@pytest.mark.parametrize("color", ["auto", "never", "always"])
def test_one_line_on_standard_error(
    capsys: pytest.CaptureFixture[str], kind: str, color: Color
) -> None:
    tell(kind, "a [b] \x1b[31m line\nof :smile: text" + " and more" * 30, color)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, "however long, the terminal wraps it"
    assert ("\x1b[" in err) == (color == "always")
    assert r"a [b] \x1b[31m line\nof :smile: text" in err


def test_a_line_that_is_far_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    tell("error", "begins " + "x" * 200_000 + " ends")
    err = capsys.readouterr().err
    assert err.startswith("error: begins x")
    assert err.endswith("x ends\n")
    assert len(err) < 10_000


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_always_wins_over_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "dumb")
    tell("error", "text", "always")
    assert capsys.readouterr().err == "\x1b[1;31merror:\x1b[0m text\n"


@pytest.mark.usefixtures("_no_color")
def test_consoles_interpret_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    console(sys.stdout, "always").print("[red]1[/red] :smile: 2.5 'x' https://x.y")
    assert capsys.readouterr().out == "[red]1[/red] :smile: 2.5 'x' https://x.y\n"


@pytest.mark.usefixtures("_no_color")
@pytest.mark.parametrize("size", [None, 12])
def test_no_bar_for_short_work(capsys: pytest.CaptureFixture[str], size: int | None) -> None:
    with progress.progress_bar("always", size) as show:
        for row in range(100):
            show(row, 100)
            show(row, None)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("_no_color")
def test_a_bar_of_tokens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 2.0, 2.0, 3.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times, 4.0))
    with progress.progress_bar("always", 12, 50) as show:
        show(8, 100)
    assert "8 of 100 rows, 200 tokens/s" in capsys.readouterr().err
