"""Options that several commands share, written once: a parameter that is a named tuple."""

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, get_args

from xentcli.cli.process import begin_work

_WRITTEN = ("output", "report", "plot", "state")  # parameters that name what will be written


class Without:
    """Annotates a parameter that is a named tuple: these fields are no options, but their defaults.

    Examples
    --------
    >>> Without("binary").fields
    ('binary',)
    """

    def __init__(self, *fields: str) -> None:
        self.fields = fields


def expand(command: Callable[..., Any]) -> Callable[..., None]:
    """Return `command` with each parameter that is a named tuple replaced by its fields.

    Typer sees one option for each field; the command gets the tuple.
    """
    hints = inspect.get_annotations(command)
    groups: dict[str, Any] = {}
    fields: dict[str, list[str]] = {}
    for name, hint in hints.items():
        group, *more = get_args(hint) or (hint,)
        if hasattr(group, "_fields"):
            left_out = {
                field for each in more if isinstance(each, Without) for field in each.fields
            }
            groups[name] = group
            fields[name] = [field for field in group._fields if field not in left_out]
    parameters: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            parameters.update(_options_of(groups[name], fields[name]))
        else:
            parameters[name] = parameter.replace(
                annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY
            )

    @wraps(command)
    def expanded(**values: Any) -> None:
        written = [values[name] for name in _WRITTEN if values.get(name) not in (None, "-")]
        for name, group in groups.items():
            values[name] = group(**{field: values.pop(field) for field in fields[name]})
        begin_work()
        scheduler = getattr(values.get("common"), "scheduler", None)
        with ExitStack() as stack:
            if written:
                from xentcli.pipeline.inputs import will_write

                stack.enter_context(will_write(written))
            if scheduler is not None:
                from xentcli.pipeline.inputs import checked_address
                from xentcli.pipeline.run import headers_on

                stack.enter_context(headers_on(checked_address(scheduler)))
            command(**values)

    signature = inspect.Signature(list(parameters.values()))
    expanded.__signature__ = signature  # type: ignore[attr-defined]
    expanded.__annotations__ = {}  # typer would evaluate them twice, and asks the signature
    return expanded


def _options_of(group: Any, fields: list[str]) -> dict[str, inspect.Parameter]:
    hints = inspect.get_annotations(group)
    return {
        field: inspect.Parameter(
            field,
            inspect.Parameter.KEYWORD_ONLY,
            default=group._field_defaults[field],
            annotation=hints[field],
        )
        for field in fields
    }
