"""A line of a samples file: what was asked about a doc, what came back, and what was logged.

The harness writes every number and truth value within `resps` as text; before version 0.4.3 it
wrote them as they are. Documents are Python's dicts and lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from xentcli.formats.harness.targets import choice_letters, choice_texts, golds_of

SampleKind = Literal["choices", "likelihoods", "texts", "generated"]
"""Choices of which one is right, one continuation a doc, whole texts, or generated answers."""

LOGGED = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info")
"""The measures that are computed again."""
_MUTUAL = "acc_mutual_info"
_WEIGHTS = ("word_perplexity", "byte_perplexity", "bits_per_byte")


class Sample(NamedTuple):
    """One doc.

    Attributes
    ----------
    kind : str
        What was asked.
    doc, filter : str
        The doc's number, and the filter whose answers these are.
    doc_hash : str or None
        What tells the doc from others with the same number.
    log_likelihoods : list of float
        One for each choice; or one.
    unconditional : list of float
        The choices' log-likelihoods without context, where they were asked for.
    golds, other_golds : tuple of int
        The right choices; and those by the target's text, where a number is a choice's text, too.
    lengths, sizes : list of float
        The characters and bytes of each choice; empty where they are not known.
    words, bytes : float or None
        The words and bytes of a text.
    greedy : bool or None
        Whether the continuation is what greedy decoding gives.
    logged : mapping of str to float
        The measures of this doc, by name.
    several_inputs : bool
        Whether the choices are contexts of what was scored, which then is the same for each.
    """

    kind: SampleKind
    doc: str
    filter: str
    doc_hash: str | None
    log_likelihoods: list[float]
    unconditional: list[float]
    golds: tuple[int, ...]
    other_golds: tuple[int, ...]
    lengths: list[float]
    sizes: list[float]
    words: float | None
    bytes: float | None
    greedy: bool | None
    logged: Mapping[str, float]
    several_inputs: bool


class OddSampleError(ValueError):
    """What is odd about the log-likelihoods of a sample."""


def is_sample(document: Any) -> bool:
    """Whether an object has the keys of a sample."""
    return (
        hasattr(document, "keys")
        and {"doc_id", "arguments"} <= set(document.keys())
        and ("filtered_resps" in document or "resps" in document)
    )


def sample_of(document: Mapping[str, Any]) -> Sample:
    """Return what a line says.

    Raises
    ------
    OddSampleError
        If the log-likelihoods are no numbers, or not those of the choices.
    TypeError, ValueError, LookupError, AttributeError
        If something else is not as the harness writes it.
    """
    asked = _arguments(document["arguments"])
    pairs, alone = _responses(document)
    kind: SampleKind = "generated"
    if pairs:
        kind = "likelihoods" if len(pairs) == 1 else "choices"
    elif alone and not any(len(each) > 1 for each in asked):
        kind = "texts"
    logged = {
        name: number
        for name in _names(document)
        if (number := _number(document.get(name))) is not None
    }
    values = [number for number, _ in pairs] or alone
    sample = Sample(
        kind,
        str(document["doc_id"]),
        str(document.get("filter", "none")),
        _text(document.get("doc_hash")),
        values if kind != "generated" else [],
        *([], (), (), [], []),
        *_weights(document),
        pairs[0][1] if kind == "likelihoods" else None,
        logged,
        several_inputs=False,
    )
    return _with_choices(sample, document, asked) if kind == "choices" else sample


def _with_choices(
    sample: Sample, document: Mapping[str, Any], asked: Sequence[Sequence[Any]]
) -> Sample:
    """Return a sample with what is to be known of its choices."""
    values, others = _parted(sample.log_likelihoods, document, asked)
    asked = asked[: len(values)] if others else asked
    if asked and len(asked) != len(values):
        raise OddSampleError(f"{len(values)} log-likelihoods of {len(asked)} choices")
    told = [str(each[1]) for each in asked if len(each) > 1]
    several_inputs = len(set(told)) == 1 < len({str(each[0]) for each in asked})
    texts: list[str] = []
    if len(told) == len(values) and not several_inputs:
        texts = choice_texts(document.get("doc"), told)
    letters = choice_letters(document.get("doc"), len(values))
    golds, other_golds = golds_of(document.get("target"), texts, len(values), letters)
    if several_inputs:
        golds, other_golds = _gold_by_outcome(values, sample.logged.get("acc")), ()
    return sample._replace(
        log_likelihoods=values,
        unconditional=others,
        golds=golds,
        other_golds=other_golds,
        lengths=[float(len(text)) for text in texts],
        sizes=[float(len(text.encode("utf-8", "surrogatepass"))) for text in texts],
        several_inputs=several_inputs,
    )


def _gold_by_outcome(values: Sequence[float], hit: float | None) -> tuple[int, ...]:
    """Return the right one of two choices, which only the logged accuracy tells."""
    if hit not in (0.0, 1.0) or len(values) != 2:
        return ()
    best = int(values[1] > values[0])
    return (best if hit else 1 - best,)


def _parted(
    values: list[float], document: Mapping[str, Any], asked: Sequence[Sequence[Any]]
) -> tuple[list[float], list[float]]:
    """Return the log-likelihoods of the choices, and those without context: the second half.

    In files from before version 0.4.3, every second one is without context.
    """
    if _MUTUAL not in _names(document) or len(values) % 2:
        return values, []
    half = len(values) // 2
    bare = [len(each) > 1 and each[0] == "" for each in asked]
    if len(bare) == len(values) and half > 1 and all(bare[1::2]) and not any(bare[::2]):
        return values[::2], values[1::2]
    return values[:half], values[half:]


def _arguments(value: Any) -> list[list[Any]]:
    """Return what each request was asked with: its context, and what was scored after it."""
    requests = list(value.values()) if isinstance(value, dict) else list(value)
    return [[*each.values()] if isinstance(each, dict) else _listed(each) for each in requests]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _responses(document: Mapping[str, Any]) -> tuple[list[tuple[float, bool | None]], list[float]]:
    """Return the pairs of log-likelihood and whether it is greedy, or numbers alone."""
    each = [*_each(document.get("filtered_resps") or document["resps"])]
    pairs = [_pair(one) for one in each]
    if each and None not in pairs:
        return [pair for pair in pairs if pair is not None], []
    odd = [one for one, pair in zip(each, pairs, strict=True) if pair is None]
    if 0 < len(odd) < len(each):
        raise OddSampleError(f"{odd[0]!r:.40} is no log-likelihood of a choice")
    numbers = [_number(one[0] if isinstance(one, list) and len(one) == 1 else one) for one in each]
    return [], [number for number in numbers if number is not None] if None not in numbers else []


def _each(value: Any) -> Iterator[Any]:
    """Yield the first response to each request."""
    for one in value:
        nested = isinstance(one, list) and one and isinstance(one[0], list)
        yield one[0] if nested else one


def _pair(value: Any) -> tuple[float, bool | None] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    number = None if isinstance(value[0], bool) else _number(value[0])
    greedy = {"True": True, "False": False, True: True, False: False}.get(value[1])
    return None if number is None or greedy is None else (number, greedy)


def _names(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the measures that were logged."""
    told = document.get("metrics")
    listed = [name for name in told if isinstance(name, str)] if isinstance(told, list) else []
    return [*dict.fromkeys([*listed, *(name for name in LOGGED if name in document)])]


def _weights(document: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the words and the bytes of a text, which are logged beside its log-likelihood."""
    found = {}
    for name in _WEIGHTS:
        value = document.get(name)
        if isinstance(value, list) and len(value) == 2:
            found[name] = _number(value[1])
    return found.get("word_perplexity"), found.get("byte_perplexity", found.get("bits_per_byte"))


def _number(value: Any) -> float | None:
    """Return a number, also from its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return float(value) if isinstance(value, bool) else None
    if isinstance(value, str) and (len(value) > 40 or "_" in value):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
