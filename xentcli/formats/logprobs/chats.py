"""Chat completions of a block of lines, read at once: whole ones, or the pieces of streams.

Where an answer or a line has few tokens, making its objects is most of the cost. So lines that hold
only what most servers write are parsed in one step into few objects; a block with anything else is
read line by line.
"""

from collections.abc import Callable
from functools import cache
from types import GenericAlias
from typing import Any

from xentcli.formats.logprobs.answers import Answer, Scored
from xentcli.formats.logprobs.gathered import Gathered
from xentcli.formats.logprobs.pieces import Sequence

_EVENT = b"data: "
_Found = dict[int, tuple[str, list[float | None], list[int | None]]]
"""Where each choice begins, and its tokens' log-probabilities and sizes."""
_NONE_YET = object()
_WHOLE, _PIECE = "chat.completion", "chat.completion.chunk"


@cache
def _parser() -> Callable[[bytes], list[Any]] | None:
    """Return what parses lines of chat completions; it raises ValueError of any other line."""
    try:
        import msgspec
    except ImportError:
        return None

    def object_of(*keys: Any, without: tuple[str, ...] = ()) -> Any:
        none = [(key, None, None) for key in without]
        return msgspec.defstruct("Chat", [*keys, *none], gc=False, kw_only=True)

    token = object_of(("logprob", float | None), ("bytes", list[int] | None))
    tokens: Any = GenericAlias(list, (token,)) | None
    others = ("refusal", "reasoning_content", "token_logprobs")
    told = object_of(("content", tokens, None), without=others)
    prompts = ("prompt_logprobs", "prompt")
    ends = ("finish_reason", str | None, None)
    choice = object_of(("index", int), ("logprobs", told | None, None), ends, without=prompts)
    choices: Any = GenericAlias(list, (choice,))
    name = ("id", str | None, None)
    chat = object_of(("object", str), ("choices", choices), name, without=prompts)
    return msgspec.json.Decoder(chat | None).decode_lines


def take_chats(text: bytes, first: int, name: str, gathered: Gathered) -> bool:
    """Take the tokens that were generated in lines of chat completions; say whether these are such.

    Parameters
    ----------
    text : bytes
        UTF-8, from the beginning of a line.
    first : int
        The number of that line.
    name : str
        The name of the file.
    gathered : Gathered
        What takes them; it is left as it is if anything is no chat completion.
    """
    parse = _parser()
    if parse is None:
        return False
    body = text.lstrip(b"\n")
    first += len(text) - len(body)
    body = body.rstrip(b"\n")
    ends, step = body.count(b"\n"), 1
    if body.startswith(_EVENT):  # events of a line each, and an empty line behind each
        step = 2
        body = body[len(_EVENT) :].replace(b"\n\n" + _EVENT, b"\n")
        if b"[DONE]" in body:
            body = (b"\n" + body).replace(b"\n[DONE]", b"\nnull")[1:]
    try:
        chats = parse(body)
    except (ValueError, RecursionError):
        return False
    kinds = {chat.object for chat in chats if chat is not None}
    if step * (len(chats) - 1) != ends or (step == 1 and None in chats):
        return False
    if kinds == {_WHOLE}:
        _take_whole(chats, first, step, name, gathered)
    elif kinds == {_PIECE}:
        _take_pieces(chats, first, step, name, gathered)
    else:
        return False
    return True


def _says_nothing(chat: Any) -> bool:
    """Whether this is the end of a stream, or what Azure's filter says."""
    return chat is None or (chat.id == "" and not chat.choices)


def _take_whole(chats: list[Any], first: int, step: int, name: str, gathered: Gathered) -> None:
    for line, chat in enumerate(chats):
        if _says_nothing(chat):
            continue
        place = f"{name}:{first + step * line}"
        kept = []
        for choice in chat.choices:
            told = choice.logprobs
            if told is not None and told.content:
                tokens = told.content
                numbers = [token.logprob for token in tokens]
                scored = Scored("generated", numbers, _sizes(tokens), choice.index)
                kept.append(Sequence(place, scored, []))
        called = chat.id or place.rpartition("/")[2]
        gathered.take(kept, called, Answer(_WHOLE, [], chat.id or None))
        if kept:
            gathered.leave_out(called, [each.index for each in chat.choices if not each.logprobs])


def _take_pieces(chats: list[Any], first: int, step: int, name: str, gathered: Gathered) -> None:
    """Take the pieces of each stream as one, until those of another come between them."""
    stream: Any = _NONE_YET
    found: _Found = {}
    finished: list[int] = []
    for line, chat in enumerate(chats):
        if _says_nothing(chat):
            continue
        if chat.id != stream:
            _take_stream(stream, found, finished, gathered)
            stream, found, finished, index = chat.id, {}, [], None
        for choice in chat.choices:
            if choice.finish_reason:
                finished.append(choice.index)
            told = choice.logprobs
            if told is None or not told.content:
                continue
            if choice.index != index:
                index = choice.index
                place = f"{name}:{first + step * line}"
                _, numbers, sizes = found.setdefault(index, (place, [], []))
            for token in told.content:
                numbers.append(token.logprob)
                sizes.append(None if token.bytes is None else len(token.bytes))
    _take_stream(stream, found, finished, gathered)


def _take_stream(stream: Any, found: _Found, finished: list[int], gathered: Gathered) -> None:
    if stream is _NONE_YET:
        return
    pieces = [
        Sequence(place, Scored("generated", numbers, sizes, index), [])
        for index, (place, numbers, sizes) in found.items()
    ]
    ended = tuple(finished)
    gathered.take(pieces, "", Answer(_PIECE, [], stream=stream or "", ends=False, finished=ended))


def _sizes(tokens: list[Any]) -> list[int | None]:
    """Return how many bytes each token is, None where they are not told."""
    try:
        return [len(token.bytes) for token in tokens]
    except TypeError:
        return [None if token.bytes is None else len(token.bytes) for token in tokens]
