"""Which command fits what files hold."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from xentcli.formats.column_words import names_ids, names_labels, names_values
from xentcli.pipeline.inspection.inspect import FoundArray
from xentcli.pipeline.inspection.inspect_hidden import HIDDEN_STATES, command_of, may_be_labels
from xentcli.pipeline.inspection.inspect_lists import of_lists
from xentcli.results.info import ArraySummary
from xentcli.storage.names import shown_name
from xentcli.storage.numbered_names import numbers_in
from xentcli.text import name_option

_COMMANDS = {
    "logits": "xent loss",
    "log-probabilities": "xent nll",
    "probabilities": "xent nll --probs",
}
_LABELS = ("labels", "class names", "one-hot labels")


def advise(
    paths: Sequence[str], found: Sequence[Sequence[FoundArray]], lm_head: str | None = None
) -> list[ArraySummary]:
    """Return what files hold, each array with a command that fits it and the others.

    Parameters
    ----------
    paths : sequence of str
        The files as the user names them.
    found : sequence of sequences of FoundArray
        What each of them holds.
    lm_head : str, optional
        The head of hidden states that the user names.
    """
    shown = [shown_name(path) for path in paths]  # without passwords and the like
    pairs = [(path, of_lists(path, those)) for path, those in zip(shown, found, strict=True)]
    fits: dict[int, str] = {}
    of_rows = [(path, those) for (path, of), those in zip(pairs, found, strict=True) if of is None]
    everything = [(path, each) for path, those in of_rows for each in those]
    for path, those in of_rows:
        fits.update(_of_states(path, those, lm_head))
    for path, values in everything:
        if not _is_meant(path, values, everything):
            continue
        beside = [each for p, each in everything if p == path and each is not values]
        labels = _labels_of(path, values, everything)
        other, label = labels[0] if labels else ("", None)
        if label is not None and other != path:  # rows are matched by ids that both files have
            theirs = {each.summary.name for p, each in everything if p == other}
            beside = [each for each in beside if not (_is_id(each) and each.summary.name in theirs)]
        fits[id(values)] = _command(path, values, other, label, beside)
        if label is not None:
            fits.setdefault(id(label), fits[id(values)])
    for path, each in everything:
        if each.summary.looks_like in _LABELS and id(each) not in fits:
            words = ["xent loss LOGITS", shlex.quote(path), *_choice_of_labels(each)]
            fits[id(each)] = " ".join(words)
    listed = [of or those for (_, of), those in zip(pairs, found, strict=True)]
    return [
        replace(each.summary, fits=fits.get(id(each), each.summary.fits))
        for those in listed
        for each in those
    ]


def _of_states(
    path: str, found: Sequence[FoundArray], lm_head: str | None
) -> Iterator[tuple[int, str]]:
    """Yield the command that fits hidden states, for these and for the labels beside them."""
    for states in found:
        if states.summary.looks_like != HIDDEN_STATES:
            continue
        beside = [each for each in found if each is not states]
        command = command_of(path, states, beside, lm_head)
        if command is not None:
            yield id(states), command
            yield from ((id(each), command) for each in beside if may_be_labels(each))


def _is_id(found: FoundArray) -> bool:
    name = found.summary.name
    return bool(name) and names_ids(name or "")


def _is_meant(path: str, values: FoundArray, everything: Sequence[tuple[str, FoundArray]]) -> bool:
    """Whether an array may be logits, and no array beside it is more likely to be meant."""

    def named(found: FoundArray) -> bool:
        name = found.summary.name
        return name is None or names_values(name)

    def alike(found: FoundArray) -> bool:
        return found.summary.looks_like in _COMMANDS and len(found.summary.shape) > 1

    others = [each for p, each in everything if p == path and alike(each)]
    return alike(values) and (named(values) or not any(map(named, others)))


def _labels_of(
    path: str, values: FoundArray, everything: Sequence[tuple[str, FoundArray]]
) -> list[tuple[str, FoundArray]]:
    """Return the labels that fit, the best first; those of other files only if one alone fits.

    Of several that fit, one alone may be in a file whose name has the same numbers.
    """
    fitting = [(p, each) for p, each in everything if each is not values and _fit(values, each)]
    here = [(p, each) for p, each in fitting if p == path]
    several = len({p for p, _ in fitting}) > 1 or _rivals(path, values, everything)
    if several and (numbers := numbers_in(path)):  # shards go with those of the same numbers
        fitting = [(p, each) for p, each in fitting if numbers_in(p) == numbers]
        alike = [(p, each) for p, each in everything if numbers_in(p) == numbers]
        several = len({p for p, _ in fitting}) > 1 or _rivals(path, values, alike)
    chosen = here or ([] if several else fitting)
    return sorted(chosen, key=lambda pair: not names_labels(pair[1].summary.name or ""))


def _rivals(path: str, values: FoundArray, everything: Sequence[tuple[str, FoundArray]]) -> bool:
    """Whether another file holds values of the same shape: which of them are meant is not known."""
    return any(
        p != path
        and each.summary.looks_like in _COMMANDS
        and each.summary.shape == values.summary.shape
        for p, each in everything
    )


def _fit(values: FoundArray, labels: FoundArray) -> bool:
    shape, other = values.summary.shape, labels.summary
    if other.looks_like not in _LABELS:
        return False
    group, theirs = ((of.summary.name or "").rpartition("/")[0] for of in (values, labels))
    if group and theirs not in ("", group):  # such as test/labels, for val/logits
        return False
    if other.looks_like == "one-hot labels":
        return other.shape == shape
    count = _classes_for(values, labels)
    if count is None:
        return False
    if other.looks_like == "class names":
        return labels.names <= set(values.summary.columns or ())
    return other.maximum < count or (other.maximum == count and other.minimum >= 1)


def _classes_for(values: FoundArray, labels: FoundArray) -> int | None:
    """Return how many classes there are if labels of such a shape belong to values, else None."""
    shape = values.summary.shape
    leads = {
        _without_ones(shape[:-1]): shape[-1] or 0,
        _without_ones(shape[:1] + shape[2:]): shape[1] or 0,
    }
    # Labels may be (N, 1), as MATLAB writes them.
    return leads.get(_without_ones(labels.summary.shape))


def _without_ones(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return tuple(n for n in shape if n != 1)


def _command(
    path: str,
    values: FoundArray,
    other: str,
    labels: FoundArray | None,
    beside: Sequence[FoundArray],
) -> str:
    """Return a command; labels that are not there are named in capitals."""
    words = [_COMMANDS[values.summary.looks_like], shlex.quote(path)]
    if labels is None:
        words.append("LABELS")
    elif other != path:
        words.append(shlex.quote(other))
    others = [each for each in beside if each is not labels]
    ids = [each for each in others if _is_id(each) and each.summary.looks_like == "ids"]
    if labels is None and values.group is not None and len(ids) == 1:  # the labels may have them
        words += ["--id-column", name_option(ids[0].summary.name or "")]
        others.remove(ids[0])
    words += _choice(values, others)
    if labels is not None:
        words += _choice_of_labels(labels)
        if _count_from_one(values, labels):
            words += ["--label-base", "1"]
    return " ".join(words)


def _count_from_one(values: FoundArray, labels: FoundArray) -> bool:
    found, count = labels.summary, _classes_for(values, labels)
    return found.looks_like == "labels" and found.minimum >= 1 and found.maximum == count


def _choice_of_labels(labels: FoundArray) -> Iterator[str]:
    """Yield the option that chooses labels in a file that holds more."""
    if labels.content is not None and labels.summary.name is not None:
        yield "--label-column" if labels.content.key is None else "--label-key"
        yield shlex.quote(labels.summary.name)


def _choice(values: FoundArray, others: Sequence[FoundArray]) -> Iterator[str]:
    """Yield the option that chooses an array, or its columns where there are others."""
    content, group = values.content, values.group
    if content is None:
        return
    if content.key is not None:
        yield from ("--key", shlex.quote(content.key))
        return
    names = [name for each in others for name in _columns_of(each)]
    if group is None and names:  # lists in cells
        yield from ("--columns", ",".join(map(name_option, content.columns)))
    if group is not None and names:
        taken = ",".join(map(name_option, group.choice))
        left = ",".join(map(name_option, names))
        yield from ("--columns", taken) if len(taken) <= len(left) else ("--drop", left)


def _columns_of(found: FoundArray) -> tuple[str, ...]:
    """Return the columns of an array; pandas' index has no name, and is left out anyway."""
    names = found.group.choice if found.group else (found.summary.name or "",)
    return tuple(name for name in names if name)
