"""What cases of hints are made of: files, the numbers that are right, and what is done by hand."""

import io
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np
from formulas import log_softmax, mean_cross_entropy, softmax

Content = str | bytes | np.ndarray[Any, Any]
WORDS = None
"""What is right where words end the chain: nothing can be computed of these files."""


class Mended(NamedTuple):
    """A file as it is, and as it is when what the words of the hint say is done.

    Nothing is a file that is not there.
    """

    before: Content | None
    after: Content | None


Files = dict[str, Content | Mended]


class Case(NamedTuple):
    """A command that is answered with a hint.

    Attributes
    ----------
    command : str
        What is typed, without `xent`.
    hint : str
        All of the hint.
    right : number, array or None
        What is right.
    fill : mapping
        What is written for the words in capitals.
    other : mapping
        The number that is right if what one way asks is so, by a part of that way.
    """

    command: str
    hint: str
    right: Any
    fill: Mapping[str, str] = {}
    other: Mapping[str, Any] = {}

    def files(self, files: Files) -> Files:
        """Return the files whose names or patterns stand in what is typed."""
        said = " ".join([self.command, self.hint, *self.fill.values()])
        words = set(re.findall(r"[\w.*-]+", said)) - {"*"}
        patterns = [word for word in words if "*" in word]
        return {
            name: content
            for name, content in files.items()
            if name in words or any(fnmatch(name, pattern) for pattern in patterns)
        }


def cases(right: Any, text: str) -> Iterator[Case]:
    """Yield the cases of a text, all with the same number.

    A hint stands indented below its command, and what is written for a word in capitals below that:
    ``NAME -> label``.
    """
    for part in re.split(r"\n(?=\S)", dedent(text).strip()):
        command, *below = map(str.strip, part.splitlines())
        fill = dict(line.split(" -> ") for line in below if " -> " in line)
        yield Case(command, " ".join(line for line in below if " -> " not in line), right, fill)


# Numbers


def mean_kl(one: Any, other: Any) -> float:
    """Return the mean divergence of rows of logits along the last axis."""
    logs = log_softmax(one), log_softmax(other)
    return float((np.exp(logs[0]) * (logs[0] - logs[1])).sum(axis=-1).mean())


def mean_nll(probs: Any, labels: Any) -> float:
    picked = np.asarray(probs, np.longdouble)[np.arange(len(labels)), labels]
    return float(-np.log(picked).mean())


def mean_bce(logits: Any, labels: Any) -> float:
    """Return the loss of a binary model, the mean over all logits of class 1."""
    logits, labels = np.asarray(logits, np.longdouble), np.asarray(labels)
    return float((np.log1p(np.exp(logits)) - labels * logits).mean())


NAN = float("nan")
NAMES = ("cat", "dog", "fox")
Z = np.array([[1.5, -0.25, 0.75], [0.5, 2.25, -1.5], [-0.75, 0.5, 1.25], [2.5, 0.25, 0.5]])
Y = np.array([0, 1, 2, 0])
HOT = np.eye(3, dtype=int)[Y]
P = softmax(Z).astype(np.float64)
LP = log_softmax(Z).astype(np.float64)
RIGHT, OF_PROBS = mean_cross_entropy(Z, Y), mean_nll(P, Y)
Z8 = np.linspace(-1.5, 2.25, 2 * 4 * 3).reshape(2, 4, 3) ** 2 % 1.7
Y8 = np.array([[0, 1, 2, 0], [2, 1, 0, 1]])
B, BY = np.array([0.5, -1.25, 2.5]), np.array([1, 0, 1])
BP = 1 / (1 + np.exp(-B))
OF_BINARY = mean_bce(B, BY)


# Files


def csv(rows: Any, *header: str, sep: str = ",") -> str:
    lines = [sep.join(header)] if header else []
    lines += [sep.join(map(str, np.atleast_1d(row).tolist())) for row in rows]
    return "\n".join([*lines, ""])


def beside(one: str, other: str) -> str:
    """Return a text whose lines are those of two texts, with a comma between them."""
    lines = zip(one.splitlines(), other.splitlines(), strict=True)
    return "".join(f"{left},{right}\n" for left, right in lines)


def lists(rows: Any) -> str:
    """Return a column of lists as pandas writes it."""
    texts = (", ".join(map(str, row)) for row in rows.tolist())
    return "".join(["logits\n", *(f'"[{text}]"\n' for text in texts)])


def npy(array: Any) -> bytes:
    return _saved(np.save, array)


def npz(**arrays: Any) -> bytes:
    return _saved(np.savez, **arrays)


def _saved(save: Any, *arrays: Any, **named: Any) -> bytes:
    stream = io.BytesIO()
    save(stream, *arrays, **named)
    return stream.getvalue()


def parquet(**columns: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def torch_file(**arrays: Any) -> bytes:
    return zipped({"z/data.pkl": pickle.dumps(arrays, 4)})


COLUMNS = dict(zip(NAMES, Z.T, strict=True))
TABLE, BARE, LISTED = csv(Z, *NAMES), csv(Z), str(Z.tolist())
NAMED = csv(np.array(NAMES)[Y], "label")
COMMON: Files = {
    "z.npy": Z,
    "y.npy": Y,
    "p.npy": P,
    "lp.npy": LP,
    "z.csv": TABLE,
    "y.csv": csv(Y, "label"),
    "b.npy": B,
    "b1.npy": B[:, None],
    "by.npy": BY,
    "bp.npy": BP,
}
