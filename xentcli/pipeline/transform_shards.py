"""Softmax and log-softmax from files to as many files, each written by the one that computes it."""

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from xentcli.core.shapes import without_axis
from xentcli.errors import InputError, UsageError
from xentcli.formats.base import Source, blocks_along
from xentcli.formats.inline import expand_all, is_inline
from xentcli.formats.shards import Shards
from xentcli.pipeline.flow import Part, Total, collect
from xentcli.pipeline.outputs import array_file, check_output, format_for, shown_name
from xentcli.pipeline.run import Run
from xentcli.pipeline.transform import (
    Transform,
    TransformWork,
    error_of,
    header_of,
    on_axis,
    transform,
    work_of,
)
from xentcli.storage.names import STANDARD_STREAM, is_url, local_name, stem_of
from xentcli.storage.together import together

STEM = "{stem}"
"""What stands for the name of an input in a pattern of outputs."""


class ShardOutput(NamedTuple):
    """Where the output of one file of several goes."""

    name: str
    waiting: str | None
    """Where it stays until all are written."""


class ShardWork(NamedTuple):
    """Transforms one file of several, block by block, and writes the output."""

    work: TransformWork
    outputs: tuple[ShardOutput, ...]
    to: str | None
    force: bool
    block_elements: int

    def place_of(self, i: int) -> str:
        """Name a file."""
        return shown_name(self.work.source.files[i].path)

    def part_of(self, i: int) -> Part[Any]:
        """Write the output of a file; return what is wrong with its rows.

        Its notes name the first cell that a spreadsheet would run.
        """
        shards, output = self.work.source, self.outputs[i]
        assert isinstance(shards, Shards)  # noqa: S101 - nothing else has several files
        source = shards.shard(i)
        work = self.work._replace(source=source)
        total = Part[Any](0)
        with array_file(output.name, self.to, force=self.force, waiting=output.waiting) as sink:
            sink.open(header_of(source, work.function))
            for block in blocks_along(source, 0, self.block_elements):
                part = work.part_of(block)
                assert part.values is not None  # noqa: S101 - nobody has written them
                sink.write(part.values, part.ids)
                total = total.merge(part)
        return total._replace(notes=tuple(sink.formulas))


def transform_each(
    source: Source,
    function: Transform,
    names: Sequence[str],
    to: str | None,
    run: Run,
    *,
    force: bool,
) -> Total[Any]:
    """Write the transform of each file of an array to a file of its own: all of them, or none.

    Parameters
    ----------
    source : Source
        The array.
    function : Transform
        What is computed.
    names : sequence of str
        The name of the output of each.
    to : str or None
        The format to write, where the extension does not say it.

    Returns
    -------
    Total
        With notes of the cells that a spreadsheet would run.

    Raises
    ------
    OutputError
        If one of the outputs cannot be written.
    NonFiniteError
        As `transform` does.
    """
    if not isinstance(source, Shards):
        with array_file(names[0], to, force=force) as sink:
            total = transform(source, function, sink, run)
        return total._replace(notes=tuple(sink.formulas))
    if run.cluster is not None and source.reference is None:
        raise InputError(f"{source.name}: a pipe is read here, and not by the workers of a cluster")
    names = [name if run.cluster is None else _absolute(name) for name in names]
    function = on_axis(source, function)
    with together(names, force=force) as waiting:
        work = work_of(source, function, run)
        outputs = tuple(map(ShardOutput, names, waiting))
        shard_work = ShardWork(work, outputs, to, force, run.block_elements)
        numbers = range(len(names))
        parts = run.map(shard_work.part_of, numbers, shareable=source.shareable)
        one_row = tuple(n or 0 for n in without_axis((1, *source.shape[1:]), function.axis))
        return collect(
            _one_behind_the_other(parts, source, math.prod(one_row)),
            None,
            run.progress_of(source.shape),
            partial(error_of, work),
            [source],
        )


def _one_behind_the_other(
    parts: Iterable[Part[Any]], shards: Shards, rows_of_slice: int
) -> Iterator[Part[Any]]:
    """Count the rows of problems from the first row of all files."""
    start = 0
    for i, part in enumerate(parts):
        shards.lengths[i] = part.rows
        shift = start * rows_of_slice
        yield part._replace(problems=tuple(p.shifted(shift) for p in part.problems))
        start += part.rows


def is_pattern(output: str) -> bool:
    """Whether an output is a pattern for one file for each input.

    Raises
    ------
    UsageError
        If anything but `STEM` is in braces.
    """
    others = [found for found in re.findall(r"{\w*}", output) if found != STEM]
    if others:
        raise UsageError(
            f"{shown_name(output)}: {others[0]} stands for nothing",
            hint=f"{STEM} stands for the name of each input",
        )
    if Path(output).is_dir():
        raise UsageError(
            f"{output}: it is a folder",
            hint=f"--output {Path(output, STEM)}.npy writes a file for each input",
        )
    return STEM in output


def written(names: Sequence[str], pattern: str) -> list[str]:
    """Return the outputs of the named files, except those that replace an input."""
    paths = expand_all(names)
    outputs = [pattern.replace(STEM, stem_of(path)) for path in paths]
    return [output for output, path in zip(outputs, paths, strict=True) if output != path]


def outputs_of(pattern: str, inputs: Sequence[str], to: str | None, *, force: bool) -> list[str]:
    """Return the name of each input's output, all of which can be written.

    Raises
    ------
    UsageError
        If two outputs have the same name, or an input has none.
    OutputError
        If one cannot be written.
    """
    format_for(pattern, to)
    outputs: dict[str, str] = {}
    for path in inputs:
        if path == STANDARD_STREAM or is_inline(path):
            shown = shown_name(pattern)
            raise UsageError(f"{shown}: {STEM} is the name of a file, and the input is none")
        name = pattern.replace(STEM, stem_of(path))
        if name in outputs:
            raise UsageError(
                f"{shown_name(name)}: it would be the output of {shown_name(outputs[name])} and of "
                f"{shown_name(path)}",
                hint=f"{STEM} is a file's name without folders and extensions",
            )
        check_output(name, force=force)
        outputs[name] = path
    return list(outputs)


def _absolute(name: str) -> str:
    """Return a name that means the same on other machines."""
    return name if is_url(name) else os.path.abspath(local_name(name))  # noqa: PTH100 - of no file
