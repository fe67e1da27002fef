"""Where ``xent`` and ``python -m xentcli`` start."""

import _signal  # type: ignore[import-not-found]  # built in; `signal` takes as long as a Ctrl-C
import os

_FRAME_WORDS = 2**14
"""Several times what all frames take at the deepest place, an import of NumPy."""

_SELDOM_USED = ("bz2", "ipaddress", "lzma", "shellingham", "subprocess", "tokenize")
"""What typer imports, or modules that it imports do, for purposes of their own: 5 ms."""


def program() -> None:
    """Be the program: run the command line, and end this process with it."""
    try:
        main()
    except SystemExit as stop:
        from xentcli.cli import process

        process.end(stop.code)
        raise
    except MemoryError:
        from xentcli.cli import process

        process.end_without_memory()


def main() -> None:
    """Run the command line of this process and exit, as a script may that has more to do."""
    _end_on_signals()
    from xentcli.cli import process

    process.begin()  # before anything is opened, and before most is imported
    with process.later(*_SELDOM_USED):
        from xentcli.cli.app import main as run_command_line

    run_command_line()


def _end_on_signals() -> None:
    """Have signals end the process without a word until `begin` has its own way with them."""
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda number, _frame: os._exit(128 + number))


# CPython maps memory for frames in pieces of 16 KiB. A loop that calls at the end of a piece maps
# the next one for each call, and unmaps it: 800 times while NumPy is imported. A frame that fits no
# such piece gets a large one, which has room for all frames of its calls.
main.__code__ = main.__code__.replace(co_stacksize=_FRAME_WORDS)


if __name__ == "__main__":
    program()
