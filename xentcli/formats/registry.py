"""The formats there are, and which one a file is in."""

import math
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from xentcli.errors import InputError, OutputError, UsageError, XentError, missing_library
from xentcli.formats.base import ArrayHeader, Format, ReadOptions, Source, Writer
from xentcli.formats.names import FROM_OUTSIDE, HOMES, format_names
from xentcli.storage.inputs import Input
from xentcli.storage.names import suffix_of
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

_HEAD_BYTES = 64  # enough to tell most binary formats
_ZIP_HEAD_BYTES = 300  # up to the end of the longest name of a file
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # of text, UTF-16 or -32

_LARGEST_ROW_BYTES = 2**28
_LARGEST_RATIO = 64  # of a row's bytes to its file's; compressed numbers stay far below


def register(format_: Format) -> None:
    """Add a format from outside this package, before the others and in place of its namesake.

    Raises
    ------
    ValueError
        If it is no format, or no file name can have one of its extensions.
    """
    from xentcli.formats.added_format import check_format

    check_format(format_)
    forget(format_.name)
    FROM_OUTSIDE.insert(0, format_)


def forget(name: str) -> None:
    """Remove the format of this name that was added."""
    FROM_OUTSIDE[:] = [other for other in FROM_OUTSIDE if other.name != name]


def formats() -> Iterator[Format]:
    """Yield the formats, each imported when it is its turn: most files are in one of the first."""
    names = [format_.name for format_ in FROM_OUTSIDE]
    yield from FROM_OUTSIDE
    for name, home in HOMES.items():
        if name not in names:
            yield getattr(import_module(f"xentcli.formats.{home}"), name.upper())


def by_name(name: str) -> Format:
    """Return the format that the user names."""
    for format_ in formats():
        if format_.name.lower() == name.lower():
            return format_
    raise UsageError(f"there is no format {name!r}; there are {', '.join(format_names())}")


def by_extension(path: str) -> Format | None:
    """Return the format that writes files named like `path`, if any, compressed or not."""
    suffix = suffix_of(path)
    return next((f for f in formats() if suffix in f.extensions), None) if suffix else None


def detect(data: Input, encoding: str | None = None) -> Format:
    """Return the format of an input: by its first bytes, then its extension, else CSV.

    With an encoding, an input that nothing else identifies is text.
    """
    head = data.peek(_HEAD_BYTES)
    head = data.peek(_ZIP_HEAD_BYTES) if head.startswith(b"PK") else head
    if recognised := next((f for f in formats() if f.recognises(head)), None):
        return recognised
    from xentcli.formats import foreign

    head = data.peek(foreign.HEAD_BYTES)
    other = foreign.other_kind(head)
    if other is None and (found := by_extension(data.name)):
        return found
    if other is None and encoding is None and not head.startswith(_BYTE_ORDER_MARKS):
        other = foreign.unknown_kind(head, suffix_of(data.name))
    if other:
        what = f"{other.what}{other.no} one of {', '.join(format_names())}"
        raise InputError(f"{data.name}: {what}", hint=other.cure)
    return by_name("csv")


def format_of(data: Input, name: str | None, options: ReadOptions) -> Format:
    """Return the format `name`, or the one that an input is found to be in.

    Raises
    ------
    InputError
        If the input is empty, and its format is none of text, each of which says so itself.
    """
    format_ = by_name(name) if name else detect(data, options.encoding)
    if not format_.is_text and not data.peek(1):
        raise InputError(f"{data.name}: the file is empty", hint="was it written to the end?")
    return format_


def open_source(data: Input, name: str | None, options: ReadOptions) -> Source:
    """Open an input in the format `name`, or the one that it is found to be in."""
    format_ = format_of(data, name, options)
    wanted = options.bounded or options.any_columns
    if format_.partly and not wanted and format_.recognises(data.peek(_HEAD_BYTES)):
        lost, command = format_.partly
        raise InputError(f"{data.name}: {lost}", hint=command)
    _check_options(data.name, format_, options)
    _check_library(data.name, format_, InputError)
    looked_at = options.any_columns or options.weights or options.names
    if options.head is not None and options.labels and not looked_at:
        return _open_masked(data, format_, options)
    return made_logits(_opened(data, format_, options), options)


def _opened(data: Input, format_: Format, options: ReadOptions) -> Source:
    source = format_.open_source(data, options)
    if _is_added(format_):
        from xentcli.formats.promised import promised

        source = promised(source, data.name)
        source.format = format_.name
    _check_row(source)
    return source


def _open_masked(data: Input, format_: Format, options: ReadOptions) -> Source:
    """Open labels of hidden states, some of which a mask in their file leaves out."""
    from xentcli.formats.hidden.masked import arrays_beside, without_masked

    data = data.spooled() if format_.contents is not None else data
    there = arrays_beside(data, format_, options)
    return without_masked(_opened(data, format_, options), data, format_, options, there)


def made_logits(source: Source, options: ReadOptions) -> Source:
    """Return an array as it is, or its logits, where it is hidden states and a head is named."""
    if options.head is None or (options.labels and not options.any_columns):
        return source
    from xentcli.formats.hidden import with_head

    return with_head(source, options)


def contents_of(
    data: Input, name: str | None, options: ReadOptions
) -> tuple[Input, list["Content"]]:
    """List what an input of several arrays or columns holds.

    The list is empty for one array, or where the user has chosen. The input that comes with it can
    be read once for each array.
    """
    format_ = format_of(data, name, options)
    chosen = (options.columns, options.drop, options.key, options.label_column)
    if format_.contents is None or any(chosen):
        return data, []
    _check_library(data.name, format_, InputError)
    data = data if format_.is_text and not format_.has_keys else data.spooled()
    return data, format_.contents(data, options)


def check_writable(name: str, format_: Format) -> None:
    """Raise OutputError if an output of this name cannot be written in a format."""
    if format_.open_writer is None:
        raise OutputError(f"{name}: {format_.name} is only read")
    _check_library(name, format_, OutputError)


def open_writer(format_: Format, output: Output, header: ArrayHeader) -> Writer:
    """Return what writes an array to an output in a format."""
    check_writable(output.name, format_)
    assert format_.open_writer is not None  # noqa: S101 - just checked
    writer = format_.open_writer(output, header)
    if _is_added(format_):
        from xentcli.formats.added_format import check_writer

        check_writer(writer, output.name)
    return writer


def _is_added(format_: Format) -> bool:
    return any(format_ is other for other in FROM_OUTSIDE)


def _check_library(name: str, format_: Format, kind: type[XentError]) -> None:
    """Raise the error of a library that a format needs and that is not installed."""
    if format_.requires is None:
        return
    module, extra = format_.requires
    if find_spec(module) is None:
        raise missing_library(f"{name}: {format_.name}", module, extra, kind)


def _of_labels(options: ReadOptions) -> str:
    """Return what to do about a column that is named where there is none."""
    left = "leave --label-column out"
    return left if options.labels else f"{left}, and name the file of labels: --labels FILE"


def _of_arrays(options: ReadOptions) -> str:
    """Return what chooses an array in place of the columns that were chosen."""
    if options.label_column:
        return "leave --label-column out; --label-key NAME chooses an array"
    given = {"--columns": options.columns, "--drop": options.drop, "--id-column": options.id_column}
    refused = " and ".join(name for name, value in given.items() if value)
    return f"leave {refused} out; --key NAME chooses an array"


def _check_row(source: Source) -> None:
    """Raise InputError if a row, which is held whole, is far larger than its file can hold."""
    numbers = math.prod(length or 0 for length in source.shape[1:])
    size = numbers * source.dtype.itemsize
    if source.size is not None and size > max(_LARGEST_ROW_BYTES, _LARGEST_RATIO * source.size):
        raise InputError(
            f"{source.name}: a row of {numbers} numbers, which is held whole, in a file of "
            f"{source.size} bytes",
            hint="it is damaged, or one number stands for many",
        )


def _check_options(name: str, format_: Format, options: ReadOptions) -> None:
    """Raise InputError if something is to be chosen that the format does not have."""
    if options.beside and (format_.has_columns or not format_.has_keys):
        from xentcli.formats.keys import no_labels

        raise no_labels()
    ids = options.id_column if options.id_column not in options.partner else None
    chosen = options.columns or options.drop or ids or options.label_column
    if chosen and not format_.has_columns:
        hint = _of_labels(options) if options.label_column else None
        hint = _of_arrays(options) if format_.has_keys else hint
        raise InputError(f"{name}: {format_.name} has no columns to choose from", hint=hint)
    if options.key is not None and not format_.has_keys:
        from xentcli.formats.keys import only_one

        raise only_one(name, options, format_.name)
    if options.input_dtype and format_.has_columns:
        raise InputError(f"{name}: --input-dtype is for arrays of raw words, not {format_.name}")
