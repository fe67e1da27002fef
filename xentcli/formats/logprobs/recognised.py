"""Which files hold answers: known by the first document that has log-probabilities."""

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from xentcli.formats.json.values import several
from xentcli.formats.json.whole_lines import HEAD_BYTES, LONGEST_LINE_BYTES
from xentcli.formats.logprobs.answers import FAILED, Answer, Refused
from xentcli.formats.logprobs.dialects import answer_of, held_by
from xentcli.formats.logprobs.reader import SSE, SSE_OTHERS, any_number, payload_of
from xentcli.storage.inputs import Input

MOST_BYTES = 2**28
"""The most bytes of a document that is not in lines, which is held in memory."""
_WORDS = (
    *(b"logprob", b"logProb", b"log_prob", b"token_likelihoods"),
    *(b"completion_probabilities", b"custom_id"),
    *(b"chat.completion", b"text_completion", b"avgLogprobs", b"stop_reason"),  # without any
    b'"error"',
)
_PROBE_BYTES = 64
_MOST_SEARCHED_BYTES = 2**22  # for the first answer with log-probabilities
_REFUSED = "refused"
Told = TypeVar("Told")


def _once(ask: Callable[[Input], Told]) -> Callable[[Input], Told]:
    """Return a question whose answer is kept as long as the file is open: several ask it."""
    known: WeakKeyDictionary[Input, Told] = WeakKeyDictionary()

    @wraps(ask)
    def asked(data: Input) -> Told:
        if data not in known:
            known[data] = ask(data)
        return known[data]

    return asked


def holds_answers(data: Input) -> bool:
    """Whether a file holds answers with log-probabilities of tokens, by its first document."""
    head = data.peek(_PROBE_BYTES).removeprefix(BOM_UTF8).lstrip()
    if not head.startswith((b"{", b"[", b"null", SSE, *SSE_OTHERS)):
        return False
    head = _beginning(data)
    if not any(word in head for word in _WORDS):
        return False
    return first_answer(data) is not None


def _beginning(data: Input) -> bytes:
    """Return the first line, and what comes with it; more than that where the lines are short."""
    wanted = HEAD_BYTES
    head = data.peek(wanted)
    while b"\n" not in head.strip() and len(head) == wanted < LONGEST_LINE_BYTES:
        wanted *= 4
        head = data.peek(wanted)
    return head.removeprefix(BOM_UTF8)


@_once
def in_lines(data: Input) -> bool:
    """Whether each line is a document: the first one is, and no list that goes on below."""
    lines = _beginning(data).lstrip().split(b"\n")
    first = payload_of(next((one for one in lines if not _says_nothing(one)), b""))
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def _says_nothing(line: bytes) -> bool:
    """Whether a line of a stream of events holds no document."""
    return not line.strip() or line.startswith(SSE_OTHERS)


@_once
def first_answer(data: Input) -> Answer | None:
    """Return the first answer that holds log-probabilities, or else the first one, of the top."""
    if not in_lines(data):
        return _best_of([_peeked(data)])
    head, found = _beginning(data), None
    while True:
        whole = head.rpartition(b"\n")[0] if b"\n" in head.strip() else head
        found = _best_of(whole.split(b"\n"))
        wanted = 4 * max(HEAD_BYTES, len(head))
        if (found is not None and _has_numbers(found)) or wanted > _MOST_SEARCHED_BYTES:
            return found
        more = data.peek(wanted).removeprefix(BOM_UTF8)
        if len(more) <= len(head):  # the last line is whole without a newline, too
            return _best_of(head.split(b"\n"))
        if found is None:
            return None
        head = more


def _has_numbers(answer: Answer) -> bool:
    return any(any_number(each.logprobs) for each in answer.scored) or answer.dialect == _REFUSED


def _best_of(documents: list[bytes]) -> Answer | None:
    """Return the first answer with log-probabilities, or else one that did not fail, or one.

    A failure alone makes no answers of the objects beside it, such as rows of another dump.
    """
    first: Answer | None = None
    failed: Answer | None = None
    others = False
    for text in documents:
        written = payload_of(text)
        try:
            document = json.loads(written)
        except ValueError:
            document = several(written.decode("utf-8", "replace")) if len(documents) == 1 else []
        found = [*_answers(document)]
        others = others or bool(document and isinstance(document, dict) and not found)
        for answer in found:
            if _has_numbers(answer):
                return answer
            if answer.dialect == FAILED:
                failed = failed or answer
            else:
                first = first or answer
    return first or (None if others else failed)


def _answers(document: Any) -> Iterator[Answer]:
    """Yield the answers in a document; whoever reads it says what is wrong with one."""
    if document is None:
        return  # null beside answers is a failure, and tells nothing by itself
    try:
        answer = answer_of(document)
    except Refused:
        answer = Answer(_REFUSED, [])
    except (TypeError, AttributeError, LookupError, ValueError):
        answer = Answer("unknown", [])
    if answer is not None:
        if answer.dialect != FAILED or _is_failure(document):
            yield answer
        return
    for _, each in held_by(document):
        yield from _answers(each)


def _is_failure(document: Any) -> bool:
    """Whether a document with an error is what a server says, and no row that tells of one."""
    if any(isinstance(value, list) for value in document.values()):
        return False
    alone = len(document) == 1 or document.get("object") == "error"
    return alone or isinstance(document.get("error"), dict)


def _peeked(data: Input) -> bytes:
    wanted = HEAD_BYTES
    while len(head := data.peek(wanted)) == wanted <= MOST_BYTES:
        wanted *= 4
    return head.removeprefix(BOM_UTF8)
