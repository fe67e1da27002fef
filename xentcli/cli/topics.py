"""The pages of the documentation that ship with the package, by topic."""

from importlib.resources import files
from typing import TYPE_CHECKING

from xentcli.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def page(topic: str) -> str:
    """Return the page of a topic, as Markdown.

    Raises
    ------
    UsageError
        If there is no such page; the message names the nearest.
    """
    pages = _pages()
    wanted = topic.lower().removesuffix(".md").replace("_", "-")
    if wanted in pages:
        return pages[wanted].read_text("utf-8")
    from difflib import get_close_matches

    near = get_close_matches(wanted, pages, 1, 0.4)
    hint = f"did you mean xent help {near[0]}?" if near else f"there are {', '.join(pages)}"
    raise UsageError(f"there is no page {topic!r}", hint=hint)


def list_of_topics() -> str:
    """Return the list of topics, with what each is about, as Markdown."""
    lines = [
        f"- **{topic}**: {_about(found.read_text('utf-8'))}" for topic, found in _pages().items()
    ]
    return "\n".join(["# Pages", "", *lines, "", "`xent help TOPIC` shows a page.", ""])


def complete_topic(incomplete: str) -> list[str]:
    """Return the topics that begin so."""
    return [topic for topic in _pages() if topic.startswith(incomplete)]


def _pages() -> "dict[str, Traversable]":
    """Return the pages, in the order of their topics."""
    folder = files("xentcli") / "docs"
    found = [path for path in folder.iterdir() if path.name.endswith(".md")]
    return {path.name.removesuffix(".md"): path for path in sorted(found, key=lambda p: p.name)}


def _about(text: str) -> str:
    """Return a page's summary of itself: the paragraph below its title."""
    _, about, *_ = text.split("\n\n", 2)
    return " ".join(about.split()).rstrip(".")
