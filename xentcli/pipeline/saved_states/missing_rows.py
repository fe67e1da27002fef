"""Says which rows of files, and which states, may be missing of merged states."""

from collections.abc import Iterator, Sequence
from itertools import product, starmap

from xentcli.pipeline.saved_states.state_rows import FileRows, joined, leads_to
from xentcli.storage.names import shown_name
from xentcli.storage.numbered_names import left_out

_SHOWN_GAPS = 5


def notes_of_missing(
    rows: Sequence[FileRows], names: Sequence[str], states: Sequence[str]
) -> Iterator[str]:
    """Say what may be missing of merged states, by the names of files and of the states.

    These are rows of a file of which some state has other rows, and files or states whose number is
    left out among numbered names. What is missing after the last number cannot be known. `names`
    are those of all files that were read, also of files without rows.
    """
    gaps = list(_gaps(rows))
    numbered = left_out(each.file for each in rows)
    files = [each for each in numbered if not any(starmap(leads_to, product(each, names)))]
    counted = "in no state, though the names of other files count it"
    gaps += [f"{' or '.join(each)}: {counted}" for each in files]
    if not files:
        gaps += [
            f"{' or '.join(name)}: not merged, though the names of other states count it"
            for name in left_out(map(shown_name, states))
        ]
    yield from gaps[:_SHOWN_GAPS]
    if len(gaps) > _SHOWN_GAPS:
        yield f"and {len(gaps) - _SHOWN_GAPS:,} more such gaps"


def _gaps(rows: Sequence[FileRows]) -> Iterator[str]:
    by_file: dict[str, list[FileRows]] = {}
    for each in joined(rows):
        by_file.setdefault(each.itself, []).append(each)
    for parts in by_file.values():
        parts.sort(key=lambda each: each.start)
        file = parts[0].file
        if not file:
            continue
        ends = [0, *(part.stop for part in parts)]
        lengths = [part.length for part in parts if part.length is not None]
        starts = [*(part.start for part in parts), max([ends[-1], *lengths])]
        for end, start in zip(ends, starts, strict=True):
            if end < start:
                yield f"{file}: rows {end}:{start} are in no state"
