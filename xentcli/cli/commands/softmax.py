"""xent softmax."""

from typing import Annotated

from xentcli.cli import options
from xentcli.cli.command import Command
from xentcli.cli.options import Common, Writing
from xentcli.cli.probabilities import SoftmaxOptions, run_softmax
from xentcli.cli.reading import Reading


def softmax(
    files: Annotated[list[str] | None, options.files_argument("LOGITS...", options.SEVERAL)] = None,
    logits: options.LogitsOption = None,
    *,
    softmax_options: SoftmaxOptions,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Turn logits into probabilities: exp(z) / sum(exp(z)) of each row."""
    run_softmax("softmax", files, logits, softmax_options, writing, reading, common)


COMMAND = Command(
    softmax,
    first=("--output", "--temperature", "--axis", "--id-column", "--json"),
    examples=(
        "xent softmax logits.csv | head",
        "xent softmax logits.npy --temperature 2 -o probs.npy",
    ),
)
