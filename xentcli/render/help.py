"""Help pages as text: what matters first, then the rest in groups."""

import textwrap
from typing import NamedTuple

LARGEST_WIDTH = 100
"""The most columns of the terminal that text takes: longer lines are hard to read."""
_TERM_WIDTH = 24  # columns of the terminal that an option may take before its help goes below it
_NARROW_WIDTH = 60  # columns of the terminal; if there are fewer, help stands below its option
_INDENT_WIDTH = 2
_STYLES = {"title": "1", "term": "36", "default": "2"}  # bold, cyan, dim


class Entry(NamedTuple):
    """An option, an argument or a command: how it is typed, and what it does."""

    term: str
    text: str
    default: str = ""


class Section(NamedTuple):
    """Entries under a title, or lines to type."""

    title: str
    entries: tuple[Entry, ...] = ()
    lines: tuple[str, ...] = ()


class HelpPage(NamedTuple):
    """A page of help."""

    usage: str
    paragraphs: tuple[str, ...]
    sections: tuple[Section, ...]
    closing: str = ""


def help_text(page: HelpPage, width: int, *, color: bool) -> str:
    """Return a page for a terminal of this width."""
    usage = textwrap.fill(f"Usage: {page.usage}", width, subsequent_indent=" " * 9)
    parts = [_styled(usage, "title", color)]
    parts += [textwrap.fill(paragraph, width) for paragraph in page.paragraphs]
    for section in page.sections:
        body = [f"{' ' * _INDENT_WIDTH}{line}" for line in section.lines]
        for entry in section.entries:
            body += _entry(entry, width, color)
        parts.append("\n".join([_styled(section.title, "title", color), *body]))
    if page.closing:
        parts.append(textwrap.fill(page.closing, width, break_on_hyphens=False))
    return "\n\n".join(parts)


def _entry(entry: Entry, width: int, color: bool) -> list[str]:
    """Return an entry in two columns, or its help below the term where the term is long."""
    term_width = _TERM_WIDTH if width >= _NARROW_WIDTH else 0
    column = _INDENT_WIDTH + term_width + 2
    default = f" [default: {entry.default}]" if entry.default else ""
    text = textwrap.wrap(entry.text + default, max(width - column, 20), break_on_hyphens=False)
    head = " " * _INDENT_WIDTH + _styled(entry.term, "term", color)
    lines = [" " * column + line for line in text]
    if len(entry.term) <= term_width and lines:
        lines[0] = head + " " * (term_width - len(entry.term) + 2) + text[0]
        return lines
    return [head, *lines]


def _styled(text: str, style: str, color: bool) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color else text
