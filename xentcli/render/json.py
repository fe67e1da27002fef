"""Results as one JSON object: numbers in full, null where a number is not finite."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any
from weakref import finalize

from xentcli.errors import XentError, keeping, reading
from xentcli.render.ordered_sink import OrderedSink
from xentcli.results.records import field_names
from xentcli.text import json_text, plain_cells, shortest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xentcli.formats.base import ArrayHeader

_NOT_FINITE = {b"nan", b"inf", b"-inf"}
_ITEMS_AT_ONCE = 1000  # how many have their text in memory


def to_json(result: Any) -> str:
    """Return a result, or a dict of results, as text."""
    return "".join(json_parts(result))


def json_parts(result: Any) -> Iterator[str]:
    """Yield the text of a result, or of a dict of results; long lists come some items at a time."""
    if not isinstance(result, Mapping):
        yield json_text(_plain(result)) + "\n"
        return
    before = "{"
    for key, value in result.items():
        yield f"{before}{json_text(key)}: "
        before = ", "
        try:
            if isinstance(value, Sequence) and len(value) > _ITEMS_AT_ONCE:
                yield from _long_list(value)
            else:
                yield json_text(_plain(value))
        except TypeError as error:
            raise XentError(f"the result is no JSON at {key!r}: {error}") from error
    yield "}\n"


def whole_json_parts(result: Any) -> Iterator[str]:
    """Yield what `json_parts` does, once all is made: JSON that fails midway is not begun."""
    kept = _Kept("the result")
    for part in json_parts(result):
        kept.write(part)
    yield from kept.parts()


def _long_list(items: Sequence[Any]) -> Iterator[str]:
    before = "["
    for start in range(0, len(items), _ITEMS_AT_ONCE):
        yield before + json_text(_plain(items[start : start + _ITEMS_AT_ONCE]))[1:-1]
        before = ", "
    yield "]"


def _plain(value: Any) -> Any:
    """Return a value made of dicts, lists, strings and finite numbers."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if names := field_names(value):
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return _plain(value.tolist()) if hasattr(value, "tolist") else value


class _Kept:
    """Text that is written later, on disk if it is long; `what` is its name in messages."""

    def __init__(self, what: str) -> None:
        self._file = SpooledTemporaryFile(2**20, "w+", encoding="utf-8", newline="")  # noqa: SIM115
        finalize(self, _close, self._file)  # also if an error keeps it from being written
        self._what = what

    def write(self, text: str) -> None:
        with keeping(self._what):
            self._file.write(text)

    def parts(self) -> Iterator[str]:
        with keeping(self._what):  # writes what is not on the disk yet
            self._file.seek(0)
        while part := self._part():
            yield part

    def _part(self) -> str:
        with reading(f"a temporary copy of {self._what}"):
            return self._file.read(2**16)


class _LaterItems(_Kept):
    """The items of a list that is written after another one."""

    def __init__(self) -> None:
        super().__init__("the ids")
        self._any = False

    def add(self, items: list[Any]) -> None:
        for item in items:
            self.write((", " if self._any else "") + json_text(_plain(item)))
            self._any = True


def _close(file: Any) -> None:
    with suppress(OSError):  # nobody needs what the disk had no room for
        file.close()


class JsonArray(OrderedSink):
    """A sink that writes an array into one object, between what comes first and last.

    If it is to be written as a `whole`, nothing is before all of it is known to be JSON.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        key: str,
        first: dict[str, Any],
        *,
        whole: bool = False,
    ) -> None:
        self._kept = _Kept("the result") if whole else None
        self._write_out = write
        self._write = write if self._kept is None else self._kept.write
        self._key = key
        self._first = first
        self._rows = 0
        self._scalar = False
        self._shape: tuple[int | None, ...] = ()
        self._begun = False
        self._ids: _LaterItems | None = None

    def open(self, header: "ArrayHeader") -> None:
        """Note what the object says about the array."""
        self._shape = header.shape
        self._scalar = not header.shape
        self._first = {**self._first, "dtype": header.dtype.name, "columns": header.columns}
        if header.id_column is not None:
            self._first["id_column"] = header.id_column
            self._ids = _LaterItems()

    def write(self, rows: "NDArray[Any]", ids: "NDArray[Any] | None" = None) -> None:
        """Write some rows, and keep their ids for the end."""
        self._begin()
        if self._ids and ids is not None:
            self._ids.add(plain_cells(ids))
        if self._scalar:
            self._write(_nested(shortest(rows).tolist()))
            return
        for row in rows:
            self._write((",\n" if self._rows else "") + _nested(shortest(row).tolist()))
            self._rows += 1

    def close(self, result: Any = None) -> None:
        """Write what comes after the array: its shape, and a result's fields."""
        self._begin()
        shape = [] if self._scalar else [self._rows, *self._shape[1:]]
        end = "" if self._scalar else "]"
        more = {} if result is None else _plain(result)
        more.pop("command", None)
        rest = "".join(json_parts({"shape": shape, **more}))
        self._write(end)
        if self._ids:
            self._write(', "ids": [')
            for part in self._ids.parts():
                self._write(part)
            self._write("]")
        self._write(f", {rest[1:]}")
        for part in self._kept.parts() if self._kept else ():
            self._write_out(part)

    def _begin(self) -> None:
        if not self._begun:
            start = json_text(_plain(self._first))[:-1]
            self._write(f"{start}, {json_text(self._key)}: " + ("" if self._scalar else "["))
            self._begun = True


def _nested(texts: Any) -> str:
    if isinstance(texts, bytes):
        return "null" if texts in _NOT_FINITE else texts.decode()
    return f"[{', '.join(map(_nested, texts))}]"
