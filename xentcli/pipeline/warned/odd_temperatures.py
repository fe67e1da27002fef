"""Warnings about a fitted temperature."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xentcli.pipeline.warned.odd_kinds import kinds

if TYPE_CHECKING:
    from xentcli.core.checks import Kind
    from xentcli.pipeline.criterion import Criterion
    from xentcli.results.temperature import FittedTemperature

_FITTING_COMMANDS = {
    "logits": "xent calibrate LOGITS LABELS",
    "log-probabilities": "xent calibrate --log-probs LOG_PROBS LABELS",
    "probabilities": "xent calibrate --probs PROBS LABELS",
}


def of_temperature(
    found: "FittedTemperature", kind: "Kind", criterion: "Criterion", name: str, *, weighted: bool
) -> Iterator[str]:
    """Say what is odd about a result of rows of this name, and which command would fit them.

    `weighted` says whether rows have weights.
    """
    binary = " --binary" if found.binary else ""
    fitting = {
        each: command.replace("calibrate", "calibrate" + binary)
        for each, command in _FITTING_COMMANDS.items()
    }
    yield from kinds(name, kind, found.looks_like, fitting)
    if (criterion.binary or criterion.options).weight is not None:
        yield "the weights of classes concern the temperature and the losses alone"
    if weighted:
        yield "the weights of rows concern the temperature and the losses alone"
