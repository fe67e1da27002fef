"""Completion of command lines: the scripts for shells, and the answers to what they ask."""

import os
import sys
from typing import Any

import typer
from typer._completion_classes import BashComplete, FishComplete, ZshComplete
from typer._completion_shared import get_completion_script
from typer.main import get_command

_VARIABLE = "_XENT_COMPLETE"


def script(shell: str) -> str:
    """Return the script by which a shell asks `xent` what may follow."""
    return get_completion_script(prog_name="xent", complete_var=_VARIABLE, shell=shell)


def answer(app: typer.Typer, shell: str) -> int:
    """Print what may follow on the command line that the script hands over; return the exit code.

    Nothing is printed if the command line cannot be understood: a message would stand in the middle
    of what the user types.
    """
    complete = _COMPLETERS[shell](get_command(app), {}, "xent", _VARIABLE)
    try:
        typer.echo(complete.complete())
    except SystemExit as end:  # fish asks whether there is any answer by the exit code
        return int(end.code or 0)
    except Exception:  # noqa: BLE001
        return 1
    sys.stdout.flush()
    return 0


class _Bash(BashComplete):
    """Completes ``--color=al``, of which bash makes three words."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words = os.environ["COMP_WORDS"].split("\n")
        at = int(os.environ["COMP_CWORD"])
        before = [word for word in words[1:at] if word != "="]
        return before, "".join(words[at : at + 1]).removeprefix("=")


class _OneWord:
    """Completes ``--color=al``, which is one word to the other shells, by a whole word."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        items: list[Any] = super().get_completions(args, incomplete)  # type: ignore[misc]
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("-"):
            for item in items:
                item.value = f"{option}={item.value}"
        return items


class _Zsh(_OneWord, ZshComplete):
    pass


class _Fish(_OneWord, FishComplete):
    pass


_COMPLETERS: dict[str, Any] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
