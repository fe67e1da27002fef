"""Writes a result with all notes and warnings about it, and judges it."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from xentcli.cli.options import Common
from xentcli.cli.output import Destination, Forms
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

    def check(self) -> None:
        """Raise any error of writing now, before the work."""
        self.output.check(is_text=False)
        self.keeper.open()

    def tell(
        self,
        found: Any,
        forms: "Callable[[tuple[Verdict, ...]], Forms]",
        source: "Provenance",
        notes: Iterable[str],
        warnings: Iterable[str],
        *,
        on_page: Sequence[str] = (),
        drawn: Any = None,
    ) -> None:
        """Write a result that was judged, and say what is odd about it.

        The page says `on_page`, too; the picture shows `drawn` if it is given, else the result.
        """
        verdicts = self.keeper.verdicts
        self.output.write(forms(verdicts))
        self.common.tell_notes(notes)
        warnings = list(warnings)
        for warning in warnings:
            self.common.tell("warning", warning)
        self.drawn.write(found, source, verdicts, [*warnings, *on_page], drawn=drawn)
