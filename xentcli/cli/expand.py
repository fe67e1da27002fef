"""Options that several commands share, written once: a parameter that is an option group."""

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, Self, get_args

from xentcli.cli.process import begin_work
from xentcli.errors import XentError

_WRITTEN = ("output", "report", "plot", "state")  # parameters that name what will be written


class OptionGroup:
    """Some options: its annotated attributes, with their defaults, or other such groups.

    A named tuple would take fifteen times as long to define, and a start defines eight of them.

    Examples
    --------
    >>> class Colours(OptionGroup):
    ...     text: str = "black"
    ...     page: str = "white"
    >>> Colours(page="grey").replaced(text="blue").page
    'grey'
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def replaced(self, **changes: Any) -> Self:
        """Return the same options with some changes."""
        return type(self)(**(vars(self) | changes))


class Without:
    """Annotates a parameter that is an option group: these options are left at their defaults.

    An option may also be a whole group of them, or one within such a group.

    Examples
    --------
    >>> Without("binary").fields
    ('binary',)
    """

    def __init__(self, *fields: str) -> None:
        self.fields = fields


def expand(command: Callable[..., Any]) -> Callable[..., None]:
    """Return `command` with each parameter that is an option group replaced by its options.

    Typer sees these options, also those of a group within a group; the command gets the group.

    Raises
    ------
    XentError
        If a parameter has no annotation, or an option is there twice.
    """
    groups: dict[str, _Expanded] = {}
    parameters: dict[str, inspect.Parameter] = {}
    hints = _annotations_of(command)
    for name, parameter in inspect.signature(command).parameters.items():
        if name not in hints:
            raise XentError(f"the parameter {name} of {command.__name__} has no annotation")
        if group := _group_of(hints[name]):
            groups[name] = group
            found = group.options()
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            found = {name: parameter.replace(annotation=hints[name], kind=kind)}
        if twice := [each for each in found if each in parameters]:
            raise XentError(f"{command.__name__} has the option {twice[0]} twice")
        parameters.update(found)

    @wraps(command)
    def expanded(**values: Any) -> None:
        written = [values[name] for name in _WRITTEN if values.get(name) not in (None, "-")]
        scheduler = values.get("scheduler")
        for name, group in groups.items():
            values[name] = group.value(values)
        begin_work()
        with ExitStack() as stack:
            if written:
                from xentcli.pipeline.opening import will_write

                stack.enter_context(will_write(written))
            if scheduler is not None:
                from xentcli.pipeline.run import headers_on

                stack.enter_context(headers_on(scheduler))
            command(**values)

    signature = inspect.Signature(list(parameters.values()))
    expanded.__signature__ = signature  # type: ignore[attr-defined]
    expanded.__annotations__ = {}  # typer would evaluate them twice, and asks the signature
    return expanded


def _annotations_of(annotated: Any) -> dict[str, Any]:
    """Return annotations; those of a file that postpones them are text, which is evaluated."""
    found = inspect.get_annotations(annotated)
    texts = any(isinstance(hint, str) for hint in found.values())
    try:
        return inspect.get_annotations(annotated, eval_str=True) if texts else found
    except NameError as error:
        raise XentError(f"an annotation of {annotated.__name__}: {error}") from error


class _Expanded:
    """The options of a group, and of groups in it."""

    def __init__(self, kind: Any, left_out: frozenset[str]) -> None:
        self._kind = kind
        self._parts: dict[str, _Expanded | inspect.Parameter] = {}
        for name, hint in _annotations_of(kind).items():
            if name not in left_out:
                self._parts[name] = _group_of(hint, left_out) or inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=getattr(kind, name),
                    annotation=hint,
                )

    def options(self) -> dict[str, inspect.Parameter]:
        """Return the options of all fields, also those of the groups among them."""
        found: dict[str, inspect.Parameter] = {}
        for name, part in self._parts.items():
            found.update(part.options() if isinstance(part, _Expanded) else {name: part})
        return found

    def value(self, values: dict[str, Any]) -> Any:
        """Return the group with these values, which are taken out."""
        return self._kind(
            **{
                name: part.value(values) if isinstance(part, _Expanded) else values.pop(name)
                for name, part in self._parts.items()
            }
        )


def _group_of(hint: Any, left_out: frozenset[str] = frozenset()) -> _Expanded | None:
    """Return the group of options that a parameter of this type stands for, if any."""
    kind, *more = get_args(hint) or (hint,)
    if not (isinstance(kind, type) and issubclass(kind, OptionGroup)):
        return None
    without = (field for each in more if isinstance(each, Without) for field in each.fields)
    return _Expanded(kind, left_out.union(without))
