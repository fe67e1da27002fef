"""JSON: nested lists, objects of them, JSON lines, and arrays as Python prints them. Only read."""

import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from xentcli.errors import InputError
from xentcli.formats.base import Format, ReadOptions, Source
from xentcli.storage.inputs import Input

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

_CALL = (
    rb"(?:(?:torch\.|np\.|numpy\.)?(?:[tT]ensor|[aA]rray)|(?:np|numpy)\.\w++"
    rb"|Parameter containing:\s*+tensor)\s*+\("
)
_NUMBER = rb"-?(?:[\d.]|nan|inf|NaN|Inf)"
# A list of lists, numbers or names; an object; a tuple; what PyTorch, NumPy and JAX print. No cell
# of CSV: neither an interval, (0, 1] or [0, 1), nor an accountant's negative, (1.5).
_PATTERN = (
    rb"(?:\xef\xbb\xbf)?\s*+(?:\[(?![^()\[\]{}\"]*+\))\s*+(?:[\[{\"\s(]|\]|"
    + _NUMBER
    + rb"|null|true|false|"
    + _CALL
    + rb"|\Z)"
    rb"|(?:(?:event|id|retry|):[^\r\n]*+\s++)*+(?:data:\s*+)?\{\s*+[\"}]|\{\s*+\Z|"
    + _CALL
    + rb"|\(\s*+(?:[\[(]|"
    + _CALL
    + rb"|"
    + _NUMBER
    + rb"[^,()\[\]]*+,[^()\[\]]*+(?:\)|\Z)))"
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""The byte order marks with which PowerShell writes what a server answers."""
_BEGINNINGS = (
    *(b"[", b"{", b"(", b"event", b"id", b"retry", b":", b"data:"),
    *(b"torch.", b"np", b"numpy", b"tensor", b"Tensor", b"array", b"Array", b"Parameter"),
)
"""What the pattern fits begins with one of these; the pattern itself takes 2 ms to compile."""


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open JSON: lines one by one, anything else as a whole; answers and samples by their keys."""
    from xentcli.formats.harness.source import holds_samples, open_samples
    from xentcli.formats.json.document import open_document
    from xentcli.formats.json.lines import JsonLinesSource, are_lines
    from xentcli.formats.logprobs.recognised import holds_answers

    if holds_samples(data):
        return open_samples(data, options)
    if holds_answers(data):
        from xentcli.formats.logprobs.source import open_answers

        return open_answers(data, options)
    if data.peek(2) in _WIDE:
        raise InputError(
            f"{data.name}: the text is UTF-16, and JSON is UTF-8", hint="iconv -f UTF-16 -t UTF-8"
        )
    if are_lines(data):
        return JsonLinesSource(data, options)
    return open_document(data, options)


def _recognises(head: bytes) -> bool:
    """Whether a file begins as JSON does, and not as a table does."""
    text = head.removeprefix(BOM_UTF8).lstrip()
    return text.startswith(_BEGINNINGS) and re.match(_PATTERN, head) is not None


def contents(data: Input, options: ReadOptions) -> list["Content"]:
    """Return the arrays of a file, if it holds several."""
    from xentcli.formats.harness.source import holds_samples
    from xentcli.formats.json.contents import contents
    from xentcli.formats.logprobs.recognised import holds_answers

    if holds_samples(data) or holds_answers(data):
        return []
    return contents(data, options)


JSON = Format(
    name="json",
    extensions=(".json", ".jsonl", ".ndjson"),
    recognises=_recognises,
    open_source=open_source,
    is_text=True,
    contents=contents,
    has_keys=True,
)
