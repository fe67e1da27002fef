"""Finds arrays that stand side by side in a table, as the names of its columns tell.

Logits beside their probabilities would else be read as one array of twice as many classes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

from xentcli.formats.column_words import words_of

Places = list[int]

_KINDS = {
    "logit": "logit logits",
    "prob": "prob probs proba probas probability probabilities softmax",
    "logprob": "logprob logprobs",
    "output": "output outputs",
}
KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_WORDS_OF_SIDES = """
    model net m fold seed run head member ckpt checkpoint epoch step layer exp x y
    base new old teacher student ref reference ema raw calibrated uncalibrated before after pre post
    mean std se var variance lower upper float fp int quant quantized train val valid test
"""
_SIDES = frozenset(_WORDS_OF_SIDES.split())
"""What tells two models apart, or two measures of each class."""
_BOUNDARY = re.compile(r"[_\-.:=/|]+")
_NUMBERED = re.compile(r"(\D*)([0-9]{1,9})(\D*)")
_TWICE_NUMBERED = re.compile(r"(\D*)([0-9]{1,9})(\D+)([0-9]{1,9})(\D*)")
_MOST_TRIED = 8  # what the first name may begin or end with besides the name of a class
_MOST_LETTERS = 2  # x0, x1, p0, p1 are models; A1, A2, B1, B2 are levels of a language
TAGS = frozenset("BIOESLUM")
"""What the classes of words begin with, where several words have a class: B-PER, I-PER."""


class Sides(NamedTuple):
    """Arrays that stand side by side.

    Attributes
    ----------
    arrays : list of list of int
        The places of the columns of each.
    sure : bool
        Whether the names can hardly be those of classes of one array.
    """

    arrays: list[Places]
    sure: bool


def sides(names: Sequence[str]) -> Sides | None:
    """Return the arrays that names of columns tell of; None where they tell of one."""
    if len(names) < 4 or not all(names):
        return None
    if arrays := _of_kinds(names):
        return Sides(arrays, sure=True)
    if affixed := _with_an_affix(names):
        return affixed
    tried = _in_a_grid(names), _of_words(names, last=False), _of_words(names, last=True)
    products = [each for each in tried if each]
    if not any(each.sure for each in products) and (arrays := _numbered_alike(names)):
        return Sides(arrays, sure=True)
    return max(products, key=lambda each: each.sure, default=None)


def are_twice_numbered(names: Sequence[str]) -> bool:
    """Whether names of one pattern hold two numbers each, as those of several models may."""
    return _TWICE_NUMBERED.fullmatch(names[0]) is not None


def option_of(places: Places, names: Sequence[str], every: Sequence[str]) -> str | None:
    """Return a pattern that finds these columns and no others of a table; None if none does."""
    those = [names[i] for i in places]
    start, end = _shared(those), _shared([name[::-1] for name in those])[::-1]
    if not all(name[len(start) :].isdecimal() for name in those):
        start = start[: max((cut.end() for cut in _BOUNDARY.finditer(start)), default=0)]
    cut = _BOUNDARY.search(end)
    for pattern in (f"{start}*", f"*{end[cut.start() :] if cut else ''}"):
        plain = pattern != "*" and pattern.count("*") == 1 and not {*pattern} & {*"?[,"}
        if plain and [name for name in every if fnmatchcase(name, pattern)] == those:
            return pattern
    return None


def _shared(names: Sequence[str]) -> str:
    """Return what all names begin with."""
    low, high = min(names), max(names)
    return next((low[:i] for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), low)


def places_of(keys: Iterable[str | None]) -> dict[str | None, Places]:
    """Return the places of each key."""
    found: dict[str | None, Places] = {}
    for i, key in enumerate(keys):
        found.setdefault(key, []).append(i)
    return found


def kind_of(name: str) -> str | None:
    """Return what a name says that its column holds of a class, if it says so."""
    words = [word for word in words_of(name) if not word.isdecimal()]
    if not words or len(name.split()) > 2:  # a sentence
        return None
    if words[:2] == ["log", "prob"] or words[-2:] == ["log", "prob"]:
        return "logprob"
    return KIND_OF.get(words[0]) or KIND_OF.get(words[-1])


def _of_kinds(names: Sequence[str]) -> list[Places]:
    """Return columns of logits, of probabilities, and as many of neither, each an array."""
    groups = places_of(map(kind_of, names))
    without = groups.pop(None, [])
    arrays = [places for places in groups.values() if len(places) > 1]
    if without and [len(without)] == [len(places) for places in arrays]:
        arrays.append(without)
    return sorted(arrays) if len(arrays) > 1 else []


def counted(names: Sequence[str]) -> dict[tuple[str, str], tuple[Places, frozenset[int]]]:
    """Return the places and numbers of names that are one but for 0, 1, ... or 1, 2, ..."""
    groups: dict[tuple[str, str], dict[int, int]] = {}
    for i, name in enumerate(names):
        if match := _NUMBERED.fullmatch(name):
            groups.setdefault((match[1], match[3]), {})[int(match[2])] = i
    return {
        stem: ([*places.values()], frozenset(places))
        for stem, places in groups.items()
        if len(places) > 1 and max(places) - min(places) + 1 == len(places) and min(places) < 2
    }


def _numbered_alike(names: Sequence[str]) -> list[Places]:
    """Return columns that are numbered in the same way behind two words or more."""
    groups = counted(names)
    letters = [start + end for start, end in groups if len(start + end) < 2]
    may_be_classes = len(letters) > _MOST_LETTERS or any(map(str.isupper, letters))
    if may_be_classes or len(groups) < 2 or len({numbers for _, numbers in groups.values()}) > 1:
        return []
    return sorted(places for places, _ in groups.values())


def _with_an_affix(names: Sequence[str]) -> Sides | None:
    """Return names, and the same ones behind or before a word: p_cat; far_left may be a class."""
    if len(names) % 2:
        return None
    there = {name: i for i, name in enumerate(names)}
    for start, end in islice(dict.fromkeys(_affixes(names[0], there)), _MOST_TRIED):
        longer = {f"{start}{name}{end}": i for name, i in there.items()}
        affixed = [there[name] for name in longer if name in there]
        bare = [i for name, i in longer.items() if name in there]
        if 2 * len(bare) == len(names) == len({*affixed, *bare}):
            return Sides(sorted([bare, affixed]), _says_side(_BOUNDARY.sub("", start + end)))
    return None


def _affixes(first: str, there: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what a name may have more than another one, before and behind it."""
    for cut in _BOUNDARY.finditer(first):
        if first[cut.end() :] in there:
            yield first[: cut.end()], ""
        if first[: cut.start()] in there:
            yield "", first[cut.start() :]
    for name in there:
        start, end = name[: -len(first)], name[len(first) :]
        if name.startswith(first) and _BOUNDARY.match(end):
            yield "", end
        if name.endswith(first) and _BOUNDARY.search(start[-1:]):
            yield start, ""


def _in_a_grid(names: Sequence[str]) -> Sides | None:
    """Return arrays whose columns are numbered twice: ``model1_0, model1_1, model2_0, ...``."""
    parts = [match.groups() for name in names if (match := _TWICE_NUMBERED.fullmatch(name))]
    if len(parts) < len(names) or len({(a, b, c) for a, _, b, _, c in parts}) != 1:
        return None
    said = not _SIDES.isdisjoint(words_of(parts[0][0]))
    return _product([(part[1], part[3]) for part in parts], lambda _: said)


def _of_words(names: Sequence[str], *, last: bool) -> Sides | None:
    """Return arrays whose columns begin, or end, with different words, and are else alike."""
    pairs = []
    for name in names:
        cuts = [*_BOUNDARY.finditer(name, 1)]
        if not cuts:
            return None
        cut = cuts[-1 if last else 0]
        parts = name[: cut.start()], name[cut.end() :]
        pairs.append(parts[::-1] if last else parts)
    return _product(pairs, lambda words: all(map(_says_side, words)))


def _product(
    pairs: Sequence[tuple[str, str]], are_sides: Callable[[Iterable[str]], bool]
) -> Sides | None:
    """Return the places of each first part, if every one of them has every second part."""
    arrays = [*places_of(first for first, _ in pairs).values()]
    rests = [{pairs[i][1] for i in places} for places in arrays]
    alike = all(rest == rests[0] for rest in rests)
    if len(arrays) < 2 or len(rests[0]) < 2 or not alike or len({*pairs}) < len(pairs):
        return None
    numbers = all(part.isdecimal() for pair in pairs for part in pair)  # 0-0, 0-1, 1-0, 1-1
    firsts = {first for first, _ in pairs}
    return Sides(arrays, sure=not numbers and not firsts <= TAGS and are_sides(firsts))


def _says_side(word: str) -> bool:
    """Whether a word tells a model, or a measure, from another: ``model2``, ``B``, ``ema``."""
    return len(word) == 1 or word.lower().strip("0123456789_-. ") in {*_SIDES, ""}
