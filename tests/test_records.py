"""Records are what typing.NamedTuple makes, which is the oracle here."""

import copy
import pickle
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import pytest

from xentcli.records import Record

Item = TypeVar("Item")


class Plain(NamedTuple):
    """A named tuple of the library."""

    x: int
    y: float = 2.0
    rest: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Return the sum."""
        return self.x + self.y


class Quick(Record):
    """The same as a record."""

    x: int
    y: float = 2.0
    rest: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Return the sum."""
        return self.x + self.y


class Heir(Quick):
    """Inherits the fields, and has an annotation of its own."""

    __slots__ = ()
    unit: str = "s"


class Pair(Record, Generic[Item]):
    """A record of some type."""

    one: Item
    other: Item


WAYS: dict[str, Callable[[Any], Any]] = {
    "by position": lambda kind: kind(1, 3.0, ("a",)),
    "by name": lambda kind: kind(rest=("a",), x=1),
    "both": lambda kind: kind(1, rest=("a",)),
    "replaced": lambda kind: kind(1)._replace(y=5.0),
    "of its type": lambda kind: (*kind._fields, kind._field_defaults, kind.__match_args__),
    "as a dict": lambda kind: kind(1)._asdict(),
    "as text": lambda kind: repr(kind(1)).removeprefix(kind.__name__),
    "a property": lambda kind: kind(1).total,
    "an item": lambda kind: (kind(1)[0], kind(1)[-1], kind(1)[:2], len(kind(1))),
    "unpacked": lambda kind: [*kind(1)],
    "equal and hashed": lambda kind: (kind(1) == (1, 2.0, ()), hash(kind(1))),
    "pickled": lambda kind: pickle.loads(pickle.dumps(kind(1, 3.0), -1)),
    "copied": lambda kind: copy.deepcopy(kind(1, 3.0)),
    "one too few": lambda kind: kind(),
    "one too many": lambda kind: kind(1, 2, (), 4),
    "twice": lambda kind: kind(1, x=2),
    "an unknown name": lambda kind: kind(1, z=2),
    "an unknown change": lambda kind: kind(1)._replace(z=2),
    "changed": lambda kind: setattr(kind(1), "x", 2),
    "another attribute": lambda kind: setattr(kind(1), "z", 2),
}


def outcome(way: Callable[[Any], Any], kind: Any) -> Any:
    try:
        return way(kind)
    except (TypeError, AttributeError, ValueError) as error:
        return "error" if isinstance(error, (TypeError, ValueError)) else AttributeError


@pytest.mark.parametrize("kind", [Quick, Heir])
def test_a_record_does_what_a_named_tuple_does(kind: Any) -> None:
    found = {name: outcome(way, kind) for name, way in WAYS.items()}
    assert found == {name: outcome(way, Plain) for name, way in WAYS.items()}
    assert type(kind(1)._replace(x=2)) is kind
    assert type(found["pickled"]) is type(found["copied"]) is kind


def test_a_record_may_be_generic() -> None:
    assert Pair[int](1, other=2) == (1, 2)
    assert Pair(1, 2).other == 2


@pytest.mark.parametrize(
    ("kind", "values", "named", "says"),
    [
        (Quick, (), {}, "Quick lacks x; its fields are x, y, rest"),
        (Pair, (), {"other": 1, "third": 2}, "Pair lacks one and has third too; "),
        (Quick, (1,), {"x": 2}, "Quick has x twice; "),
        (Quick, (1, 2, (), 4), {}, "Quick has 4 values; "),
    ],
)
def test_what_is_wrong_with_a_record(
    kind: Any, values: tuple[Any, ...], named: dict[str, Any], says: str
) -> None:
    with pytest.raises(TypeError, match=f"^{says}"):
        kind(*values, **named)
