"""What a server of a language model answered: the log-probabilities of its tokens, by its keys.

Documents are Python's dicts and lists, those that simdjson has parsed, or those of `typed`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

from xentcli.formats.logprobs.listed_tokens import ReadLists, of_entries

AnswerPart = Literal["prompt", "generated"]
Numbers = list[float | None]
WRAPPERS = ("response", "completion", "output", "result", "answer", "body")
"""What people who keep their requests too call the answer to each."""
REPLACED = [*"\N{REPLACEMENT CHARACTER}".encode()]
"""The bytes that some servers write for those of a part of a letter."""
FAILED = "failed requests"
"""The dialect of an answer that says no more than that a request failed."""


class Scored(NamedTuple):
    """Tokens that follow one another, each with its log-probability.

    Attributes
    ----------
    part : str or None
        Whether they were given to the model, or made by it; None where nothing says where in an
        echoed text the prompt ends.
    logprobs : list of float or None
        None where the server gave none.
    sizes : list of int or None
        How many bytes each token has, None for one without text; no list where none is told.
    choice : int
        Which of several answers to the same request it is.
    lists : callable, optional
        Returns the lists of the most probable tokens beside these, when it is called.
    whole : bool
        Whether these are all tokens so far, where an answer comes in pieces.
    mixed : bool
        Whether an echoed text is known to hold tokens of both parts, but not which ones.
    """

    part: AnswerPart | None
    logprobs: Numbers
    sizes: list[int | None] | None = None
    choice: int = 0
    lists: ReadLists | None = None
    whole: bool = False
    mixed: bool = False


class Answer(NamedTuple):
    """The answer to one request.

    Attributes
    ----------
    dialect : str
        Whose keys these are.
    scored : list of Scored
        Empty where there are no log-probabilities; of a stream, those of one sequence.
    name : str or None
        What the user called the request.
    failure : str or None
        Why there is no answer.
    stream : str or None
        What the pieces of an answer have in common where it may come in pieces.
    ends : bool
        Whether this is the last piece, or all of it.
    counts : bool
        Whether it is an answer, and no event of a stream that says nothing new.
    silent : tuple of int
        Which of several choices have no log-probabilities, where others have.
    finished : tuple of int
        Which choices of a stream end with this piece, where each ends by itself; a stream of which
        `ends` tells ends when all have.
    in_batch : bool
        Whether its name is one that no other request of a batch has.
    """

    dialect: str
    scored: list[Scored]
    name: str | None = None
    failure: str | None = None
    stream: str | None = None
    ends: bool = True
    counts: bool = True
    silent: tuple[int, ...] = ()
    finished: tuple[int, ...] = ()
    in_batch: bool = False


class Refused(Exception):  # noqa: N818
    """Numbers that are no log-probabilities of the model: what they are, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle both, where other exceptions pickle their message."""
        return type(self), (*self.args, self.hint)


def is_object(value: Any) -> bool:
    """Whether a value of JSON is an object."""
    return isinstance(value, dict) or hasattr(value, "keys")


def is_list(value: Any) -> bool:
    """Whether a value of JSON is a list."""
    return isinstance(value, list) or hasattr(value, "as_list")


def is_typed(value: Any) -> bool:
    """Whether an object was parsed by its type: what is under a key is an attribute."""
    return hasattr(value, "__struct_fields__")


def objects(value: Any) -> Iterator[Any]:
    """Yield the objects of a list; nothing of anything else."""
    if is_list(value):
        yield from filter(is_object, value)


def under(value: Any, *keys: str) -> Any:
    """Return what stands under keys, one within the other; None where there is no such thing."""
    for key in keys:
        if not is_object(value):
            return None
        value = value.get(key)
    return value


def text(value: Any) -> str | None:
    """Return a text; None of anything else."""
    return value if isinstance(value, str) else None


def add(found: list[Scored], scored: Scored) -> None:
    """Add tokens, but a prompt only once: each of several answers to it may repeat it."""
    if not scored.logprobs:
        return
    if scored.part == "prompt" and any(
        each.part == "prompt" and each.logprobs == scored.logprobs for each in found
    ):
        return
    found.append(scored)


def add_prompts(found: list[Scored], each: list[Scored], counted: Any) -> None:
    """Add the prompts of an answer's choices, each once, unless it was found elsewhere.

    Several choices that answer one prompt stand side by side and repeat it; but a request may have
    several prompts, and two may be the same. `counted` is how many tokens the server counts.
    """
    known = [one.logprobs for one in found if one.part == "prompt"]
    new = [one for one in each if one.logprobs and one.logprobs not in known]
    found += new[:: answers_a_prompt([one.logprobs for one in new], counted)]


def answers_a_prompt(numbers: Sequence[list[Any]], counted: Any = None) -> int:
    """Return how many answers there are to each prompt, by the tokens of the prompt of each.

    They are as many as can be, where no count of tokens says.
    """
    count = len(numbers)
    can_be = [
        n
        for n in range(count, 0, -1)
        if count % n == 0 and all(numbers[i] == numbers[i - i % n] for i in range(count))
    ]
    sure = [n for n in can_be if sum(map(len, numbers[::n])) == counted]
    return (sure or can_be or [1])[0]


def tokens(part: AnswerPart, entries: Any, key: str = "logprob", choice: int = 0) -> Scored:
    """Return tokens that are an object each, some with their bytes."""
    if isinstance(entries, list) and entries and is_typed(entries[0]):
        sizes = _sizes_of_typed(entries) if entries[0].bytes or "bytes" in entries[0] else None
        return Scored(part, [token.logprob for token in entries], sizes, choice)
    entries = [*entries]  # once: simdjson makes each object anew
    told = _each(entries, "bytes") if entries and "bytes" in entries[0] else None
    lists = partial(of_entries, entries, key)
    return Scored(part, _each(entries, key), told and _sizes(told), choice, lists)


def _sizes_of_typed(entries: list[Any]) -> list[int | None]:
    try:
        return [len(token.bytes) for token in entries]
    except TypeError:
        return _sizes([token.bytes for token in entries])


def _sizes(each: list[Any]) -> list[int | None]:
    """Return how many bytes each token is, None where they are not told: a text may be any."""
    return [
        None if told is None or isinstance(told, str) or _is_replaced(told) else len(told)
        for told in each
    ]


def _is_replaced(told: Any) -> bool:
    """Whether a token has bytes that may stand for others."""
    each = [*told]
    return REPLACED[0] in each and any(
        each[i : i + len(REPLACED)] == REPLACED for i in range(len(each))
    )


def _each(entries: list[Any], key: str) -> list[Any]:
    """Return what each object has under a key, None where it has none."""
    try:
        return [entry[key] for entry in entries]
    except KeyError:
        return [entry.get(key) for entry in entries]
