"""The pages of the documentation that ship with the package, by topic."""

import re
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
    wanted = topic.lower().removesuffix(".md").replace("_", "-").replace(" ", "-")
    if wanted in pages:
        return pages[wanted].read_text("utf-8")
    texts = {name: found.read_text("utf-8") for name, found in pages.items()}
    hint = _nearest(topic.lower(), wanted, texts) if wanted else None
    raise UsageError(f"there is no page {topic!r}", hint=hint or f"there are {', '.join(pages)}")


def _nearest(words: str, wanted: str, texts: dict[str, str]) -> str | None:
    """Return which page was probably meant: by its name, a title of a section, or a measure."""
    from difflib import get_close_matches

    if near := [name for name in texts if name.startswith(wanted)]:
        return f"did you mean xent help {near[0]}?"
    if f"`{words}`" in texts["measures"]:
        return f"xent help measures says what {words} is"
    if section := _section_on(wanted.replace("-", " "), texts):
        return "xent help {} has a section {!r}".format(*section)
    if near := get_close_matches(wanted, texts, 1, 0.6):
        return f"did you mean xent help {near[0]}?"
    counts = {
        name: len(re.findall(rf"(?<!\w){re.escape(words)}", text, re.IGNORECASE))
        for name, text in texts.items()
    }
    most = max(counts, key=lambda name: counts[name])
    return f"xent help {most} speaks of {words}" if counts[most] else None


def _section_on(words: str, texts: dict[str, str]) -> tuple[str, str] | None:
    """Return the page and the shortest title of a section that has these words."""
    titles = [
        (topic, line.lstrip("# "))
        for topic, text in texts.items()
        for line in text.splitlines()
        if line.startswith("##")
    ]
    found = [each for each in titles if re.search(rf"\b{re.escape(words)}", each[1], re.IGNORECASE)]
    return min(found, key=lambda each: len(each[1]), default=None)


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
