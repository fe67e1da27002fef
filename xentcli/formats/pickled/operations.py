"""Reads a pickle as a description: what it would call is written down, and nothing is called."""

from collections.abc import Callable
from struct import unpack
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.pickled.calls import Call, Global, Persistent
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.pickled.stack import Machine
from xentcli.formats.pickled.usual_tensor import read_usual_tensor

_MOST_OPERATIONS = 2**22
_STOP = ord(".")
_SET = Global("builtins", "set")
_TENSOR = Global("torch._utils", "_rebuild_tensor_v2")


def read_pickle(text: PickleText, persistent: list[Persistent] | None = None) -> Any:
    """Return what a pickle describes: plain values, and records of everything else.

    Parameters
    ----------
    text : PickleText
        From its first byte on; it is left after the last.
    persistent : list of Persistent, optional
        Takes what is kept outside of the pickle.

    Raises
    ------
    InputError
        If it is damaged or cut off, or holds more than is believable.
    """
    try:
        return _run(Machine(text, persistent))
    except InputError:
        raise
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise text.wrong("it is damaged") from error


def _run(machine: Machine) -> Any:
    text, operations = machine.text, _BY_CODE
    byte = text.byte
    for _ in range(_MOST_OPERATIONS):
        code = byte()
        operation = operations[code]
        if operation is not None:
            operation(machine)
        elif code == _STOP:
            return machine.stack.pop()
        else:
            raise text.wrong(f"an operation {code:#04x} is not one of plain data")
    raise text.wrong(f"it has more than {_MOST_OPERATIONS} operations")


_Operation = Callable[[Machine], None]


def _constant(value: Any) -> _Operation:
    return lambda m: m.stack.append(value)


def _integer(size: int, *, signed: bool = False) -> _Operation:
    return lambda m: m.stack.append(m.text.number(size, signed=signed))


def _text(size: int, encoding: str = "utf-8") -> _Operation:
    def operation(m: Machine) -> None:
        m.stack.append(m.text.take(m.text.number(size)).decode(encoding))

    return operation


def _bytes(size: int) -> _Operation:
    return lambda m: m.push(m.text.span(m.text.number(size)))


def _tuple(count: int) -> _Operation:
    def operation(m: Machine) -> None:
        values = tuple(m.stack[-count:])
        if len(values) < count:
            raise IndexError
        del m.stack[-count:]
        m.push(values)

    return operation


def _put(size: int) -> _Operation:
    def operation(m: Machine) -> None:
        m.memo[m.text.number(size)] = m.stack[-1]

    return operation


def _get(size: int) -> _Operation:
    def operation(m: Machine) -> None:
        value = m.memo[m.text.byte() if size == 1 else m.text.number(size)]
        if value != _TENSOR or not read_usual_tensor(m, value):
            m.stack.append(value)

    return operation


def _protocol(m: Machine) -> None:
    if (version := m.text.number(1)) not in range(2, 6):
        raise m.text.wrong(f"a protocol {version} is not known")


def _frame(m: Machine) -> None:
    m.text.take(8)  # how long it is


def _memoize(m: Machine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


def _stack_global(m: Machine) -> None:
    name = m.stack.pop()
    m.imported(m.stack.pop(), name)


def _frozen_set(m: Machine) -> None:
    m.run_of_values()
    m.push(Call(_SET, ()))


def _set_item(m: Machine) -> None:
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
    b"(": Machine.mark,
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
    b"R": Machine.call,
    b"\x81": lambda m: m.call(makes=True),
    b"\x92": Machine.call_with_names,
    b"b": Machine.build,
    b"Q": lambda m: m.outside(m.stack.pop()),
}
_BY_CODE = [_OPERATIONS.get(bytes([code])) for code in range(256)]
