"""Writes the pages that the browser looks at: ``python make_pages.py FOLDER``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "render"))

from report_tools import page_of

for name in ("digits", "hostile", "many classes", "several labels", "no rows"):
    file = Path(sys.argv[1]) / f"{name.replace(' ', '-')}.html"
    file.write_text(page_of(name), "utf-8")
