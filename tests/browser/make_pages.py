"""Writes the pages that the browser looks at: ``python make_pages.py FOLDER``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "render"))

from report_tools import page_of, page_of_models, page_of_temperature

PAGES = {
    **{
        name: page_of(name)
        for name in ("digits", "hostile", "many classes", "several labels", "no rows")
    },
    **{
        name: page_of_models(name)
        for name in ("two models", "many models", "hostile models", "no rows of models")
    },
    "temperature": page_of_temperature(),
}
for title, html in PAGES.items():
    (Path(sys.argv[1]) / f"{title.replace(' ', '-')}.html").write_text(html, "utf-8")
