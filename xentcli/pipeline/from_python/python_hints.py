"""Hints of the command line in the words of Python: ``--label-base 1`` is ``label_base=1``."""

import re

_OPTION = re.compile(r"--(?P<name>[a-z][a-z-]*)(?: (?P<value>'[^']*'|[^\s;]+))?")
_CLAUSE = re.compile(r"[^;]+|;")
_COMMAND = re.compile(r"\b(?:xent|dask worker|dask scheduler) ")
_FLAGS = {"binary": True, "header": True, "no-header": False, "picked": True}
_KINDS = ("probs", "log-probs")
_LISTS = ("columns", "drop", "classes")
_NOT_VALUES = ("out", "has")  # leave --columns out; a file of --classes has ...
_FILE_OF_CLASSES = " or --classes FILE"  # the argument takes no file
_PLACEHOLDER = re.compile(r"[A-Z_:]+|[A-Z](?:,[A-Z])*(?:,\.\.\.)?")


def hint_in_python(hint: str, arguments: frozenset[str]) -> str:
    """Return a hint with options as arguments; commands, and options without one, stay.

    Examples
    --------
    >>> hint_in_python("labels look 1-based; try --label-base 1", frozenset(["label_base"]))
    'labels look 1-based; try label_base=1'
    """

    def argument(match: re.Match[str]) -> str:
        name, value = match["name"], match["value"]
        if name in _KINDS and "input" in arguments:
            return f"input={name!r}"
        if name in _FLAGS:
            wanted = name.removeprefix("no-")
            rest = match[0].removeprefix(f"--{name}")
            return f"{wanted}={_FLAGS[name]}{rest}" if wanted in arguments else match[0]
        name = name.replace("-", "_")
        if name not in arguments:
            return match[0]
        if value is None or value in _NOT_VALUES:
            return name if value is None else f"{name} {value}"
        bare = value.rstrip(",)") or value
        return f"{name}={_shown(name, bare)}{value[len(bare) :]}"

    if "classes" in arguments:
        hint = hint.replace(_FILE_OF_CLASSES, "")
    return "".join(
        clause if _COMMAND.search(clause) else _OPTION.sub(argument, clause)
        for clause in _CLAUSE.findall(hint)
    )


def _shown(name: str, value: str) -> str:
    """Return the value of an option as Python writes it."""
    text = value[1:-1] if value[:1] == value[-1:] == "'" else value
    several = name in _LISTS and "," in text
    if _PLACEHOLDER.fullmatch(text):
        return f"[{text.replace(',', ', ')}]" if several else text
    if several:
        return repr(text.split(","))
    return text if re.fullmatch(r"-?\d+", text) and name not in _LISTS else repr(text)
