"""Where ``xent`` and ``python -m xentcli`` start."""

from typing import NoReturn

from xentcli.cli import process


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    process.begin()  # before anything is opened, and before most is imported
    from xentcli.cli.app import main as run_command_line

    try:
        run_command_line()
    finally:
        process.end()


if __name__ == "__main__":
    main()
