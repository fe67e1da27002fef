"""xent nll."""

from typing import TYPE_CHECKING, Annotated, Literal

from xentcli.cli import (
    answers,
    loss_inputs,
    loss_output,
    measure_options,
    options,
    samples,
    top_lists,
)
from xentcli.cli.command import Command
from xentcli.cli.expand import OptionGroup
from xentcli.cli.loss_options import GivenOptions, RowFlags
from xentcli.cli.reading import WITHOUT_HEADS
from xentcli.cli.slots import Slot
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Kind


class NllFlags(OptionGroup):
    """Options that say what the numbers are."""

    probs: measure_options.ProbsOption = None
    picked: Annotated[
        bool,
        options.computation(
            "--picked", help="Each number is the log-probability of its label already."
        ),
    ] = False
    tokens: Annotated[
        Literal["prompt", "generated"] | None,
        options.computation(
            "--tokens",
            help="Which tokens of a server's answers to read: of prompts, or generated ones.",
            show_default="those that are there",
        ),
    ] = None
    normalize: measure_options.NormalizeOption = False
    clip: measure_options.ClipOption = 0.0

    def check(self, flags: RowFlags) -> None:
        """Raise UsageError if options contradict each other."""
        if not self.probs:
            loss_inputs.refuse_of_probs("--probs FILE", normalize=self.normalize, clip=self.clip)
        if self.picked and (flags.binary or self.normalize or flags.weight):
            raise UsageError("--picked goes without --binary, --normalize and --weight")
        if flags.binary and self.normalize:
            raise UsageError("--normalize is for rows of classes, and --binary has none")


def nll(
    files: Annotated[
        list[str] | None, options.files_argument("LOG_PROBS LABELS", options.LOG_PROBS_LABELS)
    ] = None,
    log_probs: options.LogProbsOption = None,
    *,
    numbers: NllFlags,
    labels: options.LabelsOption = None,
    given: Annotated[GivenOptions, WITHOUT_HEADS],
) -> None:
    """Compute the negative log likelihood of log-probabilities, or of probabilities."""
    if log_probs and numbers.probs:
        raise UsageError("give one of --log-probs and --probs")
    files, values = samples.together(files, log_probs or numbers.probs, given.reading)
    slots = (Slot("LOG_PROBS", values), Slot("LABELS", labels))
    inputs = top_lists.fill(files, given.top, *slots)
    loss_inputs.check_files(inputs, given)
    if not numbers.picked:  # which takes no labels
        top_lists.check_second(inputs, labels, given)
    numbers.check(given.flags)
    for run in (_run_samples, _run_answers, _run_lists):
        if run(inputs, numbers, given):
            return
    if numbers.tokens is not None:
        raise UsageError("--tokens is for a server's answers in JSON, without labels")
    kind: Kind = "probabilities" if numbers.probs else "log-probabilities"
    criterion = loss_inputs.criterion_of(given.flags, kind, given.loss)
    criterion = criterion._replace(
        picked=numbers.picked, normalize=numbers.normalize, clip=numbers.clip
    )
    loss_output.run_loss(criterion, inputs, given)


def _run_samples(inputs: list[list[str]], numbers: NllFlags, given: GivenOptions) -> bool:
    """Write the loss of samples of lm-evaluation-harness, if the files are some."""
    flags = given.flags
    others = (flags.label_column, flags.label_key, flags.binary)
    asked = (*inputs[1], numbers.probs, numbers.picked, numbers.tokens, *others)
    found = samples.open_samples(inputs[0], given.reading, given.writing.output, unless=asked)
    if found is not None:
        samples.run(found, inputs, given)
    return found is not None


def _run_answers(inputs: list[list[str]], numbers: NllFlags, given: GivenOptions) -> bool:
    """Write the loss of the answers of a server, if the files are some."""
    if not answers.are_answers(inputs, given, probs=bool(numbers.probs)):
        return False
    if inputs[1]:
        answers.run_listed(inputs, numbers.tokens, given)
    else:
        answers.run_answers(inputs[0], numbers.tokens, given)
    return True


def _run_lists(inputs: list[list[str]], numbers: NllFlags, given: GivenOptions) -> bool:
    """Write the loss of rows that are known in part, or its bound, if the files hold such rows."""
    if numbers.picked:
        return False
    opened = top_lists.find(inputs, given, probs=bool(numbers.probs), bases=True)
    if opened is None:
        return False
    named = {"--tokens": numbers.tokens, "--normalize": numbers.normalize, "--clip": numbers.clip}
    top_lists.run(opened, "nll", named, given, inputs)
    return True


COMMAND = Command(
    nll,
    first=("--probs", "--reduction", "--ignore-index", "--label-column", "--output", "--json"),
    examples=(
        "xent nll log_probs.npy labels.npy",
        "xent nll --probs probs.npy labels.npy",
        "xent nll requests.jsonl",
    ),
)
