"""Options of commands that take probabilities, and of those that measure whole models."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli.expand import OptionGroup
from xentcli.cli.options import (
    LabelsOption,
    LogitsLabelsArgument,
    LogitsOption,
    LogProbsOption,
    computation,
    of_inputs,
    of_writing,
)
from xentcli.errors import UsageError
from xentcli.pipeline.inputs.output_kinds import KINDS, OutputKind

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Kind


def complete_measure(incomplete: str) -> list[str]:
    """Return the measures of a model to complete with."""
    from xentcli.pipeline.measures.measure_plan import known_measures

    return [name for name in known_measures() if name.startswith(incomplete)]


def complete_pair_measure(incomplete: str) -> list[str]:
    """Return the measures of two models to complete with."""
    from xentcli.pipeline.pairs.pair_plan import known_pair_measures

    return [name for name in known_pair_measures() if name.startswith(incomplete)]


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
        "--clip",
        metavar="EPS",
        help="Clip probabilities to EPS at least, 1 - EPS at most.",
        min=0.0,
        max=0.5,
    ),
]
BinsOption = Annotated[
    int,
    computation(
        "--bins", metavar="M", min=1, max=10_000, help="How many bins of confidence there are."
    ),
]
ClusterOption = Annotated[
    str | None,
    computation(
        "--cluster",
        metavar="COLUMN|FILE|axis0|rows",
        help="Which rows depend on one another, for the errors of means.",
        show_default="axis0 where rows have several axes",
    ),
]
DigestOption = Annotated[
    bool, of_writing("--digest", help="Add the SHA-256 of each file to the JSON.")
]
ReportOption = Annotated[
    str | None,
    of_writing("--report", metavar="FILE.html", help="Also write a page of all results."),
]
PlotOption = Annotated[
    str | None,
    of_writing("--plot", metavar="FILE.png|svg|pdf", help="Also write a picture."),
]
InputOption = Annotated[
    OutputKind | None,
    computation("--input", help="What the file by position holds.", show_default="logits"),
]


class OutputFiles(OptionGroup):
    """The files of one model's outputs and of their labels, by position and by option."""

    by_position: LogitsLabelsArgument = None
    logits: LogitsOption = None
    log_probs: LogProbsOption = None
    probs: ProbsOption = None
    labels: LabelsOption = None
    input_: InputOption = None

    @property
    def outputs(self) -> "tuple[list[str] | None, Kind]":
        """The files that an option names, and what they hold by that option or by ``--input``.

        Raises
        ------
        UsageError
            If several options say it differently.
        """
        named = {"logits": self.logits, "log-probs": self.log_probs, "probs": self.probs}
        kinds = [name for name, paths in named.items() if paths] or [self.input_ or "logits"]
        if len(kinds) > 1 or (self.input_ is not None and kinds != [self.input_]):
            raise UsageError("give one of --logits, --log-probs, --probs and --input")
        return named[kinds[0]], KINDS[kinds[0]]
