"""What ``xent loss`` and ``xent nll`` do with lists of each row's most probable classes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xentcli.cli import loss_inputs, slots
from xentcli.cli.loss_options import GivenOptions, RowFlags, TopFlags
from xentcli.cli.reading import Reading
from xentcli.cli.slots import Slot
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.in_part.bounded import BoundedSums
    from xentcli.pipeline.in_part.partly import Partly, TopOptions
    from xentcli.pipeline.opening import InputFile


def fill(files: list[str] | None, top: TopFlags, values: Slot, labels: Slot) -> list[list[str]]:
    """Return the files of each input; if options name the lists, only labels go by position."""
    if not top.given:
        return slots.fill(files, values, labels)
    if values.by_option:
        raise UsageError("--top-values stands in place of whole rows")
    if not (files or labels.by_option):
        return [[], []]
    return [[], *slots.fill(files, labels)]


def check_second(inputs: list[list[str]], labels: list[str] | None, given: GivenOptions) -> None:
    """Raise InputError if the file at the place of labels may as well be one of more rows.

    `labels` are the files of labels that their option names.
    """
    lists, others = inputs
    if not labels and len(lists) == len(others) == 1 and not given.top.given:
        other = _files(others, given.reading)
        if other and not any(map(_reads_once, (*lists, *others))):
            from xentcli.pipeline.top_lists.found_lists import check_labels_alone

            name = given.flags.label_key or given.flags.label_column
            check_labels_alone(given.reading.file(lists[0]), other[0], name)
    loss_inputs.check_second(inputs, labels, given)


def find(
    files: list[list[str]],
    given: GivenOptions,
    *,
    probs: bool = False,
    bases: bool = False,
    cluster: str | None = None,
) -> "Partly | None":
    """Open rows that are known in part: lists that are named or found, or a llama-perplexity base.

    `cluster` says which rows depend on one another. The result is None for whole rows.
    """
    values, labels = files
    top = given.top
    named = [] if top.given else _files(values, given.reading)
    if not (named or top.given):
        if top.num_classes is not None:
            raise _of_lists()
        return None
    if named and not bases and top.num_classes is None:
        from xentcli.pipeline.top_lists.found_lists import find_lists

        if find_lists(named[0]) is None:  # before importing anything that whole rows do not need
            return None
    from xentcli.pipeline.in_part.partly import open_partly

    options = _options(top, given.flags, labels, probs=probs)._replace(cluster=cluster)
    with_bases = bases and not (labels or probs)
    opened = open_partly(named, options, given.common.how, bases=with_bases)
    if opened is None and top.num_classes is not None:
        raise _of_lists()
    if opened is not None and named:
        from xentcli.pipeline.opening import notes_of_files

        given.common.tell_notes(notes_of_files(values, [each.path for each in named]))
    return opened


def _options(top: TopFlags, flags: RowFlags, labels: list[str], *, probs: bool) -> "TopOptions":
    from xentcli.pipeline.in_part.partly import TopOptions
    from xentcli.pipeline.opening import expand_all

    return TopOptions(
        top.top_values,
        top.top_indices,
        top.log_sum_exp,
        top.num_classes,
        expand_all(labels),
        flags.label_key or flags.label_column,
        tuple(flags.ignore_index or (-100,)),
        flags.shift,
        flags.label_base or 0,
        probs,
    )


def _reads_once(path: str) -> bool:
    from xentcli.pipeline.opening import reads_once

    return reads_once(path)


def _files(values: list[str], reading: Reading) -> "list[InputFile]":
    """Return the files that may hold rows in part; empty for whole rows."""
    from xentcli.pipeline.opening import expand_all, may_be_partly, reads_once

    paths = expand_all(values)
    if len(paths) > 1 and any(map(reads_once, paths)):
        return []  # looking into a pipe would wait for its writer
    files = [reading.file(path) for path in paths]
    return files if files and may_be_partly(files[0]) else []


def _of_lists() -> UsageError:
    return UsageError("--num-classes is for lists of the most probable classes")


def run(
    opened: "Partly",
    command: str,
    refused: Mapping[str, object],
    given: GivenOptions,
    inputs: list[list[str]],
) -> None:
    """Measure the labels of rows that are known in part, exactly where possible, else by bounds."""
    from xentcli.cli import bounded
    from xentcli.cli.states import check_state

    bounded.refuse(refused, opened.what)
    flags, options = given.flags, given.loss
    if not opened.has_labels:
        flags = flags.without_labels()
    bounded.check_flags(flags, options.replaced(state=None), opened.what)
    check_state(options.state, given.writing, options.reduction)
    given.common.tell_notes(opened.notes)
    files = given.top.files(inputs)

    def keep(sums: "BoundedSums") -> None:
        from xentcli.cli.loss_inputs import criterion_of
        from xentcli.cli.states import write_state
        from xentcli.pipeline.in_part.bounded import BoundedKind
        from xentcli.pipeline.saved_states.bounded_states import state_of_bounded

        kind = BoundedKind.of(opened.rows)
        criterion = criterion_of(given.flags, "logits", options)
        facts, paths = opened.files(*files), files[0][: len(opened.parts)]
        saved = state_of_bounded(command, sums, kind, criterion, facts, paths)
        write_state(saved, options.state, given.writing)

    bounded.write_loss(opened.rows, command, given, None if options.state is None else keep)
