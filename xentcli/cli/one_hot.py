"""xent one-hot."""

from functools import partial
from typing import Annotated

import typer

from xentcli.cli import options
from xentcli.cli.arrays import array_sink
from xentcli.cli.inputs import Reading
from xentcli.cli.options import Common, Writing
from xentcli.errors import ShapeError, UsageError


def one_hot(
    labels: Annotated[
        list[str],
        typer.Argument(metavar="LABELS...", help=f"File of labels; {options.SEVERAL_ARGUMENTS}"),
    ],
    num_classes: Annotated[
        int | None,
        typer.Option("--num-classes", min=1, help="Length of a row.", show_default="largest + 1"),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            metavar="A,B,...|FILE",
            help="Names of the classes, or a file of one a line: the header. Labels may be these.",
        ),
    ] = None,
    label_base: options.LabelBase = None,
    dtype: Annotated[str, typer.Option("--dtype", help="Of the 0s and 1s.")] = "uint8",
    *,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Turn labels into rows of 0 with a 1 at the label."""
    from xentcli.pipeline.naming import read_naming
    from xentcli.pipeline.shards import open_shards
    from xentcli.pipeline.transform import encode

    naming = read_naming(classes, label_base)
    try:
        names = naming.of(num_classes)
    except ShapeError as error:
        raise UsageError(f"{error.message}: --num-classes {num_classes}") from error
    source = open_shards(labels, partial(reading.file, labels=True, classes=names))
    common.tell_all(source.notes)
    with array_sink("one-hot", writing, common) as sink, common.run(source) as run:
        cell = options.number_dtype(dtype)
        notes = encode(
            source,
            names or num_classes,
            cell,
            sink,
            run,
            label_base=label_base or 0,
            counted=naming.counted,
        )
    common.tell_all(notes)
