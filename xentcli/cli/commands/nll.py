"""xent nll."""

from typing import TYPE_CHECKING, Annotated, Literal

from xentcli.cli import answers, loss_inputs, losses, measure_options, options, samples, top_lists
from xentcli.cli.command import Command
from xentcli.cli.inputs import Slot
from xentcli.cli.loss_options import Gates, LossFlags, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.reading import WITHOUT_HEADS, Reading
from xentcli.cli.top_lists import TopFlags
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Kind


def nll(  # noqa: C901 - each kind of file has a way of its own
    files: Annotated[
        list[str] | None, options.files_argument("LOG_PROBS LABELS", options.LOG_PROBS_LABELS)
    ] = None,
    log_probs: options.LogProbsOption = None,
    probs: measure_options.ProbsOption = None,
    labels: options.LabelsOption = None,
    picked: Annotated[
        bool,
        options.computation(
            "--picked", help="Each number is its label's log-probability: there are no labels."
        ),
    ] = False,
    tokens: Annotated[
        Literal["prompt", "generated"] | None,
        options.computation(
            "--tokens",
            help="Of a server's answers in JSON: the tokens of prompts, or those it generated.",
            show_default="what is there",
        ),
    ] = None,
    normalize: measure_options.NormalizeOption = False,
    clip: measure_options.ClipOption = 0.0,
    *,
    top: TopFlags,
    flags: RowFlags,
    loss_options: LossFlags,
    writing: Writing,
    reading: Annotated[Reading, WITHOUT_HEADS],
    gates: Gates,
    common: Common,
) -> None:
    """Compute the negative log likelihood of log-probabilities, or of probabilities."""
    if log_probs and probs:
        raise UsageError("give one of --log-probs and --probs")
    files, log_probs = samples.together(files, log_probs or probs, reading)
    slots = (Slot("LOG_PROBS", log_probs), Slot("LABELS", labels))
    inputs = top_lists.fill(files, top, *slots)
    loss_inputs.check_files(inputs, flags, loss_options, gates)
    for name, given in (("--normalize", normalize), ("--clip", clip)):
        if given and not probs:
            raise UsageError(f"{name} is for probabilities: --probs FILE")
    if picked and (flags.binary or normalize or flags.weight):
        raise UsageError("--picked goes without --binary, --normalize and --weight")
    if flags.binary and normalize:
        raise UsageError("--normalize is for rows of classes, and --binary has none")
    asked = (*inputs[1], probs, picked, tokens, flags.label_column, flags.label_key, flags.binary)
    found = samples.open_samples(inputs[0], reading, writing.output, unless=asked)
    if found is not None:
        samples.run(found, inputs, flags, loss_options, writing, reading, common, gates)
        return
    if answers.are_answers(inputs, flags, reading, probs=bool(probs)):
        if inputs[1]:
            answers.run_listed(
                inputs,
                tokens,
                top.num_classes,
                flags,
                loss_options,
                writing,
                reading,
                common,
                gates,
            )
            return
        answers.run_answers(inputs[0], tokens, flags, loss_options, writing, reading, common, gates)
        return
    refused = {"--tokens": tokens, "--normalize": normalize, "--clip": clip}
    opened = None
    if not picked:
        opened = top_lists.find(inputs, top, flags, reading, common, probs=bool(probs), bases=True)
    if opened is not None:
        parts = top.files(inputs)
        top_lists.run(opened, "nll", refused, flags, loss_options, writing, common, gates, parts)
        return
    if tokens is not None:
        raise UsageError("--tokens is for a server's answers in JSON, without labels")
    kind: Kind = "probabilities" if probs else "log-probabilities"
    criterion = loss_inputs.criterion_of(flags, kind, loss_options)
    criterion = criterion._replace(picked=picked, normalize=normalize, clip=clip)
    losses.run_loss(criterion, inputs, flags, loss_options, writing, reading, common, gates)


COMMAND = Command(
    nll,
    first=("--probs", "--reduction", "--ignore-index", "--label-column", "--output", "--json"),
    examples=(
        "xent nll log_probs.npy labels.npy",
        "xent nll --probs probs.npy labels.npy",
        "xent nll requests.jsonl",
    ),
)
