"""What holds for every test: signals, compiled code, and examples that are the same each time.

``pytest --hypothesis-profile random`` draws others each time.
"""

import atexit
import compileall
import gc
import itertools
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from forking import share_forking
from hypothesis import HealthCheck, settings

# No example fails for the time that it takes: machines differ, and others work on them.
timeless = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", timeless, derandomize=True, max_examples=25)
settings.register_profile("random", timeless, derandomize=False)
settings.load_profile("same")

# Without bytecode, each of the hundreds of processes that the tests start would compile the package
# anew, which takes as long as all else that it does.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# As the command has it. The threads of OpenBLAS wait for each other by turning round and round,
# which beside other workers took a third of the time of tests that multiply matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Libraries and tests are some 400,000 objects that stay; to search them for garbage as often
# as Python does by itself took a twentieth of the tests' time.
gc.set_threshold(100_000, 10, 100)

# What is ignored here stays ignored in the processes that the tests start: nohup ignores SIGHUP,
# and a shell that starts a job in the background SIGINT and SIGQUIT.
for ignored in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(ignored, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

NUMBERS = itertools.count()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder for a test; pytest's own would take thrice as long, to link to the last one."""
    path = tmp_path_factory.getbasetemp() / f"{request.node.originalname[:30]}-{next(NUMBERS)}"
    path.mkdir()
    return path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Have a worker for each processor: with one more, they take a tenth longer."""
    return os.cpu_count() or 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile once, in two processes, what every worker of a new clone would for itself.

    What forks for one worker does so for all.
    """
    if getattr(session.config.option, "numprocesses", None):  # a worker has none
        share_forking()
        child = os.fork()
        _compile(session.config, half=bool(child))
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)


def _compile(config: pytest.Config, *, half: bool) -> None:
    """Write the caches of half of the modules, as far as this pytest makes its as others do."""
    tests = Path(__file__).parent
    files = sorted([*tests.rglob("*.py"), *tests.with_name("xentcli").rglob("*.py")])
    with suppress(AttributeError, ImportError, TypeError, OSError, SyntaxError):
        from _pytest.assertion import rewrite

        state = config.stash[rewrite.assertstate_key]
        for path in files[half::2]:
            if not path.name.startswith("test_"):
                compileall.compile_file(path, quiet=2)
                continue
            cache = rewrite.get_cache_dir(path) / f"{path.stem}{rewrite.PYC_TAIL}"
            if rewrite._read_pyc(path, cache) is None and rewrite.try_makedirs(cache.parent):
                source, code = rewrite._rewrite_test(path, config)
                rewrite._write_pyc(state, code, source, cache)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what mostly waits and takes longest: all else runs beside it."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every search for garbage."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker end at once: Python would search and free all that it has, for seconds."""
    if hasattr(session.config, "workerinput"):
        gc.freeze()
        atexit.register(os._exit, 0)


_MOST_OPEN_FILES = 500  # `select` ends at 1,024


def pytest_runtest_teardown() -> None:
    """Close what waits for a search for garbage, before too many files are open."""
    lowest = os.dup(0)
    os.close(lowest)
    if lowest >= _MOST_OPEN_FILES:
        gc.collect()
