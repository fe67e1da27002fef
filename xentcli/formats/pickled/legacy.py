"""PyTorch files before version 1.6: pickles one after the other, then the storages."""

from typing import Any

from xentcli.errors import InputError
from xentcli.formats.keys import shown
from xentcli.formats.pickled.calls import Persistent
from xentcli.formats.pickled.operations import read_pickle
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.pickled.tensors import Storage, itemsize_of
from xentcli.storage.inputs import Input

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_LENGTH_BYTES = 8  # before each storage


class LegacyStorages:
    """The storages behind the pickles.

    Attributes
    ----------
    text : PickleText
        What describes the tensors.
    root : object
        What it describes.
    """

    def __init__(
        self, data: Input, start: int = 0, end: int | None = None, apart: Input | None = None
    ) -> None:
        self.text = PickleText(data, start, end, apart)
        if read_pickle(self.text) != _MAGIC:
            raise InputError(f"{data.name}: not a PyTorch file")
        if read_pickle(self.text) != _PROTOCOL:
            raise InputError(f"{data.name}: a PyTorch file of an unknown version")
        read_pickle(self.text)  # about the machine that wrote it: numbers are little-endian on all
        used: list[Persistent] = []
        self.root = read_pickle(self.text, used)
        kinds = {_key_of(record, self.text): record.identity[1] for record in used}
        keys = read_pickle(self.text)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise self.text.wrong("it is damaged")
        self._places = {key: self._next(kinds.get(key)) for key in keys}
        if self.text.position != self.text.end:
            raise InputError(f"{data.name}: something follows the last tensor")

    def _next(self, kind: Any) -> tuple[Any, int, int]:
        """Return type, place and size of the storage that is next, and move past it."""
        size = self.text.number(_LENGTH_BYTES) * itemsize_of(kind)
        return kind, self.text.span(size).offset, size

    def find(self, record: Any, text: PickleText) -> Storage:
        """Return the storage that a record in the pickle names."""
        key = _key_of(record, text)
        if key not in self._places:
            raise InputError(f"{text.data.name}: the storage {shown(key)} is not there")
        return Storage(self._places[key][0], self.text.apart, *self._places[key][1:], "<")


def _key_of(record: Any, text: PickleText) -> str:
    match record:
        case Persistent(identity=("storage", _, str(key), _, _, *views)) if views in ([], [None]):
            return key
    raise text.wrong("a tensor without a storage of its own")
