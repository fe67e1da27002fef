"""The options of PyTorch's losses that several commands have."""

from typing import Annotated

from xentcli.cli.options import computation, of_labels

WeightOption = Annotated[
    str | None,
    computation(
        "--weight",
        metavar="FILE|1,2,0.5",
        help="A factor for each class: a file, or the numbers.",
    ),
]
IgnoreIndexOption = Annotated[
    list[int] | None,
    of_labels(
        "--ignore-index",
        metavar="N",
        help="The label of rows to leave out; may be repeated.",
        show_default="-100",
    ),
]
LabelSmoothingOption = Annotated[
    float,
    computation(
        "--label-smoothing",
        metavar="E",
        min=0.0,
        max=1.0,
        help="The share of each label that is spread over all classes, in [0, 1].",
    ),
]
