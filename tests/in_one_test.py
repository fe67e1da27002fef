"""Many small cases as one test: thousands of tests take longer than what they do."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

Case = tuple[str, dict[str, Any]]


def in_one_test(function: Callable[..., None]) -> Callable[[], None]:
    """Run all cases of the ``parametrize`` marks below in one test, which names those that fail."""
    marks: list[pytest.Mark] = function.pytestmark  # type: ignore[attr-defined]
    axes = [list(_cases(mark)) for mark in reversed(marks) if mark.name == "parametrize"]

    def test() -> None:
        failures: list[BaseException] = []
        for case in product(*axes):
            arguments = {name: value for _, values in case for name, value in values.items()}
            try:
                function(**arguments)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - raised below
                error.add_note(f"the case {'-'.join(name for name, _ in case)}")
                failures.append(error)
        if failures:
            raise BaseExceptionGroup(f"{len(failures)} cases fail", failures)

    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(test, name, getattr(function, name))
    others = [mark for mark in marks if mark.name != "parametrize"]
    test.pytestmark = others  # type: ignore[attr-defined]
    return test


def _cases(mark: pytest.Mark) -> Iterator[Case]:
    """Yield the name of each case, and its arguments."""
    names, cases = mark.args
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    cases = list(cases)
    ids = mark.kwargs.get("ids")
    for i, case in enumerate(cases):
        name, values = None, case
        if isinstance(case, type(pytest.param())):
            assert not case.marks
            name, values = case.id, case.values
        elif len(names) == 1:
            values = (case,)
        if name is None and ids is not None:
            name = ids(case) if callable(ids) else list(ids)[i]
        yield str(name or repr(case)), dict(zip(names, values, strict=True))
