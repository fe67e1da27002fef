"""Writes the pages that the browser looks at: ``python make_pages.py FOLDER``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "render"))

from report_tools import MEASURED, PROVENANCE, VERDICTS

from xentcli.render.report.page import page

folder = Path(sys.argv[1])
for name, measured in MEASURED.items():
    html = page(measured(), PROVENANCE, VERDICTS, warnings=("a <b>warning</b>",))
    (folder / f"{name.replace(' ', '-')}.html").write_text(html, "utf-8")
