"""What values that are no logits may be, by their names and counts: labels, class names, ids."""

from xentcli.formats.column_words import names_ids, names_labels, names_no_class
from xentcli.formats.contents import Content
from xentcli.results.array_values import ValueSummary

NOT_READ = "not read"
BESIDE_OUTPUTS = ("labels", "one-hot labels", "ids", "class names", "text", "a mask")
"""What is no output of a model: there is no loss or softmax of it."""
_TYPES = {"<U": "text", "|S": "text", "time": "times", "date": "times"}  # by part of the dtype
_FEWEST_IDS = 20  # rows in which each number follows the one before: fewer may be labels
_EACH_TWICE = 2  # texts name classes if the first rows have each of them so often on average


def look_of_texts(content: Content) -> str:
    """Say what a column that holds no numbers may be, by its first rows and its name."""
    name = content.name or "".join(content.columns[:1])
    texts = [text.strip() for text in content.texts]
    some = [text for text in texts if text]
    if not texts:
        return next((what for sign, what in _TYPES.items() if sign in content.dtype), NOT_READ)
    if not some:
        return "nothing but empty cells"
    if content.dtype == "float64":
        return "numbers with gaps"
    if len(set(some)) * _EACH_TWICE <= len(some) or names_labels(name):
        return "class names"
    return "ids" if len(set(some)) == len(some) or names_ids(name) else "text"


def look_of_whole(name: str, values: ValueSummary, ndim: int) -> str:
    """Say whether whole numbers that may be labels are something else, by their name and count."""
    if names_labels(name):
        return "labels"
    span = values.maximum - values.minimum + 1
    middle = (values.maximum + values.minimum) / 2
    each_once = values.count >= _FEWEST_IDS and span == values.count and values.mean == middle
    if names_ids(name) or (each_once and ndim == 1):
        return "ids" if ndim == 1 else "labels"  # token ids are labels
    if "mask" in name.lower() and values.minimum >= 0 and values.maximum <= 1:
        return "a mask"
    return "numbers" if names_no_class(name) else "labels"
