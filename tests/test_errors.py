"""Every error goes through pickle whole: a worker may be in another process."""

import io
import pickle
import pkgutil
import signal
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from typing import Any

import pytest

import xentcli
from xentcli.errors import (
    InputError,
    OutputError,
    Stopped,
    XentError,
    output_error,
    reading,
    writing,
)


def all_kinds(kind: type[XentError] = XentError) -> Iterator[type[XentError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from all_kinds(below)


def kinds_of_errors() -> set[type[XentError]]:
    """Return every kind of error of the package, of which all is imported for it."""
    for module in pkgutil.walk_packages(xentcli.__path__, "xentcli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return {kind for kind in all_kinds() if kind.__module__.startswith("xentcli")}


def pickled(error: Exception, protocol: int = pickle.HIGHEST_PROTOCOL) -> Any:
    """Return what comes out of a pickle, without what dask registers for exceptions."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, protocol)
    pickler.dispatch_table = {}
    pickler.dump(error)
    return pickle.loads(file.getvalue())


def test_pickle() -> None:
    kinds = kinds_of_errors()
    assert {XentError, InputError, OutputError, Stopped} < kinds
    errors: list[XentError] = [Stopped(signal.SIGTERM), Stopped(signal.SIGPIPE)]
    for kind in kinds - {Stopped}:
        errors += [kind("z.npy: odd\x1b", hint="try"), kind("")]
    for error, protocol in product(errors, range(pickle.HIGHEST_PROTOCOL + 1)):
        again = pickled(error, protocol)
        assert type(again) is type(error)
        assert (again.message, again.hint) == (error.message, error.hint), type(error)
        assert (again.exit_code, again.args) == (error.exit_code, error.args), type(error)
        assert (str(again), vars(again)) == (str(error), vars(error)), type(error)


def test_other_exceptions_go_through_pickle_too() -> None:
    """Those that no user meets, as they are raised for somebody above in the same process."""
    kinds_of_errors()
    ours = [
        kind
        for module in [*sys.modules.values()]
        for kind in vars(module).values()
        if getattr(module, "__name__", "").startswith("xentcli")
        and isinstance(kind, type)
        and issubclass(kind, Exception)
        and kind.__module__ == module.__name__
        and not issubclass(kind, XentError)
    ]
    assert len(ours) > 5
    for kind in ours:
        init = vars(kind).get("__init__")
        count = init.__code__.co_argcount - 1 if init else 1
        error = kind(*("odd", "try")[:count])
        again = pickled(error)
        assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


def test_a_signal_stays_that_signal() -> None:
    again = pickle.loads(pickle.dumps(Stopped(signal.SIGHUP)))
    assert (again.message, again.exit_code, again.signum) == ("SIGHUP", 129, signal.SIGHUP)


# What the system says


def test_errors_of_the_system_become_one_line() -> None:
    with pytest.raises(InputError, match=r"^a: cannot be read: permission denied$"), reading("a"):
        raise PermissionError(13, "Permission denied")
    says = r"^a: cannot be written: it exists already$"
    with pytest.raises(OutputError, match=says) as caught, writing("a"):
        raise FileExistsError(17, "File exists")
    assert caught.value.hint == "--force overwrites it"
    with pytest.raises(InputError, match=r"^a: cannot be read: unknown$"), reading("a"):
        raise OSError("Unknown")
    assert str(output_error("b", OSError("Unknown"))) == "b: cannot be written: unknown"


def test_a_reader_that_is_gone_stops_the_run() -> None:
    with pytest.raises(Stopped) as caught, writing("a"):
        raise BrokenPipeError
    assert caught.value.exit_code == 141
