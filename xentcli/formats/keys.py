"""Which array is meant, in a file that holds several."""

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from xentcli.errors import InputError, MissingLabels, NoLabelsBeside, UnshiftedTokens
from xentcli.formats.base import ReadOptions
from xentcli.text import shortened

LOGITS_KEYS = {"logits", "predictions", "preds", "outputs", "log_probs", "logprobs", "probs"}
LOGITS_KEYS |= {"log_probabilities", "probabilities"}
LABELS_KEYS = {"labels", "label", "label_ids", "targets", "target", "y_true", "y"}
HIDDEN_KEYS = {"hidden_states", "hidden_state", "last_hidden_state"}
TOKEN_KEYS = {"input_ids", "token_ids"}
"""What stands beside hidden states in the place of labels: the tokens themselves."""
MASK_KEYS = ("loss_mask", "target_mask")
"""Masks of the labels of hidden states."""
_PACKED_KEYS = frozenset(
    ["position_ids", "seq_idx", "segment_ids", "sequence_ids", "document_ids", "cu_seqlens"]
)
"""What tells texts apart that are packed into one row."""
_PICKED_KEYS = {"logprob", "log_prob", "token_logprob"}
_OF_LISTS = (
    "xent nll FILE or xent eval FILE, which take what the lists say; of an array: --key NAME"
)
_OF_HIDDEN = "xent loss FILE --lm-head MODEL_DIR"
NO_ARRAY = "was it written to the end, and closed? An array of numbers is needed in it"
_SHOWN_KEYS = 8  # in an error


def shown(key: str) -> str:
    """Return a key as messages name it."""
    return shortened(key, characters=60)


def choose(
    file: str, keys: Collection[str], options: ReadOptions, describe: Callable[[str], str]
) -> str:
    """Return the key that the user names, the only one there is, or the one whose name says it.

    Raises
    ------
    InputError
        If there is no such key, or if there are several and none is named. The message lists the
        arrays with what `describe` says of each.
    """
    if options.key is not None and options.key in keys:
        return options.key
    if options.key is None and len(keys) == 1 and not options.beside:
        return next(iter(keys))
    if options.key is None and options.key_option and (named := by_name(keys, options)):
        return named
    if not keys:
        raise InputError(f"{file}: it holds no array", hint=NO_ARRAY)
    if options.key is None and options.key_option == "--key":
        check_no_lists(file, keys)
    if options.key is None and options.head is None and (options.beside or not options.labels):
        hidden = next((key for key in keys if key.casefold() in HIDDEN_KEYS), None)
        if hidden is not None:
            what = f"{shown(hidden)!r} is hidden states, of which a model's head makes logits"
            raise InputError(f"{file}: {what}", hint=_OF_HIDDEN)
    if options.key is None and options.head is not None and options.takes_names:
        _check_no_tokens(file, keys)
    listed = [f"{shown(key)!r} {describe(key)}" for key in islice(keys, _SHOWN_KEYS)]
    listed += [f"{len(keys) - _SHOWN_KEYS} more"] if len(keys) > _SHOWN_KEYS else []
    there = f"it holds {', '.join(listed)}"
    if options.key is None:
        alone = options.beside and (len(keys) == 1 or options.partner_key in keys)
        error = NoLabelsBeside if options.labels and alone else InputError
        raise error(f"{file}: {there}", hint=_which(keys, options))
    from difflib import get_close_matches

    near = get_close_matches(options.key, keys, 1, cutoff=0.5)
    meant = f"did you mean {options.key_option} {shlex.quote(near[0])}?" if near else None
    meant = _of_numbered(keys, [options.key]) or meant
    raise InputError(f"{file}: there is no array {options.key!r}; {there}", hint=meant)


def _check_no_tokens(file: str, keys: Collection[str]) -> None:
    """Raise UnshiftedTokens if tokens are the only labels of states, and nothing shifts them."""
    tokens = next((key for key in keys if key.casefold() in TOKEN_KEYS), None)
    if tokens is not None:
        what = f"no labels, and tokens ({shown(tokens)!r}), which the states before them predict"
        hint = f"--shift 1; by the states at their own places: --label-key {shlex.quote(tokens)}"
        raise UnshiftedTokens(f"{file}: {what}", hint=hint)


def check_alone(file: str, options: ReadOptions) -> None:
    """Raise an error if something is to be chosen beside the one array of a file."""
    if options.key is not None:
        raise only_one(file, options)
    if options.beside:
        raise no_labels()


def no_labels() -> MissingLabels:
    """Return the error of logits without labels."""
    return MissingLabels(
        "where are the labels? In a second file, --labels FILE, or here: --label-column NAME, "
        "or --label-key NAME, of the same file"
    )


def check_no_lists(file: str, names: Iterable[str], hint: str = _OF_LISTS) -> None:
    """Raise InputError if a file holds lists of classes, by the names of its arrays or columns."""
    from xentcli.formats.top_lists import top_keys

    if top_keys(names):
        what = "lists of the most probable classes, and no whole rows"
        raise InputError(f"{file}: {what}", hint=hint)


def only_one(file: str, options: ReadOptions, holder: str = "it") -> InputError:
    """Return the error of a key for a file, or a format, that holds one array."""
    return InputError(
        f"{file}: {holder} holds one array: {options.key_option} is for files of several"
    )


def _which(keys: Collection[str], options: ReadOptions) -> str:
    """Return the hint of a file of several arrays, none of which is named."""
    if options.key_option is None:
        return "a file of one array is needed here"
    if options.beside and len(keys) == 1:
        return "labels stand in a file of their own: --labels FILE"
    if known := _of_known(keys):
        return known
    logits = options.partner_key or by_name(keys, options._replace(labels=False))
    if options.beside and logits is None:
        return "--key NAME --label-key NAME say which"
    return f"{options.key_option} NAME says which"


def _of_known(keys: Collection[str]) -> str | None:
    """Return what to do with arrays that have the names of what a harness or a library saves."""
    if "lm_eval_version" in keys:
        return "results of lm-evaluation-harness: samples_*.jsonl beside them hold log-likelihoods"
    if picked := next((key for key in keys if key.casefold() in _PICKED_KEYS), None):
        return f"if each is that of a token: xent nll FILE --picked --key {shlex.quote(picked)}"
    return _of_numbered(keys, sorted(LOGITS_KEYS | HIDDEN_KEYS | {"0", "scores"}))


def _of_numbered(keys: Collection[str], names: Iterable[str]) -> str | None:
    """Return what makes one array of numbered ones: batches of a list, or steps of a tuple."""
    for name in names:
        if f"0/{name}" in keys and f"1/{name}" in keys:
            return "are these batches of several lengths? Then pad them to one, with labels of -100"
        # Hidden states are one a layer; `predictions` of a Trainer are outputs of several kinds.
        steps = not (name.isdigit() or name in HIDDEN_KEYS or name == "predictions")
        if f"{name}/0" in keys and f"{name}/1" in keys and steps:
            return f"is each a step, as of generate()? Then save torch.stack({name}, dim=1)"
    return None


def notes_of(file: str, keys: Collection[str], options: ReadOptions, key: str) -> list[str]:
    """Return notes on what `choose` chose, if none was named, and on masks that are not read."""
    notes = []
    if options.key is None and len(keys) > 1:
        what, option = "values", options.key_option
        if options.labels:
            what, option = "labels", "--label-key"
        other = f" (else {option})" if option else ""
        notes.append(f"{file}: the {what} are {shown(key)!r}, by name{other}")
    of_labels = options.key_option == "--label-key" and not (options.weights or options.names)
    masks = notes_of_masks(file, keys, options) if of_labels or options.goes_with else []
    return [*notes, *masks]


def notes_of_masks(file: str, names: Iterable[str], options: ReadOptions) -> Iterator[str]:
    """Say which masks leave no row out, though they stand beside labels, or rows of others.

    So are names of what tells packed texts apart, if labels are shifted.
    """
    beside = options.labels or options.label_column is not None
    read = MASK_KEYS if options.head is not None and beside else ()
    for name in names:
        if options.shifted and name.casefold() in _PACKED_KEYS and name != options.key:
            yield (
                f"{file}: {shown(name)!r} is not read: where a row is several texts, the shift "
                "leads from each into the next, unless its first label is one to ignore, as -100 is"
            )
        if name.casefold().endswith(("mask", "masks")) and name not in (*read, options.key):
            yield (
                f"{file}: {shown(name)!r} is not read: a row is left out if its label is one to "
                "ignore, such as -100"
            )


def by_name(keys: Collection[str], options: ReadOptions) -> str | None:
    """Return the one key whose name says what is wanted: labels, or what they are labels of."""
    wanted = [LABELS_KEYS if options.labels else LOGITS_KEYS]
    if options.head is not None:
        tokens = [TOKEN_KEYS] if options.shifted else []
        wanted = [LABELS_KEYS, *tokens] if options.labels else [HIDDEN_KEYS]
        wanted += [LOGITS_KEYS] if options.head.or_logits and not options.labels else []
    for names in wanted:
        if found := [key for key in keys if key.casefold() in names]:
            return found[0] if len(found) == 1 else None
    return None
