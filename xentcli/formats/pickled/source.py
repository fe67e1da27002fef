"""Opens PyTorch files and pickles of arrays."""

import math
from typing import Any
from weakref import WeakKeyDictionary

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions, Source
from xentcli.formats.contents import Content
from xentcli.formats.keys import by_name, choose, notes_of, shown
from xentcli.formats.pickled import PT
from xentcli.formats.pickled.calls import Call, Global, StoredBytes
from xentcli.formats.pickled.leaves import Leaf, LooseValues
from xentcli.formats.pickled.legacy import LegacyStorages
from xentcli.formats.pickled.numpy_arrays import bytes_of, numpy_leaf
from xentcli.formats.pickled.operations import read_pickle
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.pickled.tensors import MOST_REPEATED, Storage, Storages, tensor_leaf
from xentcli.formats.pickled.tree import Leaves, leaves_of, nothing_in, readable
from xentcli.formats.pickled.zipped import ZippedStorages
from xentcli.storage.inputs import Input
from xentcli.storage.temporary import TemporaryCopy

_MOST_PICKLES = 1000  # one after the other
_FIRST_TEXTS = 5
_MOST_TIMES = 4  # how often a large file may show each of its numbers
_HEAD_BYTES = 64  # enough to tell the layouts
_WEIGHTS = (".weight", ".bias", ".running_mean", ".running_var")
_OF_WEIGHTS = "save what the model returns: torch.save(model(x), 'logits.pt'); {} NAME reads one"


def open_source(data: Input, options: ReadOptions, format_: str) -> Source:
    """Open an array of a file; one from a pipe is kept on disk."""
    data = data.spooled()
    leaves = _leaves(data)
    if options.key in leaves:
        return _opened(data, options, format_, leaves, options.key)
    found = readable(leaves)
    if options.key is None and (named := by_name(leaves, options)) and named not in found:
        return _opened(data, options, format_, leaves, named)  # it says why it is not read
    if not found:
        raise nothing_in(data.name, leaves)
    try:
        key = choose(
            data.name, found, options, lambda key: f"{found[key].shape} {found[key].dtype_name}"
        )
    except InputError as error:
        weights = sum(key.endswith(_WEIGHTS) for key in found)
        if options.key is None and weights > 1 and options.key_option:
            what = f"{data.name}: the weights of a model, not what it returns"
            raise InputError(what, hint=_OF_WEIGHTS.format(options.key_option)) from error
        raise
    source = _opened(data, options, format_, leaves, key)
    source.notes += notes_of(data.name, found, options, key)
    return source


def _opened(
    data: Input,
    options: ReadOptions,
    format_: str,
    leaves: Leaves,
    key: str,
) -> Source:
    name = f"{data.name}:{shown(key)}" if key else data.name
    source = leaves[key].open(data, name, format_, options)
    source.size = data.file_size
    return source


def contents(data: Input) -> list[Content]:
    """Return the arrays of a file, if there are several, and what is not read."""
    leaves = _leaves(data)
    if "" in leaves:
        return []
    return [
        Content(key, leaf.shape, leaf.dtype_name, key=key, texts=_texts(leaf))
        for key, leaf in leaves.items()
    ]


def _texts(leaf: Leaf) -> tuple[str, ...]:
    if isinstance(leaf, LooseValues) and leaf.is_text:
        return tuple(map(str, leaf.values.reshape(-1)[:_FIRST_TEXTS]))
    return ()


_MOST_KNOWN = 2  # logits and labels of one file or two
_known: dict[tuple[int, ...], Leaves] = {}
"""What the latest files hold: a command opens one several times, and its pickle may be long."""
_open: WeakKeyDictionary[Input, Leaves] = WeakKeyDictionary()
"""What files hold that are open now, and may differ when they are opened again."""


def _leaves(data: Input) -> Leaves:
    """Return the arrays of a file by key."""
    if data.version is None:
        if data not in _open:
            _open[data] = _read(data)
        return _open[data]
    leaves = _known.pop(data.version, None) or _read(data)
    _known[data.version] = leaves  # the latest
    if len(_known) > _MOST_KNOWN:
        del _known[next(iter(_known))]
    return leaves


def _read(data: Input) -> Leaves:
    storages: Storages
    head = data.peek(2)
    if head.startswith(b"PK"):
        zipped = ZippedStorages(data)
        root, text, storages = read_pickle(zipped.text), zipped.text, zipped
    elif PT.recognises(data.peek(_HEAD_BYTES)):
        legacy = LegacyStorages(data)
        root, text, storages = legacy.root, legacy.text, legacy
    elif head[:1] == b"\x80":
        text = PickleText(data)
        root, storages = _pickles(text), _PickledStorages()
    else:
        raise InputError(f"{data.name}: neither a PyTorch file nor a pickle")

    def leaf_of(call: Call) -> Leaf | None:
        return tensor_leaf(call, text, storages) or numpy_leaf(call, text)

    leaves = leaves_of(root, text, leaf_of)
    count = sum(math.prod(leaf.shape) for leaf in leaves.values())
    if count > max(MOST_REPEATED, _MOST_TIMES * (data.size or 0)):
        raise text.wrong(f"its arrays show {count} numbers, and the file has few of them")
    return leaves


def _pickles(text: PickleText) -> Any:
    """Return what a pickle describes, or what each of several does."""
    roots = []
    while text.position < text.end:
        roots.append(read_pickle(text))
        if len(roots) > _MOST_PICKLES:
            raise text.wrong("something follows it")
    return roots[0] if len(roots) == 1 else tuple(roots)


class _PickledStorages:
    """Storages that stand as files in the pickle: tensors that were pickled, not saved."""

    def __init__(self) -> None:
        self._files: dict[bytes | StoredBytes, LegacyStorages] = {}

    def find(self, record: Any, text: PickleText) -> Storage | None:
        """Return the storage that a record in the pickle names."""
        match record:
            case Call(function=Global(name="_load_from_bytes"), arguments=(content,)):
                pass
            case _:
                raise text.wrong("a tensor without a storage")
        there = bytes_of(content, text)
        if there is None:
            raise text.wrong("a tensor without a storage")
        if there not in self._files:
            self._files[there] = self._opened(there, text)
        file = self._files[there]
        return file.find(file.root, text)

    def _opened(self, there: bytes | StoredBytes, text: PickleText) -> LegacyStorages:
        if isinstance(there, StoredBytes):
            return LegacyStorages(text.data, there.offset, there.offset + there.size, text.apart)
        copy = TemporaryCopy(text.data.name)
        copy.write(there)
        data = Input(text.data.name, copy.file, copy.size(), shareable=True)
        return LegacyStorages(data, apart=data)
