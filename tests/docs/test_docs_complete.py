"""The pages leave nothing out and name nothing that is not there.

The commands and their options are those that typer has registered. A table of options says in its
second column of which commands they are, or holds those of a group of commands.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from doc_tools import PAGES, README, ROOT, WRITTEN, table_rows
from in_one_test import in_one_test
from typer.main import get_command

from xentcli import errors
from xentcli.cli.app import app
from xentcli.formats.names import ONLY_READ
from xentcli.formats.registry import formats
from xentcli.pipeline.measures.measure_plan import known_measures
from xentcli.pipeline.pairs.pair_plan import known_pair_measures

OPTIONS = (ROOT / "xentcli" / "docs" / "options.md").read_text("utf-8")
FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
EVERY = "every command"


def registered() -> dict[str, set[str]]:
    """Return the options of each command that there is."""
    group: Any = get_command(app)
    context = group.make_context("xent", [], resilient_parsing=True)
    found = {}
    for name in group.list_commands(context):
        parameters = group.get_command(context, name).get_params(context)
        flags = {flag for p in parameters for flag in (*p.opts, *p.secondary_opts)}
        found[name] = {flag for flag in flags if flag.startswith("-")}
    return found


REGISTERED = registered()
READERS = [name for name, flags in REGISTERED.items() if "--from" in flags]


def documented() -> dict[str, set[str]]:
    """Return the options that the tables give each command."""
    found: dict[str, set[str]] = {name: set() for name in REGISTERED}
    for title in ("Inputs", "Computation", "Gates", "Every command"):
        for option, of, _ in table_rows(OPTIONS, title):
            for name in REGISTERED if of == EVERY else of.split(", "):
                assert name in found, f"options.md: there is no command {name}"
                found[name].update(FLAG.findall(option))
    for option, _ in table_rows(OPTIONS, "Every command that reads files"):
        for name in READERS:
            found[name].update(FLAG.findall(option))
    return found


def test_every_command_is_in_the_readme() -> None:
    first = [cells[0] for cells in table_rows(README.read_text("utf-8"), "Commands")]
    shown = [match[1] for cell in first if (match := re.match(r"`xent ([a-z-]+)", cell))]
    assert shown == list(REGISTERED)


@in_one_test
@pytest.mark.parametrize("name", REGISTERED)
def test_every_option_is_documented_where_it_is(name: str) -> None:
    assert documented()[name] == REGISTERED[name]


def prose(page: Path) -> str:
    """Return a page without the links, whose names of pages are no options."""
    return re.sub(r"\]\([^)]*\)", "]", page.read_text("utf-8"))


OTHERS = {
    "harness",
    "dask",
    "llama",
    "pip",
    "pytest",
    "ruff",
    "mypy",
    "python",
    "coverage",
    "sbatch",
}  # whose options are not ours


@in_one_test
@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_no_page_names_an_option_that_is_not_there(page: Path) -> None:
    known = set().union(*REGISTERED.values()) | {"--version"}
    lines = [
        line for line in prose(page).splitlines() if not OTHERS & set(re.findall(r"\w+", line))
    ]
    named = {flag for line in lines for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)}
    assert named <= known


@in_one_test
@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_no_page_names_a_command_that_is_not_there(page: Path) -> None:
    named = re.findall(r"(?:`|^\$ |\| )xent ([a-z][a-z-]*)", prose(page), re.MULTILINE)
    refused = re.findall(r"there is no command '([a-z-]+)'", prose(page))
    assert set(named) <= {*REGISTERED, *refused}


@in_one_test
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_begins_with_a_heading_and_a_sentence(page: Path) -> None:
    heading, empty, *rest = page.read_text("utf-8").splitlines()
    summary = " ".join(rest[: rest.index("")])
    assert heading.startswith("# ")
    assert empty == ""
    assert re.fullmatch(r"[A-Z`][^.]*(\.\w[^.]*)*\.", summary), summary


def test_the_readme_links_every_page() -> None:
    text = README.read_text("utf-8")
    assert [page.name for page in PAGES if f"](xentcli/docs/{page.name})" not in text] == []


def anchors(page: Path) -> set[str]:
    """Return what GitHub calls the headings of a page."""
    titles = re.findall(r"^#+ (.*)", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@in_one_test
@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "xentcli" / "docs" / "exit-codes.md").read_text("utf-8")
    codes = {int(row[0]) for row in table_rows(text, "Codes")}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    raised = {
        kind.exit_code
        for kind in kinds
        if issubclass(kind, errors.XentError) and isinstance(kind.exit_code, int)
    }
    assert codes == raised | {0, 129, 130, 131, 141, 143}


def test_every_format_is_documented() -> None:
    text = (ROOT / "xentcli" / "docs" / "files.md").read_text("utf-8")
    rows = table_rows(text, "Formats")
    assert {re.findall(r"`--(?:to|from) (\w+)`", row[1])[0] for row in rows} == {
        f.name for f in formats()
    }
    assert {f.name for f in formats() if f.open_writer is None} == {*ONLY_READ, "json"}
    said = {word for row in rows for word in re.findall(r"`(\.\w+)`", row[0])}
    assert said == {extension for f in formats() for extension in f.extensions}


def test_every_measure_is_documented() -> None:
    text = (ROOT / "xentcli" / "docs" / "measures.md").read_text("utf-8")
    assert {*known_measures(), *known_pair_measures()} <= {*re.findall(r"\w+", text)}


def test_every_folder_of_the_package_is_in_the_design() -> None:
    text = (ROOT / "xentcli" / "docs" / "design.md").read_text("utf-8")
    folders = {p.parent.name for p in (ROOT / "xentcli").glob("*/__init__.py")}
    assert [name for name in sorted(folders) if f"{name}/" not in text] == []


def test_the_files_that_the_design_names_are_there() -> None:
    text = (ROOT / "xentcli" / "docs" / "design.md").read_text("utf-8")
    named = {*re.findall(r"`((?:\w+/)*\w+\.py)`", text)} - {"tests/test_imports.py"}
    assert len(named) > 15
    assert [name for name in sorted(named) if not (ROOT / "xentcli" / name).is_file()] == []
