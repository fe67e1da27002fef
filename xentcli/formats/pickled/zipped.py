"""PyTorch files since version 1.6: a zip archive of a pickle, and of a member for each storage."""

import zlib
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from xentcli.errors import InputError
from xentcli.formats.keys import shown
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.pickled.tensors import Storage
from xentcli.formats.pickled.usual_places import usual_places
from xentcli.storage.archives import open_archive, open_member
from xentcli.storage.inputs import Input
from xentcli.storage.member_places import STORED, place_of

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

PICKLE = "data.pkl"
_OTHERS = {
    "constants.pkl": (
        "a TorchScript program, not saved tensors",
        "in Python: torch.save(torch.jit.load(path)(x), 'logits.pt')",
    ),
    "archive_format": (
        "an exported program of PyTorch, not saved tensors",
        "in Python: torch.save(torch.export.load(path).module()(x), 'logits.pt')",
    ),
}
_COMPARED_BYTES = 2**24  # how much of storages is read whole for checksums
_INFLATED_BYTES = 2**30  # PyTorch itself compresses nothing
_PIECE_BYTES = 2**20
_BYTE_ORDERS = {b"little": "<", b"big": ">"}
_LONGEST_ORDER_BYTES = 7


def refuse_programs(name: str, members: list[str]) -> None:
    """Raise InputError if an archive with these members is a program, not saved tensors."""
    for ending, (what, hint) in _OTHERS.items():
        if any(member.rpartition("/")[2] == ending for member in members):
            raise InputError(f"{name}: {what}", hint=hint)


class ZippedStorages:
    """The members of an archive.

    Attributes
    ----------
    text : PickleText
        What describes the tensors.
    """

    def __init__(self, data: Input) -> None:
        self._data = data
        self._archive: ZipFile = open_archive(data, "not a PyTorch file")
        members = self._archive.infolist()
        names = [member.filename for member in members]
        telling = [name for name in names if name.endswith((PICKLE, *_OTHERS))]
        refuse_programs(data.name, telling)
        pickles = [n for n in telling if n.rpartition("/")[2] == PICKLE and n.count("/") <= 1]
        if len(pickles) != 1:
            what = f"a zip archive with {len(pickles)} members {PICKLE}"
            raise InputError(f"{data.name}: not a PyTorch file: {what}")
        (twice, count), *_ = Counter(names).most_common(1)
        if count > 1:
            raise InputError(f"{data.name}: {count} members have the name {shown(twice)!r}")
        self._members = dict(zip(names, members, strict=True))
        self._folder = pickles[0].removesuffix(PICKLE)
        self._of_storages = f"{self._folder}data/"
        self._places = usual_places(
            [member for member in members if member.filename.startswith(self._of_storages)], data
        )
        self._checksums = _Checksums(members)
        self._to_inflate = _INFLATED_BYTES
        self._inflated: dict[str, Input] = {}
        self._byte_order = "<"
        if (order := self._members.get(f"{self._folder}byteorder")) is not None:
            self._byte_order = self._read_byte_order(order)
        self.text = self._open_text(self._members[pickles[0]])

    def find(self, record: Any, text: PickleText) -> Storage | None:
        """Return the storage that a record in the pickle names."""
        match getattr(record, "identity", None):
            case ("storage", kind, str(key), location, *_):
                pass
            case _:
                raise text.wrong("a tensor without a storage")
        if location == "meta":
            return None
        member = self._members.get(self._of_storages + key)
        if member is None:
            raise InputError(f"{text.data.name}: the member data/{shown(key)} is not there")
        apart, offset = self._opened(member)
        check = None if apart else partial(self._checksums.compare, member, offset)
        return Storage(kind, apart, offset, member.file_size, self._byte_order, check)

    def _open_text(self, member: "ZipInfo") -> PickleText:
        apart, offset = self._opened(member)
        if apart is None:
            self._checksums.compare(member, offset, self._data)
        return PickleText(apart or self._data, offset, offset + member.file_size, apart)

    def _opened(self, member: "ZipInfo") -> tuple[Input | None, int]:
        """Return what holds the bytes of a member, None for the file, and where they begin."""
        name = member.filename
        if name in self._places:
            return None, self._places[name]
        if member.compress_type == STORED:
            return None, place_of(member, self._data)
        if name not in self._inflated:
            self._to_inflate -= member.file_size
            if self._to_inflate < 0:
                what = f"compressed members of more than {_INFLATED_BYTES} bytes"
                raise InputError(
                    f"{self._data.name}: {what}", hint="zip -0 leaves them as they are"
                )
            content = open_member(self._archive, member, self._data.name, self._data)
            self._inflated[name] = content.spooled()
            if self._inflated[name].size != member.file_size:
                raise InputError(f"{self._data.name}: the member {shown(name)} is cut off")
        return self._inflated[name], 0

    def _read_byte_order(self, member: "ZipInfo") -> str:
        apart, offset = self._opened(member)
        if apart is None:
            self._checksums.compare(member, offset, self._data)
        data = apart or self._data
        content = bytearray(min(member.file_size, _LONGEST_ORDER_BYTES))
        data.read_at(offset, memoryview(content))
        if bytes(content) not in _BYTE_ORDERS:
            raise InputError(f"{data.name}: a byte order {bytes(content)!r} is not known")
        return _BYTE_ORDERS[bytes(content)]


class _Checksums:
    """The checksums of an archive, of which some are compared.

    What is large is read in place, as an NPY file is, and not once more before.
    """

    def __init__(self, members: "list[ZipInfo]") -> None:
        # PyTorch can be told to leave all checksums out.
        self._are_there = any(member.CRC for member in members)
        self._left = _COMPARED_BYTES
        self._compared: set[str] = set()

    def compare(self, member: "ZipInfo", offset: int, data: Input) -> None:
        """Raise InputError if the bytes of a stored member are not those that were written."""
        if not self._are_there or member.filename in self._compared:
            return
        if member.file_size > self._left:
            return
        checksum, end = 0, offset + member.file_size
        for start in range(offset, end, _PIECE_BYTES):
            piece = bytearray(min(_PIECE_BYTES, end - start))
            data.read_at(start, memoryview(piece))
            checksum = zlib.crc32(piece, checksum)
        if checksum != member.CRC:
            raise InputError(f"{data.name}: the checksum of {shown(member.filename)} is wrong")
        self._compared.add(member.filename)
        self._left -= member.file_size
