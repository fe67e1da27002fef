"""A progress bar on standard error, when the work takes a second."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xentcli.render.console import Color, console
from xentcli.text import human_bytes

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE_SECONDS = 1.0  # before anything is shown


@contextmanager
def progress_bar(
    color: Color, size: int | None = None, tokens: int | None = None
) -> Iterator[Callable[[int, int | None], None]]:
    """Return a function that takes the rows done and the rows in all.

    The bar shows the bytes done and their speed too, if it is given the `size` of all rows in
    bytes; or tokens a second, if it is given how many `tokens` of computed logits a row has.
    """
    began = time.monotonic()
    bar: Progress | None = None

    def show(rows: int, total: int | None) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - began < _PATIENCE_SECONDS:
                return
            bar = _bar(color)
            bar.add_task("rows", total=total, detail="")
            bar.start()
        done = f"{rows:,}" + (f" of {total:,}" if total else "")
        detail = ""
        if tokens is not None:
            detail = f", {rows * tokens / (time.monotonic() - began):,.0f} tokens/s"
        elif size is not None and total:
            read = size * rows / total
            speed = read / (time.monotonic() - began)
            detail = f", {human_bytes(read)}, {human_bytes(speed)}/s"
        task = bar.task_ids[0]
        bar.update(task, completed=rows, total=total, detail=f"{done} rows{detail}")

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


def _bar(color: Color) -> "Progress":
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        BarColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeRemainingColumn(),
        console=console(sys.stderr, color),
        transient=True,
        expand=False,
    )
