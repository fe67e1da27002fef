"""Opening lists of the most probable classes: arrays of one file by their names, or as given."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError, RaggedLists
from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, MemorySource, ReadOptions, indexed, read_whole
from xentcli.formats.files import InputFile, input_of, open_file
from xentcli.formats.labels_in_lines import (
    LabelsOfSequences,
    counts_of,
    lead_of,
    may_be_ragged,
    read_labels,
)
from xentcli.formats.line_lists import LineLists
from xentcli.formats.numbers_in_lines import NoNumberError, count_of_classes
from xentcli.formats.ragged_rows import RaggedRows
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.top_lists.found_lists import FoundLists
from xentcli.pipeline.top_lists.top_inputs import TopLists, TopOptions
from xentcli.pipeline.top_lists.top_labels import sequences_of, with_labels
from xentcli.pipeline.top_lists.top_masks import notes_of_unread, rows_that_count
from xentcli.storage.paths import is_there, reads_once

_MOST_ROWS = 2**28  # as many labels are held in memory
_IN_LINES = (
    "sequences of different lengths are read one a line, as JSON lines, or one a row, of Parquet "
    "and Arrow"
)
_ROLES = ("log_sum_exp", "labels", "mask")


def open_lists(found: FoundLists | None, options: TopOptions) -> TopLists:
    """Open lists and their labels.

    Raises
    ------
    InputError
        If they do not belong together, or there are no labels.
    """
    try:
        lists = _opened(found, options)
    except RaggedLists as error:
        one = found and found.is_one_line and len(found.contents[found.keys.values].shape) < 3
        error.hint = None if one else _IN_LINES  # a line of one sequence is as it should be
        raise
    if found is not None:
        lists.values.notes = [*lists.values.notes, *notes_of_unread(found, options.shift)]
    named = found is not None and "logit" in found.keys.values.rpartition("/")[2].casefold()
    return lists._replace(called_logits=named and not options.probs and lists.log_sum_exp is None)


def filled_lines(lists: Sequence[TopLists]) -> list[TopLists]:
    """Return lists that differ in their lengths, filled up to the longest one of all files."""
    rows = [each for some in lists for each in (some.values, some.indices)]
    longest = max((each.shape[-1] or 0 for each in rows), default=0)
    for each in rows:
        if isinstance(each, RaggedRows):
            each.fill_to(longest)
    listed = max((_listed(each) for each in lists), default=0)
    return [each._replace(listed=listed) for each in lists]


def _listed(lists: TopLists) -> int:
    """Return how many of the largest classes a row lists at most."""
    if lists.largest is not None:
        return int(lists.largest.max(initial=0))
    return lists.values.shape[-1] or 0


def _opened(found: FoundLists | None, options: TopOptions) -> TopLists:
    try:
        if found is None or not found.is_lines:
            return _of_arrays(found, options)
    except InputError as error:
        if found is None or not (found.is_table or found.is_one_line):
            raise
        if not found.is_table:  # what is wrong may be anything else than different lengths
            with suppress(InputError):
                return _of_lines(found, options)
            raise error from None
    return _of_lines(found, options)  # lists may differ in their lengths


def _of_arrays(found: FoundLists | None, options: TopOptions) -> TopLists:
    if found is None:
        assert options.values is not None  # noqa: S101 - asked for by the command line
        assert options.indices is not None  # noqa: S101
        values = _array(options.values, "top_values")
        indices = _array(options.indices, "top_indices")
    else:
        values, indices = (array_of(found, key) for key in found.keys[:2])
    if values.shape != indices.shape or len(values.shape) < 2:
        raise InputError(
            f"{indices.name}: shape {indices.shape}, and {values.name} has {values.shape}",
            hint="values and classes are lists of the same lengths: (N, K) or (N, T, K)",
        )
    lead = tuple(n or 0 for n in values.shape[:-1])
    mask = found and found.keys.mask and array_of(found, found.keys.mask)
    of_places = mask if mask and mask.shape == values.shape else None
    roles = [role for role in _ROLES if not (of_places and role == "mask")]
    notes: list[str] = []
    beside = {role: _beside(found, role, options, lead, notes) for role in roles}
    if of_places:
        beside["places"] = rows_that_count(of_places)
    count = options.num_classes or _count_of(found)
    values.notes = [*values.notes, *notes]
    sequences = sequences_of(values, lead) if options.shift else None
    lists = with_labels(values, indices, lead, beside, count, options, sequences)
    slices = lead[0] if sequences is None else int(sequences.max(initial=-1)) + 1
    if len(lead) > 1:
        sequences = np.arange(math.prod(lead)) // max(1, math.prod(lead[1:]))
    return lists._replace(mask=of_places, sequences=sequences, slices=slices)


def _array(name: str | NDArray[Any], role: str) -> IndexedSource:
    """Open an array by the name of its file and, after a colon, its own name."""
    if not isinstance(name, str):
        return MemorySource(role, name)
    path, _, key = name.rpartition(":")
    if is_there(name) or not path:
        path, key = name, ""
    options = ReadOptions(key=key or None, key_option="FILE:KEY" if key else None)
    return indexed(open_file(InputFile(path, None, options)))


def array_of(
    found: FoundLists, key: str, *, labels: bool = False, names: bool = False
) -> IndexedSource:
    """Open an array of a file of lists: numbers, labels, or names of rows."""
    content = found.contents[key]
    choice = {"key": key} if content.key is not None else {"columns": (key,)}
    options = found.file.options._replace(key_option=None, labels=labels, names=names, **choice)
    if found.data is None:
        return indexed(open_file(found.file._replace(options=options)))
    found.data.rewind()
    return indexed(registry.open_source(found.data, found.file.format, options))


def _beside(
    found: FoundLists | None,
    role: str,
    options: TopOptions,
    lead: tuple[int, ...],
    notes: list[str],
    lines: LineLists | None = None,
) -> NDArray[np.float64] | None:
    """Return one number a row: labels, log-sum-exps or a mask, where they are given or found.

    What the user should know of a file of labels is added to `notes`. Rows may be those of `lines`.
    """
    given = {"labels": next(iter(options.labels), None), "log_sum_exp": options.log_sum_exp}
    name = given.get(role)
    if isinstance(name, str) and role == "labels":
        file = _labels_file(name, options)
        opened = open_file(file)
        notes += opened.notes
        if lines is not None and may_be_ragged(opened) and not reads_once(name):
            return _of_sequences(read_labels(input_of(name), opened), lines)
        source = indexed(opened)
    elif name is not None:
        source = _array(name, role)
    else:
        key = getattr(found.keys, role) if found is not None else None
        if role == "labels" and options.label_name is not None and found is not None:
            key = options.label_name
            if key not in found.contents:
                raise InputError(f"{found.file.path}: there is no array {key!r}")
        if key is None or found is None:
            return None
        source = array_of(found, key, labels=role == "labels")
    values = read_whole(source, _MOST_ROWS)
    if values.dtype.kind not in "fiub":
        raise InputError(f"{source.name}: text, where numbers of classes are needed")
    mine, rows = ([n for n in shape if n != 1] for shape in (values.shape, lead))
    of_sequences = len(rows) > 1 or (lines is not None and lines.sequences is not None)
    if values.size != math.prod(lead) or (of_sequences and len(mine) > 1 and mine != rows):
        raise InputError(f"{source.name}: shape {values.shape}, and there are {lead} rows")
    return values.reshape(-1).astype(np.float64)


def _of_sequences(found: LabelsOfSequences, lines: LineLists) -> NDArray[np.float64]:
    """Return labels, of which each sequence has as many as rows that list classes."""
    name, counts = lines.values.name, counts_of(lines)
    both = min(len(counts), len(found.counts))
    differ = np.flatnonzero(counts[:both] != found.counts[:both])
    if len(differ):
        i = int(differ[0])
        raise InputError(
            f"{found.places[i]}: {found.counts[i]} labels for the {counts[i]} rows of sequence {i} "
            f"of {name}"
        )
    if len(counts) != len(found.counts):
        what = f"labels of {len(found.counts)} sequences, and {name} has {len(counts)}"
        raise InputError(f"{found.name}: {what}")
    return found.labels


def _labels_file(path: str, options: TopOptions) -> InputFile:
    """Return a file of labels to read, of which another column may name clusters."""
    header, name = Reader().header_of([path]), options.label_name
    reader = Reader(groups=tuple(each for each in header if each == options.cluster))
    return reader.labels(path, name) if name in header else reader.labels(path, label_key=name)


def _count_of(found: FoundLists | None) -> int | None:
    if found is None or found.keys.num_classes is None:
        return None
    source = array_of(found, found.keys.num_classes)
    each = np.unique(read_whole(source, _MOST_ROWS)).tolist()
    if len(each) > 1:
        what = f"{found.keys.num_classes!r} is {each[0]} and {each[1]}: how many classes are there?"
        raise InputError(f"{source.name}: {what}")
    try:
        return count_of_classes(each[0]) if each else None
    except NoNumberError as error:
        raise InputError(f"{source.name}: {error}") from error


def _of_lines(found: FoundLists, options: TopOptions) -> TopLists:
    from xentcli.formats.line_lists import read_lines

    keys = found.keys
    if options.labels:
        keys = keys._replace(labels=None)
    elif options.label_name is not None:
        keys = keys._replace(labels=options.label_name)
    lines = read_lines(found.input(), keys, found.format)
    beside = {role: lines.others.get(role) for role in (*_ROLES, "places")}
    if options.labels:
        beside["labels"] = _beside(
            None, "labels", options, lead_of(lines), lines.values.notes, lines
        )
    count = options.num_classes or lines.num_classes
    lists = with_labels(lines.values, lines.indices, (), beside, count, options, lines.sequences)
    lists = lists._replace(lines=lines.lines, sequences=lines.sequences, slices=lines.documents)
    largest = lines.others.get("largest")
    return lists if largest is None else lists._replace(largest=largest.astype(np.int64))
