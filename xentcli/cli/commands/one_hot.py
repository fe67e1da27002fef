"""xent one-hot."""

from functools import partial
from typing import Annotated

from xentcli.cli import options
from xentcli.cli.command import Command
from xentcli.cli.expand import OptionGroup
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination
from xentcli.cli.parsing import number_dtype
from xentcli.cli.reading import WITHOUT_HEADS, Reading
from xentcli.cli.slots import Slot, fill
from xentcli.errors import ShapeError, UsageError


class OneHotOptions(OptionGroup):
    """Options of one-hot alone."""

    num_classes: Annotated[
        int | None,
        options.computation(
            "--num-classes",
            metavar="C",
            min=1,
            help="The length of a row.",
            show_default="largest label + 1",
        ),
    ] = None
    classes: Annotated[
        str | None,
        options.of_labels(
            "--classes",
            metavar="A,B,...|FILE",
            help="Names of the classes, or a file with one a line: the header of the output. "
            "Labels may be these names.",
        ),
    ] = None
    label_base: options.LabelBaseOption = None
    id_column: Annotated[
        str | None,
        options.of_reading(
            "--id-column",
            metavar="NAME",
            help="The column that names the rows; it is written before each row.",
        ),
    ] = None
    dtype: Annotated[
        str, options.computation("--dtype", metavar="DTYPE", help="Of the 0s and 1s.")
    ] = "uint8"


def one_hot(
    files: Annotated[list[str] | None, options.files_argument("LABELS...", options.SEVERAL)] = None,
    labels: options.LabelsOption = None,
    *,
    one_hot_options: OneHotOptions,
    writing: Writing,
    reading: Annotated[Reading, WITHOUT_HEADS],
    common: Common,
) -> None:
    """Turn labels into rows of 0 with a 1 at the label."""
    from xentcli.pipeline.encode import encode
    from xentcli.pipeline.opening import open_files, read_naming

    asked = one_hot_options
    num_classes, label_base = asked.num_classes, asked.label_base
    (paths,) = fill(files, Slot("LABELS", labels, takes_several=True))
    naming = read_naming(asked.classes, label_base)
    try:
        names = naming.of(num_classes)
    except ShapeError as error:
        raise UsageError(f"{error.message}: --num-classes {num_classes}") from error
    file_of = partial(
        reading.file, labels=True, alone=True, classes=names, id_column=asked.id_column
    )
    source = open_files(paths, file_of, [writing.output])
    common.tell_notes(source.notes)
    with Destination("one-hot", writing, common).array() as sink, common.run(source) as run:
        notes = encode(
            source,
            names or num_classes,
            number_dtype(asked.dtype),
            sink,
            run,
            label_base=label_base or 0,
            counted=naming.counted,
        )
    common.tell_notes(notes)


COMMAND = Command(
    one_hot,
    first=("--num-classes", "--classes", "--label-base", "--output", "--json"),
    examples=(
        "xent one-hot labels.npy --num-classes 10 -o one_hot.npy",
        "xent one-hot labels.csv | head",
    ),
)
