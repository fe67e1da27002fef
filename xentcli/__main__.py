"""Where ``xent`` and ``python -m xentcli`` start."""

import _signal  # type: ignore[import-not-found]  # built in; `signal` takes as long as a Ctrl-C
import os


def main() -> None:
    """Run the command line of this process and exit."""
    _end_on_signals()
    from xentcli.cli import process

    process.begin()  # before anything is opened, and before most is imported
    from xentcli.cli.app import main as run_command_line

    try:
        run_command_line()
    finally:
        process.end()


def _end_on_signals() -> None:
    """Have signals end the process without a word until `begin` has its own way with them."""
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda number, _frame: os._exit(128 + number))


if __name__ == "__main__":
    main()
