"""What the help says of the files that commands take by position."""

from typing import Annotated

from xentcli.cli.options import files_argument

_SHARDS = "Several files are one input: quote a pattern, 'run/*.npy', or repeat its option."
LOGITS_LABELS = (
    "Files or URLs of logits, and of the labels of their rows: class indices, class names or class "
    f"probabilities. - is standard input. {_SHARDS}"
)
LOG_PROBS_LABELS = (
    "Files or URLs of log-probabilities, and of the labels of their rows: class indices or class "
    f"names. - is standard input. {_SHARDS}"
)
SEVERAL = "Files or URLs, which are one array; quote a pattern, 'run/*.npy'. - is standard input."
EACH = "Files or URLs, each shown by itself; quote a pattern, 'run/*.npy'. - is standard input."

LogitsLabelsArgument = Annotated[list[str] | None, files_argument("LOGITS LABELS", LOGITS_LABELS)]
