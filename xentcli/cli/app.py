"""The command line as a whole: which command is meant, and what to say when it fails."""

import os
import sys
from contextlib import suppress
from functools import cache
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from xentcli import __version__
from xentcli.cli import names, process
from xentcli.cli.command import CONTEXT, command_or_error, load_command

_COMPLETING_SHELLS = {f"complete_{shell}": shell for shell in ("bash", "zsh", "fish")}


class _Commands(TyperGroup):
    """The commands, each imported and made when it is first asked for."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return names.command_names()

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if ctx.resilient_parsing:  # what may follow is asked, and nothing is run
            return command_or_error(cmd_name)[0]
        command = load_command(cmd_name)
        if command is None:
            from xentcli.cli.nearest import unknown_command

            raise unknown_command(cmd_name)
        return command

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]
        from xentcli.cli.help_page import main_page

        return main_page(self, ctx)


app = typer.Typer(
    name="xent",
    cls=_Commands,
    help="The loss of saved model outputs, from the shell: softmax, NLL and cross entropy, with "
    "PyTorch's semantics, without PyTorch, on files of any size.",
    context_settings=CONTEXT,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xent {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


@cache
def _made() -> Any:
    """Return what Typer makes of `app`, which a process may run many times."""
    return get_command(app)


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # escapes what a terminal cannot show
    arguments = sys.argv[1:] or ["--help"]
    process.leave(_run(arguments, debug="--debug" in arguments))


def _run(arguments: list[str], *, debug: bool) -> int:
    """Run a command and return its exit code; say in one line what went wrong."""
    try:
        if shell := _COMPLETING_SHELLS.get(os.environ.get("_XENT_COMPLETE", "")):
            from xentcli.cli.completion import answer

            return answer(app, shell)
        # Typer would take any other value of that variable for a mistake, and exit.
        code = _made()(arguments, prog_name="xent", standalone_mode=False, complete_var="")
    except BaseException as error:  # noqa: BLE001
        return _report(error, arguments, debug=debug)
    return code or 0


def _report(error: BaseException, arguments: list[str], *, debug: bool) -> int:
    """Say what went wrong, even if there is no memory or file left for it."""
    for _ in range(2):
        try:
            from xentcli.cli import failures

            return failures.report(error, arguments, debug=debug)
        except (MemoryError, OSError, SystemError, ImportError):
            _let_go(error)
    process.tell_plainly("error: out of memory, or of files that may be open")
    return 1


def _let_go(error: BaseException | None) -> None:
    """Close files and free memory that failed calls still hold."""
    while error is not None:
        place = error.__traceback__
        while place is not None:
            with suppress(RuntimeError):  # one that still runs
                place.tb_frame.clear()
            place = place.tb_next
        error = error.__cause__ or error.__context__
