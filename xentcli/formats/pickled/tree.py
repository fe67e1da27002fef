"""The arrays in what a pickle describes, by key: ``logits``, ``test/logits``, ``0``."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.keys import NO_ARRAY, shown
from xentcli.formats.pickled.calls import Call, Global, Persistent, StoredBytes, name_of
from xentcli.formats.pickled.joined_leaves import joined
from xentcli.formats.pickled.leaves import Leaf, LooseValues, Unread
from xentcli.formats.pickled.pickle_text import PickleText

_DEEPEST = 100
_MOST_VALUES = 2**22  # one within another; what occurs twice counts twice
_COST = 8  # what a value counts that may be an array by itself
_ARRAY_COST = 24  # what an array counts: a pickle makes ten objects for it
_OF_PANDAS = "in Python: pandas.read_pickle(path).to_parquet('a.parquet')"
_RAGGED = "a list of lists that are not of one length"
_MOST_NUMBERED = 1000  # arrays of a list that are not one array

Leaves = dict[str, Leaf]
LeafOf = Callable[[Call], Leaf | None]


def leaves_of(root: Any, text: PickleText, leaf_of: LeafOf) -> Leaves:
    """Return the arrays by key, with what is not read among them; an only array has the key "".

    Parameters
    ----------
    root : object
        What a pickle describes.
    text : PickleText
        Where it stands.
    leaf_of : callable
        Returns the array that a call makes; None for a call that makes none.
    """
    try:
        return _ListTree(text, leaf_of).leaves(root, 0)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise text.wrong("it is damaged") from error


class _ListTree:
    """A walk through lists in dictionaries in lists."""

    def __init__(self, text: PickleText, leaf_of: LeafOf) -> None:
        self._text = text
        self._leaf_of = leaf_of
        self._count = 0

    def leaves(self, node: Any, depth: int) -> Leaves:
        self._step(depth, _COST)
        match node:
            case Global() | Persistent():
                return {"": Unread(name_of(node))}
            case StoredBytes():  # bytes, which are no numbers
                return {}
            case tuple():
                return self._named({str(i): item for i, item in enumerate(node)}, depth)
            case list():
                return self._of_list(node, depth)
            case Call():
                return self._of_call(node, depth)
        return self._named(node, depth) if isinstance(node, dict) else {}

    def _step(self, depth: int, cost: int = 1) -> None:
        self._count += cost
        if depth > _DEEPEST:
            raise self._text.wrong(f"more than {_DEEPEST} lists or dictionaries, one in another")
        if self._count > _MOST_VALUES:
            raise self._text.wrong(f"more than {_MOST_VALUES} values in lists and dictionaries")

    def _of_call(self, call: Call, depth: int) -> Leaves:
        leaf = self._leaf_of(call)
        if leaf is not None:
            self._step(depth, _ARRAY_COST)
            return {"": leaf}
        if call.items:  # a dictionary of some class: its items are there whatever the class does
            return self._named(call.items, depth)
        if readable(fields := self._named(call.record, depth)):
            return fields
        if isinstance(call.function, Global) and call.function.name == "OrderedDict":
            return {}
        cure = _OF_PANDAS if name_of(call).startswith("pandas.") else None
        return {"": Unread(name_of(call), cure)}

    def _named(self, items: dict[str, Any], depth: int) -> Leaves:
        found: Leaves = {}
        for key, item in items.items():
            for inner, leaf in self.leaves(item, depth + 1).items():
                name = f"{key}/{inner}" if inner else key
                if name in found:
                    raise self._text.wrong(f"two arrays have the name {shown(name)!r}")
                found[name] = leaf
        return found

    def _of_list(self, items: list[Any], depth: int) -> Leaves:
        if (plain := self._plain(items)) is not None:
            return {"": plain}
        trees = [self.leaves(item, depth + 1) for item in items]
        keys = trees[0].keys() if trees else ()
        if keys and all(tree.keys() == keys for tree in trees):
            together = {key: joined([tree[key] for tree in trees]) for key in keys}
            if None not in together.values():
                return {key: leaf for key, leaf in together.items() if leaf is not None}
        if len(trees) > _MOST_NUMBERED:
            return {"": Unread(f"a list of {len(trees)} things of different kinds")}
        return {
            f"{i}/{key}" if key else str(i): leaf
            for i, tree in enumerate(trees)
            for key, leaf in tree.items()
        }

    def _plain(self, items: list[Any]) -> Leaf | None:
        """Return a list of numbers, lists of them, or text, as an array; None for any other."""
        first: Any = items
        depth = 0
        while isinstance(first, list) and first and depth <= _DEEPEST:
            first, depth = first[0], depth + 1
        if not isinstance(first, int | float | str):
            return None
        kinds = (str,) if isinstance(first, str) else (int, float)
        if not self._all_are(items, kinds, 0):
            return None
        try:
            values = np.array(items, object if kinds == (str,) else None)
        except ValueError:
            return Unread(_RAGGED)
        if values.ndim != depth:  # text is put into any shape
            return Unread(_RAGGED)
        if values.dtype.kind not in ("fiub" if kinds != (str,) else "O"):
            return Unread("a list of numbers that are too large")
        return LooseValues(values)

    def _all_are(self, items: list[Any], kinds: tuple[type, ...], depth: int) -> bool:
        self._step(depth)
        self._count += len(items)
        self._step(depth)
        return all(
            self._all_are(item, kinds, depth + 1)
            if isinstance(item, list)
            else isinstance(item, kinds)
            for item in items
        )


def readable(leaves: Leaves) -> Leaves:
    """Return those that are read."""
    return {key: leaf for key, leaf in leaves.items() if not isinstance(leaf, Unread)}


def nothing_in(name: str, leaves: Leaves) -> InputError:
    """Return the error of a file without an array that is read."""
    if not leaves:
        return InputError(f"{name}: it holds no array", hint=NO_ARRAY)
    unread = list(dict.fromkeys(leaf.dtype_name for leaf in leaves.values()))
    listed = ", ".join(unread[:3]) + (f" and {len(unread) - 3} more" if len(unread) > 3 else "")
    cure = next((leaf.cure for leaf in leaves.values() if isinstance(leaf, Unread)), None)
    return InputError(f"{name}: it holds no array that is read, but {listed}", hint=cure)
