"""Where a page or a picture of measures goes: checked before the work, written after it."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.results.measures import Measures
    from xentcli.results.verdict import Verdict

PictureKind = Literal["reliability", "confusion", "losses"]
_PAGE_SUFFIXES = (".html", ".htm")


class Drawn(NamedTuple):
    """The page and the picture that are wanted besides the result.

    Attributes
    ----------
    report, plot : str or None
        Where they go.
    kind : str
        What the picture shows.
    force : bool
        Whether files that are there are overwritten.
    """

    report: str | None
    plot: str | None
    kind: PictureKind = "reliability"
    force: bool = False

    def check(self, output: str) -> None:
        """Raise now what writing would raise after the work."""
        if self.report is None and self.plot is None:
            return
        check_different({"--output": output, "--report": self.report, "--plot": self.plot})
        if self.report is not None:
            check_report(self.report, force=self.force)
        if self.plot is not None:
            check_plot(self.plot, self.kind, force=self.force)

    @property
    def needs(self) -> tuple[str, ...]:
        """The measures and tables that both show."""
        needs: tuple[str, ...] = ()
        if self.report is not None:
            from xentcli.render.report import REPORT_NEEDS

            needs += REPORT_NEEDS
        if self.plot is not None:
            from xentcli.render.pictures import NEEDS

            needs += NEEDS[self.kind]
        return needs

    def write(
        self, found: "Measures", verdicts: "Sequence[Verdict]", warnings: Sequence[str]
    ) -> None:
        """Write both."""
        if self.report is not None:
            from xentcli.render.report.page import page

            html = page(found, found.provenance, verdicts, warnings)
            write_report(self.report, html, force=self.force)
        if self.plot is not None:
            write_plot(self.plot, self.kind, found, force=self.force)


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


def check_plot(path: str, kind: PictureKind, *, force: bool) -> None:
    """Raise now if there is no such picture, or it cannot be written to `path` later."""
    from xentcli.pipeline.outputs import check_output
    from xentcli.render.pictures import PICTURE_KINDS, check_matplotlib

    _refuse_standard_output("--plot", path, "FILE.png")
    if kind not in PICTURE_KINDS:
        kinds = "|".join(PICTURE_KINDS)
        raise UsageError(f"there is no picture {kind!r}", hint=f"--plot-kind {kinds}")
    _format_of(path)
    check_matplotlib("--plot")
    check_output(path, force=force)


def write_plot(path: str, kind: PictureKind, measures: "Measures", *, force: bool) -> None:
    """Write a picture, whole or not at all."""
    from xentcli.pipeline.outputs import bytes_file
    from xentcli.render.pictures import picture

    data = picture(kind, measures, _format_of(path))
    with bytes_file(path, force=force) as write:
        write(data)


def check_different(outputs: Mapping[str, str | None]) -> None:
    """Raise UsageError if two options, by their names, name one file to write."""
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
