"""Makes `torch_files.zip`: files as PyTorch writes them, and the arrays that it reads from them.

Run it where PyTorch is installed: `python tests/formats/make_torch_files.py`. Each file is read
again by PyTorch, whose numbers are kept, and by this package, whose numbers must be the same.
"""

import io
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch_goldens import check_golden
from torch_things import UNREAD, Tagged, Z, things

HERE = Path(__file__).parent


def saved(thing: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    torch.save(thing, file, **how)
    return file.getvalue()


def zipped_again(content: bytes, method: int, changed: dict[str, bytes]) -> bytes:
    """Return an archive of the same members, of which some have other bytes."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", method) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            for before, after in changed.items():
                part = part.replace(before.encode(), after)
            new.writestr(name, part)
    return file.getvalue()


def files() -> dict[str, bytes]:
    """Return what is written, by the name of the file."""
    written: dict[str, bytes] = {}
    for name, thing in things().items():
        with_gradient = isinstance(thing, Tagged)
        written[f"{name}.pt"] = saved(thing)
        if not with_gradient:
            old = saved(thing, _use_new_zipfile_serialization=False)
            written[f"{name}.legacy.pt"] = old
    for protocol in (4, 5):
        for name in ("two", "NumPy", "dictionaries", "dtype uint16", "lists", "model output"):
            thing = things()[name]
            written[f"{name}.{protocol}.pt"] = saved(thing, pickle_protocol=protocol)
            old = saved(thing, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
            written[f"{name}.{protocol}.legacy.pt"] = old
    for protocol in (2, 3, 4, 5):
        for name in ("two", "NumPy", "dictionaries", "lists", "tuple", "swapped"):
            written[f"{name}.{protocol}.pkl"] = pickle.dumps(things()[name], protocol)
    two = saved(things()["two"])
    written["deflated.pt"] = zipped_again(two, zipfile.ZIP_DEFLATED, {})
    written["stored again.pt"] = zipped_again(two, zipfile.ZIP_STORED, {})
    written["of a graphics card.pt"] = zipped_again(two, zipfile.ZIP_STORED, {"cpu": b"mps"})
    written["big-endian.pt"] = zipped_again(two, zipfile.ZIP_STORED, {"little": b"big"})
    written["NumPy 1.pt"] = zipped_again(
        saved(things()["NumPy"]), zipfile.ZIP_STORED, {"numpy._core": b"numpy.core"}
    )
    torch.serialization.set_crc32_options(False)
    written["no checksums.pt"] = saved(things()["two"])
    torch.serialization.set_crc32_options(True)
    for name, thing in UNREAD.items():
        written[f"unread {name}.pt"] = saved({"logits": Z, "other": thing})
        written[f"unread {name} alone.pt"] = saved({"other": thing})
    return written


def loaded(name: str, content: bytes) -> Any:
    """Return what PyTorch reads."""
    if name.endswith(".pkl"):
        return pickle.loads(content)
    try:
        return torch.load(io.BytesIO(content), weights_only=False, map_location="cpu")
    except AttributeError:  # PyTorch does not read what it writes of the newer dtypes
        return things()[name.partition(".")[0]]


def array_of(thing: Any) -> tuple[np.ndarray[Any, Any], str] | None:
    """Return the numbers of a tensor or an array, and the name of the dtype."""
    if isinstance(thing, torch.Tensor):
        name = str(thing.dtype).removeprefix("torch.")
        narrow = name.startswith(("bfloat16", "float8"))
        return (thing.float() if narrow else thing).detach().numpy(), name
    if isinstance(thing, np.ndarray | np.generic):
        return np.asarray(thing), thing.dtype.name
    return None


Arrays = dict[str, tuple[np.ndarray[Any, Any], str]]


def arrays_of(thing: Any) -> Arrays:
    """Return the arrays in what was loaded as the page of files says that they are called."""
    if (array := array_of(thing)) is not None:
        return {"": array}
    if isinstance(thing, dict | tuple):
        items = thing.items() if isinstance(thing, dict) else enumerate(thing)
        return {
            f"{key}/{inner}" if inner else str(key): array
            for key, value in items
            for inner, array in arrays_of(value).items()
        }
    if not isinstance(thing, list):
        return {}
    if thing and all(isinstance(item, int | float | list) for item in thing):
        numbers = np.array(thing)
        return {"": (numbers, numbers.dtype.name)}
    parts = [arrays_of(item) for item in thing]
    if not parts or not all(_alike(part, parts[0]) for part in parts):
        return arrays_of(tuple(thing))
    return {
        key: (_together([part[key][0] for part in parts]), parts[0][key][1]) for key in parts[0]
    }


def _alike(part: Arrays, first: Arrays) -> bool:
    return {key: (array.shape[1:], name) for key, (array, name) in part.items()} == {
        key: (array.shape[1:], name) for key, (array, name) in first.items()
    }


def _together(arrays: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    return np.concatenate(arrays) if arrays[0].ndim else np.stack(arrays)


def main() -> None:
    """Write the archive."""
    want = io.BytesIO()
    arrays: dict[str, Any] = {}
    dtypes: dict[str, str] = {}
    with zipfile.ZipFile(HERE / "torch_files.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files().items():
            if name.startswith("unread"):
                read = {} if "program" in name else loaded(name, content)
                found = {} if "alone" in name else arrays_of({"logits": read.get("logits", Z)})
            else:
                found = arrays_of(loaded(name, content))
            for key, (array, dtype) in found.items():
                arrays[f"{name}:{key}"], dtypes[f"{name}:{key}"] = array, dtype
            mine = {f"{name}:{key}": array for key, (array, _) in found.items()}
            check_golden(name, content, mine, {key: dtypes[key] for key in mine})
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
        np.savez(want, **arrays, dtypes=np.array([*dtypes.items()]))
        archive.writestr(zipfile.ZipInfo("want.npz"), want.getvalue(), zipfile.ZIP_DEFLATED, 9)
    sys.stdout.write(f"{len(files())} files, {len(arrays)} arrays, {torch.__version__}\n")


if __name__ == "__main__":
    main()
