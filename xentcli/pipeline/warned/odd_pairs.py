"""Warnings about a comparison of models."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xentcli.pipeline.inputs.output_kinds import KINDS
from xentcli.pipeline.warned.odd_groups import not_of_groups
from xentcli.pipeline.warned.odd_kinds import kinds
from xentcli.pipeline.warned.odd_kinds import sums as not_to_1

if TYPE_CHECKING:
    from xentcli.pipeline.compare import Compared, PairOptions
    from xentcli.pipeline.criterion import Criterion

_FITTING: dict[str, str] = {kind: f"--input {name}" for name, kind in KINDS.items()}


def of_models(
    found: "Compared",
    asked: "PairOptions",
    names: Sequence[str],
    criteria: "Sequence[Criterion]",
    by: object,
) -> Iterator[str]:
    """Say what is odd about a result, and which option would fit what was given."""
    each_model = zip(names, criteria, found.looks, found.sums, strict=True)
    for name, criterion, looks_like, sums in each_model:
        yield from kinds(name, criterion.kind, looks_like, _FITTING)
        if sums is not None and not criterion.normalize:
            yield not_to_1(name, sums.rows, sums.most)
    yield from _of_rows(found, weighted=criteria[0].options.weight is not None)
    first = found.comparisons[0]
    for metric in asked.metrics or ():
        if metric in first.metrics and first.metrics[metric].value is None and first.used:
            why = "" if first.labelled else " without labels: --labels FILE"
            yield f"{metric} does not apply{why}"
    yield from not_of_groups(first, asked.metrics, by)


def _of_rows(found: "Compared", *, weighted: bool) -> Iterator[str]:
    """Say which rows count in which measures, unless all count in all."""
    first = found.comparisons[0]
    if weighted:
        yield "the weights of classes concern the losses alone"
    if not first.used:
        yield "nothing is used: " + (
            "every label is ignored (divergences need none: leave the labels out)"
            if first.rows
            else "there are no rows"
        )
    elif first.num_classes == 1:
        yield "there is one class: its probability is 1, whatever the logits are"
    for each in found.comparisons:
        if lost := each.used - each.measured:
            yield (
                f"{each.new}: rows that hold NaN or +inf, or nothing but -inf, in one of the "
                f"models: {lost:,}; they count in the losses alone"
            )
