"""Files whose rows are known in part: bases of llama-perplexity, and lists of some classes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xentcli.formats.base import MemorySource
from xentcli.formats.files import InputFile
from xentcli.pipeline.bounded import BoundedRows
from xentcli.pipeline.kld import KldLabels, is_base, open_base
from xentcli.pipeline.provenance import file_facts
from xentcli.pipeline.top_files import TopOptions, find_lists, open_lists
from xentcli.pipeline.top_measures import OF_LISTS, measure_lists
from xentcli.pipeline.top_rows import TopRows, told_apart
from xentcli.results.provenance import FileFacts

__all__ = ["OF_LISTS", "Partly", "TopOptions", "measure_lists", "open_partly"]


class Partly(NamedTuple):
    """Rows that are known in part.

    Attributes
    ----------
    what : str
        What messages call them.
    rows : BoundedRows
        The rows, with their labels.
    notes : list of str
        What the user should know of them.
    has_labels : bool
        Whether the labels are the file's own, and none can be chosen.
    """

    what: str
    rows: BoundedRows
    notes: list[str]
    has_labels: bool = False

    def files(self, lists: Sequence[str], labels: Sequence[str]) -> Iterator[FileFacts]:
        """Yield what is known of the files that lists and labels are in."""
        found = self.top_rows().lists
        sources = (found.values, found.indices)[: len(lists)]
        for role, source, name in zip(("values", "indices"), sources, lists, strict=False):
            yield from file_facts(role, source, [name])
        if labels:
            yield from file_facts("labels", MemorySource(labels[0], found.labels), labels)

    def top_rows(self) -> TopRows:
        """Return lists as what they are."""
        assert isinstance(self.rows, TopRows)  # noqa: S101 - no base was asked for
        return self.rows


def open_partly(file: InputFile | None, options: TopOptions, *, bases: bool) -> Partly | None:
    """Open rows that are known in part; None of a file of whole rows, or of something else.

    Parameters
    ----------
    file : InputFile, optional
        What may hold them; None where options name the lists.
    options : TopOptions
        What is said of lists.
    bases : bool
        Whether a base of llama-perplexity is of use.
    """
    if file is not None and bases and is_base(file):
        rows = KldLabels(open_base(file))
        what = "a base of llama-perplexity, which holds its own labels"
        return Partly(what, rows, [], has_labels=True)
    found = None if file is None else find_lists(file)
    if file is not None and found is None:
        return None
    lists, notes = told_apart(open_lists(found, options))
    return Partly("lists of the most probable classes", lists, notes)
