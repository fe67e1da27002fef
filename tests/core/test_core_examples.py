"""The examples in docstrings, run: the Python API's, and those of the seams."""

import doctest
import inspect
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

import pytest
from in_one_test import in_one_test

import xentcli
from xentcli.core import fact
from xentcli.metrics import interface

SEAMS = ["xentcli.core.fact.fact", "xentcli.metrics.interface.register"]
FUNCTIONS = [name for name in xentcli.__all__ if not name.startswith("_")]


def run(function: object, module: str, name: str) -> None:
    names = {**vars(import_module(module))}
    (test,) = doctest.DocTestFinder(recurse=False).find(function, name, globs=names)
    assert test.examples, f"{name} shows no example"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert runner.run(test).failed == 0


@in_one_test
@pytest.mark.parametrize("name", FUNCTIONS)
def test_examples_of_the_python_api(name: str) -> None:
    function = getattr(xentcli, name)
    assert "Examples\n--------" in (inspect.getdoc(function) or "")
    run(function, "xentcli", name)


@pytest.mark.parametrize("path", SEAMS)
def test_examples_of_the_seams(path: str) -> None:
    module, _, name = path.rpartition(".")
    run(getattr(import_module(module), name), module, name)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Forget what the examples register."""
    yield
    with suppress(KeyError):
        fact.forget("doubt")
    with suppress(KeyError):
        interface.forget("ignored")
