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
        return self.module == package or self.module.startswith(f"{package}.")


class StoredBytes(NamedTuple):
    """Bytes that stay where they are in the input."""

    offset: int
    size: int


class Persistent(NamedTuple):
    """What the program that writes the pickle keeps outside of it."""

    identity: Any


class Call:
    """What a pickle would call, and what it would then give to the object that it gets."""

    __slots__ = ("arguments", "function", "items", "makes", "state")

    def __init__(self, function: Any, arguments: Any, *, makes: bool = False) -> None:
        self.function = function
        self.makes = makes  # an object of a class, without running the class's own function
        self.arguments: tuple[Any, ...] = arguments if isinstance(arguments, tuple) else ()
        self.items: dict[str, Any] = {}
        self.state: Any = None

    @property
    def record(self) -> dict[str, Any]:
        """What it holds by name, if it is an object of a class that keeps its fields as they are.

        That is a dictionary of some class, a named tuple, whose fields have no name in a pickle, or
        an object without private fields, whose names would begin with an underscore.
        """
        if str(self.function).startswith("torch.return_types.") and self.arguments:
            return dict(zip(_RETURNED, self.arguments[0], strict=False))
        if self.items or not self.makes:
            return self.items
        if self.arguments:
            names = _FIELDS.get(str(self.function), map(str, range(len(self.arguments))))
            return dict(zip(names, self.arguments, strict=False))
        fields = self.state if isinstance(self.state, dict) else {}
        return {} if any(name.startswith("_") for name in fields) else fields


_RETURNED = ("values", "indices")
"""The fields of what torch.topk, torch.max and others return."""
_FIELDS = {
    f"transformers.trainer_utils.{name}": ("predictions", "label_ids", "metrics", "num_samples")
    for name in ("PredictionOutput", "EvalLoopOutput")
}
"""The fields of named tuples that are known."""


def name_of(thing: Any) -> str:
    """Return what messages call something of a pickle."""
    while isinstance(thing, Call):
        thing = thing.function
    return str(thing) if isinstance(thing, Global) else type(thing).__name__
