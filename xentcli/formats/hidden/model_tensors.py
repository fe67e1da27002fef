"""The tensors of a model: in one file, or in the shards that an index names."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, ReadOptions, indexed
from xentcli.formats.keys import shown
from xentcli.storage.names import beside, is_url, local_name, shown_name
from xentcli.storage.open import kind_of, open_input, open_stored
from xentcli.text import shortened

_LARGEST_JSON_BYTES = 2**26
_IN_FOLDERS = (
    "model.safetensors.index.json",
    "model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
    "consolidated.safetensors",
)
CONFIG = "config.json"
_INDEX = ".json"

Version = tuple[int, int, int]
"""What is another number for a file that was written since: its inode, size and time."""


class Tensors:
    """Names of tensors and where each is.

    Attributes
    ----------
    name : str
        What messages call the model.
    folder : str or None
        Where its other files are.
    places : dict of str to str
        The file of each tensor; the key "" stands for a file of one array without a name.
    """

    def __init__(self, name: str, folder: str | None, places: dict[str, str]) -> None:
        self.name, self.folder, self.places = name, folder, places

    @property
    def files(self) -> tuple[str, ...]:
        """The files that tell what the tensors are, whether or not each is there."""
        beside_them = () if self.folder is None else (*_IN_FOLDERS, CONFIG)
        named = (beside(self.folder or "", name) for name in beside_them)
        return tuple(dict.fromkeys((*self.places.values(), *named)))

    def open(self, key: str) -> IndexedSource:
        """Open a tensor.

        Raises
        ------
        InputError
            If its file is missing or damaged.
        """
        path = self.places[key]
        if kind_of(path) is None:
            what = f"{shown(key)!r} is in {Path(shown_name(path)).name}, which is not there"
            raise InputError(f"{self.name}: {what}", hint="is a shard of the model missing?")
        return open_tensor(path, key or None)


def versions_of(files: Sequence[str]) -> tuple[Version | None, ...]:
    """Return the version of each file; None of one that is not there, or on another machine."""
    return tuple(None if is_url(file) else _version_of(file) for file in files)


def _version_of(path: str) -> Version | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - much faster than Path's
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def open_tensor(path: str, key: str | None) -> IndexedSource:
    """Open one array of a file."""
    data = open_input(path)
    options = ReadOptions(key=key, key_option="FILE:KEY" if key else None)
    return indexed(registry.open_source(data, None, options))


def find_tensors(path: str) -> tuple[Tensors, str | None]:
    """Return the tensors of a folder, a file or an index, and the key that FILE:KEY names."""
    path = local_name(path)
    there = kind_of(path)
    if there == "directory":
        return _of_folder(path), None
    file, key = path, None
    if there is None and ":" in path.rpartition("/")[2]:
        file, _, key = path.rpartition(":")
        if kind_of(file) is None:
            file, key = path, None
    tensors = _of_file(file)
    if key is not None and "" in tensors.places:  # of one array, whose name is not known yet
        return Tensors(tensors.name, tensors.folder, {key: tensors.places[""]}), key
    return tensors, key


def _of_folder(path: str) -> Tensors:
    for name in _IN_FOLDERS:
        if kind_of(beside(path, name)) is not None:
            tensors = _of_file(beside(path, name))
            return Tensors(shown_name(path), path, tensors.places)
    raise InputError(
        f"{shown_name(path)}: no weights of a model: none of {', '.join(_IN_FOLDERS)} is in it",
        hint="name the file, or one array of it: --lm-head FILE:KEY",
    )


def _of_file(path: str) -> Tensors:
    folder = path.rpartition("/")[0] if is_url(path) else str(Path(path).parent)
    if not path.endswith(_INDEX):
        return Tensors(shown_name(path), folder, _keys_of(path))
    match read_json(path):
        case {"weight_map": {**shards}} if shards and all(map(_is_file_name, shards.values())):
            places = {str(key): beside(folder, str(shard)) for key, shard in shards.items()}
            return Tensors(shown_name(path), folder, places)
    raise InputError(
        f"{shown_name(path)}: not an index of shards: weight_map gives no names of files beside it",
        hint="--lm-head MODEL_DIR reads a folder with its config.json",
    )


def _is_file_name(value: Any) -> bool:
    return isinstance(value, str) and value not in ("", ".", "..") and Path(value).name == value


def _keys_of(path: str) -> dict[str, str]:
    """Return the names of a file's arrays; the empty name for a file of one array."""
    _, contents = registry.contents_of(open_input(path), None, ReadOptions())
    return {each.key: path for each in contents if each.key is not None} or {"": path}


def read_json(path: str) -> dict[str, Any]:
    """Return the object in a small file of JSON.

    Raises
    ------
    InputError
        If there is none.
    """
    name = shown_name(path)
    content = open_stored(path).read(_LARGEST_JSON_BYTES + 1)
    if len(content) > _LARGEST_JSON_BYTES:
        raise InputError(f"{name}: too large to be a model's {Path(name).name}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not JSON: {shortened(str(error))}") from error
    if not isinstance(found, dict):
        raise InputError(f"{name}: no JSON object")
    return found
