"""Lists the datasets of HDF5 files by their paths, and what links lead to."""

import posixpath
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.hdf5 import MATLAB
from xentcli.formats.hdf5.library import h5py, understood
from xentcli.storage.inputs import Input
from xentcli.text import visible

_MOST_OBJECTS = 2**16
_CACHE_BYTES = 2**25  # for chunks
_REFERENCES = "#"  # what MATLAB keeps its cells under begins with it
_MOST_STEPS = 8  # from one link to the next


class Dataset(NamedTuple):
    """A dataset, and what is to be known of it before it is read."""

    array: Any
    is_matlab: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as its program sees it: MATLAB's first axis is the last one in the file."""
        shape = self.array.shape or ()
        return tuple(shape[::-1]) if self.is_matlab else tuple(shape)

    @property
    def dtype_name(self) -> str:
        """The name of the dtype."""
        if self.is_text:
            return "text"
        return "bool" if self.array.dtype.kind == "b" else str(self.array.dtype.name)

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return h5py().check_string_dtype(self.array.dtype) is not None

    @property
    def value_names(self) -> dict[int, str]:
        """The names of its numbers, if their type is an enumeration."""
        numbers = h5py().check_enum_dtype(self.array.dtype) or {}
        return {number: name for name, number in numbers.items()}


def datasets_of(data: Input) -> tuple[dict[str, Dataset], dict[str, str]]:
    """Return the datasets by their paths, and what the links are that are not followed.

    A link within the file is followed, and one to another file is not.
    """
    is_matlab = data.peek(len(MATLAB)) == MATLAB
    found: dict[str, Dataset] = {}
    links: dict[str, Any] = {}
    count = 0

    def counted() -> None:
        nonlocal count
        count += 1
        if count > _MOST_OBJECTS:
            raise InputError(f"{data.name}: it holds more than {_MOST_OBJECTS} objects")

    def visit(key: str, item: Any) -> None:
        counted()
        if isinstance(item, h5py().Dataset) and not key.startswith(_REFERENCES):
            found[key] = Dataset(item, is_matlab)

    def visit_link(key: str, link: Any) -> None:
        if not isinstance(link, h5py().HardLink):
            counted()
            links[key] = link

    with understood(data.name, InputError, "not an HDF5 file"):
        file = h5py().File(data.as_file(), "r", rdcc_nbytes=_CACHE_BYTES)
        file.visititems(visit)
        file.visititems_links(visit_link)
    return _followed(found, links)


def _plain(path: str) -> str:
    """Return a path from the root; ``..`` is a name as any other in HDF5."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _followed(
    found: dict[str, Dataset], links: dict[str, Any]
) -> tuple[dict[str, Dataset], dict[str, str]]:
    """Return the datasets with those that links within the file lead to, and the other links."""
    within = {
        key: _plain(posixpath.join("/", posixpath.dirname(key), link.path))
        for key, link in links.items()
        if isinstance(link, h5py().SoftLink)
    }
    others = {
        key: f"a link to the file {visible(link.filename)!r}"
        for key, link in links.items()
        if key not in within
    }
    for _ in range(_MOST_STEPS if within else 0):
        for key, target in [*within.items()]:
            there = {
                key + path[len(target) :]: each
                for path, each in found.items()
                if path == target or path.startswith(f"{target}/")
            }
            if there and not key.startswith(f"{target}/"):  # or it would lead to itself
                found |= there
                del within[key]
    return found, {**others, **dict.fromkeys(within, "a link that leads to no dataset")}
