"""Options of what takes probabilities, and of what measures whole models."""

from collections.abc import Mapping
from typing import Annotated, Literal

from xentcli.cli.options import computation, of_inputs, of_writing
from xentcli.errors import UsageError

ProbsOption = Annotated[
    list[str] | None,
    of_inputs(
        "--probs",
        metavar="FILE",
        help="Probabilities instead, as scikit-learn's predict_proba gives them.",
    ),
]
NormalizeOption = Annotated[
    bool, computation("--normalize", help="Divide each row of probabilities by its sum.")
]
ClipOption = Annotated[
    float,
    computation(
        "--clip", metavar="EPS", help="Clip probabilities to EPS and 1 - EPS.", min=0.0, max=0.5
    ),
]
BinsOption = Annotated[
    int, computation("--bins", metavar="M", min=1, max=10_000, help="Bins of confidence.")
]
DigestOption = Annotated[
    bool, of_writing("--digest", help="Give the SHA-256 of each file in JSON.")
]
ReportOption = Annotated[
    str | None,
    of_writing("--report", metavar="FILE.html", help="Write a page of it all, too."),
]
PlotOption = Annotated[
    str | None,
    of_writing("--plot", metavar="FILE.png|svg|pdf", help="Write a picture, too."),
]
InputKind = Literal["logits", "log-probs", "probs"]
InputOption = Annotated[
    InputKind | None,
    computation("--input", help="What the file by position holds.", show_default="logits"),
]


def input_kind(named: Mapping[str, list[str] | None], by_position: str | None) -> str:
    """Return what the rows hold: by the option that names their file, or by ``--input``.

    Raises
    ------
    UsageError
        If several say it, and not the same.
    """
    kinds = [name for name, paths in named.items() if paths] or [by_position or "logits"]
    if len(kinds) > 1 or (by_position is not None and kinds != [by_position]):
        raise UsageError("give one of --logits, --log-probs, --probs and --input")
    return kinds[0]
