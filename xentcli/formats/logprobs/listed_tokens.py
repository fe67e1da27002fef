"""The tokens that a server lists at a place as the most probable ones, beside the token there."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from xentcli.formats.listed_pairs import ID
from xentcli.text import is_count


class Listed(NamedTuple):
    """A token and its log-probability: its number in the vocabulary, and its text, if told."""

    id: int | None
    text: str | None
    logprob: float | None


class TokenPlace(NamedTuple):
    """The token that stands at a place, and the list of the most probable ones there."""

    own: Listed
    others: tuple[Listed, ...] = ()


TokenPlaces = list[TokenPlace]
ReadLists = Callable[[], TokenPlaces]
"""Makes the lists of some tokens; it is called while their document is there, if at all."""


def of_entries(
    entries: Iterable[Any], key: str = "logprob", tops: str = "top_logprobs"
) -> TokenPlaces:
    """Return the places of tokens that are an object each, with a list in each."""
    return [
        TokenPlace(_entry(entry, key), tuple(_entry(one, key) for one in entry.get(tops) or ()))
        for entry in entries
    ]


def beside(entries: Iterable[Any], tops: Iterable[Any] | None, key: str = "logprob") -> TokenPlaces:
    """Return the places of tokens whose lists are beside them."""
    return [
        TokenPlace(_entry(entry, key), tuple(_entry(one, key) for one in found or ()))
        for entry, found in _paired(entries, tops)
    ]


def of_texts(
    tokens: Iterable[str], numbers: Iterable[Any], tops: Iterable[Any] | None
) -> TokenPlaces:
    """Return the places of parallel lists, whose most probable tokens are keys."""
    own = [_named(text, number) for text, number in zip(tokens, numbers, strict=True)]
    return [
        TokenPlace(one, tuple(_named(*pair) for pair in (found.items() if found else ())))
        for one, found in _paired(own, tops)
    ]


def of_ids(entries: Iterable[Any], chosen: Iterable[Any]) -> TokenPlaces:
    """Return the places of objects by token id, of which `chosen` are the tokens' own entries."""
    places = []
    for entry, own in zip(entries, chosen, strict=True):
        pairs = [] if entry is None else [(_by_id(key, one), one) for key, one in entry.items()]
        mine = next((found for found, one in pairs if one is own or one == own), None)
        others = tuple(found for found, _ in pairs)
        places.append(TokenPlace(mine or Listed(None, None, None), others))
    return places


def of_triples(triples: Iterable[Any], tops: Iterable[Any] | None) -> TokenPlaces:
    """Return the places of triples of log-probability, token id and text."""
    return [
        TokenPlace(_triple(own), tuple(_triple(one) for one in found or ()))
        for own, found in _paired(triples, tops)
    ]


def _paired(each: Iterable[Any], tops: Iterable[Any] | None) -> list[tuple[Any, Any]]:
    tokens = [*each]
    found = [*tops] if tops is not None else [None] * len(tokens)
    return list(zip(tokens, found, strict=True))


def _entry(entry: Any, key: str) -> Listed:
    number = entry.get(key)
    told = next((entry.get(name) for name in ("id", "tokenId", "token_id") if name in entry), None)
    text = entry.get("token") if "token" in entry else entry.get("text")
    return _named(text, number) if told is None else Listed(told, text, number)


def _named(text: str | None, number: Any) -> Listed:
    if text is not None and text.startswith(ID) and is_count(text[len(ID) :]):
        return Listed(int(text[len(ID) :]), None, number)
    return Listed(None, text, number)


def _by_id(key: str, entry: Any) -> Listed:
    return Listed(int(key), entry.get("decoded_token"), entry.get("logprob"))


def _triple(triple: Any) -> Listed:
    if triple is None:
        return Listed(None, None, None)
    number, told, *texts = triple  # LMDeploy tells no text
    return Listed(told, texts[0] if texts else None, number)
