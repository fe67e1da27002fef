"""A tensor as PyTorch writes it, read in one step: a list of batches has thousands of them.

The result is what the tensor's forty operations would make one by one, and they are run wherever a
byte is not the usual one.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

from xentcli.formats.pickled.calls import Call, Persistent
from xentcli.formats.pickled.stack import Machine

_GET, _PUT = rb"(h.|j.{4})", rb"(q.|r.{4}|\x94)"
_NUMBER = rb"(?:K.|M..|J.{4})"
_KEY = rb"(?:X(.)\0\0\0|\x8c(.))([0-9]{1,9})" + _PUT
_STORAGE = rb"\(\(" + _GET + _GET + _KEY + _GET + b"(" + _NUMBER + b")(N?)t" + _PUT + b"Q"
_NUMBERS = b"(" + _NUMBER + rb"{1,3}[\x85-\x87])" + _PUT
_HOOKS = rb"\x89" + _GET + rb"\)R" + _PUT
_ENDS = b"t" + _PUT + b"R" + _PUT
_USUAL = re.compile(
    _STORAGE + b"(" + _NUMBER + b")" + _NUMBERS + _NUMBERS + _HOOKS + _ENDS, re.DOTALL
)
_LONGEST_BYTES = 200
_RECORDS = 10  # how many the operations make
_LENGTHS = {ord("K"): 1, ord("M"): 2, ord("J"): 4}  # of numbers, in bytes
_SIGNED = ord("J")
_MEMOIZE = b"\x94"
_PLACES = Struct("<" + 7 * "xI")  # where the parts of a tensor are kept
_NO_TUPLE = 0x84  # the operation for a tuple of n numbers is this plus n


def read_usual_tensor(m: Machine, function: Any) -> bool:
    """Put the call that makes a tensor on the stack, if its operations are usual; say whether.

    The next operation is the one behind the name of the function.
    """
    found = m.text.match(_USUAL, _LONGEST_BYTES)
    if found is None:
        return False
    name, kind, long, short, key, at_key, location, count, views, *more = found.groups()
    at_identity, offset, shape, at_shape, strides, at_strides, hooks, *ends = more
    sizes, steps, gets = _tuple_of(shape), _tuple_of(strides), _places(name, kind, location, hooks)
    puts = _new_places([at_key, at_identity, at_shape, at_strides, *ends], m.memo)
    if sizes is None or steps is None or (long or short)[0] != len(key) or max(gets) >= min(puts):
        return False
    about, kind, location, of_hooks = [m.memo[place] for place in gets]
    text = key.decode()
    identity = (about, kind, text, location, _integers(count)[0], *((None,) * len(views)))
    storage, no_hooks = Persistent(identity), Call(of_hooks, ())
    arguments = (storage, _integers(offset)[0], sizes, steps, False, no_hooks)
    call = Call(function, arguments)
    kept = (text, identity, sizes, steps, no_hooks, arguments, call)
    m.memo.update(zip(puts, kept, strict=True))
    m.take_step(call, storage, _RECORDS)
    m.text.go_to(found)
    return True


def _new_places(operations: list[bytes], memo: dict[int, Any]) -> Sequence[int]:
    """Return where operations keep what they keep; -1 where one would depend on those before."""
    together = b"".join(operations)
    if len(together) == _PLACES.size:
        return _PLACES.unpack(together)
    if _MEMOIZE not in together:
        return [_index(operation) for operation in operations]
    new = range(len(memo), len(memo) + len(operations))
    is_simple = len(together) == len(operations) and memo.keys().isdisjoint(new)
    return new if is_simple else (-1,)


@lru_cache
def _places(*operations: bytes) -> list[int]:
    """Return the places from which operations fetch."""
    return [_index(operation) for operation in operations]


def _index(operation: bytes) -> int:
    return int.from_bytes(operation[1:], "little")


@lru_cache
def _tuple_of(operations: bytes) -> tuple[int, ...] | None:
    """Return the tuple that some operations make; None if it leaves out some of their numbers."""
    numbers = _integers(operations[:-1])
    return numbers if len(numbers) == operations[-1] - _NO_TUPLE else None


@lru_cache
def _integers(operations: bytes) -> tuple[int, ...]:
    """Return the numbers that operations put on the stack."""
    numbers, at = [], 0
    while at < len(operations):
        end = at + 1 + _LENGTHS[operations[at]]
        signed = operations[at] == _SIGNED
        numbers.append(int.from_bytes(operations[at + 1 : end], "little", signed=signed))
        at = end
    return tuple(numbers)
