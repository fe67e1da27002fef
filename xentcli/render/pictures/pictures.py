"""The pictures of one kind of results, and how one becomes a file.

matplotlib is imported where something is drawn.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Pictures(NamedTuple):
    """The pictures of one kind of results.

    Attributes
    ----------
    descriptions : mapping of str to str
        The text of each kind for readers who cannot see it.
    nothing : mapping of str to str
        The text of each kind where there is nothing to draw.
    is_drawn, figure_of : callable
        Say whether there is something to draw, and draw it, given a kind and a result.
    """

    descriptions: Mapping[str, str]
    nothing: Mapping[str, str]
    is_drawn: Callable[[str, Any], bool]
    figure_of: "Callable[[str, Any], Figure]"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of pictures, the main one first."""
        return tuple(self.descriptions)

    def picture(self, kind: str, found: Any, form: str) -> bytes:
        """Return a picture as a file, the same bytes for the same result.

        Where there is nothing to draw, the picture says so.
        """
        with quietly():
            from xentcli.render.pictures.canvas import in_own_style, saved, words

            with in_own_style():
                if not self.is_drawn(kind, found):
                    return saved(words(self.nothing[kind]), form)
                return saved(self.figure_of(kind, found), form)

    def inline(self, kind: str, found: Any, suffix: str = "") -> str:
        """Return a picture as an SVG element to stand within a page.

        The suffix sets its references apart from those of other pictures of the same kind.
        """
        from xentcli.render.pictures.page_pictures import inline_svg

        svg = self.picture(kind, found, "svg")
        return inline_svg(svg, f"{kind}{suffix}", self.descriptions[kind])

    def of_page(self, found: Any) -> dict[str, str]:
        """Return all that can be drawn, by their kinds."""
        return {kind: self.inline(kind, found) for kind in self.kinds if self.is_drawn(kind, found)}


@contextmanager
def quietly() -> Iterator[None]:
    """Keep matplotlib's messages about fonts and its folders from standard error.

    A missing character, or the first search for a font, changes no number.
    """
    import logging
    import warnings

    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
