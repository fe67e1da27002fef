"""The cells of a page: short numbers with all their digits in the markup, and safe text."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from xentcli.render.comparison_verdict import difference_in_points, interval_in_points
from xentcli.render.measures import DIFFERENCES
from xentcli.render.number_columns import short_name
from xentcli.render.pictures.canvas import short_number
from xentcli.render.tables import row_word
from xentcli.text import human_bytes, shape_text, visible

_NAME_WIDTH = 48  # characters
_MOST_TEXT = 200  # characters of a text from a file, even where all of it is wanted
_MOST_NOTE_CHARACTERS = 600
_MOST_COMMAND_CHARACTERS = 4000


def number(value: float | None, *, sign: bool = False) -> Markup:
    """Return a short number that is shown in full to a pointer, and given in full to programs.

    Examples
    --------
    >>> print(number(0.156532615736313))
    <data value="0.156532615736313" title="0.156532615736313">0.1565</data>
    >>> print(number(None))
    <span title="does not apply">–</span>
    >>> print(number(0.25, sign=True))
    <data value="0.25" title="0.25">+0.2500</data>
    """
    if value is None:
        return Markup('<span title="does not apply">–</span>')
    if isinstance(value, int):
        return count(value)
    text, full = short_number(value), repr(float(value))
    if sign and value > 0.0:
        text = f"+{text}"
    if not math.isfinite(value):
        return Markup("{}").format(text)
    return Markup('<data value="{0}" title="{0}">{1}</data>').format(full, text)


def change(value: float | None) -> Markup:
    """Return a difference with its sign."""
    return number(value, sign=True)


def value_of(metrics: Mapping[str, Any], name: str) -> Markup:
    """Return the value of a measure, with its sign if it is a difference."""
    return number(metrics[name].value, sign=name in DIFFERENCES)


def count(value: int | None) -> Markup:
    """Return a number of rows.

    Examples
    --------
    >>> print(count(1234567), count(450))
    <data value="1234567">1,234,567</data> 450
    """
    if value is None:
        return number(None)
    if value < 1000:
        return Markup("{}").format(value)
    return Markup('<data value="{0}">{0:,}</data>').format(value)


def text(value: str, most: int = _MOST_TEXT) -> str:
    """Return text from a file, cut if it is long, without characters that a browser would hide."""
    shown = visible(value[: most + 1])
    return shown if len(shown) <= most else f"{shown[:most]}…"


def name(value: str) -> Markup:
    """Return a name cut in the middle, which is shown in full to a pointer.

    Examples
    --------
    >>> print(name("<b>"), name(""))
    <bdi>&lt;b&gt;</bdi> <i>empty</i>
    """
    if not value:
        return Markup("<i>empty</i>")
    full, short = text(value), short_name(value[: 10 * _MOST_TEXT], _NAME_WIDTH)
    if full == short:
        return Markup("<bdi>{}</bdi>").format(full)
    return Markup('<bdi title="{}">{}</bdi>').format(full, short)


def command(value: str) -> str:
    """Return a command line, which may name thousands of files."""
    return text(value, _MOST_COMMAND_CHARACTERS)


def note(value: str) -> str:
    """Return what the user is told, which may quote text from files."""
    return text(value, _MOST_NOTE_CHARACTERS)


def shape(value: Sequence[int | None]) -> str:
    """Return a shape as it is read.

    Examples
    --------
    >>> shape((450, 10)), shape((None, 10)), shape(())
    ('450 × 10', '? × 10', 'one number')
    """
    return shape_text(value)


def size(value: int | None) -> Markup:
    """Return a number of bytes."""
    if value is None:
        return number(None)
    return Markup('<data value="{0}" title="{0:,} bytes">{1}</data>').format(
        value, human_bytes(value)
    )


def moment(value: str | None) -> Markup:
    """Return a time, of which a pointer shows the fractions of a second.

    Examples
    --------
    >>> print(moment("2026-11-29T06:29:18.5+00:00"))
    <time datetime="2026-11-29T06:29:18.5Z" title="06:29:18.5">2026-11-29 06:29:18 UTC</time>
    """
    found = re.fullmatch(r"([\d-]+)T([\d:]+)(\.\d+)?(?:\+00:00|Z)", value or "")
    if found is None:
        return escape(text(value or "–"))
    day, second, rest = found.groups(default="")
    return Markup('<time datetime="{0}T{1}{2}Z" title="{1}{2}">{0} {1} UTC</time>').format(
        day, second, rest
    )


def plain(value: Any) -> Markup:
    """Return a field of a result from outside, whatever it is."""
    if isinstance(value, bool) or value is None or not isinstance(value, (int, float)):
        return escape(text(str(value)))
    return count(value) if isinstance(value, int) else number(value)


FILTERS = {
    "number": number,
    "change": change,
    "value_of": value_of,
    "count": count,
    "row_word": row_word,
    "difference_in_points": difference_in_points,
    "interval_in_points": interval_in_points,
    "text": text,
    "name": name,
    "command": command,
    "note": note,
    "shape": shape,
    "size": size,
    "moment": moment,
    "plain": plain,
}
