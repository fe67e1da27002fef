"""Turns an exception into what a user needs: one line, perhaps a hint, and the exit code."""

import errno
import os
import re
import signal
import sys
import traceback
from typing import Any

import typer

from xentcli.cli.nearest import unknown_option
from xentcli.cli.process import received_signal
from xentcli.errors import GateFailed, Stopped, UsageError, XentError, output_error
from xentcli.text import shown_text, shown_url, visible_lines

_WRITING_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
_PLAIN_WORDS = {  # of what typer says of a value, which speaks of Python's types
    "is not a valid int.": "is no whole number",
    "is not a valid float.": "is no number",
}
_TyperUsageError: Any = typer.BadParameter.__mro__[1]  # typer exports no name for the base class


def report(error: BaseException, arguments: list[str], *, debug: bool) -> int:
    """Say what went wrong, unless a signal ends the run, and return the exit code."""
    if number := received_signal():
        return 128 + number
    ours = as_xent_error(error)
    if isinstance(ours, Stopped):
        return ours.exit_code
    from xentcli.render.console import tell

    color = _color_option(arguments)
    if isinstance(ours, GateFailed):
        for line in ours.message.splitlines():
            tell("fail", line, color)
        return ours.exit_code
    if debug and sys.stderr is not None:
        print(_traceback_of(error, arguments), file=sys.stderr)  # noqa: T201
    tell("error", ours.message, color)
    if ours.hint:
        tell("hint", ours.hint, color)
    return ours.exit_code


def _traceback_of(error: BaseException, arguments: list[str]) -> str:
    """Return a traceback that is safe to show, since it quotes text from files and whole URLs."""
    text = "".join(traceback.format_exception(error)).rstrip("\n")
    for argument in arguments:
        url = argument.partition("=")[2] if argument.startswith("--") else argument
        text = text.replace(url, shown_url(url)) if "://" in url else text
    return visible_lines(shown_text(text))


def as_xent_error(error: BaseException) -> XentError:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return the error that any exception means to a user."""
    match error:
        case XentError():
            return error
        case KeyboardInterrupt() | typer.Abort():
            return Stopped(signal.SIGINT)
        case SystemExit() if _is_of_addition(error):
            return _mistake(error)
        case BrokenPipeError() | SystemExit():  # typer exits so when it cannot print
            return Stopped(signal.SIGPIPE)
        case _TyperUsageError(option_name=_, possibilities=_):
            return unknown_option(error)
        case _TyperUsageError():
            message = _one_line(error.format_message())
            for said, plain in _PLAIN_WORDS.items():
                message = message.replace(said, plain)
            return UsageError(message, hint=_help_page_of(error))
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return XentError(
                "the system lets no more files be open", hint="ulimit -n shows how many may be"
            )
        case OSError(filename=None) if error.errno in _WRITING_ERRNOS:
            return output_error("<stdout>", error)  # every other output has a name
        case MemoryError() | OSError(errno=errno.ENOMEM):
            return _out_of_memory(error)
        case OSError(filename=str(), strerror=str()):  # from a file that no message names yet
            return XentError(f"{error.filename}: {str(error.strerror).lower()}")
        case ImportError() if not isinstance(error, ModuleNotFoundError):
            return _not_loaded(error)
        case FileNotFoundError(filename=None) if not _is_in_a_folder():
            where = "the folder that this runs in is not there any more"
            return XentError(f"{where}: change to another one")
    return _mistake(error)


def _is_in_a_folder() -> bool:
    """Whether the folder in which relative paths start is there still."""
    try:
        return bool(os.getcwd())  # noqa: PTH109 - much faster than Path's
    except OSError:
        return False


def _mistake(error: BaseException) -> XentError:
    from xentcli.cli.mistakes import mistake  # nearly never needed

    return mistake(error)


def _is_of_addition(error: BaseException) -> bool:
    from xentcli.cli.mistakes import place_outside

    return place_outside(error.__traceback__) is not None


def _out_of_memory(error: BaseException) -> XentError:
    what = ": ".join(filter(None, ("out of memory", _one_line(str(error)))))
    return XentError(what, hint="--jobs 1 takes the least; what memory depends on: xent help files")


def _not_loaded(error: ImportError) -> XentError:
    """Return the error of a library that is installed but cannot be loaded.

    The reason is the linker's, which some libraries put after advice of their own.
    """
    from xentcli.cli.mistakes import names_nothing

    if names_nothing(error):
        return _mistake(error)
    text = str(error)
    if found := re.search(
        r"(?<![^\s:])([^\s:]++): (?:failed to map segment|cannot allocate memory)", text
    ):
        return _out_of_memory(MemoryError(f"{found[1]} cannot be loaded"))
    if f"cannot open shared object file: Error {errno.EMFILE}" in text:
        return as_xent_error(OSError(errno.EMFILE, ""))
    what = f"a library is installed and cannot be loaded: {_one_line(text)}"
    return XentError(what, hint="is there enough memory for it? ulimit -v says what may be taken")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _help_page_of(error: Any) -> str:
    """Return what shows how an option is used: the option with its value, or the help page."""
    context: Any = getattr(error, "ctx", None)
    name = getattr(error, "option_name", None)
    for each in context.command.params if context and name else ():
        if name in each.opts and not each.is_flag:
            from xentcli.cli.help_page import metavar_of

            return f"{name} {metavar_of(each, context)}"
    return f"{context.command_path if context else 'xent'} --help"


def _color_option(arguments: list[str]) -> Any:
    """Return what --color says, even if the rest of the command line is wrong."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        value = argument.removeprefix("--color=") if before != "--color" else argument
        if value in ("always", "never") and (before == "--color" or argument != value):
            return value
    return "auto"
