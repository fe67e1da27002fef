"""Many small cases as one test: thousands of tests take longer than what they do."""

import inspect
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

Case = tuple[str, dict[str, Any]]
_BY_NAME = inspect.Parameter.KEYWORD_ONLY


def in_one_test(function: Callable[..., None]) -> Callable[..., None]:
    """Run all cases of the ``parametrize`` marks below in one test, which names those that fail.

    Fixtures are set up once, and each case has a folder like `tmp_path` as they have left it.
    """
    return _together(function, _in_its_own_folder)


def in_one_folder(function: Callable[..., None]) -> Callable[..., None]:
    """Run all cases in one test and one folder: each must leave that as it was."""
    return _together(function, _in_the_same_folder)


def _together(
    function: Callable[..., None],
    fixtures_of_a_case: Callable[..., AbstractContextManager[dict[str, Any]]],
) -> Callable[..., None]:
    marks: list[pytest.Mark] = function.pytestmark  # type: ignore[attr-defined]
    parametrize = [mark for mark in reversed(marks) if mark.name == "parametrize"]
    names = list(inspect.signature(function).parameters)
    of_cases = {name for mark in parametrize for name in _names(mark)}
    fixtures_named = dict.fromkeys(name for name in names if name not in of_cases)
    if fixtures_named:
        fixtures_named["tmp_path"] = None

    @cache
    def axes() -> list[list[Case]]:
        """Return the cases, which a generator makes no earlier: each worker collects all tests."""
        return [list(_cases(mark)) for mark in parametrize]

    def test(**fixtures: Any) -> None:
        failures: list[BaseException] = []
        for i, case in enumerate(product(*axes())):
            arguments = {name: value for _, values in case for name, value in values.items()}
            try:
                with (
                    pytest.MonkeyPatch.context() as patch,
                    fixtures_of_a_case(i, patch, **fixtures) as given,
                ):
                    everything = {**given, **arguments}
                    function(**{name: everything[name] for name in names})
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - raised below
                error.add_note(f"the case {'-'.join(name for name, _ in case)}")
                failures.append(error)
        if failures:
            raise BaseExceptionGroup(f"{len(failures)} cases fail", failures)

    others = [mark for mark in marks if mark.name != "parametrize"]
    return _dressed(test, function, others, fixtures_named)


def _dressed(
    test: Callable[..., None],
    function: Callable[..., None],
    marks: list[pytest.Mark],
    fixtures: Iterable[str],
) -> Callable[..., None]:
    """Return a test that is called as a function is, with marks and fixtures of its own."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(test, name, getattr(function, name))
    test.pytestmark = marks  # type: ignore[attr-defined]
    parameters = [inspect.Parameter(name, _BY_NAME) for name in fixtures]
    test.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return test


@contextmanager
def _in_the_same_folder(
    _i: int, patch: pytest.MonkeyPatch, tmp_path: Path | None = None, **fixtures: Any
) -> Iterator[dict[str, Any]]:
    """Yield fixtures for one case, and check that it leaves the folder alone."""
    before = _files_of(tmp_path)
    if "monkeypatch" in fixtures:
        fixtures["monkeypatch"] = patch
    yield {**fixtures, "tmp_path": tmp_path}
    assert _files_of(tmp_path) == before, "it changes what is in the folder of all cases"


def _files_of(folder: Path | None) -> dict[str, tuple[int, int]]:
    """Return the size of each file of a folder, and when it was written."""
    found = {} if folder is None else {entry.name: entry.stat() for entry in os.scandir(folder)}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in found.items()}


@contextmanager
def _in_its_own_folder(
    i: int, patch: pytest.MonkeyPatch, tmp_path: Path | None = None, **fixtures: Any
) -> Iterator[dict[str, Any]]:
    """Yield fixtures for one case, with a folder of its own."""
    if tmp_path is None:
        yield {}
        return
    own = tmp_path.with_name(f"{tmp_path.name}-{i}")
    if any(tmp_path.iterdir()):
        shutil.copytree(tmp_path, own, symlinks=True)
    else:
        own.mkdir()
    if Path.cwd() == tmp_path:
        patch.chdir(own)
    if "monkeypatch" in fixtures:
        fixtures["monkeypatch"] = patch
    for name, value in fixtures.items():
        if isinstance(value, Path) and value.is_relative_to(tmp_path):
            fixtures[name] = own / value.relative_to(tmp_path)
    yield {**fixtures, "tmp_path": own}


def _names(mark: pytest.Mark) -> list[str]:
    names = mark.args[0]
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)


def _cases(mark: pytest.Mark) -> Iterator[Case]:
    """Yield the name of each case, and its arguments."""
    names, cases = _names(mark), list(mark.args[1])
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
