"""Lists the files of a folder that Hugging Face's `datasets` library saved, in their order."""

import json
from pathlib import Path
from typing import Any

from xentcli.errors import InputError, reading
from xentcli.formats.foreign import check_folder
from xentcli.storage.names import shown_name

_STATE, _SPLITS = "state.json", "dataset_dict.json"
_MOST_BYTES = 2**24


def files_of(folder: str) -> list[str] | None:
    """Return the files of a saved dataset in the order of its rows; None for any other folder.

    Raises
    ------
    InputError
        If it holds several splits, or chosen rows alone, or its list of files is damaged, or if the
        folder is data of another kind, as a Zarr store is.
    """
    splits, state = Path(folder, _SPLITS), Path(folder, _STATE)
    if splits.is_file():
        names = _read(splits).get("splits")
        named = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        told = ", ".join(shown_name(str(Path(folder, name))) for name in named)
        what = f"a dataset of several splits: {told}"
        raise InputError(f"{shown_name(folder)}: {what}", hint="name the folder of one of them")
    if not state.is_file():
        check_folder(folder)
        return None
    found = _read(state)
    if found.get("_indices_data_files"):  # of datasets before 1.6: some rows, in another order
        what = "it chooses rows of its files by a list of indices, which is not read"
        raise InputError(f"{shown_name(str(state))}: {what}", hint="flatten_indices(), save again")
    listed = found.get("_data_files")
    names = [_name(entry) for entry in listed] if isinstance(listed, list) else []
    if not names or None in names:
        raise InputError(f"{shown_name(str(state))}: it names no files of the dataset")
    return [str(Path(folder, name)) for name in names if name]


def _name(entry: Any) -> str | None:
    """Return the name of a file within the folder; None for anything else."""
    name = entry.get("filename") if isinstance(entry, dict) else None
    inside = isinstance(name, str) and name == Path(name).name and name not in ("", ".", "..")
    return name if inside else None


def _read(path: Path) -> dict[str, Any]:
    name = shown_name(str(path))
    with reading(name), path.open("rb") as file:
        content = file.read(_MOST_BYTES)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: no JSON", hint="was the dataset saved to the end?") from error
    return found if isinstance(found, dict) else {}
