"""Documents by their types: what the dialects ask for is parsed, and all else is passed over.

Objects are dicts, but a token of a list has attributes: its `logprob`, whatever the key, and what
else is told of it. A document of other types is no mistake: a parser that knows none parses it.
"""

from collections.abc import Callable
from functools import cache
from types import GenericAlias
from typing import Any, NamedTuple, TypedDict

from xentcli.formats.logprobs.answers import WRAPPERS

_NAME: Any = str | int | None
_DEEPEST = 3  # an answer in a line of a batch, in what somebody keeps


@cache
def typed_parser() -> Callable[[bytes | memoryview], Any] | None:
    """Return what parses a document by its types; None on a Python for which there is nothing.

    It returns None for a document that has other types. Texts that are passed over need not be
    UTF-8, and numbers there may be larger than any float64.
    """
    try:
        import msgspec
    except ImportError:
        return None
    tokens = _tokens_of(msgspec)
    document: Any = _object()
    for _ in range(_DEEPEST):
        document = _document(tokens, document)
    decode, other = msgspec.json.Decoder(document).decode, msgspec.DecodeError

    def parsed(text: bytes | memoryview) -> Any:
        try:
            return decode(text)
        except (other, RecursionError):
            return None

    return parsed


class _TokenTypes(NamedTuple):
    """The types of lists of tokens, and of what is not wanted."""

    plain: Any
    of_gemini: Any
    of_its_sdk: Any
    triples: Any
    by_ids: Any
    unread: Any
    """The type of what is only asked whether it is there."""


def _tokens_of(msgspec: Any) -> _TokenTypes:
    missing = msgspec.UNSET
    as_dict = {
        "keys": lambda token: token.__struct_fields__,
        "__contains__": lambda token, key: getattr(token, key, missing) is not missing,
    }

    def token(*others: tuple[str, Any, Any], key: str = "logprob", in_list: bool = False) -> Any:
        return msgspec.defstruct(
            "Token",
            [("logprob", float | None), *others],
            namespace=as_dict,
            rename={"logprob": key},
            array_like=in_list,
            gc=False,
        )

    told = ("bytes", list[int] | msgspec.UnsetType | None, missing)
    by_id = GenericAlias(dict, (int, token(("rank", int | None, None))))
    return _TokenTypes(
        _list(token(told)),
        _list(token(told, key="logProbability")),
        _list(token(told, key="log_probability")),
        _list(token(in_list=True) | None),
        _list(by_id | None),
        msgspec.Raw,
    )


def _list(kind: Any) -> Any:
    return GenericAlias(list, (kind,)) | None


def _object(**kinds: Any) -> Any:
    """Return the type of an object that may have these keys, and others."""
    typed: Any = TypedDict
    return typed("Object", kinds, total=False)


def _document(tokens: _TokenTypes, inner: Any) -> Any:
    """Return the type of an answer in any dialect, which an inner document may be within."""
    within = dict.fromkeys(WRAPPERS, inner | str | None)
    within["output"] = inner | _list(_object(content=_list(_object(logprobs=tokens.plain)) | str))
    prompt = {"prompt_logprobs": tokens.by_ids, "prompt_token_ids": _list(int)}
    unread = dict.fromkeys(("url", "request"), tokens.unread)
    names = dict.fromkeys(("object", "id", "custom_id", "type", "status", "key", "recordId"), _NAME)
    return _object(
        **{**prompt, **unread, **names, **within},
        choices=_list(_choice(tokens, prompt)),
        prompt=_list(_object(logprobs=_parallel(tokens) | None)) | str,
        usage=_object(prompt_tokens=int | None, completion_tokens=int | None) | None,
        message=_object() | _NAME,
        error=_object(message=str | None, errorMessage=str | None) | str | None,
        meta_info=_of_sglang(tokens),
        completion_probabilities=tokens.plain,
        stop=bool | None,
        content=str | None,
        done=bool | None,
        logprobs=tokens.plain,
        details=_of_tgi(tokens),
        token=_object(logprob=float | None, bytes=_list(int)) | None,
        generated_text=str | None,
        candidates=_list(_of_gemini(tokens)),
        status_code=int | None,
        outputs=_list(
            _object(
                token_ids=_list(int), logprobs=tokens.by_ids, prompt_logprobs=_list(tokens.unread)
            )
        ),
        request_id=_NAME,
    )


def _choice(tokens: _TokenTypes, prompt: dict[str, Any]) -> Any:
    lists = dict.fromkeys(("content", "reasoning_content", "refusal"), tokens.plain)
    told = _parallel(tokens, **lists)
    return _object(index=int | None, finish_reason=_NAME, logprobs=told | None, **prompt)


def _parallel(tokens: _TokenTypes, **others: Any) -> Any:
    return _object(
        **others,
        token_logprobs=_list(float | None),
        tokens=tokens.unread,
        top_logprobs=tokens.unread,
    )


def _of_sglang(tokens: _TokenTypes) -> Any:
    return (
        _object(
            id=_NAME,
            input_token_logprobs=tokens.triples,
            output_token_logprobs=tokens.triples,
            completion_tokens=int | None,
            finish_reason=_object() | str | None,
        )
        | None
    )


def _of_tgi(tokens: _TokenTypes) -> Any:
    sequence = {"prefill": tokens.plain, "tokens": tokens.plain}
    return _object(**sequence, best_of_sequences=_list(_object(**sequence))) | None


def _of_gemini(tokens: _TokenTypes) -> Any:
    return _object(
        logprobsResult=_object(chosenCandidates=tokens.of_gemini) | None,
        logprobs_result=_object(chosen_candidates=tokens.of_its_sdk) | None,
    )
