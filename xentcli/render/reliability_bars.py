"""How often each confidence comes true, as a picture of block characters."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from xentcli.results.calibration import Bin

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_BELOW, _ABOVE = "░", "▒"  # the part by which a bar is below its confidence, or above it
_AXIS_WIDTH = 5  # columns of the terminal
_HEIGHT_LINES = 5  # lines of the terminal
_BARS_APART = 20  # with more bins, no gaps stand between them
_WIDEST_BAR_WIDTH = 12  # columns of the terminal


def legend(*, binary: bool) -> str:
    """Return what the characters mean; bins of a binary model are of the probability of class 1."""
    height, place = ("class 1", "probability") if binary else ("accuracy", "confidence")
    return f"{_EIGHTHS[-1]} {height}, {_BELOW} below, {_ABOVE} above {place}"


def picture_width(bins: int) -> int:
    """Return how many columns of the terminal the picture of so many bins takes."""
    return _AXIS_WIDTH + bins * sum(_widths(bins))


def _widths(bins: int) -> tuple[int, int]:
    """Return the columns of a bar, and of the gap after it."""
    return (max(2, min(_WIDEST_BAR_WIDTH, 30 // bins)), 1) if bins <= _BARS_APART else (1, 0)


def reliability_picture(bins: "Sequence[Bin]", *, binary: bool = False) -> Iterator[Text]:
    """Yield a bar for each bin, as high as its accuracy; the scale; and how the rows spread.

    Of a `binary` model, it is as high as the share of class 1.
    """
    bar, gap = _widths(len(bins))
    for line in range(_HEIGHT_LINES):
        label = {0: "1.0", _HEIGHT_LINES - 1: "0.0"}.get(line, "")
        text = Text.assemble((f"{label:>{_AXIS_WIDTH - 2}} │", "dim"))
        for each in bins:
            character, style = _cell(each, _HEIGHT_LINES - 1 - line)
            text.append(character * bar, style).append(" " * gap)
        yield text
    width = len(bins) * (bar + gap)
    inside = width - gap - 2  # between 0 and 1
    title = "p(class 1)" if binary else "confidence"
    title = title if inside > len(title) else ""
    yield Text(f"{'':{_AXIS_WIDTH}}0{title:^{inside}}1", "dim")
    most = max((each.rows for each in bins), default=0)
    text = Text.assemble(("rows ", "dim"))
    for each in bins:
        level = -(-8 * each.rows // most) if most else 0  # even one row shows
        text.append(_EIGHTHS[level] * bar, "cyan").append(" " * gap)
    yield text


def _cell(each: "Bin", level: int) -> tuple[str, str]:
    """Return what a bin shows at this line, counted from below."""
    if each.accuracy is None or each.confidence is None:
        return " ", ""
    filled = each.accuracy * _HEIGHT_LINES - level  # of this line
    middle = (level + 0.5) / _HEIGHT_LINES
    if filled >= 1.0:
        return (_ABOVE, "yellow") if each.confidence < middle else (_EIGHTHS[-1], "green")
    if filled > 1 / 16:
        return _EIGHTHS[round(filled * 8)], "green"
    return (_BELOW, "red") if each.confidence > middle else (" ", "")
