"""Reads labels of one's own for the tokens of servers' answers: their numbers or their texts."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.base import read_whole
from xentcli.formats.files import InputFile, holds_answers, looked_at, open_file
from xentcli.formats.inline import is_inline
from xentcli.formats.json.values import load
from xentcli.storage.inputs import Input
from xentcli.storage.names import shown_name

Label = int | str | None
"""A token's number or its text; None for a token that is left out."""
_MOST_LABELS = 2**24
_PROBE_BYTES = 64
_PIECE_BYTES = 2**22


class TokenLabels(NamedTuple):
    """The labels of tokens one after the other, and the lengths of the lists that they came in.

    The lengths are None where these are no lists side by side.
    """

    labels: list[Label]
    lengths: list[int] | None = None


def token_labels(given: InputFile | list[Any]) -> TokenLabels:
    """Return labels of tokens one after the other: an array, or lists, which may be nested.

    Raises
    ------
    InputError
        If one is neither a number nor a text.
    """
    return _labels_of(given) if isinstance(given, InputFile) else _listed(given, "labels")


def _labels_of(file: InputFile) -> TokenLabels:
    """Return the labels in a file: an array of numbers or texts, or JSON lists of them."""
    if holds_answers(file):
        raise InputError(
            f"{shown_name(file.path)}: answers of a server, and no labels of their tokens",
            hint="several files of answers are one quoted pattern: xent nll 'requests-*.jsonl'",
        )
    data = None if is_inline(file.path) else looked_at(file)
    head = b"" if data is None else data.peek(_PROBE_BYTES).removeprefix(BOM_UTF8).lstrip()
    if data is not None and head[:1] in (b"[", b'"'):
        documents = _documents(data)
        return _listed(documents[0] if len(documents) == 1 else documents, data.name)
    source = open_file(file)
    values = read_whole(source, _MOST_LABELS).reshape(-1)
    source.check_unchanged()
    return TokenLabels([_label(value, source.name) for value in values.tolist()])


def _listed(value: Any, name: str) -> TokenLabels:
    each = value if isinstance(value, list) else [value]
    side_by_side = all(
        isinstance(inner, list) and not any(isinstance(one, list) for one in inner)
        for inner in each
    )
    return TokenLabels([*_flat(each, name)], [*map(len, each)] if side_by_side else None)


def _documents(data: Input) -> list[Any]:
    """Return one JSON value, or one a line."""
    parts = []
    while part := data.read(_PIECE_BYTES):
        parts.append(part)
    try:
        text = b"".join(parts).removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{data.name}: no UTF-8 text") from error
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and (lines[0].rstrip()[-1:] in ("]", '"') or len(lines) == 1):
        return [load(line, data.name, number) for number, line in enumerate(lines, 1)]
    return [load(text, data.name)]


def _flat(value: Any, name: str) -> Iterator[Label]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each, name)
    else:
        yield _label(value, name)


def _label(value: Any, name: str) -> Label:
    """Return a label: a whole number, a text, or None where a token is left out."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, str))):
        raise InputError(f"{name}: a label is a token's number or its text, not {value!r:.40}")
    return value
