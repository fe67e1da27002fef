"""Writes a page or a picture of measures; its place is checked before the work."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.cli.options import Writing
    from xentcli.render.pictures.pictures import Pictures
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict

_PAGE_SUFFIXES = (".html", ".htm")


class Subject(NamedTuple):
    """The pictures and the page of a command's results; both are imported when they are called.

    Attributes
    ----------
    pictures : callable
        Returns the pictures there are.
    page : callable
        Takes a result, its provenance, what the gates say and what was told; returns the page.
    kind : str
        What a picture shows unless the user says it.
    """

    pictures: "Callable[[], Pictures]"
    page: Callable[..., str]
    kind: str = "reliability"


def _pictures_of_measures() -> "Pictures":
    from xentcli.render.pictures import OF_MEASURES

    return OF_MEASURES


def _page_of_measures(*of: Any) -> str:
    from xentcli.render.report.page import page

    return page(*of)


def _pictures_of_pairs() -> "Pictures":
    from xentcli.render.pictures.kinds import OF_PAIRS

    return OF_PAIRS


def _page_of_pairs(*of: Any) -> str:
    from xentcli.render.report.comparison_page import comparison_page

    return comparison_page(*of)


def _pictures_of_temperatures() -> "Pictures":
    from xentcli.render.pictures.kinds import OF_TEMPERATURES

    return OF_TEMPERATURES


def _page_of_temperatures(*of: Any) -> str:
    from xentcli.render.report.temperature_page import temperature_page

    return temperature_page(*of)


MEASURES = Subject(_pictures_of_measures, _page_of_measures)
PAIRS = Subject(_pictures_of_pairs, _page_of_pairs, "changes")
TEMPERATURES = Subject(_pictures_of_temperatures, _page_of_temperatures)


class Drawn(NamedTuple):
    """The page and the picture that the user wants besides the result.

    Attributes
    ----------
    report, plot : str or None
        Where they go.
    chosen : str or None
        What the picture shows, if the user says it.
    force : bool
        Whether existing files are overwritten.
    of : Subject
        The kind of results, which draws them.
    """

    report: str | None
    plot: str | None
    chosen: str | None = None
    force: bool = False
    of: Subject = MEASURES

    @property
    def kind(self) -> str:
        """What the picture shows."""
        return self.chosen or self.of.kind

    @property
    def wanted(self) -> bool:
        """Whether anything is drawn."""
        return self.report is not None or self.plot is not None

    def check(self, writing: "Writing") -> None:
        """Raise any error of writing now, before the work; the result goes where `writing` says."""
        output = writing.output
        if writing.to is None:
            check_numbers(output)
        if self.chosen is not None and self.plot is None:
            raise UsageError("--plot-kind says what --plot FILE.png draws, and there is no --plot")
        if not self.wanted:
            return
        check_different({"--output": output, "--report": self.report, "--plot": self.plot})
        if self.report is not None:
            check_report(self.report, force=self.force)
        if self.plot is not None:
            check_plot(self.plot, self.kind, force=self.force, of=self.of)

    @property
    def needs(self) -> tuple[str, ...]:
        """The measures and tables that either of them shows."""
        needs: tuple[str, ...] = ()
        if self.report is not None:
            from xentcli.render.report import REPORT_NEEDS

            needs += REPORT_NEEDS
        if self.plot is not None:
            from xentcli.render.pictures import NEEDS

            needs += NEEDS[self.kind]
        return needs

    def write(
        self,
        found: Any,
        provenance: "Provenance",
        verdicts: "Sequence[Verdict]",
        told: Sequence[str],
        *,
        drawn: Any = None,
    ) -> None:
        """Write both; the picture shows `drawn` if it is given, else the whole result."""
        if self.report is not None:
            from xentcli.render.pictures.pictures import quietly

            with quietly():  # also where a page imports matplotlib, before it draws
                html = self.of.page(found, provenance, verdicts, told)
            write_report(self.report, html, force=self.force)
        if self.plot is not None:
            shown = found if drawn is None else drawn
            write_plot(self.plot, self.kind, shown, force=self.force, of=self.of)


def check_numbers(output: str) -> None:
    """Raise UsageError if a file of numbers has the name of a page or of a picture."""
    from xentcli.pipeline.outputs import is_stream, shown_name, suffix_of

    suffix, name = suffix_of(output), shown_name(output)
    if not suffix or is_stream(output):
        return
    from xentcli.render.pictures import PICTURE_FORMATS

    for option, what, suffixes in (
        ("--report", "page", _PAGE_SUFFIXES),
        ("--plot", "picture", tuple(f".{form}" for form in PICTURE_FORMATS)),
    ):
        if suffix in suffixes:
            message = f"{name}: --output writes numbers, and no {what}"
            raise UsageError(message, hint=f"{option} {name}")


def check_report(path: str, *, force: bool) -> None:
    """Raise now if a page cannot be made, or not be written to `path` later."""
    from xentcli.pipeline.outputs import check_output, is_stream, shown_name, suffix_of
    from xentcli.render.report import check_libraries

    _refuse_standard_output("--report", path, "FILE.html")
    if suffix_of(path) not in _PAGE_SUFFIXES and not is_stream(path):
        raise UsageError(f"{shown_name(path)}: a report is HTML", hint="--report FILE.html")
    check_libraries("--report")
    check_output(path, force=force)


def write_report(path: str, html: str, *, force: bool) -> None:
    """Write a page, whole or not at all."""
    from xentcli.pipeline.outputs import text_file

    with text_file(path, force=force) as write:
        write(html)


def check_plot(path: str, kind: str, *, force: bool, of: Subject = MEASURES) -> None:
    """Raise now if there is no such picture, or it cannot be written to `path` later."""
    from xentcli.pipeline.outputs import check_output
    from xentcli.render.pictures import check_matplotlib

    _refuse_standard_output("--plot", path, "FILE.png")
    if kind not in of.pictures().kinds:
        kinds = "|".join(of.pictures().kinds)
        raise UsageError(f"there is no picture {kind!r}", hint=f"--plot-kind {kinds}")
    _format_of(path)
    check_matplotlib("--plot")
    check_output(path, force=force)


def write_plot(path: str, kind: str, found: Any, *, force: bool, of: Subject = MEASURES) -> None:
    """Write a picture, whole or not at all."""
    from xentcli.pipeline.outputs import bytes_file

    data = of.pictures().picture(kind, found, _format_of(path))
    with bytes_file(path, force=force) as write:
        write(data)


def check_different(outputs: Mapping[str, str | None]) -> None:
    """Raise UsageError if two options, given with their names, would write one file."""
    from xentcli.pipeline.outputs import is_stream

    seen: dict[str, str] = {}
    for option, path in outputs.items():
        if path is None or is_stream(path):
            continue
        place = os.path.realpath(path)
        if place in seen:
            raise UsageError(f"{seen[place]} and {option} are one file: {path}")
        seen[place] = option


def _format_of(path: str) -> str:
    """Return the format of a picture by its extension."""
    from xentcli.pipeline.outputs import shown_name, suffix_of
    from xentcli.render.pictures import PICTURE_FORMATS

    form = suffix_of(path).removeprefix(".")
    if form not in PICTURE_FORMATS:
        formats = ", ".join(PICTURE_FORMATS[:-1]) + f" or {PICTURE_FORMATS[-1]}"
        message = f"{shown_name(path)}: a picture is {formats}, by its extension"
        raise UsageError(message, hint="--plot FILE.png")
    return form


def _refuse_standard_output(option: str, path: str, name: str) -> None:
    if path == "-":
        raise UsageError(f"{option} -: standard output is for numbers", hint=f"{option} {name}")
