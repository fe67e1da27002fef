"""A command from outside that is wrong in one place: what is shown is a number, or one line."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_tools import Run

from xentcli.cli import names
from xentcli.errors import InputError
from xentcli.pipeline.flow import Part, collect, joined

COMMAND = '''
from typing import Annotated
import numpy as np
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
    count = len(files)
    shown = {"files": count}
    forms = Forms(lambda: shown, lambda width: [f"{count} files"], number=count)
    Destination("toy", writing, common).write(forms)


COMMAND = Command(toy)
'''
LINE = 1 + COMMAND.splitlines().index(
    "    forms = Forms(lambda: shown, " + ('lambda width: [f"{count} files"], number=count)')
)


CASES = [
    ("number=count", "number=np.float32(1.5)", "1.5\n", ""),
    ("number=count", "number=np.float64(0.1)", "0.1\n", ""),
    ("number=count", "number=np.int64(3)", "3\n", ""),
    ("number=count", "number='high'", "", f".py:{LINE}: TypeError: Forms(...) takes a number, and"),
    ("number=count", "number=np.ones(2)", "", "takes a number, and array([1., 1.]) is none"),
    ("lambda: shown", "shown", "", "takes functions that make JSON, a table and text"),
    ("common: Common", 'common: "Comon"', "", "error: an annotation of toy: name 'Comon' is not"),
    ("import numpy as np", "import numpy as", "", "error: a mistake in toy7.py:3: SyntaxError: "),
]


def test_what_a_pipe_gets(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's own text of a number, np.float64(0.1), is none."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("xentcli.cli.names._HOMES", {**names._HOMES})
    for number, (old, new, out, said) in enumerate(CASES):
        name = f"toy{number}"  # a command is looked up once
        assert COMMAND.count(old) == 1
        (tmp_path / f"{name}.py").write_text(COMMAND.replace(old, new))
        names.register(name, name)
        done = run(name, os.devnull)
        sys.modules.pop(name, None)
        assert (done.code, done.out) == (1 if said else 0, out), (new, done.err)
        assert said in done.err.partition("\n")[0], new
        assert done.err.count("error: ") == bool(said), done.err


@pytest.mark.parametrize("many", ["3", "list(range(2_000))"])
def test_nothing_is_written_of_what_json_cannot_hold(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: str
) -> None:
    """The beginning of an object is no object, and a file that takes it is broken."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("xentcli.cli.names._HOMES", {**names._HOMES})
    for i, odd in enumerate(("{1, 2}", "1j", "[*range(1_500), {3}]", "{(1, 2): 3}")):
        name = f"odd{i}{len(many)}"
        shown = f'{{"many": {many}, "text": "x" * 9_000, "odd": {odd}}}'
        (tmp_path / f"{name}.py").write_text(COMMAND.replace('{"files": count}', shown))
        names.register(name, name)
        done = run(name, os.devnull, "--json")
        sys.modules.pop(name, None)
        assert (done.code, done.out) == (1, ""), odd
        assert done.err.startswith("error: the result is no JSON at 'odd': "), done.err
        assert done.err.count("\n") == 1


def test_a_name_is_a_word() -> None:
    for name in ("", "two words", "-x", 3):
        with pytest.raises(ValueError, match="a command has a name of one word"):
            names.register(name, "toy_command")  # type: ignore[arg-type]


def test_work_on_a_step_that_returns_no_part() -> None:
    """Neighbouring parts are joined where the work is done."""
    nothing: Any = None
    for use in (
        lambda: joined(Part[Any](1), nothing),
        lambda: collect([nothing], None, print, lambda *_: InputError(""), ()),
    ):
        with pytest.raises(TypeError, match="the work on a step returns NoneType, and no Part"):
            use()
