"""Merges states in files: those that belong together, each once."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from xentcli.errors import InputError
from xentcli.metrics.texts import TextsState
from xentcli.pipeline.flow import Merging
from xentcli.pipeline.in_part.partly_pairs import PairsKind
from xentcli.pipeline.saved_states.besides import in_one_alone
from xentcli.pipeline.saved_states.sequence_ends import with_ends
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader
from xentcli.pipeline.saved_states.state_options import difference_of
from xentcli.pipeline.saved_states.state_rows import ONE_STATE, FileRows, check_apart
from xentcli.pipeline.saved_states.states import WHAT_IS_STATE, SavedState, damage, read_state
from xentcli.pipeline.top_lists.top_measures import ListsKind
from xentcli.storage.names import STANDARD_STREAM, is_url, local_name, shown_name
from xentcli.storage.numbered_names import unnumbered
from xentcli.text import shortened

_MOST_SHOWN = 120  # characters shown of a state's description of its rows


def merged(paths: Iterable[str]) -> SavedState:
    """Return the state of all rows of states in files.

    Raises
    ------
    InputError
        If they do not belong together; the message names two that do not.
    """
    first: SavedState | None = None
    merging = Merging[SavedState]()
    rows: list[tuple[FileRows, str]] = []
    seen: dict[str, str] = {}
    tasks: dict[str, str] = {}
    arrays: dict[tuple[str, str], tuple[str, str]] = {}
    columns: dict[str, tuple[str, str]] = {}
    losses: dict[tuple[Any, ...], str] = {}
    digests: dict[str, str] = {}
    notes: list[str] = []
    for path in paths:
        _check_new(path, seen)
        found = read_state(path)
        _check_tasks(found, tasks)
        first = found if first is None else first
        notes += _check_alike(first, found)
        _check_arrays(found, arrays)
        notes += _other_arrays(found, columns)
        notes += _copied(found, losses, digests)
        rows += [(each, found.name) for each in found.header.rows]
        with damage(found.name):
            merging.add(found)
    with damage(first.name if first else ""):
        total = merging.merged()
    if total is None:
        raise InputError("there is no state to merge", hint=WHAT_IS_STATE)
    check_apart(rows)
    return replace(with_ends(total), notes=tuple(notes))


def _copied(
    saved: SavedState, losses: dict[tuple[Any, ...], str], digests: dict[str, str]
) -> Iterator[str]:
    """Say if rows may be there twice: those of two files, or those without a file.

    Both mappings have names of states before: by their losses, and by the digests of rows without a
    file. Losses that are all equal say nothing.
    """
    found = saved.states[0].states
    pair, tokens = found.get("pair_loss"), found.get("tokens")
    alone = found.get("loss") if tokens is None else tokens.tokens.loss
    both = (alone,) if pair is None else (pair.base, pair.new)
    mine = tuple(each for each in both if each is not None)
    if mine and not any(each.compute().standard_error > 0.0 for each in mine):
        return
    before = [
        digests.setdefault(each.digest, saved.name) for each in saved.header.rows if each.digest
    ]
    other = losses.setdefault(mine, saved.name) if mine else saved.name
    if other != saved.name:
        yield (
            f"{saved.name}: the losses are those of {other}, to the last bit: rows that are in two "
            "files, as in a copy, count twice"
        )
        return
    for other in [each for each in before if each != saved.name][:1]:
        yield (
            f"{saved.name}: what was measured of rows without a file is that of {other}, to the "
            "last bit: rows that are in two states count twice"
        )


def _check_new(path: str, seen: dict[str, str]) -> None:
    """Raise InputError if a file was named before; `seen` has the names by the whole ones."""
    whole = path if is_url(path) else os.path.realpath(local_name(path))
    if whole in seen and path != STANDARD_STREAM:
        names = [shown_name(each) for each in (seen[whole], path)]
        what = "is named twice" if names[0] == names[1] else f"and {names[1]} are the same file"
        raise InputError(f"{names[0]} {what}", hint=ONE_STATE)
    seen[whole] = path


def _check_tasks(saved: SavedState, seen: dict[str, str]) -> None:
    """Raise InputError if two states have texts of one task; `seen` has their names by task."""
    texts = saved.states[0].states.get("texts", TextsState())
    for task in texts.tasks:
        if task in seen:
            raise InputError(
                f"{seen[task]} and {saved.name}: both have texts of the task {shortened(task)!r}",
                hint=ONE_STATE,
            )
        seen[task] = saved.name


def _check_arrays(saved: SavedState, seen: dict[tuple[str, str], tuple[str, str]]) -> None:
    """Raise InputError if rows of one file are of two arrays, or their labels of two columns.

    `seen` has an array and the name of a state, by the file and what the array holds.
    """
    for what, array in zip(("logits", "labels"), saved.header.arrays, strict=True):
        for rows in (each for each in saved.header.rows if array and each.file):
            other, state = seen.setdefault((rows.itself, what), (array, saved.name))
            if other != array:
                both = f"{shortened(other)!r}, and {shortened(array)!r}"
                raise InputError(
                    f"{state} and {saved.name}: of the rows of {rows.file}, the {what} are {both}"
                )


def _other_arrays(saved: SavedState, seen: dict[str, tuple[str, str]]) -> Iterator[str]:
    """Say if logits are of other arrays than in a state before, or labels of other columns.

    `seen` has an array and the name of its state, by what it holds. Names may differ in numbers.
    """
    for what, array in zip(("logits", "labels"), saved.header.arrays, strict=True):
        if not array:
            continue
        other, state = seen.setdefault(what, (array, saved.name))
        if unnumbered(other) != unnumbered(array):
            both = f"{shortened(repr(other))}, and {shortened(repr(array))}"
            yield f"{state} and {saved.name}: the {what} are {both}"


def _check_alike(one: SavedState, other: SavedState) -> Iterator[str]:
    """Raise InputError if two states do not belong together; say what only one of them has."""
    names = f"{one.name} and {other.name}"
    for what in _differences(one.header, other.header):
        raise InputError(f"{names}: {what}", hint=_hint_of(what, one.header, other.header))
    here, there = (each.header.asked or each.header.paired for each in (one, other))
    besides, explained = in_one_alone(here, there, one.states[0], other.states[0])
    if not explained:
        raise InputError(f"{names}: other measures")
    if besides:
        yield f"{names}: left out is what only one has, for gates or a page: {', '.join(besides)}"


def _differences(one: StateHeader, two: StateHeader) -> Iterator[str]:
    """Yield why two states do not belong together."""
    if one.command != two.command:
        commands = f"xent {shortened(one.command)}, and xent {shortened(two.command)}"
        yield f"states of two commands: {commands}"
        return
    if len(one.models) != len(two.models):
        yield f"other models: {len(one.models)} of them, and {len(two.models)}"
        return
    for here, there in zip(one.models, two.models, strict=True):
        classes = (one.num_classes, one.class_names), (two.num_classes, two.class_names)
        if differs := here.setting.difference(there.setting, classes):
            yield f"other options{_of(here, one)}: {differs}"
    if differs := _other_order(one, two):
        yield differs
    padded = one.padded and two.padded
    if differs := difference_of(one.asked or one.paired, two.asked or two.paired, padded=padded):
        yield f"other options: {differs}"
    if _kinds_of(one) != _kinds_of(two):
        kinds = [shortened(_rows_of(each), _MOST_SHOWN) for each in (one, two)]
        yield f"other rows: {kinds[0]}, and {kinds[1]}"
    if one.num_classes != two.num_classes and not padded:
        yield f"other classes: {one.num_classes}, and {two.num_classes}"
    if one.class_names != two.class_names:
        yield "other names of classes, or in another order"


def _hint_of(what: str, *headers: StateHeader) -> str | None:
    """Return how two states are merged whose files of groups or of clusters differ."""
    for option, beside in (("--by", "groups"), ("--cluster", "clusters")):
        files = [{getattr(each, beside) for each in header.rows} - {""} for header in headers]
        if what.startswith(f"other options: {option} ") and all(files):
            what = f"files of one kind of {beside} have one name but for numbers"
            return f"{what}, lang-0.csv and lang-1.csv, and one name of their column"
    return None


def _other_order(one: StateHeader, two: StateHeader) -> str | None:
    """Return how models stand in another order, if their files' names say so, but for numbers."""
    names = [[each.names_of(model.role) for model in each.models] for each in (one, two)]
    here, there = (
        [sorted({unnumbered(name) for name in of_model}) for of_model in of_state]
        for of_state in names
    )
    if here == there or sorted(here) != sorted(there):
        return None
    place = next(i for i, both in enumerate(zip(here, there, strict=True)) if both[0] != both[1])
    first, second = (of_state[place][0] for of_state in names)
    return f"models in another order: {first} stands where {second} does"


def _of(model: ModelFacts, header: StateHeader) -> str:
    return f" of {model.role}" if len(header.models) > 1 else ""


def _kinds_of(header: StateHeader) -> tuple[Any, ...]:
    lists = header.lists and replace(header.lists, listed=0, why="")  # of any length
    bounded = header.bounded and header.bounded.of_any_length()
    return header.tokens, bounded, lists, header.texts, header.pairs


def _rows_of(header: StateHeader) -> str:
    tokens, bounded, lists, pairs = header.tokens, header.bounded, header.lists, header.pairs
    if pairs is not None:
        shown = " ".join(pairs.metrics or ("all",))
        return f"{' and '.join(pairs.kinds)}, --metric {shown}{_clusters_of(pairs)}"
    if header.texts is not None:
        return f"whole texts, --key {header.texts.key or 'not given'}"
    if lists is not None:
        tops = ", ".join(map(str, lists.ks))
        told = f"lists of {lists.listed} {lists.kind}, top {tops}, {lists.bins} bins"
        return told + _clusters_of(lists)
    if bounded is not None:
        return f"rows of {bounded.num_classes or 'some'} classes that {bounded.why}"
    return "labels" if tokens is None else f"{tokens.part} tokens of {tokens.dialect}"


def _clusters_of(kind: ListsKind | PairsKind) -> str:
    """Say what gives the errors of means of lists."""
    if not kind.clustering.applies:
        return ""
    return f", clusters: {kind.cluster or 'sequences'}"
