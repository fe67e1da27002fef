"""Every error a user can meet.

XentError                exit code 1, one line on standard error
├── InputError           a file or an array cannot be used as it is (also a ValueError)
│   ├── ShapeError       shapes or dtypes that do not fit together
│   │   └── RaggedLists  lists of several lengths where an array is needed
│   ├── DoubtfulColumns  columns that may not be classes
│   ├── LabelError       labels that name no class
│   ├── NoLabelsBeside   no labels in the file of an array
│   └── NonFiniteError   NaN or infinity where a loss would become NaN
├── OutputError          the output cannot be written
├── UsageError           exit code 2: options that contradict each other
│   ├── MissingLabels    nothing says where the labels are
│   │   └── UnshiftedTokens    tokens stand there, and nothing says which states predict them
│   └── ArgumentError    an argument in Python (also a TypeError and a ValueError)
├── GateFailed           exit code 3: a result is written, but does not pass
└── Stopped              exit code 128 + signal: interrupted, terminated, reader gone
"""

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote


class XentError(Exception):
    """The base class of every error of this package.

    Attributes
    ----------
    message : str
        What is wrong, and where.
    hint : str or None
        What to do about it.

    Examples
    --------
    >>> import xentcli as xent
    >>> try:
    ...     xent.cross_entropy([[0.0, 1.0]], [2])
    ... except xent.XentError as error:
    ...     print(error.message)
    labels[0]: label 2 is outside 0..1
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(XentError, ValueError):
    """A file or an array cannot be used as it is."""


class ShapeError(InputError):
    """Shapes or dtypes do not fit together."""


class RaggedLists(ShapeError):  # noqa: N818
    """Lists have several lengths where an array is needed."""


class DoubtfulColumns(InputError):  # noqa: N818
    """Columns of a table may not be classes."""

    ids: str | None = None
    """The column in doubt, if it is the only one and its name says that it names rows."""


class LabelError(InputError):
    """A label is not one of the classes."""


class NoLabelsBeside(InputError):  # noqa: N818
    """A file holds an array, and no labels beside it."""


class NonFiniteError(InputError):
    """A number is NaN or infinite where the result would become NaN."""


class OutputError(XentError):
    """The output cannot be written; what stood there before is untouched."""


class UsageError(XentError):
    """Options contradict each other or cannot be understood."""

    exit_code = 2


class MissingLabels(UsageError):  # noqa: N818
    """Nothing says where the labels are."""


class UnshiftedTokens(MissingLabels):
    """Tokens stand where labels would, and nothing says which states predict them."""


class ArgumentError(UsageError, TypeError, ValueError):
    """A function of Python is given what its argument does not take."""


class GateFailed(XentError):  # noqa: N818
    """A result does not pass what was asked of it; the message has a line for each gate."""

    exit_code = 3


class Stopped(XentError):  # noqa: N818
    """A signal ended the run, or the reader of the pipe went away."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum
        self.exit_code = 128 + signum

    def __reduce__(self) -> tuple[type["Stopped"], tuple[int]]:
        """Pickle the signal, where other exceptions pickle their message."""
        return type(self), (self.signum,)


# Errors of the operating system

RAGGED = (
    "fill shorter lists up to one length: labels with -100, which is ignored, and "
    "log-probabilities that are picked with null"
)
"""The hint on lists of several lengths, as those of sequences."""
UNSET = "a variable of the shell that is not set is empty"
"""The hint on what is empty, most often a name."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn an OSError that is raised while `name` is read into one line that names it."""
    try:
        yield
    except OSError as error:
        raise input_error(name, error) from error


def input_error(name: str, error: OSError) -> InputError:
    """Return the error to show for an OSError that was raised while `name` was read."""
    if not name:
        return InputError("the name of a file to read is empty", hint=UNSET)
    hint = None
    if isinstance(error, IsADirectoryError):
        hint = "a quoted pattern names its files: 'run/*.npy'"
    elif isinstance(error, FileNotFoundError):
        path, _, key = name.rpartition(":")
        path, key = path.rstrip(":"), quote(key)
        if Path(path).is_file():
            hint = (
                f"{path} holds arrays? --key {key} chooses one; of labels, --label-key {key}; "
                "of weights or groups, save a file of this array alone"
            )
    return InputError(f"{name}: cannot be read: {_reason(error)}", hint=hint)


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn an OSError that is raised while `name` is written into one line that names it.

    If the reader of a pipe has gone away, the run stops as SIGPIPE would stop it.
    """
    try:
        yield
    except OSError as error:
        raise output_error(name, error) from error


@contextmanager
def keeping(what: str) -> Iterator[None]:
    """Turn an OSError about a temporary copy into one line that names its folder."""
    try:
        yield
    except OSError as error:
        import tempfile

        where = f" in {tempfile.tempdir}" if tempfile.tempdir else ""
        said = output_error(f"a temporary copy of {what}{where}", error)
        hint = "TMPDIR=FOLDER names another folder; ulimit -f shows how large a file may be"
        raise OutputError(said.message, hint=hint) from error


def output_error(name: str, error: OSError) -> XentError:
    """Return the error to show for an OSError that was raised while `name` was written."""
    if isinstance(error, BrokenPipeError):
        return Stopped(signal.SIGPIPE)
    if error.errno == errno.EEXIST:
        what = f"{name}: cannot be written: it exists already"
        return OutputError(what, hint="--force overwrites it")
    if not name:
        return OutputError("the name of a file to write is empty", hint=UNSET)
    return OutputError(f"{name}: cannot be written: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def missing_library(
    what: str, module: str, extra: str, kind: type[XentError] = XentError
) -> XentError:
    """Return the error of a library that is not installed, with the command that installs it.

    Parameters
    ----------
    what : str
        What needs the library: ``a.parquet: parquet``.
    module : str
        The library.
    extra : str
        The extra of this package that brings it, and states which versions will do.
    kind : type, optional
        The class of the error.
    """
    return kind(
        f"{what} needs {module}", hint=f"the extra {extra!r} brings it: {_install(module, extra)}"
    )


def _install(module: str, extra: str) -> str:
    """Return the command that installs an extra's libraries for the Python that runs this."""
    import re
    import shlex
    import shutil
    import sys
    from importlib import metadata, util

    try:
        requirements = metadata.requires("xentcli") or ()
    except metadata.PackageNotFoundError:  # run from its sources
        requirements = ()
    those = re.compile(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]")
    wanted = [line.split(";")[0].strip() for line in requirements if those.search(line)]
    command = [sys.executable, "-m", "pip", "install"]
    if util.find_spec("pip") is None and shutil.which("uv"):  # an environment that uv has made
        command = ["uv", "pip", "install", "--python", sys.executable]
    return shlex.join([*command, *(wanted or [module])])
