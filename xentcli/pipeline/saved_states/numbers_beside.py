"""Says if files of groups or clusters are numbered by something else than the rows' files are.

States are merged whatever the numbers in the names of these files are: each run has its own. Where
the numbers do not go with those of the rows, they may tell what the groups are: by the first class,
``top-1.csv``, or by the first five, ``top-5.csv``.
"""

from collections.abc import Iterable, Iterator

from xentcli.pipeline.saved_states.state_rows import FileRows
from xentcli.storage.numbered_names import numbers_in, unnumbered

Pair = tuple[str, str]
"""The file of some rows, and that of their groups or clusters."""


def notes_of_numbers(rows: Iterable[FileRows]) -> Iterator[str]:
    """Yield a note for the groups, and one for the clusters, whose files are numbered otherwise."""
    files = [*rows]
    for what in ("groups", "clusters"):
        pairs = dict.fromkeys((each.file, getattr(each, what)) for each in files if each.file)
        alike: dict[Pair, list[Pair]] = {}
        for file, names in pairs:
            if names:
                alike.setdefault((unnumbered(file), unnumbered(names)), []).append((file, names))
        odd = (found for each in alike.values() if (found := _odd(each)) is not None)
        for first, other in list(odd)[:1]:
            told = ", and ".join(f"{names} is of {file}" for file, names in (first, other))
            yield f"the files of {what} count otherwise than those of the rows: {told}"


def _odd(pairs: list[Pair]) -> tuple[Pair, Pair] | None:
    """Return two pairs of names, if a number of the second ones differs with none of the first.

    Numbers go together if they are the same, or the same distance apart in all pairs. Of files that
    hold the names of several files of rows, nothing is known.
    """
    if any(len({each[i] for each in pairs}) < len(pairs) for i in (0, 1)):
        return None
    of_files, of_names = ([numbers_in(each[i]) for each in pairs] for i in (0, 1))
    columns = [*zip(*of_files, strict=True)]
    for numbers in zip(*of_names, strict=True):
        other = next((i for i, each in enumerate(numbers) if each != numbers[0]), None)
        goes = (len({a - b for a, b in zip(numbers, each, strict=True)}) == 1 for each in columns)
        if other is not None and not any(goes):
            return pairs[0], pairs[other]
    return None
