"""The examples in docstrings, run; each function of the Python API shows one."""

import doctest
import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest
from in_one_test import in_one_test
from sources import FILES, PACKAGE

import xentcli

FUNCTIONS = [name for name in xentcli.__all__ if not name.startswith("_")]
FINDER = doctest.DocTestFinder(exclude_empty=True)


def modules() -> Iterator[str]:
    """Yield the modules with an example."""
    for file in FILES:
        if ">>> " in file.read_text("utf-8"):
            place = file.relative_to(PACKAGE.parent).with_suffix("")
            yield ".".join(place.parts).removesuffix(".__init__")


@in_one_test
@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    tests = [test for test in FINDER.find(import_module(name)) if test.examples]
    assert tests
    for test in tests:
        assert runner.run(test).failed == 0, test.name


@in_one_test
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_of_the_python_api_has_an_example(name: str) -> None:
    documentation = inspect.getdoc(getattr(xentcli, name)) or ""
    assert "Examples\n--------\n>>> " in documentation
