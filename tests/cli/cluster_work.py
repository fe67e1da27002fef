"""A command over work that takes its time, or ends badly; workers import it from here."""

import os
import time
from typing import Annotated, Any, NamedTuple

import typer
from distributed import get_worker

from xentcli.cli.command import Command
from xentcli.cli.names import register
from xentcli.errors import InputError
from xentcli.execution import ordered_map


class Work(NamedTuple):
    """Squares numbers, but for those at which something happens."""

    fails: str

    def place_of(self, item: int) -> str:
        return f"numbers[{item}]"

    def part_of(self, item: int) -> int:
        if item == 3 and self.fails == "dies":
            os._exit(1)
        if item == 3 and self.fails == "everywhere":
            raise InputError("numbers[3] is wrong", hint="leave it out")
        if item == 3 and self.fails == "there" and _is_worker():
            raise InputError("there is no file 'numbers'")
        time.sleep(0.02)
        return item * item


def _is_worker() -> bool:
    try:
        get_worker()
    except ValueError:
        return False
    return True


def squares(address: str, count: int, fails: Annotated[str, typer.Argument()] = "nowhere") -> None:
    """Print the sum of the squares of some numbers."""
    typer.echo("begun")
    results: Any = ordered_map(Work(fails).part_of, range(count), 1, cluster=address)
    typer.echo(sum(results))


COMMAND = Command(squares)

if __name__ == "__main__":
    from xentcli.__main__ import main

    register("squares", "cluster_work")
    main()
