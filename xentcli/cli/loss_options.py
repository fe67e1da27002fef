"""The options of the commands that compute a loss."""

from typing import Annotated, NamedTuple

from xentcli.cli.options import (
    ClassesOption,
    DtypeOption,
    IdColumnOption,
    LabelBaseOption,
    LabelColumnOption,
    LabelKeyOption,
    NonFiniteOption,
    ShiftOption,
    computation,
    of_labels,
)
from xentcli.cli.parsing import Reduction


class LossFlags(NamedTuple):
    """Options of the commands that compute a loss."""

    weight: Annotated[
        str | None,
        computation(
            "--weight",
            metavar="FILE|1,2,0.5",
            help="A factor for each class: a file, or the numbers.",
        ),
    ] = None
    sample_weight: Annotated[
        str | None,
        computation("--sample-weight", metavar="FILE", help="A factor for each row."),
    ] = None
    binary: Annotated[
        bool,
        computation(
            "--binary", help="Binary and multi-label: each number has a label of its own, 0 to 1."
        ),
    ] = False
    pos_weight: Annotated[
        str | None,
        computation(
            "--pos-weight",
            metavar="FILE|2|1,2,0.5",
            help="With --binary: a factor for labels of 1, one or one for each column.",
        ),
    ] = None
    rows: Annotated[
        str | None,
        computation(
            "--rows", metavar="A:B", help="Only these rows, as a slice.", show_default="all"
        ),
    ] = None
    ignore_index: Annotated[
        list[int] | None,
        of_labels(
            "--ignore-index",
            metavar="N",
            help="The label of rows to leave out; may be repeated.",
            show_default="-100",
        ),
    ] = None
    reduction: Annotated[
        Reduction, computation("--reduction", help="none writes one loss a row.")
    ] = "mean"
    class_axis: Annotated[
        int | None,
        computation(
            "--class-axis",
            metavar="N",
            help="The axis of the classes.",
            show_default="as PyTorch",
        ),
    ] = None
    shift: ShiftOption = 0
    label_column: LabelColumnOption = None
    label_key: LabelKeyOption = None
    label_base: LabelBaseOption = None
    classes: ClassesOption = None
    id_column: IdColumnOption = None
    dtype: DtypeOption = None
    non_finite: NonFiniteOption = "error"
