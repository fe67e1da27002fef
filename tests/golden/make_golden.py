"""Write ``cases.json``: inputs for the Python functions with the answers PyTorch gives in float64.

Run ``python tests/golden/make_golden.py`` after a change here or to follow a new PyTorch
(``pip install torch``). The tests that read the file need no PyTorch.

The file has two parts, one entry per line so that a change shows as a short difference:

``arrays``  every distinct input, under a name made of its shape and a hash of its content.
``cases``   ``call``, ``args`` (names of arrays), ``weight`` (a name), ``options``, and either
            ``expect`` (shape and flat data) or ``raises``. Some cases carry more:
            ``dtypes``     also run with the first argument cast to these (the values survive it);
            ``confident``  PyTorch's own answer cancels, see `confident_cases`;
            ``differs``    this project refuses on purpose what PyTorch accepts, and why.

Numbers are written by ``json`` with ``repr``, which reads back to the same bits, and with the
tokens NaN and Infinity that Python's ``json`` also reads.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import golden_accuracy
import golden_index_labels
import golden_odd_rows
import golden_probabilities
import golden_refusals
import golden_softmax
import numpy as np
from golden_answers import VERSION, answer
from golden_case import Array, Case, name_of

TARGET = Path(__file__).with_name("cases.json")
FAMILIES: tuple[Callable[[], Iterator[Case]], ...] = (
    *golden_index_labels.FAMILIES,
    *golden_probabilities.FAMILIES,
    *golden_odd_rows.FAMILIES,
    *golden_accuracy.FAMILIES,
    *golden_softmax.FAMILIES,
    *golden_refusals.FAMILIES,
)


def encode(array: Array) -> dict[str, Any]:
    return {"shape": list(array.shape), "data": array.reshape(-1).tolist()}


def array_name(array: Array) -> str:
    """Name an array by its content, so that adding a case renames nothing."""
    content = np.ascontiguousarray(array).tobytes() + f"{array.dtype}{array.shape}".encode()
    return f"{array.dtype}-{name_of(array.shape)}-{hashlib.sha256(content).hexdigest()[:8]}"


def record(case: Case, arrays: dict[str, Any]) -> dict[str, Any]:
    """One line of the file; inputs not seen before are added to `arrays`."""

    def refer(array: Array) -> str:
        name = array_name(array)
        arrays[name] = {"dtype": str(array.dtype), **encode(array)}
        return name

    line: dict[str, Any] = {"id": case.id, "call": case.call}
    line["args"] = [refer(array) for array in case.args]
    if case.weight is not None:
        line["weight"] = refer(case.weight)
    if case.options:
        line["options"] = case.options
    if case.dtypes:
        line["dtypes"] = case.dtypes
    if case.confident:
        line["confident"] = True
    if case.differs:
        line["differs"] = case.differs
    result = answer(case)
    line |= {"raises": True} if result is None else {"expect": encode(result)}
    return line


def document() -> str:
    """Return the text of the whole file."""
    arrays: dict[str, Any] = {}
    cases = [record(case, arrays) for family in FAMILIES for case in family()]
    names = [case["id"] for case in cases]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ValueError(f"two cases of one name: {sorted(doubled)}")

    def dumps(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    array_lines = ",\n".join(f"{dumps(name)}:{dumps(value)}" for name, value in arrays.items())
    case_lines = ",\n".join(map(dumps, cases))
    version = VERSION.split("+")[0]
    head = f'{{"torch":"{version}",\n"arrays":{{\n'
    return f'{head}{array_lines}\n}},\n"cases":[\n{case_lines}\n]}}\n'


def main() -> None:
    text = document()
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    count = text.count('{"id":')
    print(f"{TARGET.name}: {count} cases, {len(text) / 1000:.0f} kB, PyTorch {VERSION}")


if __name__ == "__main__":
    main()
