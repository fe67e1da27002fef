"""Files whose rows are known in part: bases of llama-perplexity, and lists of some classes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xentcli.alignment.shard_counts import note_of_places
from xentcli.errors import InputError
from xentcli.formats.base import MemorySource
from xentcli.formats.files import InputFile
from xentcli.pipeline.in_part.bounded import BoundedRows, JoinedRows
from xentcli.pipeline.in_part.kld import KldLabels, is_base, open_base
from xentcli.pipeline.inputs.array_ids import check_one_order
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.provenance import file_facts
from xentcli.pipeline.run import Run
from xentcli.pipeline.top_lists.found_lists import FoundLists, find_lists
from xentcli.pipeline.top_lists.top_clusters import with_clusters
from xentcli.pipeline.top_lists.top_files import filled_lines, open_lists
from xentcli.pipeline.top_lists.top_inputs import TopLists, TopOptions
from xentcli.pipeline.top_lists.top_kinds import told_apart
from xentcli.pipeline.top_lists.top_measures import OF_LISTS
from xentcli.pipeline.top_lists.top_rows import TopRows
from xentcli.results.provenance import FileFacts
from xentcli.storage.names import shown_name
from xentcli.storage.paths import is_blank

__all__ = ["OF_LISTS", "Partly", "TopOptions", "open_partly"]


class Partly(NamedTuple):
    """Rows that are known in part.

    Attributes
    ----------
    what : str
        What messages call them.
    parts : tuple of BoundedRows
        The rows of each file, with their labels.
    notes : list of str
        What the user should know of them.
    has_labels : bool
        Whether the labels are the file's own, and none can be chosen.
    """

    what: str
    parts: tuple[BoundedRows, ...]
    notes: list[str]
    has_labels: bool = False

    @property
    def rows(self) -> BoundedRows:
        """The rows of all files."""
        return self.parts[0] if len(self.parts) == 1 else JoinedRows(self.parts)

    @property
    def lists(self) -> list[TopRows]:
        """The lists of each file, where it holds lists."""
        return [part for part in self.parts if isinstance(part, TopRows)]

    def files(self, lists: Sequence[str], labels: Sequence[str]) -> Iterator[FileFacts]:
        """Yield what is known of the files that lists and labels are in."""
        if self.has_labels:
            for part, name in zip(self.parts, lists, strict=True):
                yield from file_facts("base", part.sources[0], [name])
            return
        sources = [part.lists.values for part in self.lists]
        roles = ["values"] * len(sources)
        if len(lists) > len(sources):  # named by options
            sources, roles = [sources[0], self.lists[0].lists.indices], ["values", "indices"]
        for role, source, name in zip(roles, sources, lists, strict=True):
            yield from file_facts(role, source, [name])
        for part, name in zip(self.lists, labels, strict=False):
            yield from file_facts("labels", MemorySource(name, part.lists.labels), [name])


def open_partly(
    files: Sequence[InputFile], options: TopOptions, run: Run, *, bases: bool
) -> Partly | None:
    """Open rows that are known in part; None for files of whole rows, or of anything else.

    Parameters
    ----------
    files : sequence of InputFile
        The files that may hold them; empty where options name the lists.
    options : TopOptions
        What the user says of lists; there is a file of labels for each of `files`, or none.
    run : Run
        How the values of lists are looked at.
    bases : bool
        Whether the command takes bases of llama-perplexity.

    Raises
    ------
    InputError
        If files do not hold the same kind of rows.
    """
    if files and bases and is_base(files[0]):
        parts = tuple(KldLabels(open_base(file)) for file in files)
        _check_same([part.num_classes for part in parts], files, "the classes are")
        what = "a base of llama-perplexity, which holds its own labels"
        return Partly(what, parts, [], has_labels=True)
    if files and find_lists(files[0]) is None:
        return None
    if len(options.labels) not in (0, max(1, len(files))):
        raise InputError(f"{len(options.labels)} files of labels, and {len(files)} of lists")
    of_labels = [shown_name(each) for each in options.labels if isinstance(each, str)]
    placed = note_of_places([shown_name(file.path) for file in files], of_labels)
    lists: list[TopLists] = []
    founds: list[FoundLists | None] = []
    for i, file in enumerate(files or [None]):
        found = None if file is None else find_lists(file)
        if file is not None and found is None:
            what = "the file is empty" if is_blank(file.path) else "no lists"
            raise InputError(f"{shown_name(file.path)}: {what}, and the file before it has lists")
        own = options._replace(labels=options.labels[i : i + 1])
        named = [each for each in own.labels if isinstance(each, str)]
        if file is not None and named:
            check_one_order([file.path], named, Reader(), of_lists=True)
        lists.append(open_lists(found, own))
        founds.append(found)
    told = told_apart(with_clusters(filled_lines(lists), founds, options), run)
    opened, notes = [rows for rows, _ in told], [note for _, notes in told for note in notes]
    opened[0].sources[0].notes += [] if placed is None else [placed]
    told_classes = None not in {part.num_classes for part in opened}
    hint = None if told_classes else "--num-classes V, if one of them lists all classes"
    _check_same([part.kind for part in opened], files, "values are", hint)
    return Partly("lists of the most probable classes", tuple(opened), notes)


def _check_same(
    values: Sequence[object], files: Sequence[InputFile], what: str, hint: str | None = None
) -> None:
    """Raise InputError if files differ in something."""
    for value, file in zip(values, files, strict=False):
        if value != values[0]:
            first, other = (shown_name(each.path) for each in (files[0], file))
            message = f"{other}: {what} {value}, and {values[0]} in {first}"
            raise InputError(message, hint=hint)
