"""What a command is: a function, and what its help page shows first."""

import math
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from functools import cache
from importlib import import_module
from inspect import getdoc
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_params_convertors_ctx_param_name_from_function

from xentcli.cli import names
from xentcli.cli.expand import expand
from xentcli.errors import UNSET, UsageError, XentError
from xentcli.text import read_float, read_int

CONTEXT = {"help_option_names": ["-h", "--help"]}
_READS: dict[str, Callable[[str], float]] = {"int": read_int, "float": read_float}
_ONE_KEY = "--key names one array, for all files: save arrays of other names in files of their own"
_MAY_BE_EMPTY = ("id_column",)  # a header may hold an empty name


class Command:
    """A command of the command line.

    Parameters
    ----------
    run : callable
        Gets the options, each annotated for typer; a parameter that is an option group stands
        for its options. The first line of its docstring is what the command does.
    first : tuple of str
        The options that the help page shows first, about five.
    examples : tuple of str
        Command lines to begin with.

    Raises
    ------
    XentError
        If one of the two is a text: each of its letters would be taken for an option or a line.
    """

    def __init__(
        self,
        run: Callable[..., None],
        first: tuple[str, ...] = (),
        examples: tuple[str, ...] = (),
    ) -> None:
        texts: dict[str, object] = {"first": first, "examples": examples}
        for name, given in texts.items():
            if isinstance(given, str):
                raise XentError(f"Command({name}=...) takes a tuple: {name}=({given!r},)")
        self.run = run
        self.first = first
        self.examples = examples


def _begins_like_number(text: str) -> bool:
    return text.removeprefix(".")[:1].isdecimal()


class PagedCommand(TyperCommand):
    """A command with a help page of ours."""

    spec: Command
    _parser: Any = None

    def make_parser(self, ctx: Any) -> Any:
        """Return the parser, which reads anything like a negative number as an argument.

        It is made once: a process may run a command many times, and a parser has no other state
        than whose options it reads.
        """
        parser = self._parser = self._parser or self._made_parser(ctx)
        parser.ctx = ctx
        return parser

    def _made_parser(self, ctx: Any) -> Any:
        parser = super().make_parser(ctx)
        process_option = parser._process_opts

        def process(argument: str, state: Any) -> None:
            if _begins_like_number(argument[1:]):
                state.largs.append(argument)
                return
            key = state.opts.get("key")
            try:
                process_option(argument, state)
                if self.name == "compare" and key not in (None, state.opts.get("key")):
                    raise UsageError(_ONE_KEY)  # the last of them would be compared with itself
            except Exception as error:
                if getattr(error, "ctx", parser.ctx) is None:  # tells the hint which command it is
                    error.ctx = parser.ctx  # type: ignore[attr-defined]
                raise

        parser._process_opts = process  # type: ignore[method-assign, assignment]
        return parser

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]
        """Return the help page."""
        from xentcli.cli.help_page import command_page

        return command_page(self, ctx)


def _refuse_empty(parameters: list[Any], values: dict[str, Any]) -> None:
    """Raise UsageError if an option has an empty value: it would be left out, or named nothing."""
    for each in parameters:
        value = values.get(each.name)
        empty = "" in value if isinstance(value, (list, tuple)) else value == ""
        if empty and each.param_type_name == "option" and each.name not in _MAY_BE_EMPTY:
            raise UsageError(f"{each.opts[0]} has an empty value", hint=UNSET)


def _strictly_read(kind: Any) -> Any:
    """Return the type of an option with its numbers read as all numbers in text are."""
    name = kind.name.removesuffix(" range")
    read = _READS.get(name)
    if read is None:
        return kind
    found, convert = copy(kind), kind.convert

    def converted(value: Any, parameter: Any, context: Any) -> Any:
        with suppress(ValueError):
            number = convert(read(value) if isinstance(value, str) else value, parameter, context)
            if not (isinstance(number, float) and math.isnan(number)):  # outside of no range
                return number
        return kind.fail(f"{value!r} is not a valid {name}.", parameter, context)

    found.convert = converted
    return found


@cache
def load_command(name: str) -> Any:
    """Return the command of this name, or None if there is none."""
    module = names.home_of(name)
    if module is None:
        return None
    try:
        spec = getattr(import_module(module), "COMMAND", None)
    except SystemExit as error:
        raise UsageError(f"{module} exits when it is imported for xent {name}") from error
    if not isinstance(spec, Command):
        raise UsageError(f"{module} has no COMMAND = Command(...) for xent {name}")
    run = expand(spec.run)
    # This is how typer makes a command of a function, without looking at its options twice.
    options, convertors, _ = get_params_convertors_ctx_param_name_from_function(run)
    parameters: list[Any] = [*options]
    for each in parameters:
        each.type = _strictly_read(each.type)

    def converted(**values: Any) -> None:
        _refuse_empty(options, values)
        given = {
            key: convertors[key](value) if key in convertors else value
            for key, value in values.items()
        }
        try:
            run(**given)
        except EOFError as error:  # typer would take it for the end of a terminal, and be silent
            raise RuntimeError("an EOFError") from error

    made = PagedCommand(
        name, context_settings=CONTEXT, callback=converted, params=parameters, help=getdoc(run)
    )
    made.spec = spec
    return made


def command_or_error(name: str) -> tuple[Any, Exception | None]:
    """Return the command of this name; or None and why, if it was added and cannot be loaded."""
    try:
        return load_command(name), None
    except Exception as error:
        if not names.is_added(name):
            raise
        return None, error
