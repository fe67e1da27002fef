"""Keeps the blocks that this process decoded last, since several steps may need one."""

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

from xentcli.formats.base import Block, Source, Table


class _Decoded:
    """The last blocks of each source."""

    _MOST_BLOCKS = 4  # kept for each source

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Source, OrderedDict[int, Table]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def table(self, source: Source, block: Block) -> Table:
        """Return the rows of a block."""
        with self._lock:
            kept = self._kept.setdefault(source, OrderedDict())
            if block.start not in kept:
                kept[block.start] = source.decode(block).copied()
                if len(kept) > self._MOST_BLOCKS:
                    kept.popitem(last=False)
            return kept[block.start]


decoded = _Decoded()
