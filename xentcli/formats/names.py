"""The names of the formats, for help pages: importing the formats themselves takes NumPy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentcli.formats.base import Format

HOMES = {  # name: module of this folder, which has the format under its name in capitals
    "npy": "npy",
    "npz": "npz",
    "safetensors": "safetensors",
    "json": "json",
    "csv": "csv",
    "tsv": "csv",
    "parquet": "arrow",
    "arrow": "arrow",
    "arrows": "arrow",
    "hdf5": "hdf5",
    "kld": "kld",
    "pt": "pickled",
    "pickle": "pickled",
}
ONLY_READ = ("kld", "pt", "pickle")
FROM_OUTSIDE: list["Format"] = []
"""The formats that were added, the last one first."""


def is_added(name: str) -> bool:
    """Whether the format of this name was added, perhaps in place of one of this package."""
    return any(format_.name == name for format_ in FROM_OUTSIDE)


def format_names() -> tuple[str, ...]:
    """Return the names of all formats, in the order in which they are asked whose a file is."""
    return tuple(dict.fromkeys([*(format_.name for format_ in FROM_OUTSIDE), *HOMES]))


def written_names() -> tuple[str, ...]:
    """Return the names of the formats that can be written."""
    only_read = dict.fromkeys(ONLY_READ, True)
    only_read |= {format_.name: format_.open_writer is None for format_ in FROM_OUTSIDE}
    return tuple(name for name in format_names() if not only_read.get(name))
