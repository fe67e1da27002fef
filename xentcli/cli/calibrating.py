"""What ``xent calibrate`` is asked for, the forms of its result, and what is odd about it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xentcli.cli import odd
from xentcli.cli.output import Forms

if TYPE_CHECKING:
    from xentcli.pipeline.calibrate import CalibrateOptions
    from xentcli.pipeline.inputs import Source
    from xentcli.results.provenance import Provenance
    from xentcli.results.temperature import FittedTemperature
    from xentcli.results.verdict import Verdict

_KINDS = {"logits": "logits", "log-probs": "log-probabilities", "probs": "probabilities"}
_FITTING_COMMANDS = {
    "logits": "xent calibrate LOGITS LABELS",
    "log-probabilities": "xent calibrate --log-probs LOG_PROBS LABELS",
    "probabilities": "xent calibrate --probs PROBS LABELS",
}


def measures() -> tuple[str, ...]:
    """Return the names of what is measured."""
    from xentcli.pipeline.calibrate_report import MEASURES

    return MEASURES


def wanted(folds: int, bins: int) -> "CalibrateOptions":
    """Return how the temperature is fitted.

    Raises
    ------
    UsageError
        If a number makes no sense.
    """
    from xentcli.pipeline.calibrate import CalibrateOptions

    found = CalibrateOptions(folds, bins)
    found.check()
    return found


def with_test_files(
    provenance: "Provenance",
    sources: "tuple[Source, Source | None]",
    paths: tuple[str, str],
    *,
    digest: bool,
) -> "Provenance":
    """Return the same with the files that the temperature is reported on, too."""
    from xentcli.pipeline.provenance import file_facts

    found = list(provenance.files)
    for role, source, path in zip(("test logits", "test labels"), sources, paths, strict=True):
        if source is not None:
            found += file_facts(role, source, [path], digest=digest)
    return provenance._replace(files=tuple(found))


def forms(
    found: "FittedTemperature", source: "Provenance", verdicts: "tuple[Verdict, ...]" = ()
) -> Forms:
    """Return a screen for a terminal, and the bare temperature for a pipe."""

    def json() -> dict[str, Any]:
        from xentcli.render.temperature import temperature_object

        return temperature_object(found, source, verdicts)

    def table(width: int) -> Iterator[Any]:
        from xentcli.render.temperature import temperature_screen

        return temperature_screen(found, width)

    return Forms(json, table, number=found.metrics["temperature"].value)


def warnings(found: "FittedTemperature", kind: str, name: str) -> Iterator[str]:
    """Say what is odd about a result, and which command would fit what was given."""
    binary = " --binary" if found.binary else ""
    fitting = {
        each: command.replace("calibrate", "calibrate" + binary)
        for each, command in _FITTING_COMMANDS.items()
    }
    given: Any = _KINDS[kind]
    yield from odd.kinds(name, given, found.looks_like, fitting)
