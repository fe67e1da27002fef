"""What all pages share: their templates, and what stands at their beginning and end."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2

from xentcli.render.pictures.canvas import COLORS
from xentcli.render.report.page_cells import FILTERS
from xentcli.results.provenance import Provenance
from xentcli.results.verdict import Verdict

_MOST_FILES = 50
_MOST_NOTES = 50


def rendered(
    name: str,
    title: str,
    provenance: Provenance,
    verdicts: Sequence[Verdict],
    told: Sequence[str],
    **more: Any,
) -> str:
    """Return a page.

    Parameters
    ----------
    name : str
        The name of its template.
    title : str
        The title at the top, and in the browser's tab.
    provenance : Provenance
        The command line, the files and the version.
    verdicts : sequence of Verdict
        What the gates say.
    told : sequence of str
        The warnings, and then the notes.
    **more
        What the template shows besides.
    """
    html: str = (
        _environment()
        .get_template(name)
        .render(
            title=title,
            provenance=provenance,
            files=provenance.files[:_MOST_FILES],
            verdicts=verdicts,
            failed=sum(verdict.failed for verdict in verdicts),
            notes=told[:_MOST_NOTES],
            **more,
        )
    )
    return html


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xentcli.render.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals["colors"] = COLORS
    return environment
