"""xent one-hot."""

from typing import Annotated

import typer

from xentcli.cli import options
from xentcli.cli.arrays import array_sink
from xentcli.cli.options import Common, Reading, Writing
from xentcli.errors import UsageError


def one_hot(
    labels: Annotated[
        list[str],
        typer.Argument(
            metavar="LABELS...", help=f"File of class indices; {options.SEVERAL_ARGUMENTS}"
        ),
    ],
    num_classes: Annotated[
        int | None,
        typer.Option("--num-classes", min=1, help="Length of a row.", show_default="largest + 1"),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option("--classes", metavar="A,B,...", help="Names of the classes, for the header."),
    ] = None,
    label_base: options.LabelBase = 0,
    dtype: Annotated[str, typer.Option("--dtype", help="Of the 0s and 1s.")] = "uint8",
    *,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Turn labels into rows of 0 with a 1 at the label."""
    from xentcli.pipeline.shards import open_shards
    from xentcli.pipeline.transform import encode
    from xentcli.text import split_names

    names = None if classes is None else split_names(classes)
    if names and num_classes not in (None, len(names)):
        raise UsageError(f"--classes has {len(names)} names, --num-classes says {num_classes}")
    source = open_shards(labels, reading.file)
    common.tell_all(source.notes)
    with array_sink("one-hot", writing, common) as sink, common.run(source) as run:
        cell = options.number_dtype(dtype)
        encode(source, names or num_classes, cell, sink, run, label_base=label_base)
