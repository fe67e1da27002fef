"""Warnings about everything that is measured of one model."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xentcli.pipeline.warned.odd_groups import not_of_groups
from xentcli.pipeline.warned.odd_kinds import COMMANDS_OF_EVAL, kinds, sums

if TYPE_CHECKING:
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.measures.measure_plan import Options
    from xentcli.results.measures import Measures


def of_measures(
    found: "Measures", asked: "Options", criterion: "Criterion", name: str, by: object
) -> Iterator[str]:
    """Say what is odd about a result, and which command would fit what was given."""
    binary = " --binary" if found.binary else ""
    fitting = {
        kind: command.replace("eval", "eval" + binary) for kind, command in COMMANDS_OF_EVAL.items()
    }
    yield from kinds(name, criterion.kind, found.looks_like, fitting)
    if found.missing_rows:
        yield sums(name, found.missing_rows, found.missing_most)
    if (criterion.binary or criterion.options).weight is not None:
        yield "the weights of classes concern the loss alone"
    if not found.used:
        yield "nothing is used: " + (
            "every label is ignored" if found.rows else "there are no rows"
        )
    elif found.num_classes == 1 and not found.binary:
        yield "there is one class: its probability is 1, whatever the logits are"
    for metric in asked.metrics or ():
        if metric in found.inapplicable:
            yield f"{metric} does not apply: {found.inapplicable[metric]}"
        elif metric in found.metrics and found.metrics[metric].value is None and found.used:
            yield f"{metric} does not apply"
    yield from not_of_groups(found, asked.metrics, by)
