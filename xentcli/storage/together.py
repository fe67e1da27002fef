"""Lets several outputs appear together: each waits beside its place until all are written."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from xentcli.errors import writing
from xentcli.storage.local_outputs import is_streamed, put_in_place, sync_folder
from xentcli.storage.names import is_url, local_name, shown_name

_REMOVALS = 3  # tries, as something may still write to the folder


@contextmanager
def together(names: Sequence[str], *, force: bool) -> Iterator[list[str | None]]:
    """Yield where each output waits, and move all to their places when the block ends.

    They wait in hidden folders beside their places. If the block ends with an error, the folders
    are removed, so that nothing can still write to them. For anything but a regular local file,
    None is yielded: it does not wait.
    """
    folders: dict[Path, Path] = {}
    hidden = f".xent.{os.urandom(6).hex()}.tmp"
    waiting: list[str | None] = []
    targets = [Path(os.path.realpath(local_name(name))) for name in names]
    try:
        for name, target in zip(names, targets, strict=True):
            if is_url(local_name(name)) or is_streamed(local_name(name)):
                waiting.append(None)
                continue
            if target.parent not in folders:
                with writing(shown_name(name)):
                    (target.parent / hidden).mkdir()
                folders[target.parent] = target.parent / hidden
            waiting.append(str(folders[target.parent] / target.name))
        yield waiting
        _move(names, waiting, targets, force=force)
        for folder in folders:
            sync_folder(folder)
    finally:
        from shutil import rmtree

        for folder in folders.values():
            for _ in range(_REMOVALS):
                with suppress(OSError):
                    rmtree(folder)


def _move(
    names: Sequence[str], waiting: Sequence[str | None], targets: Sequence[Path], *, force: bool
) -> None:
    """Move all files to their places; if one cannot be moved, the others are removed again."""
    moved: list[Path] = []
    try:
        for name, place, target in zip(names, waiting, targets, strict=True):
            if place is not None:
                with writing(shown_name(name)):
                    put_in_place(Path(place), target, force=force)
                moved.append(target)
    except BaseException:
        for target in () if force else moved:
            target.unlink()
        raise
