"""What JSON of several arrays holds: an object of lists, a list of objects, an object a line."""

from typing import Any

from xentcli.formats.base import ReadOptions
from xentcli.formats.contents import Content
from xentcli.formats.json.document import content_of, is_ours, keys_of
from xentcli.formats.json.lines import are_lines, first_lines
from xentcli.formats.json.printed import as_json
from xentcli.formats.json.values import load
from xentcli.storage.inputs import Input

_MOST_TEXTS = 1000  # enough to show whether names are repeated


def contents(data: Input, options: ReadOptions) -> list[Content]:
    """Return the arrays of a file, if it holds several."""
    if are_lines(data):
        rows = [load(as_json(line, data.name).json, data.name) for line in first_lines(data)]
        found = _of_rows(rows, None, options)
    else:
        value = load(as_json(content_of(data), data.name).json, data.name)
        data.rewind()
        if isinstance(value, dict):
            if is_ours(value):
                return []
            found = [_content(key, value[key], value[key]) for key in keys_of(value, options)]
        else:
            rows = value if isinstance(value, list) else []
            found = _of_rows(rows, len(rows), options)
    return found if len(found) > 1 else []


def _of_rows(rows: list[Any], count: int | None, options: ReadOptions) -> list[Content]:
    if not rows or not isinstance(rows[0], dict):
        return []
    keys = keys_of(rows[0], options._replace(labels=True))
    columns = {key: [row.get(key) for row in rows if isinstance(row, dict)] for key in keys}
    return [_content(key, rows[0][key], columns[key], count) for key in keys]


def _content(key: str, value: Any, values: list[Any], *rows: int | None) -> Content:
    """Describe what stands under a key: a whole array, or the first one of so many rows."""
    shape: list[int | None] = list(rows)
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    is_text = isinstance(value, str)
    texts = tuple(text for text in values[:_MOST_TEXTS] if isinstance(text, str)) if is_text else ()
    return Content(key, tuple(shape), "text" if is_text else "float64", key=key, texts=texts)
