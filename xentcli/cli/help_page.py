"""The contents of the help pages, gathered from the commands in an order of our own."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import typer

from xentcli.cli.command import PagedCommand, command_or_error
from xentcli.cli.names import command_names
from xentcli.errors import XentError
from xentcli.render.help import LARGEST_WIDTH, Entry, HelpPage, Section, help_text

_EVERY_COMMAND = "Every command"
_LAST_SECTIONS = ("Files by name, instead of by position", _EVERY_COMMAND)
_FIRST_EXAMPLES = (
    "xent loss logits.npy labels.npy",
    "xent softmax logits.csv -o probs.csv",
    "xent explain logits.npy labels.npy --rows 0:3",
)


def main_page(group: Any, context: typer.Context) -> str:
    """Return the help page of `xent`."""
    entries = tuple(map(_entry, command_names()))
    options = tuple(_option(param, context) for param in _options(group, context))
    closing = "xent COMMAND --help shows the options of a command, xent help the documentation."
    sections = (
        Section("Examples", lines=_FIRST_EXAMPLES),
        Section("Commands", entries),
        Section("Options", options),
    )
    return _text(HelpPage("xent COMMAND [ARGUMENTS]", (group.help,), sections, closing))


def _entry(name: str) -> Entry:
    """Return what a command does, or why it cannot be used: the others are shown all the same."""
    command, error = command_or_error(name)
    if error is not None:
        from xentcli.cli.failures import as_xent_error

        return Entry(name, f"cannot be used: {as_xent_error(error).message}")
    return Entry(" ".join([name, *_usage_of_arguments(command)]), _summary(command))


def command_page(command: PagedCommand, context: typer.Context) -> str:
    """Return the help page of a command."""
    options = _options(command, context)
    first, rest = _first(command.spec.first, options)
    sections = [
        Section("Examples", lines=command.spec.examples),
        Section("Arguments", tuple(_arguments(command, context))),
        Section("Options", tuple(_option(param, context) for param in first)),
        *_groups(rest, context),
    ]
    name = " ".join([context.command_path, *_usage_of_arguments(command), "[OPTIONS]"])
    paragraphs = (command.help or "").split("\n\n")
    return _text(
        HelpPage(
            name,
            tuple(" ".join(paragraph.split()) for paragraph in paragraphs),
            tuple(section for section in sections if section.entries or section.lines),
        )
    )


def _first(names: tuple[str, ...], options: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the options that are shown first, in the order of their names, and the others."""
    by_name = {flag: param for param in options for flag in param.opts}
    if unknown := [name for name in names if name not in by_name]:
        raise XentError(
            f"Command(first=...) names {unknown[0]}, and the command has no such option"
        )
    first = [by_name[name] for name in names]
    return first, [param for param in options if param not in first]


def _groups(options: Iterable[Any], context: typer.Context) -> Iterator[Section]:
    """Return the options by their titles, with those of every command last."""
    groups: dict[str, list[Entry]] = {}
    for param in options:
        title = param.rich_help_panel or _EVERY_COMMAND
        groups.setdefault(title, []).append(_option(param, context))
    for title in sorted(
        groups, key=lambda title: (title in _LAST_SECTIONS, title == _EVERY_COMMAND)
    ):
        yield Section(title, tuple(groups[title]))


def _options(command: Any, context: typer.Context) -> list[Any]:
    return [
        param
        for param in command.get_params(context)
        if param.param_type_name == "option" and not param.hidden
    ]


def _arguments(command: Any, context: typer.Context) -> Iterator[Entry]:
    for param in command.get_params(context):
        if param.param_type_name == "argument":
            yield Entry(_name_of_argument(param), param.help or "")


def _usage_of_arguments(command: Any) -> list[str]:
    return [
        _name_of_argument(each) for each in command.params if each.param_type_name == "argument"
    ]


def _name_of_argument(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _summary(command: Any) -> str:
    """Return the first line of what a command does, without its period."""
    return str(command.help or "").split("\n\n", 1)[0].rstrip(".")


def _option(param: Any, context: typer.Context) -> Entry:
    short = [flag for flag in param.opts if not flag.startswith("--")]
    long = [flag for flag in param.opts if flag.startswith("--")]
    names = ", ".join([*short, "/".join([*long, *param.secondary_opts])])
    value = "" if param.is_flag else f" {metavar_of(param, context)}"
    return Entry(names + value, param.help or "", _default(param))


def metavar_of(param: Any, context: typer.Context) -> str:
    """Return what stands for the value of an option."""
    if param.metavar:
        return str(param.metavar)
    choices = getattr(param.type, "choices", None)
    return "|".join(map(str, choices)) if choices else str(param.make_metavar(context))


def _default(param: Any) -> str:
    if isinstance(param.show_default, str):
        return param.show_default
    if param.is_flag or param.default is None or not param.show_default:
        return ""
    return str(param.default)


def _text(page: HelpPage) -> str:
    at_terminal = sys.stdout is not None and sys.stdout.isatty()
    color = at_terminal and not os.environ.get("NO_COLOR")
    width = min(shutil.get_terminal_size().columns, LARGEST_WIDTH)
    return help_text(page, width, color=color)
