"""Reads a pickle as a description: what it would call is written down, and nothing is called."""

from collections.abc import Callable
from struct import unpack
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.keys import shown
from xentcli.storage.inputs import Input
from xentcli.text import visible

_MOST_BYTES = 2**26  # of a pickle, beside the bytes of its arrays
_MOST_OPERATIONS = 2**22
_MOST_RECORDS = 2**20  # dictionaries, lists, tuples, calls
_WINDOW_BYTES = 2**16
_STOP = ord(".")
_LONGEST_NAME_BYTES = 1000  # of a module or a class
_JOBLIB = "in Python: numpy.save('a.npy', joblib.load(path)), or an array of what it loads"


class Global(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str

    def __str__(self) -> str:
        """Return how Python names it, safe to show."""
        built_in = self.module in ("builtins", "__builtin__")
        return visible(shown(self.name if built_in else f"{self.module}.{self.name}"))

    def belongs_to(self, package: str) -> bool:
        """Whether it is of a package or a module of it."""
        return self.module.partition(".")[0] == package


class Span(NamedTuple):
    """Bytes that stay where they are in the input."""

    offset: int
    size: int


class Persistent(NamedTuple):
    """What the program that writes the pickle keeps outside of it."""

    identity: Any


class Call:
    """What a pickle would call, and what it would then give to the object that it gets."""

    __slots__ = ("arguments", "function", "items", "state")

    def __init__(self, function: Any, arguments: Any) -> None:
        self.function = function
        self.arguments: tuple[Any, ...] = arguments if isinstance(arguments, tuple) else ()
        self.items: dict[str, Any] = {}
        self.state: Any = None


_SET = Global("builtins", "set")


def name_of(thing: Any) -> str:
    """Return what messages call something of a pickle."""
    while isinstance(thing, Call):
        thing = thing.function
    return str(thing) if isinstance(thing, Global) else type(thing).__name__


class PickleText:
    """The bytes of a pickle, read in order from a place in a seekable input.

    Parameters
    ----------
    data : Input
        What holds them.
    start, end : int, optional
        Where they begin and end.
    apart : Input, optional
        The same as `data`, if that is not the file that is read, but some part of it.
    """

    def __init__(
        self, data: Input, start: int = 0, end: int | None = None, apart: Input | None = None
    ) -> None:
        self.data = data
        self.apart = apart
        self.end = (data.size or 0) if end is None else end
        self._window = b""
        self._window_start = start
        self._next = 0  # in the window
        self._skipped = start

    @property
    def position(self) -> int:
        """Where the next byte is."""
        return self._window_start + self._next

    def wrong(self, what: str) -> InputError:
        """Return the error of a pickle that cannot be read."""
        return InputError(f"{self.data.name}: the pickle cannot be read: {what}")

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        start, end = self._next, self._next + count
        if end > len(self._window):
            self._refill(count)
            start, end = 0, count
        self._next = end
        return self._window[start:end]

    def byte(self) -> int:
        """Return the next byte as a number."""
        start = self._next
        if start >= len(self._window):
            self._refill(1)
            start = 0
        self._next = start + 1
        return self._window[start]

    def _refill(self, count: int) -> None:
        position = self.position
        there = self.end - position
        if count > there:
            raise self.wrong("it is cut off")
        if position - self._skipped + count > _MOST_BYTES:
            raise self.wrong(f"it is longer than {_MOST_BYTES} bytes, beside its arrays")
        window = bytearray(min(there, max(count, _WINDOW_BYTES)))
        if self.data.read_at(position, memoryview(window)) < len(window):
            raise self.wrong("it is cut off")
        self._window, self._window_start, self._next = bytes(window), position, 0

    def number(self, size: int, *, signed: bool = False) -> int:
        """Return the integer that the next bytes are."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self) -> str:
        """Return the text up to the next end of a line."""
        found = bytearray()
        while (byte := self.take(1)) != b"\n":
            found += byte
            if len(found) > _LONGEST_NAME_BYTES:
                raise self.wrong("the name of a module or a class does not end")
        return found.decode()

    def span(self, size: int) -> Span:
        """Return where the next bytes are, and go behind them."""
        if size > self.end - self.position:
            raise self.wrong("it is cut off")
        span = Span(self.position, size)
        self._next += size
        self._skipped += size
        return span


def read_pickle(text: PickleText, persistent: list[Persistent] | None = None) -> Any:
    """Return what a pickle describes: plain values, and records of everything else.

    Parameters
    ----------
    text : PickleText
        From its first byte on; it is left behind the last.
    persistent : list of Persistent, optional
        Takes what is kept outside of the pickle.

    Raises
    ------
    InputError
        If it is damaged or cut off, or holds more than is believable.
    """
    try:
        return _Machine(text, persistent).run()
    except InputError:
        raise
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise text.wrong("it is damaged") from error


class _Machine:
    """The stack that a pickle's operations work on."""

    def __init__(self, text: PickleText, persistent: list[Persistent] | None) -> None:
        self.text = text
        self._persistent = persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self._marks: list[list[Any]] = []
        self._records = 0

    def run(self) -> Any:
        byte, operations = self.text.byte, _BY_CODE
        for _ in range(_MOST_OPERATIONS):
            code = byte()
            operation = operations[code]
            if operation is not None:
                operation(self)
            elif code == _STOP:
                return self.stack.pop()
            else:
                raise self.text.wrong(f"an operation {code:#04x} is not one of plain data")
        raise self.text.wrong(f"it has more than {_MOST_OPERATIONS} operations")

    def count(self) -> None:
        """Raise InputError at more records than a file of arrays has."""
        self._records += 1
        if self._records > _MOST_RECORDS:
            raise self.text.wrong(f"it holds more than {_MOST_RECORDS} objects")

    def push(self, record: Any) -> None:
        """Put a record on the stack."""
        self.count()
        self.stack.append(record)

    def mark(self) -> None:
        """Begin a run of values."""
        self.count()
        self._marks.append(self.stack)
        self.stack = []

    def run_of_values(self) -> list[Any]:
        """Return the values since the last mark."""
        values, self.stack = self.stack, self._marks.pop()
        return values

    def call(self) -> None:
        """Write down a call."""
        arguments = self.stack.pop()
        self.push(Call(self.stack.pop(), arguments))

    def call_with_names(self) -> None:
        """Write down a call, without its arguments that have names."""
        self.stack.pop()
        self.call()

    def imported(self, module: Any, name: Any) -> None:
        """Write down what would be imported."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise self.text.wrong("it is damaged")
        found = Global(module, name)
        if found.belongs_to("joblib"):
            what = "a file of joblib, which puts arrays between the parts of a pickle"
            raise InputError(f"{self.text.data.name}: {what}", hint=_JOBLIB)
        self.push(found)

    def set_items(self, flat: list[Any]) -> None:
        """Give items, keys and values in turn, to what lies on the stack."""
        target = self.stack[-1]
        items = target.items if isinstance(target, Call) else target
        if not isinstance(items, dict) or len(flat) % 2:
            raise self.text.wrong("it is damaged")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            # Text alone: what else is equal or has one hash is for its writer to choose.
            items[_key(key)] = value

    def append(self, values: list[Any]) -> None:
        """Give values to what lies on the stack; of an object only that it holds some is known."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, Call):
            raise self.text.wrong("it is damaged")

    def outside(self, identity: Any) -> None:
        """Write down what is kept outside of the pickle."""
        self.push(Persistent(identity))
        if self._persistent is not None:
            self._persistent.append(self.stack[-1])

    def build(self) -> None:
        """Give an object its state."""
        state = self.stack.pop()
        if isinstance(self.stack[-1], Call):
            self.stack[-1].state = state


def _key(key: Any) -> str:
    """Return what messages and options call an item."""
    if isinstance(key, str):
        return key
    return str(key) if isinstance(key, int | float | None) else f"({name_of(key)})"


_Operation = Callable[[_Machine], None]


def _constant(value: Any) -> _Operation:
    return lambda m: m.stack.append(value)


def _integer(size: int, *, signed: bool = False) -> _Operation:
    return lambda m: m.stack.append(m.text.number(size, signed=signed))


def _text(size: int, encoding: str = "utf-8") -> _Operation:
    def operation(m: _Machine) -> None:
        m.stack.append(m.text.take(m.text.number(size)).decode(encoding))

    return operation


def _bytes(size: int) -> _Operation:
    return lambda m: m.push(m.text.span(m.text.number(size)))


def _tuple(count: int) -> _Operation:
    def operation(m: _Machine) -> None:
        values = tuple(m.stack[-count:])
        if len(values) < count:
            raise IndexError
        del m.stack[-count:]
        m.push(values)

    return operation


def _put(size: int) -> _Operation:
    def operation(m: _Machine) -> None:
        m.memo[m.text.number(size)] = m.stack[-1]

    return operation


def _get(size: int) -> _Operation:
    if size == 1:
        return lambda m: m.stack.append(m.memo[m.text.byte()])
    return lambda m: m.stack.append(m.memo[m.text.number(size)])


def _protocol(m: _Machine) -> None:
    if (version := m.text.number(1)) not in range(2, 6):
        raise m.text.wrong(f"a protocol {version} is not known")


def _frame(m: _Machine) -> None:
    m.text.take(8)  # how long it is


def _memoize(m: _Machine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


def _stack_global(m: _Machine) -> None:
    name = m.stack.pop()
    m.imported(m.stack.pop(), name)


def _frozen_set(m: _Machine) -> None:
    m.run_of_values()
    m.push(Call(_SET, ()))


def _set_item(m: _Machine) -> None:
    value = m.stack.pop()
    m.set_items([m.stack.pop(), value])


_OPERATIONS: dict[bytes, _Operation] = {
    b"\x80": _protocol,
    b"\x95": _frame,
    b"N": _constant(None),
    b"\x88": _constant(value=True),
    b"\x89": _constant(value=False),
    b"K": lambda m: m.stack.append(m.text.byte()),
    b"M": _integer(2),
    b"J": _integer(4, signed=True),
    b"\x8a": lambda m: m.stack.append(m.text.number(m.text.number(1), signed=True)),
    b"G": lambda m: m.stack.append(unpack(">d", m.text.take(8))[0]),
    b"X": _text(4),
    b"\x8c": _text(1),
    b"\x8d": _text(8),
    b"U": _text(1, "latin-1"),
    b"T": _bytes(4),
    b"C": _bytes(1),
    b"B": _bytes(4),
    b"\x8e": _bytes(8),
    b"\x96": _bytes(8),
    b"(": _Machine.mark,
    b")": lambda m: m.push(()),
    b"t": lambda m: m.push(tuple(m.run_of_values())),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"]": lambda m: m.push([]),
    b"a": lambda m: m.append([m.stack.pop()]),
    b"e": lambda m: m.append(m.run_of_values()),
    b"}": lambda m: m.push({}),
    b"s": _set_item,
    b"u": lambda m: m.set_items(m.run_of_values()),
    b"\x8f": lambda m: m.push(Call(_SET, ())),
    b"\x90": lambda m: m.append(m.run_of_values()),
    b"\x91": _frozen_set,
    b"q": _put(1),
    b"r": _put(4),
    b"\x94": _memoize,
    b"h": _get(1),
    b"j": _get(4),
    b"c": lambda m: m.imported(m.text.line(), m.text.line()),
    b"\x93": _stack_global,
    b"R": _Machine.call,
    b"\x81": _Machine.call,
    b"\x92": _Machine.call_with_names,
    b"b": _Machine.build,
    b"Q": lambda m: m.outside(m.stack.pop()),
}
_BY_CODE = [_OPERATIONS.get(bytes([code])) for code in range(256)]
