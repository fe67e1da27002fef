"""A scheduler from outside that leaves out, repeats or mixes up results is noticed."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

import pytest

from xentcli.errors import UsageError, XentError
from xentcli.execution import ordered_map
from xentcli.execution.addresses import (
    AddressedScheduler,
    checked_address,
    forget,
    notes_of,
    register,
)

Spoil = Callable[[Iterator[Any]], Iterable[Any]]
"""Makes of all results, in their order, those that a scheduler yields."""


@pytest.fixture
def spoilt() -> Iterator[Callable[[Spoil], None]]:
    """Return what sets how the scheduler at ``spoilt:`` spoils its results."""

    def set_spoil(spoil: Spoil) -> None:
        @register("spoilt")
        class Spoilt(AddressedScheduler):
            def map(self, work: Callable[[Any], Any], items: Any, jobs: int) -> Iterator[Any]:
                del jobs
                return iter(spoil(map(work, items)))

    yield set_spoil
    forget("spoilt")


def second_last_twice(results: Iterator[Any]) -> Iterator[Any]:
    *most, one, other = results
    return chain(most, [one, one, other])


SPOILS: dict[str, tuple[Spoil, str]] = {
    "none at all": (lambda results: list(results)[:0], "no result of item 0"),
    "none is asked for": (lambda _: [], "no result of item 0"),
    "ends early": (lambda results: islice(results, 3), "no result of item 3"),
    "loses the last": (lambda results: list(results)[:-1], "no result of item 4"),
    "loses the first": (
        lambda results: islice(results, 1, None),
        "the result of item 1 as that of item 0",
    ),
    "loses one": (lambda r: chain(islice(r, 2), islice(r, 1, None)), "the result of item 3"),
    "one twice": (second_last_twice, "the result of item 3 as that of item 4"),
    "backwards": (lambda results: reversed([*results]), "the result of item 4"),
    "one more": (lambda results: chain(results, [None]), "NoneType where a result"),
    "others": (lambda results: (float(len(str(r))) for r in results), "float where a result"),
}


def test_wrong_results_are_an_error(spoilt: Callable[[Spoil], None]) -> None:
    for name, (spoil, says) in SPOILS.items():
        spoilt(spoil)
        with pytest.raises(XentError, match=says) as caught:
            list(ordered_map(abs, range(-5, 0), 1, cluster="spoilt:1"))
        assert str(caught.value).startswith("--scheduler spoilt:1: Spoilt.map yields "), name


def test_right_results_come_whether_they_are_joined_or_not(
    spoilt: Callable[[Spoil], None],
) -> None:
    for count in (0, 1, 5):
        spoilt(lambda results: results)
        found = list(ordered_map(abs, range(-count, 0), 1, cluster="spoilt:1"))
        assert found == list(range(count, 0, -1)), count


def test_only_neighbours_are_joined() -> None:
    @register("joining")
    class Joining(AddressedScheduler):
        def map(self, work: Callable[[Any], Any], items: Any, jobs: int) -> Iterator[Any]:
            del jobs
            results = list(map(work, items))
            join = self._join
            assert join is not None
            assert join(results[0], results[2]) is None
            yield join(results[0], results[1])
            yield from results[2:]

    try:
        add = int.__add__
        found = list(ordered_map(abs, range(4), 1, cluster="joining:", join=add))
    finally:
        forget("joining")
    assert found == [1, 2, 3]


def test_a_scheduler_has_a_name_that_an_address_can_begin_with() -> None:
    for name in ("", "pool:", ":", "a b", "pool:4", 4, AddressedScheduler):
        with pytest.raises(ValueError, match="a scheduler has the name"):
            register(name)  # type: ignore[arg-type]
    for name in ("local", "tcp", "tls", "ws", "wss"):
        with pytest.raises(ValueError, match=f"{name}: is an address of dask's"):
            register(name)


def test_an_address_of_no_scheduler_is_told_those_that_there_are(
    spoilt: Callable[[Spoil], None],
) -> None:
    spoilt(lambda results: results)
    with pytest.raises(UsageError, match=r"'spoil:1' is no address, .*, spoilt:\.\.\. or local:N$"):
        checked_address("spoil:1")


def test_a_scheduler_is_a_class_with_a_map() -> None:
    for kind, says in [
        (abs, "is no class of AddressedScheduler"),
        (object, "is no class of AddressedScheduler"),
        (type("Idle", (AddressedScheduler,), {}), r"has no map\(self, work, items, jobs\)"),
    ]:
        with pytest.raises(ValueError, match=f"the scheduler 'idle'.* {says}"):
            register("idle")(kind)  # type: ignore[type-var]


def test_what_a_scheduler_says_wrong(spoilt: Callable[[Spoil], None]) -> None:
    """A broken pipe to a worker would end the run as if nobody read the output, and say nothing."""

    def broken(results: Iterator[Any]) -> Iterator[Any]:
        yield next(results)
        raise BrokenPipeError(32, "Broken pipe")

    spoilt(broken)
    with pytest.raises(XentError, match=r"Spoilt\.map has lost a process or a connection"):
        list(ordered_map(abs, range(3), 1, cluster="spoilt:1"))

    @register("spoilt")
    class Spoilt(AddressedScheduler):
        given: Any = None

        def map(self, work: Callable[[Any], Any], items: Any, jobs: int) -> Any:
            """Forget to return anything."""

        @classmethod
        def notes_of(cls, address: str) -> Any:
            del address
            return cls.given

    with pytest.raises(
        XentError, match=r"Spoilt\.map yields NoneType, and nothing to iterate over"
    ):
        list(ordered_map(abs, range(3), 1, cluster="spoilt:1"))
    for given, kind in ((None, "NoneType"), ("one note", "str")):
        Spoilt.given = given
        with pytest.raises(XentError, match=f"notes_of gives {kind}, and no list of notes"):
            notes_of("spoilt:1")
    Spoilt.given = ("one note",)
    assert notes_of("spoilt:1") == ["one note"]
