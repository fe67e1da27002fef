"""Which files a command reads: by position, by option, and logits with the labels beside them."""

import os
import stat
from functools import partial
from typing import TYPE_CHECKING

from xentcli.errors import UsageError
from xentcli.text import read_float, shown_text

if TYPE_CHECKING:
    from xentcli.pipeline.inputs.labelled import LabelOptions
    from xentcli.pipeline.inputs.reading import Reader
    from xentcli.pipeline.opening import Source


class Slot:
    """An input of a command: what its usage calls it, and the files that its option names.

    It may take all files by position as its shards.
    """

    def __init__(
        self, name: str, by_option: list[str] | None, *, takes_several: bool = False
    ) -> None:
        self.name = name
        self.by_option = by_option
        self.takes_several = takes_several


def fill(files: list[str] | None, *slots: Slot) -> list[list[str]]:
    """Return the files of each input: those of its option, or else the next by position.

    Raises
    ------
    UsageError
        If a file is left over, or the first input has none; the others may have none. Or if an
        option took another one for its file.
    """
    waiting = list(files or ())
    filled = []
    for slot in slots:
        _check_files(slot)
        count = len(waiting) if slot.takes_several else 1
        taken = [] if slot.by_option else waiting[:count]
        filled.append(slot.by_option or taken)
        waiting = waiting[len(taken) :]
    if waiting:
        raise UsageError(
            f"{'a file' if len(waiting) == 1 else f'{len(waiting)} files'} too many: "
            f"{' '.join(waiting[:3])}{' ...' if len(waiting) > 3 else ''}",
            hint=_hint([*filled[-1], *waiting]),
        )
    if not filled[0]:
        raise UsageError(
            f"there is no file of {slots[0].name}",
            hint=f"xent takes {' '.join(slot.name for slot in slots)} in this order",
        )
    only_one_standard_input(*(path for paths in filled for path in paths))
    return filled


def _check_files(slot: Slot) -> None:
    """Raise UsageError if an option took the option behind it for its file."""
    for path in slot.by_option or ():
        if path.startswith("--"):
            raise UsageError(
                f"{path} stands where a file of {slot.name} belongs",
                hint=f"the option before it takes a file; one of this name is ./{path}",
            )


def _hint(files: list[str]) -> str:
    """Return what to do about several files of an input that takes one."""
    try:
        _ = [read_float(number) for number in files]
    except ValueError:
        return (
            "several files of one input are named by a quoted pattern: 'run/*.npy', or by its "
            "option again"
        )
    return f"several numbers are one argument: {','.join(files)}"


def only_one_standard_input(*paths: str | None) -> None:
    """Raise UsageError if more than one input is standard input, or another pipe or terminal."""
    if paths.count("-") > 1:
        raise UsageError("only one input can be standard input")
    seen: set[tuple[int, int]] = set()
    for path in filter(None, paths):
        stream = _stream_of(path)
        if stream is not None and stream in seen:
            raise UsageError(f"{shown_text(path)}: two inputs are this one, which is read once")
        seen.update([] if stream is None else [stream])


def _stream_of(path: str) -> tuple[int, int] | None:
    """Return what tells a pipe or a terminal from others; None for what can be read again."""
    try:
        status = os.fstat(0) if path == "-" else os.stat(path)  # noqa: PTH116 - of any name
    except (OSError, ValueError):
        return None
    is_file = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return None if is_file else (status.st_dev, status.st_ino)


def check_second(
    inputs: list[list[str]],
    by_option: list[str] | None,
    reader: "Reader",
    options: "LabelOptions",
) -> None:
    """Raise InputError if the file at the place of labels may as well be one of more rows.

    `by_option` are the files of labels that their option names.
    """
    rows, labels = inputs
    if by_option or not (rows and labels):
        return
    from xentcli.pipeline.inputs.labelled import Opening
    from xentcli.pipeline.inputs.second_file import check_labels_alone

    check_labels_alone(rows, labels, Opening(reader, options))


def open_values(reader: "Reader", paths: list[str], id_column: str | None) -> "Source":
    """Open numbers without labels, some of which may be missing."""
    from xentcli.pipeline import opening

    return opening.open_files(paths, partial(reader.file, id_column=id_column, missing=True))


def open_weights(
    reader: "Reader", path: str | None, rows: "Source", labels: "Source | None" = None
) -> "Source | None":
    """Open the weights of rows, if there are any."""
    if path is None:
        return None
    from xentcli.pipeline.inputs import beside_files

    return beside_files.open_weights([path], reader.labels, rows, labels)
