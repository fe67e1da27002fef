"""What the parts of a pickle describe: what it would import, call, and keep elsewhere."""

from typing import Any, NamedTuple

from xentcli.formats.keys import shown
from xentcli.text import visible


class Global(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str

    def __str__(self) -> str:
        """Return how Python names it, safe to show."""
        built_in = self.module in ("builtins", "__builtin__")
        return visible(shown(self.name if built_in else f"{self.module}.{self.name}"))

    def belongs_to(self, package: str) -> bool:
        """Whether it is of a package or a module of it."""
        return self.module.partition(".")[0] == package


class Span(NamedTuple):
    """Bytes that stay where they are in the input."""

    offset: int
    size: int


class Persistent(NamedTuple):
    """What the program that writes the pickle keeps outside of it."""

    identity: Any


class Call:
    """What a pickle would call, and what it would then give to the object that it gets."""

    __slots__ = ("arguments", "function", "items", "state")

    def __init__(self, function: Any, arguments: Any) -> None:
        self.function = function
        self.arguments: tuple[Any, ...] = arguments if isinstance(arguments, tuple) else ()
        self.items: dict[str, Any] = {}
        self.state: Any = None


def name_of(thing: Any) -> str:
    """Return what messages call something of a pickle."""
    while isinstance(thing, Call):
        thing = thing.function
    return str(thing) if isinstance(thing, Global) else type(thing).__name__
