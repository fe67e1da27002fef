"""Hints, as what a user types who follows them."""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from xentcli.cli.command import load_command
from xentcli.cli.names import command_names

_FILES = ("LOGITS", "LOG_PROBS", "PROBS", "FILE", "A")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


class Way(NamedTuple):
    """One way out that a hint names."""

    text: str
    command: list[str] | None
    """None where words say what to do, and no option and no command."""


def ways_of(hint: str, command: list[str], fill: Mapping[str, str]) -> list[Way]:
    """Return the commands that a hint leads to, each of its ways by itself.

    Parameters
    ----------
    hint : str
        A hint.
    command : list of str
        What was typed.
    fill : mapping
        What somebody who knows the files writes for the words in capitals.
    """
    parts = re.split(r"; |,? or (?=(?:[a-z]+:? ){0,4}--|xent )|, (?=--)|\? (?=xent )", hint)
    return [Way(part, _followed(part, command, fill)) for part in parts]


def _followed(part: str, command: list[str], fill: Mapping[str, str]) -> list[str] | None:
    if part.endswith("--help"):
        return None
    if meant := re.match(r"did you mean (--[a-z-]+)(?: (\S+))?\??$", part):
        typed = [option for option in command if option.startswith("--")]
        wrong = [option for option in typed if option not in _options(command[0])]
        if wrong:
            return [meant[1] if word == wrong[0] else word for word in command]
    if left := re.match(r"leave (--[a-z-]+) out", part):
        command, part = _without(command, left[1]), part[left.end() :]
        return _with(command, list(_named(part, command[0], fill)))
    meant = re.search(r"\bxent ([a-z-]+)((?: [^,;?]+)?)", part)
    if meant and meant[1] in command_names():
        return _replaced(meant[1], meant[2], command, fill)
    found = list(_named(part, command[0], fill))
    return _with(command, found) if found else None


def _replaced(
    name: str, rest: str, command: list[str], fill: Mapping[str, str]
) -> list[str] | None:
    """Return the command that a hint writes out, with the files that were typed."""
    files, others = _typed(command)
    words: list[str] = []
    for word in _words(rest):
        if not (word.startswith("--") or word.isupper() or (words and words[-1].startswith("--"))):
            break
        words.append(fill.get(word, word))
    taken = 0
    for i, word in enumerate(words):
        if word in _FILES or word in ("LABELS", "B"):
            words[i] = files[min(taken, len(files) - 1)] if word != "LABELS" else files[-1]
            taken += 1
    kept = [pair for pair in others if pair[0] in _options(name) and pair[0] not in words]
    if "LABELS" not in rest:
        words += files[taken:]
    return [name, *words, *(word for pair in kept for word in pair)]


def _typed(command: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return the files of a command, and its other options."""
    takes, files, others = _options(command[0]), [], []
    words = iter(command[1:])
    for word in words:
        if not word.startswith("-") or word == "-":
            files.append(word)
        elif word in ("--logits", "--probs", "--log-probs", "--labels"):
            files.append(next(words))
        else:
            others.append([word, next(words)] if takes.get(word) else [word])
    return files, others


def _named(part: str, name: str, fill: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield each option that a hint names, with its value."""
    takes = _options(name)
    for match in _OPTION.finditer(part):
        option = match[0]
        assert option in takes, f"xent {name} has no option {option}: {part}"
        if not takes[option]:
            yield [option]
            continue
        rest = part[match.end() :]
        assert rest.startswith(" "), f"{option} without a value: {part}"
        value = next(iter(_words(rest)))
        value = value if value == "," else value.rstrip(",?")
        value = fill.get(f"{option} {value}", fill.get(value, value))
        assert not re.search(r"\b[A-Z]+\b", value) or value in _FILES, f"{value} stands for: {part}"
        yield [option, value]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _without(command: list[str], option: str) -> list[str]:
    at = command.index(option)
    return command[:at] + command[at + 1 + _options(command[0])[option] :]


def _with(command: list[str], options: list[list[str]]) -> list[str]:
    """Return a command with these options; one that it has gets the new value."""
    kept = list(command)
    for option in options:
        if option[-1] in _FILES:
            kept = _as_other_input(kept, option[0])
            continue
        if option[0] == "--labels":
            files, others = _typed(kept)
            kept = [kept[0], files[0], *(word for pair in others for word in pair)]
        other = option[0].replace("--", "--no-", 1)
        other = option[0].replace("--no-", "--", 1) if option[0].startswith("--no-") else other
        kept = [word for word in kept if word != other]
        if option[0] in kept:
            at = kept.index(option[0])
            kept[at : at + len(option)] = option
        else:
            kept += option
    return kept


def _as_other_input(command: list[str], option: str) -> list[str]:
    """Return a command whose first file is what this option says it is."""
    files, others = _typed(command)
    return [command[0], option, *files, *(word for pair in others for word in pair)]


@cache
def _options(name: str) -> dict[str, bool]:
    """Return the options of a command, and whether each takes a value."""
    found = {}
    commands = [name] if name in command_names() else ["loss", "nll"]
    for parameter in (each for command in commands for each in load_command(command).params):
        for flag in (*parameter.opts, *parameter.secondary_opts):
            found[flag] = not getattr(parameter, "is_flag", False)
    return found
