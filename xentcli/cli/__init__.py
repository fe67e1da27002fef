"""The command line: one file a command, which parses, calls the pipeline, and shows the result."""

import errno
import os
import signal
import sys
import traceback
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from xentcli import __version__
from xentcli.cli.expand import expand
from xentcli.errors import Stopped, UsageError, XentError, output_error

_UsageError: Any = typer.BadParameter.__mro__[1]  # typer exports no name for the base class

_COMMANDS = {  # name: module, function
    "softmax": ("softmax", "softmax"),
    "log-softmax": ("softmax", "log_softmax"),
    "one-hot": ("one_hot", "one_hot"),
    "nll": ("loss", "nll"),
    "loss": ("loss", "loss"),
    "explain": ("explain", "explain"),
    "info": ("info", "info"),
}


class _Commands(TyperGroup):
    """The commands, each imported and made when it is first asked for."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(cmd_name, _COMMANDS, 1)
            hint = f"did you mean {near[0]}?" if near else "xent --help"
            raise UsageError(f"there is no command {cmd_name!r}", hint=hint)
        return _made(cmd_name)


@cache
def _made(name: str) -> Any:
    module, function = _COMMANDS[name]
    command = getattr(import_module(f"xentcli.cli.{module}"), function)
    alone = typer.Typer(add_completion=False, context_settings=_CONTEXT)
    alone.command(name)(expand(command))
    return get_command(alone)


_CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="xent",
    cls=_Commands,
    help="The loss of saved model outputs, from the shell: softmax, NLL and cross entropy, with "
    "PyTorch's semantics, without PyTorch, on files of any size.",
    context_settings=_CONTEXT,
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


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    # Nothing here is BLAS, whose threads would spin beside ours for a tenth of a second.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever a terminal cannot show
    arguments = sys.argv[1:] or ["--help"]
    code = _run(arguments, debug="--debug" in arguments)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = 128 + signal.SIGPIPE
    if code == 128 + signal.SIGPIPE and sys.stdout is not None:
        # Whatever is still buffered has no reader: keep the interpreter from trying at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _stop(number: int, _frame: Any) -> NoReturn:
    raise Stopped(number)


def _run(arguments: list[str], *, debug: bool) -> int:
    """Run a command and return its exit code; say in one line what went wrong."""
    try:
        code: int = app(arguments, prog_name="xent", standalone_mode=False) or 0
    except BaseException as error:  # noqa: BLE001
        if debug and not isinstance(error, Stopped):
            traceback.print_exc()
        return _complain(_as_ours(error), _color(arguments))
    return code


def _as_ours(error: BaseException) -> XentError:  # noqa: PLR0911 - a table
    """Return what any exception means to a user."""
    match error:
        case XentError():
            return error
        case KeyboardInterrupt() | typer.Abort():
            return Stopped(signal.SIGINT)
        case BrokenPipeError() | SystemExit():  # typer exits so when it cannot print a help page
            return Stopped(signal.SIGPIPE)
        case _UsageError():
            return UsageError(_one_line(error.format_message()), hint=_help_of(error))
        case OSError(errno=errno.ENOSPC):
            return output_error("<stdout>", error)
        case MemoryError():
            return XentError(f"out of memory: {error}")
    what = f"{type(error).__name__}: {_one_line(str(error))}"
    return XentError(f"a mistake in xent: {what}", hint="--debug shows where")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _help_of(error: Any) -> str:
    context = getattr(error, "ctx", None)
    page = f"{context.command_path if context else 'xent'} --help"
    if "unexpected extra argument" in error.format_message():  # a pattern that the shell expanded?
        return f"{page}; files are named by options, several by a quoted pattern: 'run/*.npy'"
    return page


def _complain(error: XentError, color: Any) -> int:
    if isinstance(error, Stopped):
        return error.exit_code
    from xentcli.render.console import tell

    tell("error", error.message, color)
    if error.hint:
        tell("hint", error.hint, color)
    return error.exit_code


def _color(arguments: list[str]) -> Any:
    """Return what --color says, also where the command line is wrong otherwise."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        value = argument.removeprefix("--color=") if before != "--color" else argument
        if value in ("always", "never") and (before == "--color" or argument != value):
            return value
    return "auto"
