"""Which choices a doc has, as the harness measures their lengths, and which of them are right."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

_DEEPEST = 4  # lists of choices in a doc


def choice_texts(doc: Any, continuations: Sequence[str]) -> list[str]:
    """Return the choices that were scored, without the space that stands before each.

    They are the list, anywhere in the doc, that the continuations are made of. If there is none,
    they are what follows the space that the harness puts before each continuation.
    """
    for found in _lists(doc, len(continuations)):
        first, text = continuations[0], found[0]
        between = first[: len(first) - len(text)]
        if not between.strip() and all(
            whole == between + part for whole, part in zip(continuations, found, strict=True)
        ):
            return found
    if all(each.startswith(" ") for each in continuations):
        return [each[1:] for each in continuations]
    return list(continuations)


def _lists(value: Any, count: int, depth: int = 0) -> Iterator[list[str]]:
    """Yield the lists of so many texts in a doc."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        if len(value) == count and all(isinstance(each, str) for each in value):
            yield value
            return
        inner: Any = value
    elif isinstance(value, dict):
        inner = value.values()
    else:
        return
    for each in inner:
        yield from _lists(each, count, depth + 1)


def choice_letters(doc: Any, count: int) -> list[str]:
    """Return what a doc calls its choices, A, B, ..., beside their texts; nothing for numbers."""
    choices = doc.get("choices") if isinstance(doc, dict) else None
    told = choices.get("label") if isinstance(choices, dict) else None
    if not isinstance(told, list) or len(told) != count:
        return []
    letters = [each for each in told if isinstance(each, str) and not each.strip().isdigit()]
    return letters if len(letters) == count else []


def golds_of(
    target: Any, texts: Sequence[str], count: int, letters: Sequence[str] = ()
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the right choices, by the target as a number or else as a text; and other ones.

    A target that is neither may be what the doc calls a choice. The other ones are those by the
    text, and empty unless both readings make sense and differ.
    """
    if isinstance(target, str) and target[:1] == "[" and target[-1:] == "]":
        target = _list_of(target)
    if isinstance(target, list):
        each = [golds_of(one, texts, count, letters)[0] for one in target]
        return tuple(dict.fromkeys(gold for golds in each for gold in golds)), ()
    by_text = _place(target, texts) if isinstance(target, str) else ()
    by_number = _index(target, count)
    if by_number and by_text and by_number != by_text:
        return by_number, by_text
    if not (by_number or by_text) and isinstance(target, str):
        return _place(target, letters), ()
    return by_number or by_text, ()


def _index(target: Any, count: int) -> tuple[int, ...]:
    if isinstance(target, str):
        target = int(target) if target.isascii() and target.isdigit() and len(target) < 10 else -1
    if isinstance(target, bool) or not isinstance(target, int):
        return ()
    return (target,) if 0 <= target < count else ()


def _place(target: str, texts: Sequence[str]) -> tuple[int, ...]:
    if target in texts:
        return (texts.index(target),)
    bare = [text.strip() for text in texts]
    return (bare.index(target.strip()),) if target.strip() in bare else ()


def _list_of(target: str) -> Any:
    """Return the list that Python printed, of numbers or texts; the text itself where it is none.

    Only what is JSON after its quotes are replaced is read: nothing is evaluated.
    """
    for text in (target, target.replace("'", '"')):
        try:
            return json.loads(text)
        except ValueError:
            continue
    return target
