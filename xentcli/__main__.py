"""Lets ``python -m xentcli`` do what ``xent`` does."""

from xentcli.cli import main

if __name__ == "__main__":
    main()
