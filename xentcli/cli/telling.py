"""Writes a result with all notes and warnings about it, and judges it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms, ready_output
from xentcli.cli.reports import Drawn

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict


class Telling(NamedTuple):
    """Where a result goes, its page and picture, and its judge."""

    keeper: "Gatekeeper"
    output: Destination
    drawn: Drawn
    common: Common

    @classmethod
    def of(
        cls, command: str, keeper: "Gatekeeper", drawn: Drawn, writing: Writing, common: Common
    ) -> "Telling":
        """Return how the result of a command is told, once it can be written and judged."""
        return cls(keeper, ready_output(command, keeper, writing, common), drawn, common)

    def tell(
        self,
        found: Any,
        forms: "Callable[[tuple[Verdict, ...]], Forms]",
        source: "Provenance",
        notes: Iterable[str],
        warnings: Iterable[str],
        *,
        drawn: Any = None,
    ) -> None:
        """Write a result that was judged, and say what is odd about it.

        The page shows all that was told; the picture shows `drawn` if it is given, else the result.
        """
        verdicts = self.keeper.verdicts
        self.output.write(forms(verdicts))
        self.common.tell_notes(notes)
        for warning in warnings:
            self.common.tell("warning", warning)
        self.drawn.write(found, source, verdicts, self.common.told, drawn=drawn)
