"""Where pages and pictures may go: what is wrong is said before the work."""

import html
import os
import re
import sys
from pathlib import Path

import pytest
from cli_files import DATA, write_rows
from cli_tools import Run, run_process
from in_one_test import in_one_test

from xentcli.cli.reports import (
    check_different,
    check_plot,
    check_report,
    write_plot,
    write_report,
)
from xentcli.errors import OutputError, UsageError, XentError
from xentcli.results.measures import Measures

NOTHING = Measures({}, 0, 0, 0, 2)


@in_one_test
@pytest.mark.parametrize("name", ["a.html", "a.htm", "A.HTML", "a.html.gz"])
def test_a_report_is_html(tmp_path: Path, name: str) -> None:
    check_report(str(tmp_path / name), force=False)


@in_one_test
@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.PDF"])
def test_a_plot_is_a_picture(tmp_path: Path, name: str) -> None:
    check_plot(str(tmp_path / name), "losses", force=False)


def test_numbers_are_no_page_and_no_picture(run: Run) -> None:
    """Numbers in a file of that name would look like a page that is broken."""
    for command in ("eval", "compare", "calibrate"):
        for path, option in (("a.html", "--report"), ("a.HTM", "--report"), ("a.png", "--plot")):
            outcome = run(command, "z.npy", "y.npy", "--output", path)
            assert outcome.code == 2
            assert outcome.err.startswith(f"error: {path}: --output writes numbers, and no p")
            assert f"hint: {option} {path}\n" in outcome.err
    write_rows("z.csv", "ab", [[1.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
    write_rows("y.csv", ["y"], [[0], [1], [0]])
    asked = run("eval", "z.csv", "y.csv", "--output", "a.html", "--to", "csv")
    assert (asked.code, Path("a.html").read_text()[:7]) == (0, "metric,")


def test_a_page_is_made_without_a_home_of_ones_own(tmp_path: Path) -> None:
    """In a process that has not imported matplotlib, which would say where it keeps its fonts."""
    rows, page = str(DATA / "digits_logits.npy"), tmp_path / "a.html"
    home = {"HOME": "/dev/null", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "", "MPLCONFIGDIR": ""}
    labels = str(DATA / "digits_labels.npy")
    outcome = run_process("eval", rows, labels, "--report", str(page), env=home)
    assert (outcome.code, outcome.err, page.exists()) == (0, "", True)


@in_one_test
@pytest.mark.parametrize("name", ["a.csv", "a", "a.html.json", "-"])
def test_another_extension_is_a_mistake_of_usage(tmp_path: Path, name: str) -> None:
    path = name if name == "-" else str(tmp_path / name)
    with pytest.raises(UsageError) as raised:
        check_report(path, force=True)
    assert raised.value.hint == "--report FILE.html"
    with pytest.raises(UsageError) as raised:
        check_plot(path, "losses", force=True)
    assert raised.value.hint == "--plot FILE.png"


def test_an_unknown_picture_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no picture 'roc'") as raised:
        check_plot(str(tmp_path / "a.png"), "roc", force=False)
    assert raised.value.hint == "--plot-kind reliability|confusion|losses"


def test_what_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    there = tmp_path / "a.html"
    there.write_text("before")
    for path, force in (
        (there, False),
        (tmp_path / "missing" / "a.html", True),
        (tmp_path / "folder.html", True),
    ):
        (tmp_path / "folder.html").mkdir(exist_ok=True)
        with pytest.raises(OutputError, match="cannot be written"):
            check_report(str(path), force=force)
    check_report(str(there), force=True)
    (tmp_path / "a.svg").write_text("before")
    with pytest.raises(OutputError, match="it exists already"):
        check_plot(str(tmp_path / "a.svg"), "losses", force=False)


def test_files_appear_whole_and_none_is_overwritten(tmp_path: Path) -> None:
    page, plot = tmp_path / "a.html", tmp_path / "a.svg"
    write_report(str(page), "<p>é", force=False)
    write_plot(str(plot), "losses", NOTHING, force=False)
    assert page.read_bytes() == "<p>é".encode()
    drawn = plot.read_bytes()
    assert drawn.startswith(b"<?xml")
    with pytest.raises(OutputError, match="it exists already"):
        write_report(str(page), "other", force=False)
    with pytest.raises(OutputError, match="it exists already"):
        write_plot(str(plot), "losses", NOTHING, force=False)
    assert page.read_bytes() == "<p>é".encode()
    write_report(str(page), "other", force=True)
    write_plot(str(plot), "losses", NOTHING, force=True)
    assert (page.read_text(), plot.read_bytes()) == ("other", drawn)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.html", "a.svg"]


def test_a_report_may_go_to_a_device() -> None:
    check_report(os.devnull, force=False)
    write_report(os.devnull, "<p>", force=False)


@pytest.mark.parametrize("library", ["jinja2", "matplotlib"])
def test_a_missing_library_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(XentError, match=f"--report needs {library}") as raised:
        check_report(str(tmp_path / "a.html"), force=False)
    assert "the extra 'report' brings it: " in str(raised.value.hint)
    if library == "matplotlib":
        with pytest.raises(XentError, match="--plot needs matplotlib"):
            check_plot(str(tmp_path / "a.png"), "losses", force=False)


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    one, same = str(tmp_path / "a.html"), str(tmp_path / "link" / "a.html")
    check_different({"--output": "-", "--report": one, "--plot": None, "--state": "-"})
    with pytest.raises(UsageError, match="--report and --output are one file"):
        check_different({"--report": one, "--output": same})


def test_a_page_says_what_was_said_while_files_were_opened(run: Run) -> None:
    """All warnings and notes of the run stand on the page, though --quiet prints none of them."""
    rows = [(f"r{i}", i * 3 % 7 / 4, i * 5 % 7 / 4 + 0.1, i % 5 / 2 + 0.1) for i in range(40)]
    labels = [(f"r{i}", max(range(3), key=rows[i - i % 3][1:].__getitem__)) for i in range(40)]
    write_rows("one.csv", ["id", "a", "b", "c"], rows)
    write_rows(
        "two.csv", ["id", "a", "b", "c"], [(i, 9 * a, 9 * b, 9 * c) for i, a, b, c in rows[::-1]]
    )
    write_rows("y.csv", ["id", "label"], labels[::-1])
    for command, expected in (
        (["eval", "one.csv", "y.csv"], "y.csv: in another order"),
        (["compare", "one.csv", "two.csv", "--labels", "y.csv"], "two.csv: in another order"),
        (["calibrate", "one.csv", "y.csv", "--weight", "1,2,1"], "y.csv: in another order"),
    ):
        told = run(*command)
        warnings, notes = (
            [line.removeprefix(kind) for line in told.err.splitlines() if line.startswith(kind)]
            for kind in ("warning: ", "note: ")
        )
        assert expected in " ".join(notes), told
        assert ("--weight" in command) == bool(warnings)
        assert run(*command, "--report", "a.html", "--force", "--quiet").err == ""
        assert _notes_of_page("a.html") == [*warnings, *notes], command
        if command[0] == "compare":
            verdict = '<span class="mark failed">✗</span> two.csv is worse by loss: loss +'
            assert verdict in Path("a.html").read_text()


def _notes_of_page(name: str) -> list[str]:
    (notes,) = re.findall(r'<ul class="notes">(.*?)</ul>', Path(name).read_text(), re.DOTALL)
    return [html.unescape(each) for each in re.findall(r"<li>(.*)</li>", notes)]
