"""The stack that the operations of a pickle work on: calls are written down, nothing is called."""

from typing import Any

from xentcli.errors import InputError
from xentcli.formats.pickled.calls import Call, Global, Persistent, name_of
from xentcli.formats.pickled.pickle_text import PickleText

_MOST_RECORDS = 2**20  # dictionaries, lists, tuples, calls
_JOBLIB = "in Python: numpy.save('a.npy', joblib.load(path)), or an array of what it loads"


class Machine:
    """The stack that a pickle's operations work on."""

    def __init__(self, text: PickleText, persistent: list[Persistent] | None) -> None:
        self.text = text
        self._persistent = persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self._marks: list[list[Any]] = []
        self._records = 0

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

    def call(self, *, makes: bool = False) -> None:
        """Write down a call, or that an object is made."""
        arguments = self.stack.pop()
        self.push(Call(self.stack.pop(), arguments, makes=makes))

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

    def take_step(self, call: Call, storage: Persistent, records: int) -> None:
        """Put a call on the stack in place of many operations, which would make so many records."""
        self._records += records - 1
        self.push(call)
        if self._persistent is not None:
            self._persistent.append(storage)

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
