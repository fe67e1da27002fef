"""Words in the names of columns and arrays that say what these hold, if that is no class.

A name that is read is in doubt as soon as one of its words says so: `says_label`, `is_beside`.
What is only described goes by its whole name, and by what it holds: `names_labels`, `names_ids`.
"""

import re
from functools import lru_cache

# Words of a name that names or counts rows, whose values are whole numbers or text.
_ID_WORDS = """
    id ids uid uuid guid pid qid sid rowid userid imageid imgid itemid sampleid docid fileid testid
    passengerid customerid identifier index indexes indices idx unnamed row rownum rownumber
"""
_GROUP_WORDS = """
    fold folds split splits subset partition usage group groups cluster epoch seed batch
"""
_LABEL_WORDS = """
    label labels true target targets truth truths gt groundtruth actual actuals y ytrue ytest class
    classes category annotation
"""
_OTHER_WORDS = """
    prediction predictions predicted predict predicts pred preds ypred yhat argmax weight weights
    score scores loss losses nll confidence conf entropy uncertainty margin correct rank
"""
OF_IDS, OF_LABELS = frozenset(_ID_WORDS.split()), frozenset(_LABEL_WORDS.split())
OF_ROWS = OF_IDS | frozenset(_GROUP_WORDS.split())
WORDS = OF_ROWS | OF_LABELS | frozenset(_OTHER_WORDS.split())
NAME_WORDS = frozenset(["key", "name"])
"""A class may have them, and so they count only above integers."""

# Whole names in small letters; they are compiled when they are first asked for.
_BESIDE = (
    r"unnamed: \d+|y|file|path|fold|split|group|usage|score|loss|weights?|sample[_ ]?weights?"
    r"|(?:.*[ _.-])?(?:id|idx|index|key|no)|(?:row|file)?[ _]?names?"
    r"|(?:y[ _]?)?(?:true|truth|label|target|pred|predicted|prediction)s?"
)
_UNITS = (
    r"(?: (?:s|ms|us|ns|sec|secs|seconds|min|mins|minutes|h|hours|days|years|mm|cm|m|km|px|kg))?"
)
# One word of these may well be that of a class; others are in `_MEASURES_OR_CLASSES`.
_MEASURES = (
    r"time ?stamp|date ?time|(?:created|updated)(?: at)?|learning rate|lr|temperature"
    rf"|(?:.* )?(?:elapsed|latency|runtime|duration){_UNITS}"
    rf"|(?:inference|response|wall|cpu|gpu|run|unix) ?time{_UNITS}"
    r"|(?:max|min|mean|avg|average|median|sum|total|std|stddev|var|variance)"
    r"(?: (?:logit|prob|probability|logprob|softmax|value)s?)?"
    r"|(?:log ?)?sum ?exp|lse|perplexity|ppl|brier|ece|accuracy|au(?:ro)?c"
    r"|(?:start|end|begin|stop) ?(?:time|s|ms|sec|secs|seconds|frame)|latitude|longitude"
)
_MEASURES_OR_CLASSES = (
    r"(?:(?:.* )?(?:length|len|width|height|count)|time|age|distance|dist|depth|size|area|volume"
    rf"|speed|price|cost|amount|threshold|value|rating|stars|start|end|onset|offset){_UNITS}"
    r"|step|epoch|lat|lon|lng|bmi|kl|(?:feature )?norm|(?:n|num|number of) [a-z]+"
)
OF_THE_REST = frozenset(
    ["other", "others", "unknown", "background", "none", "rest", "misc", "void"]
)
"""Names of the class of what is in no other one."""
_TRUTH = r"(?:.*[ _.-])?(?:y|true|truth|labels?(?:[ _]ids?)?|targets?|classes|gold|answers?)"
_IDS = r"(?:.*[ _.-])?(?:id|ids|idx|index|key|no)"
_VALUES = r"logit|prob|pred|score|output"

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_PIECE = re.compile(r"[^\W\d_]+|[0-9]+")


@lru_cache(2**12)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, cut at ``_``, ``-``, blanks, digits and capitals."""
    words: list[str] = []
    for piece in _PIECE.findall(name):
        parts = [part.lower() for part in _PART.findall(piece)]
        words += [piece.lower()] if piece.lower() in WORDS else parts
    return tuple(word for i, word in enumerate(words) if word != "y" or i == 0)  # y_true, not x, y


def says_label(name: str) -> bool:
    """Whether a name says that a column holds labels."""
    return not OF_LABELS.isdisjoint(words_of(name))


def is_beside(name: str) -> bool:
    """Whether a name says that a column holds neither classes nor labels."""
    return not (WORDS - OF_LABELS).isdisjoint(words_of(name)) or says_measure(name)


def says_measure(name: str) -> bool:
    """Whether a whole name is that of a time, or of what is measured of a row: ``max_prob``."""
    return re.fullmatch(_MEASURES, " ".join(_PIECE.findall(_words_apart(name)))) is not None


def may_be_measure(name: str) -> bool:
    """Whether a whole name is that of a time or a measure, and of a class as well: ``time_s``."""
    words = " ".join(_PIECE.findall(_words_apart(name)))
    return re.fullmatch(_MEASURES_OR_CLASSES, words) is not None


def names_rows(name: str) -> bool:
    """Whether a name ends as the names of ids do: ``image_id``, ``filename``, ``key``."""
    return name.casefold().endswith(("id", "name", "key"))


def may_be_ids(name: str) -> bool:
    """Whether a name is that of ids, or says nothing of what a column holds."""
    words = words_of(name)
    if names_rows(name) or not OF_IDS.isdisjoint(words):
        return True
    return WORDS.isdisjoint(words) and not says_measure(name)


def says_ids(name: str) -> bool:
    """Whether a name says that a column names or counts rows."""
    return names_rows(name) or not OF_IDS.isdisjoint(words_of(name))


def says_no_class(name: str) -> bool:
    """Whether a name says that a column names or counts rows, or holds their labels."""
    return not (OF_ROWS | OF_LABELS).isdisjoint(words_of(name))


def may_name_rows(name: str) -> bool:
    """Whether a column of this name may hold ids where classes may end in the same letters.

    Examples
    --------
    >>> may_name_rows("image_id"), may_name_rows("humid"), may_name_rows("picture")
    (True, False, True)
    """
    ends_by_chance = name.casefold().endswith("id") and OF_ROWS.isdisjoint(words_of(name))
    return not ends_by_chance


def names_no_class(name: str) -> bool:
    """Whether a column's name is that of something beside the classes: an id, a label, a fold."""
    return re.fullmatch(_BESIDE, _words_apart(name)) is not None


def names_labels(name: str) -> bool:
    """Whether an array or a column is called what labels are called."""
    return re.fullmatch(_TRUTH, _words_apart(name)) is not None


def names_ids(name: str) -> bool:
    """Whether an array or a column is called what ids are called."""
    return re.fullmatch(_IDS, _words_apart(name)) is not None


def names_values(name: str) -> bool:
    """Whether an array is called what logits and probabilities are called."""
    return re.search(_VALUES, _words_apart(name)) is not None


def _words_apart(name: str) -> str:
    """Return a name in small letters, with its words apart: ``passenger id``."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name.strip()).lower()
