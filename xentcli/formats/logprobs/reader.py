"""Reads the answers of a block: the tokens of each, and what is to be said of the others."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.json.values import decoded, load, parser, several, shown
from xentcli.formats.logprobs.answers import (
    REPLACED,
    Answer,
    AnswerPart,
    Refused,
    Scored,
    is_list,
    is_object,
)
from xentcli.formats.logprobs.chats import take_chats
from xentcli.formats.logprobs.dialects import answer_of, held_by
from xentcli.formats.logprobs.gathered import Gathered, Tokens
from xentcli.formats.logprobs.listed_tokens import TokenPlace
from xentcli.formats.logprobs.pieces import Pieces, Sequence
from xentcli.formats.logprobs.typed import typed_parser

Bytes = bytes | memoryview
SSE = b"data:"
"""What the lines of a stream of events begin with."""
_SSE_END = b"[DONE]"
SSE_OTHERS = (b"event:", b"id:", b"retry:", b":")
"""What other lines of such a stream begin with."""
_NUMBERS = {float, int, type(None)}
_REPLACED = re.compile(rb",\s*".join(b"%d" % byte for byte in REPLACED))


def payload_of(line: bytes) -> bytes:
    """Return the document of a line of a stream of events."""
    return line[len(SSE) :].strip() if line.startswith(SSE) else line.strip()


def _payloads(text: bytes) -> Iterator[bytes | memoryview]:
    """Yield the document of each line, nothing of a line without one; objects are not copied."""
    view, start = memoryview(text), 0
    while start <= len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        if text.startswith(b"{", start):
            yield view[start:end]
        else:
            line = text[start:end]
            payload = payload_of(line)
            yield b"" if payload == _SSE_END or line.startswith(SSE_OTHERS) else payload
        start = end + 1


def any_number(numbers: Any) -> bool:
    """Whether there is a log-probability among those of some tokens."""
    return any(number is not None for number in numbers)


def _is_utf8(text: bytes) -> bool:
    """Whether all of some bytes is UTF-8."""
    try:
        return text.isascii() or text.decode() is not None
    except UnicodeDecodeError:
        return False


def answer_of_typed(document: Any) -> Answer | None:
    """Return what a document says that was parsed by its types, None if something is odd."""
    try:
        return answer_of(document)
    except (Refused, TypeError, AttributeError, LookupError, ValueError):
        return None


class Whole(NamedTuple):
    """The content of a block: its first line, from 1, or None for a document; and its bytes.

    Where the bytes are None, so many of them are read from the file, from an offset on.
    """

    line: int | None
    text: bytes | None
    last: bool = True
    """Whether no answer goes on in another block."""
    offset: int = 0
    size: int = 0


class AnswersReader:
    """Reads the documents of a block."""

    def __init__(
        self,
        name: str,
        asked: AnswerPart | None,
        part: AnswerPart,
        *,
        strict: bool,
        keeps_lists: bool = False,
        pieces: Pieces | None = None,
    ) -> None:
        self._name, self._asked, self._part, self._strict = name, asked, part, strict
        self._keeps_lists = keeps_lists
        self._found = Gathered(keeps_lists=keeps_lists, pieces={} if pieces is None else pieces)
        self._typed: Callable[[Bytes], Any] | None = None
        self._in_events = False

    def read(self, content: Whole) -> Tokens:
        """Return the tokens of all of them; the content has its bytes."""
        text = (content.text or b"").removeprefix(BOM_UTF8)
        self._in_events = text.lstrip().startswith((SSE, *SSE_OTHERS))
        if not self._keeps_lists and _is_utf8(text) and not _REPLACED.search(text):
            self._typed = typed_parser()
        if content.line is None:
            self._document(text, self._name, 1)
        elif not self._takes_at_once(text, content.line):
            for number, payload in enumerate(_payloads(text), content.line):
                if payload:
                    self._document(payload, f"{self._name}:{number}", number)
        return self._found.tokens(last=content.last)

    def _takes_at_once(self, text: bytes, line: int) -> bool:
        """Take a block of chat completions; say whether it is one."""
        plain = self._typed is not None and self._part == "generated"
        return plain and take_chats(text, line, self._name, self._found)

    @cached_property
    def _parser(self) -> Any:
        return parser()

    def _document(self, text: bytes | memoryview, place: str, line: int) -> None:
        if self._typed is not None and (answer := answer_of_typed(self._typed(text))) is not None:
            self._take(answer, place, checked=True)
            return
        simdjson = self._parser
        try:
            document = None if simdjson is None else simdjson.parse(text, self._keeps_lists)
        except (ValueError, RuntimeError):
            document = None
        if document is None:  # NaN and infinities, or a mistake, which the other parser names
            written = decoded(bytes(text), place)
            document = (place == self._name and several(written)) or load(written, self._name, line)
        self._answer(document, place)

    def _answer(self, document: Any, place: str) -> None:
        try:
            answer = answer_of(document)
            held = held_by(document) if answer is None else []
        except Refused as refused:
            raise InputError(f"{place}: {refused}", hint=refused.hint) from refused
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            raise InputError(
                f"{place}: the log-probabilities are not as servers write them"
            ) from error
        for key, each in held:
            self._answer(each, f"{place}{key}")
        if answer is not None:
            self._take(answer, place)
        elif not held and not is_list(document):
            what = "no answer of a server of language models that is known"
            raise InputError(f"{place}: {what}", hint="leave out what is no answer")

    def _take(self, answer: Answer, place: str, *, checked: bool = False) -> None:
        if not answer.counts:
            return
        if self._in_events and answer.dialect == "Triton":
            raise InputError(
                f"{place}: pieces of a stream of Triton, each with the numbers of all before it",
                hint="ask Triton for whole answers (/generate)",
            )
        name = place.rpartition("/")[2] if answer.name is None else answer.name
        if answer.failure is not None:
            self._found.fail(f"{name} ({answer.failure})")
            return
        kept = [
            Sequence(place, each, self._listed(each, place) if self._keeps_lists else [])
            for each in answer.scored
            if self._kept(each, place)
        ]
        if not checked:
            for sequence in kept:
                self._check(sequence.scored.logprobs, place)
        self._found.take(kept, name, answer)
        if kept and self._part == "generated":
            self._found.leave_out(name, answer.silent)

    def _listed(self, scored: Scored, place: str) -> list[TokenPlace]:
        """Return what is listed beside tokens."""
        if scored.lists is None:
            return []
        try:
            found = scored.lists()
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            raise InputError(
                f"{place}: the lists of the most probable tokens are not as servers write them"
            ) from error
        self._check([one.logprob for token in found for one in token.others], place)
        return found

    def _kept(self, scored: Scored, place: str) -> bool:
        """Whether tokens are those that are read.

        Raises
        ------
        InputError
            If there are others with log-probabilities too, and nobody asked for either.
        """
        part, numbers = scored.part, scored.logprobs
        if part == self._part:
            return True
        if part is None:
            self._found.unclear += len(numbers)
            if self._strict and (scored.mixed or self._asked != "prompt"):
                generated = "if nothing was generated (max_tokens 0): --tokens prompt"
                raise InputError(
                    f"{place}: an echo, and nothing says where its prompt ends: there is no usage "
                    "of one choice",
                    hint="ask for one prompt at a time" if scored.mixed else generated,
                )
            return self._part == "prompt"
        if any_number(numbers):
            self._found.others += len(numbers)
            if self._strict and self._asked is None:
                raise InputError(
                    f"{place}: log-probabilities of prompts and of generated tokens, which are not "
                    "the same measure",
                    hint="--tokens prompt or --tokens generated",
                )
        return False

    def _check(self, numbers: Any, place: str) -> None:
        """Raise InputError if a log-probability is neither a number nor missing."""
        kinds = set(map(type, numbers))
        if kinds <= _NUMBERS and (int not in kinds or not any(map(_is_huge, numbers))):
            return
        odd = next(each for each in numbers if type(each) not in _NUMBERS or _is_huge(each))
        told = "a list" if is_list(odd) else "an object" if is_object(odd) else shown(odd)
        raise InputError(f"{place}: the log-probability {told} is not a number of float64")


def _is_huge(number: Any) -> bool:
    """Whether a whole number is larger than any float64."""
    return isinstance(number, int) and abs(number) >= 2**1024
