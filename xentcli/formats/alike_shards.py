"""What shards that make one array have in common."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import NO_DTYPE
from xentcli.formats.decimal_names import are_decimals
from xentcli.formats.shard_facts import ShardFacts, hint_on_lengths
from xentcli.storage.numbered_names import unnumbered
from xentcli.text import shortened


class Alike:
    """What shards that are alike have in common, as far as they are known."""

    like: ShardFacts | None = None
    """The first that has a dtype."""
    columns: tuple[str, ...] | None = None

    def take(self, facts: ShardFacts) -> None:
        """Take one more; raise ShapeError if it is not like the others."""
        self.columns = self.columns or facts.columns
        _check_alike(facts, self.like or facts, self.columns)
        if self.like is None or self.like.stored_dtype == NO_DTYPE:
            self.like = facts


def _check_alike(shard: ShardFacts, first: ShardFacts, columns: tuple[str, ...] | None) -> None:
    """Raise ShapeError if a shard is not like the first."""
    name = shard.name
    if shard.row != first.row:
        what = f"rows of shape {shard.row}, and {first.name} has rows of {first.row}"
        raise ShapeError(f"{name}: {what}", hint=hint_on_lengths(shard, first))
    _check_labels(shard, first, columns)
    dtypes = [each.dtype.newbyteorder("=") for each in (shard, first)]
    if dtypes[0] != dtypes[1] and NO_DTYPE not in (shard.stored_dtype, first.stored_dtype):
        here, there = ("text" if each.kind == "O" else each for each in dtypes)
        what = "numbers" if "text" not in (here, there) else "values"
        raise ShapeError(f"{name}: {what} are {here}, and {there} in {first.name}")
    if shard.id_column != first.id_column:
        one, other = (f"{s.name}: ids are {s.id_column or 'none'}" for s in (shard, first))
        raise ShapeError(f"{one}, and in {other}")
    for i, (ours, theirs) in enumerate(zip(shard.columns or (), columns or (), strict=False)):
        if ours != theirs:
            what = f"column {i + 1} is {ours!r}, and {theirs!r} in {first.name}"
            raise ShapeError(f"{name}: {what}")
    if shard.files[0].options.names and shard.array != first.array:
        raise InputError(f"{name}: names of another array than {first.name}")


def _check_labels(shard: ShardFacts, first: ShardFacts, columns: tuple[str, ...] | None) -> None:
    """Raise ShapeError if labels beside a shard are of another shape, or count other things.

    Of classes named by decimals, 1.0 may be a name, and the second class where labels are numbers.
    """
    if shard.label_row != first.label_row:
        what = f"labels of shape {shard.label_row}, and in {first.name} of {first.label_row}"
        raise ShapeError(f"{shard.name}: {what}")
    names = [_are_names(each.label_dtype) for each in (shard, first)]
    if names[0] != names[1] and are_decimals(columns or ()):
        here, there = ("names" if each else "indices" for each in names)
        raise ShapeError(
            f"{shard.name}: labels look like {here} of classes, and like {there} in {first.name}",
            hint="put the rows into one file, or call the classes by words: c0.5",
        )


def other_array(shard: ShardFacts, first: ShardFacts) -> Iterator[str]:
    """Say if a shard has an array of another name than the first, but for numbers."""
    arrays = shard.array, first.array
    if all(arrays) and unnumbered(shard.array) != unnumbered(first.array):
        names = [shortened(repr(each)) for each in arrays]
        yield f"its array is {names[0]}, and {names[1]} in the first file"


def label_dtype_of(shards: Sequence[ShardFacts]) -> np.dtype[Any] | None:
    """Return the dtype of the labels beside the rows: that of names only where all are names."""
    return min((shard.label_dtype for shard in shards), key=_are_names)


def _are_names(dtype: np.dtype[Any] | None) -> bool:
    return dtype is not None and dtype.kind in "OUST"
