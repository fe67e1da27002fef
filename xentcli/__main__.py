"""Where ``xent`` and ``python -m xentcli`` start."""

import gc
from typing import NoReturn

_OBJECTS = 100_000  # more than a start makes: looking for garbage in them took a tenth of it


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    gc.set_threshold(_OBJECTS)
    from xentcli import cli

    try:
        cli.main()
    finally:
        gc.freeze()  # nor is garbage looked for at the end: that took as long


if __name__ == "__main__":
    main()
