"""How a shell completes a command line: the scripts for it, and the answers to what they ask."""

import os
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

if TYPE_CHECKING:
    from typer._completion_classes import BashComplete

_VARIABLE = "_XENT_COMPLETE"


def script(shell: str) -> str:
    """Return the script that has a shell ask `xent` what may follow."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="xent", complete_var=_VARIABLE, shell=shell)


def answer(app: typer.Typer, instruction: str) -> int:
    """Print what may follow on the command line that the script hands over; return the exit code.

    A command line that cannot be understood has no completion, and no word about it: it would
    stand in the middle of what is typed.
    """
    try:
        print(_complete(get_command(app), instruction.removeprefix("complete_")))  # noqa: T201
    except SystemExit as end:  # fish asks whether there is any answer by the exit code
        return int(end.code or 0)
    except Exception:  # noqa: BLE001
        return 1
    sys.stdout.flush()
    return 0


def _complete(command: Any, shell: str) -> str:
    from typer import _completion_classes as classes

    asked: dict[str, Any] = {
        "bash": classes.BashComplete,
        "zsh": classes.ZshComplete,
        "fish": classes.FishComplete,
    }
    if shell == "bash":
        _join_equal_signs()
    complete: BashComplete = asked[shell](command, {}, "xent", _VARIABLE)
    return complete.complete()


def _join_equal_signs() -> None:
    """Undo that bash makes three words of ``--color=always``."""
    words = os.environ["COMP_WORDS"].split("\n")
    at = int(os.environ["COMP_CWORD"])
    kept = [word for word in words[:at] if word != "="]
    last = "" if words[at : at + 1] == ["="] else "".join(words[at : at + 1])
    os.environ["COMP_WORDS"] = "\n".join([*kept, last])
    os.environ["COMP_CWORD"] = str(len(kept))
