"""Situations that provoke every hint, with the number that is right, and what the words ask for.

The numbers are computed here, by the formulas as a textbook has them, in extended precision.
"""

import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from pandas import DataFrame

Content = str | bytes | np.ndarray[Any, Any]

Z = np.array([[1.5, -0.25, 0.75], [0.5, 2.25, -1.5], [-0.75, 0.5, 1.25], [2.5, 0.25, 0.5]])
Y = np.array([0, 1, 2, 0])
NAMES = ("cat", "dog", "fox")
NAN, WORDS = float("nan"), None


class Case(NamedTuple):
    """A command that is answered with a hint.

    Attributes
    ----------
    command : str
        What is typed, without `xent`.
    hint : str
        All of the hint.
    right : number, array or None
        What is right; None where words end the chain: nothing can be computed of these files.
    files : mapping
        What is there besides the common files.
    fill : mapping
        What is written for the words in capitals.
    by_hand : mapping
        Files as they are when what the words say is done; None is a file that is removed.
    other : mapping
        The number that is right if what one way asks is so, by a part of that way.
    """

    command: str
    hint: str
    right: Any = WORDS
    files: Mapping[str, Content] = {}
    fill: Mapping[str, str] = {}
    by_hand: Mapping[str, Content | None] = {}
    other: Mapping[str, Any] = {}


def log_softmax(z: Any) -> Any:
    wide = np.asarray(z, np.longdouble)
    return wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))


def softmax(z: Any) -> Any:
    return np.exp(log_softmax(z))


THREE_AXES = np.sin(np.arange(24.0)).reshape(2, 3, 4)


def mean_kl(one: Any, other: Any) -> float:
    """Return the mean divergence of rows of logits along the last axis."""
    logs = log_softmax(one), log_softmax(other)
    return float((np.exp(logs[0]) * (logs[0] - logs[1])).sum(axis=-1).mean())


def ce(z: Any, y: Any) -> float:
    """Cross entropy of indices, the mean over those that are no -100 and no 255."""
    lp, y = log_softmax(z), np.asarray(y)
    used = (y != -100) & (y != 255)
    picked = np.take_along_axis(lp, np.where(used, y, 0)[..., None], -1)[..., 0]
    return float(-picked[used].mean())


def nll(p: Any, y: Any) -> float:
    return float(-np.log(np.asarray(p, np.longdouble)[np.arange(len(y)), y]).mean())


def bce(z: Any, y: Any) -> float:
    z, y = np.asarray(z, np.longdouble), np.asarray(y)
    return float((np.log1p(np.exp(z)) - y * z).mean())


def hot(y: Any) -> Any:
    return (np.asarray(y)[:, None] == np.arange(3)).astype(np.int64)


def csv(rows: Any, *header: str, sep: str = ",") -> str:
    lines = [sep.join(header)] if header else []
    lines += [sep.join(map(str, np.atleast_1d(row).tolist())) for row in rows]
    return "\n".join([*lines, ""])


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


def zipped(**members: str | bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def pt(**arrays: Any) -> bytes:
    return zipped(**{"z/data.pkl": pickle.dumps(arrays, 4)})


P = softmax(Z).astype(np.float64)
LP = log_softmax(Z).astype(np.float64)
RIGHT, OF_PROBS, HOT = ce(Z, Y), nll(P, Y), hot(Y)
Z8 = np.linspace(-1.5, 2.25, 2 * 4 * 3).reshape(2, 4, 3) ** 2 % 1.7
Y8 = np.array([[0, 1, 2, 0], [2, 1, 0, 1]])
Z9, Y9 = np.concatenate([Z8, Z8], axis=1), np.concatenate([Y8, Y8], axis=1)
B, BY = np.array([0.5, -1.25, 2.5]), np.array([1, 0, 1])
BP = 1 / (1 + np.exp(-B))
_SGLANG = {
    "input_token_logprobs": [[-1.0, 5, None]],
    "output_token_logprobs": [[-2.0, 6, None]],
}
_ECHO = {"choices": [{"logprobs": {"token_logprobs": [None, -1.0, -2.0]}}]}
COMMON: dict[str, Content] = {
    "z.npy": Z,
    "y.npy": Y,
    "p.npy": P,
    "lp.npy": LP,
    "z.csv": csv(Z, *NAMES),
    "y.csv": csv(Y, "label"),
    "bare.csv": csv(Z),
    "z8.npy": Z8,
    "y8.npy": Y8,
    "b.npy": B,
    "b1.npy": B[:, None],
    "by.npy": BY,
    "bp.npy": BP,
}
_CLASSES = {"A,B,C": "cat,dog,fox", "FILE": "classes.txt"}
_WITH_TEXT = "\n".join(["cat,dog,fox,note", *(f"{a},{b},{c},ok" for a, b, c in Z.tolist()), ""])
_WITH_ID = csv(np.c_[np.arange(7, 11), Z], *("id", *NAMES))
_NAMED = "filename,cat,dog,fox\n" + "".join(
    f"{i if i < 2 else 'img' + str(i)},{a},{b},{c}\n" for i, (a, b, c) in enumerate(Z.tolist())
)
_IDS = (7.0, 8.0, 9.0, 10.0)
_WHOLE = np.array([[7, 3], [8, 5], [9, 4], [12, 6]])


def _beside(whole: Any, text: str) -> str:
    lines = zip(csv(whole).split(), text.split(), strict=True)
    return "".join(f"{one},{other}\n" for one, other in lines)


def _lists(rows: Any) -> str:
    lists = (", ".join(map(str, row)) for row in rows.tolist())
    return "".join(["logits\n", *(f'"[{row}]"\n' for row in lists)])


_BAD = csv(Z, *NAMES).replace("2.25", "oops")
_EMPTY = csv(Z, *NAMES).replace("2.25", "")
_WITH_NAN = np.where(np.arange(12).reshape(4, 3) == 4, NAN, LP)
_COUNTED = "0,1,2\n" + csv([[3, 1, 4], [1, 5, 9], [2, 6, 5], [3, 5, 8]])
_C = np.array([[3, 1, 4], [1, 5, 9], [2, 6, 5], [3, 5, 8]])
_ALL = ",".join(NAMES)
_LAST = json.dumps(
    {
        "command": "loss", "loss": 0.5, "reduction": "mean", "weight_sum": 4, "used": 4,
        "num_classes": 3, "standard_error": 0.5, "accuracy": None,
    }
)  # fmt: skip

CASES = [
    # Shapes
    Case(
        "loss b1.npy by.npy",
        "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary",
        bce(B, BY),
    ),
    Case(
        "nll --probs bp.npy by.npy",
        "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary; "
        "one sample, with class probabilities: --class-axis 0",
        bce(B, BY),
        other={"--class-axis 0": float(-(BY * np.log(BP)).sum())},
    ),
    Case(
        "loss b.npy by.npy",
        "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary; "
        "one sample, with class probabilities: --class-axis 0",
        bce(B, BY),
        other={"--class-axis 0": float(-(BY * log_softmax(B)).sum())},
    ),
    Case(
        "loss b.csv by.npy",
        "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary",
        bce(B, BY),
        {"b.csv": csv(B, "p")},
    ),
    *(
        Case(
            f"compare {name} {name} --metric {metric}{labels}",
            "of a binary model, save both classes: numpy.stack([0 * z, z], axis=-1) of logits, "
            f"numpy.stack([1 - p, p], axis=-1) of probabilities{row}",
            right,
            by_hand={name: np.stack([0 * np.ravel(B), np.ravel(B)], axis=-1)},
        )
        for name, metric, labels, row, right in (
            ("b1.npy", "loss_new", " --labels by.npy", "", bce(B, BY)),
            ("b1.npy", "kl", "", "", 0.0),
            ("b.npy", "kl", "", "; one row: --class-axis 0", 0.0),
        )
    ),
    Case(
        "loss z8.npy flat.npy",
        "as many labels as rows: save labels.reshape((2, 4))",
        ce(Z8, Y8),
        {"flat.npy": Y8.ravel()},
        by_hand={"flat.npy": Y8.ravel().reshape(2, 4)},
    ),
    Case(
        "loss z9.npy next.npy",
        "are labels shifted already? Then logits[:, :-1] belong to them, and no shift",
        ce(Z9[:, :-1], Y9[:, 1:]),
        {"z9.npy": Z9, "next.npy": Y9[:, 1:]},
        by_hand={"z9.npy": Z9[:, :-1]},
    ),
    Case(
        "loss z5.npy next.npy",
        "are labels shifted already? Then logits[:-1] belong to them, and no shift",
        RIGHT,
        {"z5.npy": np.r_[Z, Z[:1]], "next.npy": Y},
        by_hand={"z5.npy": Z},
    ),
    Case(
        "loss z.npy next.npy",
        "are labels shifted already? Then logits[:-1] belong to them, and no shift; or do classes "
        "lie along axis 0? --class-axis 0",
        ce(Z[:-1], Y[1:]),
        {"next.npy": Y[1:]},
        other={"axis 0": ce(Z.T, Y[1:])},
    ),
    Case(
        "loss z.npy two.csv",
        "--label-column NAME reads one column",
        RIGHT,
        {"two.csv": csv(np.c_[Y, Y[::-1]], "a", "b")},
        fill={"NAME": "a"},
    ),
    Case(
        "loss z.npy long.csv",
        "if the first row of long.csv is a header: --labels-header",
        RIGHT,
        {"long.csv": csv([0, *Y])},
    ),
    Case(
        "loss --logits b.csv --labels by.csv --binary",
        "--columns NAME chooses the column of class 1",
        bce(B, BY),
        {"b.csv": csv(np.c_[B, B / 2, -B], "x", "z", "w"), "by.csv": csv(BY, "label")},
        fill={"NAME": "x"},
    ),
    Case(
        "loss b.csv by.csv --binary",
        "two columns may be two classes, which need no --binary; else --columns NAME "
        "chooses the column of class 1",
        bce(B, BY),
        {"b.csv": csv(np.c_[-B, B], "no", "yes"), "by.csv": csv(BY, "label")},
        fill={"NAME": "yes"},
    ),
    Case(
        "loss b.csv --label-column label --binary",
        "choose the column of class 1: --columns NAME",
        bce(B, BY),
        {"b.csv": csv(np.c_[-B, B, BY], "no", "yes", "label")},
        fill={"NAME": "yes"},
    ),
    # Labels
    Case("loss z.npy y1.npy", "labels look 1-based; try --label-base 1", RIGHT, {"y1.npy": Y + 1}),
    Case(
        "loss z.npy void.npy",
        "if 255 marks rows to leave out: --ignore-index 255",
        ce(Z, [0, 255, 2, 0]),
        {"void.npy": np.array([0, 255, 2, 0])},
    ),
    Case(
        "loss z.npy void.npy",
        "if -1 marks rows to leave out: --ignore-index -1",
        ce(Z, [0, -100, 2, 0]),
        {"void.npy": np.array([0, -1, 2, 0])},
    ),
    Case(
        "loss z.npy gap.npy",
        "leave such rows out, or mark them, labels.fillna(-100), for --ignore-index -100",
        ce(Z, [0, -100, 2, 0]),
        {"gap.npy": np.array([0, NAN, 2, 0])},
        by_hand={"gap.npy": np.array([0, -100, 2, 0])},
    ),
    Case(
        "loss z.csv gap.csv",
        "mark rows to leave out by -100, for --ignore-index -100",
        ce(Z, [0, -100, 2, 0]),
        {"gap.csv": 'label\n0\n""\n2\n0\n'},
        by_hand={"gap.csv": "label\n0\n-100\n2\n0\n"},
    ),
    Case(
        "loss z.csv gap.json",
        "mark rows to leave out by -100, for --ignore-index -100",
        ce(Z, [0, -100, 2, 0]),
        {"gap.json": "[0, null, 2, 0]"},
        by_hand={"gap.json": "[0, -100, 2, 0]"},
    ),
    Case(
        "loss z.npy gap.parquet --label-column y",
        "pandas stores NaN as null; fill them, or leave such rows out; in labels, mark "
        "rows to leave out by -100, for --ignore-index -100",
        ce(Z, [0, -100, 2, 0]),
        {"gap.parquet": parquet(y=[0, None, 2, 0])},
        by_hand={"gap.parquet": parquet(y=[0, -100, 2, 0])},
    ),
    Case(
        "loss z.npy names.csv",
        "name the classes in the order of the columns: --classes A,B,C or --classes FILE",
        RIGHT,
        {"names.csv": csv(np.array(NAMES)[Y], "label"), "classes.txt": "cat\ndog\nfox\n"},
        fill=_CLASSES,
    ),
    Case(
        "loss z.csv names.csv",
        "did you mean 'dog'?",
        RIGHT,
        {"names.csv": csv(np.array(["cat", "Dog", "fox"])[Y], "label")},
        by_hand={"names.csv": csv(np.array(NAMES)[Y], "label")},
    ),
    Case(
        "loss z.csv names.csv",
        "there are 'cat', 'dog', 'fox'",
        WORDS,
        {"names.csv": csv(list("pqrs"), "label")},
    ),
    Case(
        "loss z7.csv names.csv",
        "there are 'a', 'b', 'c', 'd', 'e', ...",
        WORDS,
        {
            "z7.csv": csv(Z[:, [0, 1, 2, 0, 1, 2]], *"abcdef"),
            "names.csv": csv(list("vwxy"), "label"),
        },
    ),
    Case(
        "loss z.csv gap.csv --ignore-index -1",
        "label rows to leave out -1",
        ce(Z, [0, -100, 2, 0]),
        {"gap.csv": csv(["cat", '""', "fox", "cat"], "label")},
        by_hand={"gap.csv": csv(["cat", "-1", "fox", "cat"], "label")},
    ),
    Case(
        "loss z579.csv y.npy",
        "if the first row of z579.csv is a header: --header",
        RIGHT,
        {"z579.csv": csv(Z, "5", "7", "9")},
    ),
    Case(
        "loss z579.csv y.npy --header",
        "if labels count the classes from 0: --label-base 0",
        RIGHT,
        {"z579.csv": csv(Z, "5", "7", "9")},
    ),
    Case(
        "loss z_id.csv y_id.csv",
        "rows are matched by 'id': leave out those that one of the files lacks",
        ce(Z[1:], Y[1:]),
        {
            "z_id.csv": csv([[f"r{i}", *z] for i, z in enumerate(Z)], "id", *NAMES),
            "y_id.csv": csv([[f"r{i}", Y[i]] for i in (3, 1, 2)], "id", "label"),
        },
        by_hand={
            "z_id.csv": csv([[f"r{i}", *Z[i]] for i in (1, 2, 3)], "id", *NAMES),
        },
    ),
    Case("loss z.csv y.npy --classes fox,dog,cat", "leave --classes out", RIGHT),
    Case(
        "loss z.npy y.npy --classes nowhere",
        "there is no file 'nowhere'",
        RIGHT,
        by_hand={"nowhere": "cat\ndog\nfox\n"},
    ),
    Case(
        "loss z.npy names.csv --classes classes.csv",
        "one name a line, in quotes if it holds the delimiter",
        RIGHT,
        {"names.csv": csv(np.array(NAMES)[Y], "label"), "classes.csv": "cat,1\ndog\nfox\n"},
        by_hand={"classes.csv": "cat\ndog\nfox\n"},
    ),
    Case(
        "loss z.npy other.npy",
        "labels of the logits' own shape are class probabilities; if both are logits, "
        "they are shards: xent loss --logits A --logits B --labels LABELS",
        ce(np.r_[Z, Z[::-1] * 2], np.r_[Y, Y]),
        {"other.npy": Z[::-1] * 2, "both.npy": np.r_[Y, Y]},
        fill={"LABELS": "both.npy"},
    ),
    Case(
        "loss z3.npy multi.npy",
        "several labels of a row are binary ones: --binary; floats are class probabilities",
        bce(Z, [[1, 1, 0]] * 4),
        {"z3.npy": Z, "multi.npy": np.array([[1, 1, 0]] * 4)},
    ),
    Case(
        "loss b.npy by.npy --binary",
        "if -1 marks what to leave out: --ignore-index -1",
        bce(B[1:], BY[1:]),
        {"by.npy": np.array([-1, 0, 1])},
    ),
    Case(
        "explain z.npy y.npy --rows 0:4",
        "every row that is explained needs a label: --rows A:B chooses others",
        WORDS,
        {"y.npy": np.array([0, -100, 2, 0])},
        fill={"A:B": "2:4"},
    ),
    Case(
        "one-hot y.npy",
        "is a label no class? --num-classes C says how many there are",
        HOT,
        {"y.npy": np.array([0, 1, 10**9, 0])},
        fill={"C": "3"},
        by_hand={"y.npy": Y},
    ),
    Case(
        "loss both.csv both.csv",
        "labels within it: --label-column NAME or --label-key NAME",
        RIGHT,
        {"both.csv": csv(np.c_[Z, Y], *NAMES, "label")},
        fill={"NAME": "label"},
    ),
    Case(
        "loss z.npy same.npy",
        "name the file of labels: --labels FILE",
        RIGHT,
        {"same.npy": Z},
        fill={"FILE": "y.npy"},
    ),
    Case(
        "loss both.csv",
        "--label-column y_true",
        RIGHT,
        {"both.csv": csv(np.c_[Z, Z.argmax(1), Y], *NAMES, "y_pred", "y_true")},
    ),
    Case(
        "nll tokens.csv",
        "if each number is the log-probability of its label already: --picked",
        1.5,
        {"tokens.csv": csv([-1.0, -2.0])},
    ),
    # Answers of servers
    Case(
        "nll both.jsonl",
        "--tokens prompt or --tokens generated",
        1.0,
        {"both.jsonl": json.dumps({"meta_info": _SGLANG})},
        other={"generated": 2.0},
    ),
    Case(
        "nll echo.jsonl",
        "if nothing was generated (max_tokens 0): --tokens prompt",
        1.5,
        {"echo.jsonl": json.dumps(_ECHO)},
    ),
    Case(
        "nll echo.jsonl --tokens prompt",
        "ask the server for logprobs",
        WORDS,
        {"echo.jsonl": json.dumps(_ECHO).replace("-1.0, -2.0", "null")},
    ),
    Case(
        "loss echo.jsonl y.npy",
        "xent nll echo.jsonl",
        WORDS,
        {"echo.jsonl": json.dumps(_ECHO)},
    ),
    Case(
        "nll made.jsonl --tokens prompt",
        "--tokens generated",
        1.5,
        {"made.jsonl": json.dumps({"completion_probabilities": [{"logprob": -1.5}]})},
    ),
    Case(
        "nll made.jsonl",
        "write json.dumps of its dict",
        WORDS,
        {"made.jsonl": str({"choices": [{"logprobs": {"content": []}}]})},
    ),
    Case(
        "nll made.jsonl",
        "ask llama.cpp's server without post_sampling_probs",
        WORDS,
        {"made.jsonl": json.dumps({"completion_probabilities": [{"prob": 0.5}]})},
    ),
    Case(
        "nll made.jsonl",
        "ask a newer server of llama.cpp, whose n_probs gives logprob",
        WORDS,
        {"made.jsonl": json.dumps({"completion_probabilities": [{"probs": []}]})},
    ),
    Case(
        "nll made.jsonl",
        "are these raw logits? vLLM gives raw_logprobs where its logprobs-mode says so",
        WORDS,
        {"made.jsonl": json.dumps({"completion_probabilities": [{"logprob": 1.5}]})},
    ),
    # Values
    Case(
        "softmax nan.npy",
        "--non-finite propagate computes what PyTorch does: NaN",
        [[1 / 3] * 3, [NAN] * 3],
        {"nan.npy": np.array([[0, 0, 0], [NAN, 0, 0]])},
    ),
    Case(
        "softmax nan.npy --axis 0",
        "--non-finite propagate computes what PyTorch does: NaN",
        [[NAN, 0.5, 0.5], [NAN, 0.5, 0.5]],
        {"nan.npy": np.array([[0, 0, 0], [NAN, 0, 0]])},
    ),
    Case(
        "nll nan.npy y.npy",
        "--non-finite propagate computes on with it",
        NAN,
        {"nan.npy": _WITH_NAN},
    ),
    Case(
        "nll nan.npy hot.npy",
        "--non-finite propagate computes on with it",
        NAN,
        {"nan.npy": _WITH_NAN, "hot.npy": HOT},
    ),
    Case(
        "loss nan.npy by.npy --binary",
        "--non-finite propagate computes what PyTorch does: NaN",
        NAN,
        {"nan.npy": np.array([0.5, NAN, 1])},
    ),
    Case("nll --probs z.npy y.npy", "if these are logits: xent loss LOGITS LABELS", RIGHT),
    Case(
        "nll --probs lp.npy y.npy", "these look like log-probabilities: --log-probs FILE", OF_PROBS
    ),
    Case(
        "nll --probs percent.npy y.npy",
        "if these are percents, divide them by 100",
        OF_PROBS,
        {"percent.npy": P * 100},
        by_hand={"percent.npy": P},
    ),
    Case(
        "nll --probs b.npy by.npy --binary",
        "if these are logits: xent loss --binary LOGITS LABELS",
        bce(B, BY),
    ),
    Case(
        "nll --probs picked.npy --picked",
        "log-probabilities: --log-probs FILE",
        1.5,
        {"picked.npy": np.array([-1.0, -2.0])},
    ),
    Case(
        "nll --log-probs picked.npy --picked",
        "probabilities: --probs FILE",
        -np.log(0.125) / 2,
        {"picked.npy": np.array([0.5, 0.25])},
    ),
    # CSV
    Case(
        "loss comma.csv y.csv",
        "--decimal , reads decimal commas",
        RIGHT,
        {"comma.csv": csv(Z, *NAMES, sep=";").replace(".", ",")},
    ),
    Case(
        "loss comma.csv y.csv",
        "1,234 between thousands is written 1234; if commas are decimal: --decimal ,",
        ce(Z * 1000, Y),
        {
            "comma.csv": "cat;dog;fox\n"
            + "\n".join(";".join(f"{n * 1000:,.0f}" for n in row) for row in Z.tolist())
            + "\n"
        },
        by_hand={"comma.csv": csv(Z * 1000, *NAMES)},
        other={"--decimal": RIGHT},
    ),
    Case(
        "loss bad.csv y.csv",
        "numbers are written like 1234, 1.5 or 1e-3",
        RIGHT,
        {"bad.csv": csv(Z, *NAMES).replace("2.25", "0x1F")},
        by_hand={"bad.csv": csv(Z, *NAMES)},
    ),
    Case(
        "loss bad.csv y.csv",
        "fill it in",
        RIGHT,
        {"bad.csv": _EMPTY},
        by_hand={"bad.csv": csv(Z, *NAMES)},
    ),
    Case(
        "loss trailing.csv y.csv",
        "fill it in, or leave the column out with --drop 4",
        RIGHT,
        {"trailing.csv": csv(Z, *NAMES).replace("\n", ",\n")},
    ),
    Case(
        "loss trailing.csv y.csv",
        "the line ends with a delimiter that the first line does not end with",
        RIGHT,
        {
            "trailing.csv": csv(Z, *NAMES)
            .replace("\n1.5", ",\n1.5", 1)
            .replace(",\n", "\n", 1)
            .replace("-1.5\n", "-1.5,\n")
        },
        by_hand={"trailing.csv": csv(Z, *NAMES)},
    ),
    Case(
        "loss wide.csv y.csv",
        "does a number hold the delimiter? 1,234 must be written 1234, and 1,5 as 1.5",
        ce(Z * [1, 1000, 1], Y),
        {"wide.csv": csv(Z * [1, 1000, 1], *NAMES).replace("2250.0", "2,250")},
        by_hand={"wide.csv": csv(Z * [1, 1000, 1], *NAMES)},
    ),
    Case(
        "softmax gap.csv",
        "delete it",
        P,
        {"gap.csv": csv(Z, *NAMES).replace("\n0.5", "\n\n0.5")},
        by_hand={"gap.csv": csv(Z, *NAMES)},
    ),
    Case(
        "loss cut.csv y.csv",
        "write the whole array: numpy.save, numpy.savetxt, DataFrame.to_csv",
        RIGHT,
        {"cut.csv": csv(Z, *NAMES).replace("2.25", "...")},
        by_hand={"cut.csv": csv(Z, *NAMES)},
    ),
    Case(
        "softmax quote.csv",
        "a quote inside a quoted cell is written twice",
        P,
        {"quote.csv": csv(Z, *NAMES).replace("2.25", '"2.25')},
        by_hand={"quote.csv": csv(Z, *NAMES)},
    ),
    Case(
        "loss z.csv latin.csv",
        "--encoding NAME says what the text is in: latin-1, cp1252, utf-16, ...",
        RIGHT,
        {
            "z.csv": csv(Z, "café", "dog", "fox").encode("latin-1"),
            "latin.csv": csv(np.array(["café", "dog", "fox"])[Y], "label").encode("latin-1"),
        },
        fill={"NAME": "latin-1"},
    ),
    Case(
        "loss latin.csv --label-column label --encoding ascii",
        "is it in another? --encoding NAME",
        RIGHT,
        {"latin.csv": csv(np.c_[Z, Y], "café", "dog", "fox", "label").encode("latin-1")},
        fill={"NAME": "latin-1"},
    ),
    Case(
        "loss wide.csv y.npy",
        "--encoding utf-16",
        RIGHT,
        {"wide.csv": csv(Z, *NAMES).encode("utf-16")},
    ),
    Case(
        "loss wide.csv y.npy --encoding utf-16",
        "--encoding utf-16-le or --encoding utf-16-be",
        RIGHT,
        {"wide.csv": csv(Z, *NAMES).encode("utf-16-le")},
    ),
    Case(
        "loss wide.csv y.npy --header",
        "--encoding utf-16-le",
        RIGHT,
        {"wide.csv": csv(Z, *NAMES).encode("utf-16-le")},
    ),
    Case(
        "softmax wide.csv",
        "--encoding utf-16-le",
        P,
        {"wide.csv": csv(Z, *NAMES).encode("utf-16-le")},
    ),
    Case(
        "loss wide.bin y.npy",
        "is it text in UTF-16? --encoding utf-16-le",
        WORDS,
        {"wide.bin": b"1\0002,3"},
        fill={"NAME": "utf-8"},
    ),
    Case(
        "softmax zero.csv",
        "is the text UTF-16? --encoding utf-16-le",
        P,
        {"zero.csv": csv(Z, *NAMES).replace("2.25", "2.25\0")},
        by_hand={"zero.csv": csv(Z, *NAMES)},
        fill={"NAME": "utf-8"},
    ),
    Case(
        "loss empty.csv y.npy",
        "was it written to the end?",
        RIGHT,
        {"empty.csv": ""},
        by_hand={"empty.csv": csv(Z)},
    ),
    Case(
        "loss empty.json y.npy",
        "was it written to the end?",
        RIGHT,
        {"empty.json": ""},
        by_hand={"empty.json": str(Z.tolist())},
    ),
    Case(
        "loss twice.csv y.npy",
        "rename one, or read the first row as data with --no-header",
        RIGHT,
        {"twice.csv": csv(Z, "cat", "dog", "cat")},
        by_hand={"twice.csv": csv(Z, *NAMES)},
    ),
    Case(
        "loss counted.csv y.npy",
        "say which with --header or --no-header",
        ce(_C, Y),
        {"counted.csv": _COUNTED},
    ),
    Case(
        "loss counted.csv y5.npy",
        "say which with --header or --no-header",
        ce(np.r_[[[0, 1, 2]], _C], [*Y, 1]),
        {"counted.csv": _COUNTED, "y5.npy": np.array([*Y, 1])},
    ),
    Case(
        "loss first.csv y.npy",
        "if the first row is a header: --header",
        RIGHT,
        {"first.csv": "1,,2\n" + csv(Z)},
    ),
    Case(
        "loss first.csv y.npy",
        "say which with --header or --no-header",
        RIGHT,
        {"first.csv": "1_0,a,b\n" + csv(Z)},
    ),
    Case(
        "loss first.csv y.npy --labels-no-header",
        "did you mean --labels-header? xent loss --help",
        RIGHT,
        {"first.csv": "1,x,2\n" + csv(Z).replace("-0.25", "oops")},
        by_hand={"first.csv": "1,x,2\n" + csv(Z)},
    ),
    Case("loss z.csv y.npy --no-header", "if the first row of z.csv is a header: --header", RIGHT),
    Case("softmax z.csv --no-header", "is the first row names? --header", P),
    Case(
        "loss ids.csv y.npy",
        "leave out what is none: --drop filename, or if it is a class: --columns "
        "filename,cat,dog,fox",
        RIGHT,
        {"ids.csv": _NAMED},
    ),
    Case(
        "loss ids.csv y.npy --columns filename,cat,dog,fox",
        "do these name the rows? --id-column filename",
        RIGHT,
        {"ids.csv": _NAMED},
    ),
    Case(
        "loss doubt.csv y.npy",
        "leave out what is none: --drop id, or name the classes: --columns cat,dog,fox",
        RIGHT,
        {"doubt.csv": _WITH_ID},
    ),
    Case(
        "loss doubt.csv y.npy",
        "leave out what is none: --drop note, or name the classes: --columns cat,dog,fox",
        RIGHT,
        {"doubt.csv": _WITH_TEXT},
    ),
    Case(
        "loss doubt.csv y.npy",
        "name the columns of the classes: --columns A,B,..., or 3-12, or 'logit_*'",
        RIGHT,
        {"doubt.csv": csv(np.c_[np.arange(7, 11), Z], "id", "pred_a", "true_b", "score_c")},
        fill={"A,B,...": "pred_a,true_b,score_c"},
    ),
    Case(
        "loss doubt.csv y13.npy",
        "leave out what is none: --drop id, or name the classes: --columns A,B,...",
        ce(np.tile(Z, 5)[:, :13], Y),
        {
            "doubt.csv": csv(
                np.c_[np.arange(7, 11), np.tile(Z, 5)[:, :13]], "id", *(f"c{i}" for i in range(13))
            ),
            "y13.npy": Y,
        },
        fill={"A,B,...": ",".join(f"c{i}" for i in range(13))},
    ),
    Case(
        "loss index.csv y.npy",
        "leave it out with --drop 1, or match rows by it with --id-column 1",
        RIGHT,
        {
            "index.csv": ",cat,dog,fox\n"
            + "".join(
                f"{i},{a},{b},{c}\n" for i, (a, b, c) in zip([0, 1, 2, 9], Z.tolist(), strict=True)
            )
        },
    ),
    Case(
        "loss index.csv y.npy",
        "leave it out with --columns 1,2,fox, or match rows by it with --id-column ''",
        RIGHT,
        {
            "index.csv": ",1,2,fox\n"
            + "".join(
                f"{i},{a},{b},{c}\n" for i, (a, b, c) in zip([0, 1, 2, 9], Z.tolist(), strict=True)
            )
        },
    ),
    Case(
        "loss z.csv several.csv",
        "--label-column label or --label-column target",
        RIGHT,
        {"several.csv": csv(np.c_[Y, Y[::-1]], "label", "target")},
        other={"target": ce(Z, Y[::-1])},
    ),
    Case(
        "loss z.csv several.csv",
        "which column holds the labels? --label-column NAME; one column for each class "
        "is named as its class",
        RIGHT,
        {"several.csv": csv(np.c_[Y, Y[::-1]], "a", "b")},
        fill={"NAME": "a"},
    ),
    Case(
        "loss z.npy several.csv",
        "which column holds the labels? --label-column NAME",
        RIGHT,
        {"several.csv": "a,b\n0,x\n1,y\n2,x\n0,y\n"},
        fill={"NAME": "a"},
    ),
    Case(
        "nll --probs ids.csv --labels ids2.csv",
        "--id-column a_id or --id-column b_id",
        OF_PROBS,
        {
            "ids.csv": "a_id,b_id,cat,dog,fox\n"
            + "".join(f"{i},{i + 9},{a},{b},{c}\n" for i, (a, b, c) in enumerate(P.tolist())),
            "ids2.csv": csv([[i, i + 9, y] for i, y in enumerate(Y)], "a_id", "b_id", "label"),
        },
    ),
    Case("softmax deep.npy -o out.csv", "-o FILE.npy, or --to npy", softmax(Z8), {"deep.npy": Z8}),
    Case(
        "softmax z.npy -o out.xyz",
        "--to npy|npz|safetensors|csv|tsv|parquet|arrow|arrows|hdf5",
        P,
        fill={"npy|npz|safetensors|csv|tsv|parquet|arrow|arrows|hdf5": "csv"},
    ),
    Case(
        "softmax ids.csv --id-column id -o out.npy",
        "--output FILE.csv, or leave --id-column out",
        np.c_[np.arange(7, 11), P],
        {"ids.csv": _WITH_ID},
        fill={"FILE.csv": "out.csv"},
        other={"--drop": P, "--columns": P, "--force": P},
    ),
    Case("info z.npy -o out.npy", "--output FILE.csv", WORDS, fill={"FILE.csv": "out.csv"}),
    Case("loss z.npy y.npy -o kept.txt", "--force overwrites it", RIGHT, {"kept.txt": "1\n"}),
    # JSON, and text that is no CSV
    Case(
        "loss cut.json y.npy",
        "the file is cut off",
        RIGHT,
        {"cut.json": "[[1.5, -0.25, 0.75], ["},
        by_hand={"cut.json": str(Z.tolist())},
    ),
    Case(
        "loss printed.json y.npy",
        "write the whole array: numpy.save, numpy.savetxt, DataFrame.to_csv",
        RIGHT,
        {"printed.json": "[[1.5 2.5]\n [3.5 4.5]]\n"},
        by_hand={"printed.json": str(Z.tolist())},
    ),
    Case(
        "loss short.json y.npy",
        "write the whole array: numpy.save(path, array)",
        RIGHT,
        {"short.json": "[[1.5, ..., 2.5]]"},
        by_hand={"short.json": str(Z.tolist())},
    ),
    Case(
        "loss two.json y.npy",
        "one array a file",
        RIGHT,
        {"two.json": "tensor([[1.5, 2.5]]) tensor([[1., 2.]])"},
        by_hand={"two.json": f"tensor({Z.tolist()})"},
    ),
    Case(
        "loss quoted.json y.npy",
        "JSON has texts in double quotes",
        RIGHT,
        {"quoted.json": "{'logits': [[1.5, 2.5]]}"},
        by_hand={"quoted.json": f'{{"logits": {Z.tolist()}}}'},
    ),
    Case(
        "loss null.json y.npy",
        "NaN and Infinity are numbers, null is none",
        RIGHT,
        {"null.json": str(Z.tolist()).replace("2.25", "null")},
        by_hand={"null.json": str(Z.tolist())},
    ),
    Case(
        "softmax gap.jsonl",
        "delete it",
        P,
        {"gap.jsonl": "\n".join([f"{Z.tolist()[0]}\n", *map(str, Z.tolist()[1:]), ""])},
        by_hand={"gap.jsonl": "".join(f"{row}\n" for row in Z.tolist())},
    ),
    Case("loss 1,2,3", "they come next: 2,0,1", WORDS),
    Case("softmax 1,2 3,4", "rows are lists in one list: '[[1,2],[3,4]]'", WORDS),
    Case("softmax 1 2 3", "the numbers of one row are one argument: 1,2,3", WORDS),
    Case("loss 1,2,3 0 1", "several numbers are one argument: 0,1", WORDS),
    # Arrays
    Case(
        "loss run.npz",
        "--key NAME --label-key NAME say which",
        RIGHT,
        {"run.npz": npz(a=Z, b=Y)},
        fill={"--label-key NAME": "b", "--key NAME": "a"},
    ),
    Case(
        "loss run.npz",
        "--label-key NAME says which",
        RIGHT,
        {"run.npz": npz(logits=Z, b=Y)},
        fill={"NAME": "b"},
    ),
    Case(
        "loss run.npz --label-key b",
        "--key NAME says which",
        RIGHT,
        {"run.npz": npz(a=Z, b=Y)},
        fill={"NAME": "a"},
    ),
    Case(
        "loss run.npz --label-key labls",
        "did you mean --label-key labels?",
        RIGHT,
        {"run.npz": npz(logits=Z, labels=Y)},
    ),
    Case(
        "loss run.npz --label-column labels",
        "leave --label-column out; --label-key NAME chooses an array",
        RIGHT,
        {"run.npz": npz(logits=Z, labels=Y)},
        fill={"NAME": "labels"},
    ),
    Case(
        "loss run.npz y.npy --columns logits",
        "leave --columns out; --key NAME chooses an array",
        RIGHT,
        {"run.npz": npz(logits=Z, others=Y)},
        fill={"NAME": "logits"},
    ),
    Case(
        "loss z.npy --label-column labels",
        "leave --label-column out, and name the file of labels: --labels FILE",
        RIGHT,
        fill={"FILE": "y.npy"},
    ),
    Case(
        "loss run.npz",
        "xent nll --probs FILE; if they are none, whatever their name: --key NAME",
        OF_PROBS,
        {"run.npz": npz(probs=P, labels=Y)},
        fill={"NAME": "probs"},
        other={"--key": ce(P, Y)},
    ),
    Case(
        "loss z.npy y.npy --weight pair.npz",
        "a file of one array is needed here",
        WORDS,
        {"pair.npz": npz(a=Z[0], b=Z[1])},
    ),
    Case(
        "loss object.npy y.npy",
        "save a plain array: np.save(path, np.array(array.tolist()))",
        RIGHT,
        {"object.npy": np.array(Z.tolist(), object)},
        by_hand={"object.npy": Z},
    ),
    Case(
        "loss dict.npy y.npy",
        "save what is in it: np.savez(path, **array.item()) where it is a dict",
        RIGHT,
        {"dict.npy": np.array({"logits": 1}, object)},
        by_hand={"dict.npy": npz(logits=Z)},
    ),
    Case(
        "loss z.csv object.npy",
        "save names as text, np.save(path, array.astype(str)), or labels as numbers",
        RIGHT,
        {"object.npy": np.array(NAMES, object)[Y]},
        by_hand={"object.npy": np.array(NAMES)[Y]},
    ),
    Case(
        "loss words.npy y.npy",
        "NumPy saves bfloat16 so: --input-dtype bfloat16 reads logits that are",
        RIGHT,
        {"words.npy": (Z.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view("V2")},
    ),
    Case(
        "loss long.npy y.npy",
        "something follows the array",
        RIGHT,
        {"long.npy": npy(Z) + b"12345678"},
        by_hand={"long.npy": Z},
    ),
    Case(
        "loss short.npy y.npy",
        "the file is cut off",
        RIGHT,
        {"short.npy": npy(Z)[:-8]},
        by_hand={"short.npy": Z},
    ),
    Case(
        "loss short.npy.gz y.npy",
        "the file is cut off",
        RIGHT,
        {"short.npy.gz": gzip.compress(npy(Z))[:-12]},
        by_hand={"short.npy.gz": gzip.compress(npy(Z))},
    ),
    Case(
        "loss lists.parquet --label-column y",
        "read it alone with --key logits; --label-column NAME names the labels beside it",
        RIGHT,
        {"lists.parquet": parquet(logits=Z.tolist(), more=[1.5, 2, 3, 4], y=Y)},
        fill={"NAME": "y"},
    ),
    Case(
        "loss lists.parquet --label-column y",
        "say which to read: --key logits",
        RIGHT,
        {"lists.parquet": parquet(logits=Z.tolist(), more=(2 * Z).tolist(), y=Y)},
    ),
    Case(
        "loss lists.parquet y.npy --key logits --columns logits",
        "leave --columns out",
        RIGHT,
        {"lists.parquet": parquet(logits=Z.tolist())},
    ),
    Case(
        "loss dates.parquet y.npy",
        "leave out what is none: --drop when, or name the classes: --columns cat,dog,fox",
        RIGHT,
        {
            "dates.parquet": parquet(
                **dict(zip(NAMES, Z.T, strict=True)), when=[b"a", b"b", b"c", b"d"]
            )
        },
    ),
    Case(
        "loss dates.parquet y.npy --columns cat,dog,fox,when",
        "leave it out with --drop when, or name what to read: --columns A,B",
        RIGHT,
        {
            "dates.parquet": parquet(
                **dict(zip(NAMES, Z.T, strict=True)), when=[b"a", b"b", b"c", b"d"]
            )
        },
        fill={"A,B": _ALL},
    ),
    Case(
        "loss cut.parquet y.npy",
        "is the file cut off or damaged?",
        RIGHT,
        {"cut.parquet": parquet(a=Z[:, 0])[:-40] + b"PAR1"},
        by_hand={"cut.parquet": parquet(**dict(zip(NAMES, Z.T, strict=True)))},
    ),
    Case(
        "loss old.feather y.npy",
        "pandas.read_feather(old).to_feather(new) writes version 2",
        WORDS,
        {"old.feather": b"FEA1" + bytes(60) + b"FEA1"},
    ),
    # Other kinds of files
    Case(
        "loss z.pkl y.npy",
        "in Python: pickle.dump(pickle.load(f), g, protocol=4)",
        RIGHT,
        {"z.pkl": pickle.dumps(Z.tolist(), 0)},
        by_hand={"z.pkl": pickle.dumps(Z.tolist(), 4)},
    ),
    Case(
        "loss z.pkl y.npy",
        "in Python: numpy.save('a.npy', joblib.load(path)), or an array of what it loads",
        RIGHT,
        {"z.pkl": b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81."},
        by_hand={"z.pkl": Z},
    ),
    Case(
        "loss z.pkl y.npy",
        "in Python: pandas.read_pickle(path).to_parquet('a.parquet')",
        RIGHT,
        {"z.pkl": pickle.dumps(DataFrame(Z, columns=NAMES))},
        by_hand={"z.pkl": parquet(**dict(zip(NAMES, Z.T, strict=True)))},
    ),
    Case(
        "loss z.pkl y.npy",
        "save a plain array: numpy.array(array.tolist())",
        RIGHT,
        {"z.pkl": pickle.dumps(Z.astype(object), 4)},
        by_hand={"z.pkl": pickle.dumps(np.array(Z.astype(object).tolist()), 4)},
    ),
    Case(
        "loss z.pt y.npy",
        "in Python: numpy.save('a.npy', tensor.to_dense().cpu().numpy())",
        RIGHT,
        {"z.pt": zipped(**{"z/data.pkl": b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n)R."})},
        by_hand={"z.pt": Z},
    ),
    Case(
        "loss z.pt y.npy",
        "in Python: torch.save(torch.jit.load(path)(x), 'logits.pt')",
        RIGHT,
        {"z.pt": zipped(**{"z/data.pkl": "", "z/constants.pkl": ""})},
        by_hand={"z.pt": pt(z=Z)},
    ),
    Case(
        "loss z.pt y.npy",
        "in Python: torch.save(torch.export.load(path).module()(x), 'logits.pt')",
        RIGHT,
        {"z.pt": zipped(**{"z/archive_format": "", "z/models/model.json": ""})},
        by_hand={"z.pt": pt(z=Z)},
    ),
    Case(
        "loss z.pt y.npy",
        "save what the model returns: torch.save(model(x), 'logits.pt'); --key NAME reads one",
        RIGHT,
        {"z.pt": pt(**{"fc.weight": Z, "fc.bias": Z[0]})},
        fill={"NAME": "fc.weight"},
        by_hand={"z.pt": pt(z=Z)},
    ),
    Case(
        "loss z.npz --from npz --key z --label-key y",
        "save the sheet as CSV",
        RIGHT,
        {"z.npz": zipped(xl_workbook__xml="")},
        by_hand={"z.npz": npz(z=Z, y=Y)},
    ),
    Case(
        "loss z.csv y.npy",
        "was the file downloaded, or the page about it?",
        RIGHT,
        {"z.csv": "<!DOCTYPE html>"},
        by_hand={"z.csv": csv(Z)},
    ),
    Case(
        "loss z.z y.npy",
        "save it in the program that made it: numpy.save('a.npy', array), which xent reads",
        RIGHT,
        {"z.z": b"\x78\x9c\x01\x02\x03"},
        by_hand={"z.z": Z},
    ),
    Case(
        "loss z.mat y.npy",
        "scipy.io.loadmat reads it in Python",
        RIGHT,
        {"z.mat": b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM\x0e\0\0\0\xf0\0\0\0"},
        by_hand={"z.mat": Z},
    ),
    Case(
        "loss z.db y.npy",
        "save the table as CSV",
        RIGHT,
        {"z.db": b"SQLite format 3\0"},
        by_hand={"z.db": csv(Z)},
    ),
    Case(
        "loss z.xls y.npy",
        "save the sheet as CSV",
        RIGHT,
        {"z.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"},
        by_hand={"z.xls": csv(Z)},
    ),
    Case(
        "loss z.rds y.npy",
        "in R: write.csv(x, 'a.csv', row.names = FALSE)",
        RIGHT,
        {"z.rds": b"X\n\0\0\0\2"},
        by_hand={"z.rds": csv(Z)},
    ),
    Case(
        "loss z.7z y.npy",
        "take the file out of it",
        RIGHT,
        {"z.7z": b"7z\xbc\xaf\x27\x1c\0"},
        by_hand={"z.7z": csv(Z)},
    ),
    Case(
        "loss z.bin y.npy",
        "git lfs pull",
        RIGHT,
        {"z.bin": "version https://git-lfs.github.com/spec/v1\n"},
        by_hand={"z.bin": Z},
    ),
    Case(
        "loss z.zip y.npy",
        "take the files out of it: unzip",
        WORDS,
        {"z.zip": zipped(a__csv=csv(Z), b__csv=csv(Z))},
    ),
    # Shards
    Case(
        "loss 'z-*.npy' 'y-*.npy'",
        "labels must be in one file for all, or in one for each file of logits",
        ce(np.r_[Z, Z], np.r_[Y, Y]),
        {"z-1.npy": Z, "z-2.npy": Z, "y-1.npy": Y, "y-2.npy": Y[:2], "y-3.npy": Y[2:]},
        by_hand={"y-2.npy": Y, "y-3.npy": None},
    ),
    Case(
        "loss 'z-*.npy' 'y-*.npy'",
        "each file of labels is for the file of logits at the same place in the order",
        ce(np.r_[Z, Z], np.r_[Y, Y]),
        {"z-1.npy": Z, "z-2.npy": Z, "y-1.npy": np.r_[Y, Y[:1]], "y-2.npy": Y[1:]},
        by_hand={"y-1.npy": Y, "y-2.npy": Y},
    ),
    Case(
        "loss --logits z-1.npy --logits z-2.npy --labels y-2.npy --labels y-1.npy",
        "name the files of both in the same order",
        WORDS,
        {"z-1.npy": Z, "z-2.npy": Z, "y-1.npy": Y, "y-2.npy": Y},
    ),
    # What is typed
    Case(
        "loss z.npy y.npy z.npy",
        "several files of one input are named by a quoted pattern: 'run/*.npy', or by "
        "its option again",
        WORDS,
    ),
    Case("loss . y.npy", "a quoted pattern names its files: 'run/*.npy'", WORDS),
    Case("loss", "xent takes LOGITS LABELS in this order", WORDS),
    Case("loss z.npy y.npy --dim 1", "did you mean --class-axis? xent loss --help", RIGHT),
    Case("loss z.npy y.npy --red mean", "did you mean --reduction? xent loss --help", RIGHT),
    Case("loss z.npy y.npy --picked", "this is an option of xent nll; xent loss --help", WORDS),
    Case("loss z.npy y.npy --qqqq", "xent loss --help", WORDS),
    Case(
        "loss z.npy y.npy --ignore_idx 255", "did you mean --ignore-index? xent loss --help", RIGHT
    ),
    Case("cross-entropy z.npy y.npy", "did you mean xent loss?", RIGHT),
    Case("nll-loss lp.npy y.npy", "did you mean xent nll?", OF_PROBS),
    Case(
        "log-loss p.npy y.npy",
        "did you mean xent nll --probs FILE, which takes probabilities",
        OF_PROBS,
    ),
    Case(
        "accuracy z.npy y.npy",
        "did you mean xent eval --metric accuracy?",
        float((Z.argmax(axis=1) == Y).mean()),
    ),
    Case(
        "perplexity z.npy y.npy",
        "did you mean xent eval --metric perplexity?",
        float(np.exp(RIGHT)),
    ),
    Case(
        "bce-with-logits b.npy by.npy",
        "did you mean xent loss --binary, which takes the logits of class 1",
        bce(B, BY),
    ),
    Case(
        "bce bp.npy by.npy",
        "did you mean xent nll --binary --probs FILE, which takes the probabilities of class 1",
        bce(B, BY),
    ),
    Case("qqqq", "xent --help", WORDS),
    Case(
        "loss z.csv y.npy --weight header.csv",
        "name the classes as the logits do, or leave the header out",
        RIGHT,
        {"header.csv": "a,b,c\n1,1,1\n"},
        by_hand={"header.csv": "cat,dog,fox\n1,1,1\n"},
    ),
    Case(
        "loss z.npy y.npy --sample-weight weights.csv",
        "write the weights alone, in the order of the rows; or match them by the ids of both "
        "files: --id-column NAME",
        RIGHT,
        {"weights.csv": csv([[7, 1], [8, 1], [9, 1], [10, 1]], "id", "w")},
        fill={"NAME": "id"},
        by_hand={"weights.csv": csv([1, 1, 1, 1], "w")},
    ),
    Case(
        "loss wid.csv yid.csv --id-column id --sample-weight weights.csv",
        "leave one of them beside the ids, or name it weight",
        RIGHT,
        {
            "wid.csv": _WITH_ID,
            "yid.csv": csv(np.c_[np.arange(7.0, 11.0), Y], "id", "label"),
            "weights.csv": csv([[i, 1.0, 2.0] for i in _IDS], "id", "u", "v"),
        },
        by_hand={"weights.csv": csv([[i, 1.0] for i in _IDS], "id", "u")},
    ),
    Case(
        "loss z.csv one.csv",
        "labels that are names stand one a line",
        RIGHT,
        {"one.csv": "cat,dog,fox,cat\n"},
        by_hand={"one.csv": "label\ncat\ndog\nfox\ncat\n"},
    ),
    Case(
        "loss lists.csv y.npy",
        "write them whole: numpy.set_printoptions(threshold=sys.maxsize) before to_csv",
        RIGHT,
        {"lists.csv": _lists(Z).replace("-0.25", "...")},
        by_hand={"lists.csv": _lists(Z)},
    ),
    Case(
        "loss lists.csv y.npy",
        "lists are written like [1.5, -0.25] or [1.5 -0.25]",
        RIGHT,
        {"lists.csv": _lists(Z).replace('"[2.5, 0.25, 0.5]"', "oops")},
        by_hand={"lists.csv": _lists(Z)},
    ),
    Case(
        "loss mixed.csv y.npy",
        "read the lists with --columns logits, or the others with --drop logits",
        RIGHT,
        {
            "mixed.csv": "".join(
                f"{line},{more}\n"
                for line, more in zip(
                    _lists(Z).splitlines(), csv(P, *NAMES).splitlines(), strict=True
                )
            )
        },
        other={"others": ce(P, Y)},
    ),
    Case(
        "loss z.csv counted.csv",
        "match rows by it with --id-column '', or by their place with --label-column label",
        RIGHT,
        {"counted.csv": csv(np.c_[[0, 1, 2, 9], Y], "", "label")},
    ),
    Case(
        "loss doubt.csv y.npy",
        "leave out what is none: --drop m,k, or if they are classes: --columns m,k,cat,dog,fox",
        RIGHT,
        {"doubt.csv": "m,k,cat,dog,fox\n" + _beside(_WHOLE, csv(Z))},
        other={"if they are": ce(np.c_[_WHOLE, Z], Y)},
    ),
    Case(
        "eval z.csv y.npy --by several.csv --metric loss",
        "write that column alone, or with the ids; or, if it stands beside the labels, name it "
        "instead of the file",
        RIGHT,
        {"several.csv": csv([[i, "n", "s"] for i in range(4)], "id", "site", "ward")},
        by_hand={"several.csv": csv(["n", "n", "s", "s"], "site")},
    ),
    Case(
        "eval z.csv named.csv --by regio",
        "its columns are 'label', 'region', 'cat', 'dog', 'fox'",
        files={"named.csv": "label,region\n0,n\n1,s\n2,n\n0,s\n"},
    ),
    Case(
        "loss ids.csv truth.csv",
        "match rows by it: --id-column image; if both have the same order: --drop image",
        RIGHT,
        {
            "ids.csv": csv(np.c_[np.arange(4), Z], "image", *NAMES),
            "truth.csv": csv(np.c_[np.arange(4.0), Y][::-1], "image", "label"),
        },
        other={"the same order": ce(Z, Y[::-1])},
    ),
    Case(
        "loss ids.csv truth.csv",
        "to match rows by it, give it one name in both files, as 'id' has there; if both have the "
        "same order: --drop image_id",
        RIGHT,
        {
            "ids.csv": "image_id,cat,dog,fox\n" + _beside(np.arange(4), csv(Z)),
            "truth.csv": csv(np.c_[np.arange(4), Y][::-1], "id", "label"),
        },
        by_hand={"ids.csv": "id,cat,dog,fox\n" + _beside(np.arange(4), csv(Z))},
    ),
    Case(
        "nll --probs p2.csv y2.csv --binary",
        "labels of a binary loss are 0 and 1, or false and true: write them so",
        bce(B, BY),
        {"p2.csv": csv(BP, "yes"), "y2.csv": csv(np.array(["no", "yes"])[BY], "label")},
        by_hand={"y2.csv": csv(BY, "label")},
    ),
    Case(
        "loss z.csv several.csv",
        "several labels of a row are binary ones: --binary",
        bce(Z, np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]])),
        {"several.csv": csv([[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]], *NAMES)},
    ),
    Case(
        "loss hot.csv",
        "--label-column 'label_*'",
        RIGHT,
        {
            "hot.csv": csv(
                np.c_[Z, HOT[:, [2, 0, 1]]], *NAMES, "label_fox", "label_cat", "label_dog"
            )
        },
    ),
    Case(
        "softmax table.json",
        "columns are read from CSV: pandas.read_json(path).to_csv('a.csv', index=False)",
        WORDS,
        {"table.json": '{"cat": {"0": 1.5}, "dog": {"0": -0.25}}'},
    ),
    Case(
        "softmax table.jsonl",
        "columns are read from CSV: pandas.read_json(path, lines=True).to_csv('a.csv', "
        "index=False)",
        WORDS,
        {"table.jsonl": '{"cat": 1.5, "dog": -0.25}\n'},
    ),
    Case(
        "eval z.npy y.npy --metric loss --plot a.gif",
        "--plot FILE.png",
        RIGHT,
        fill={"FILE.png": "a.png"},
    ),
    Case(
        "eval z.npy y.npy --metric loss --report a.txt",
        "--report FILE.html",
        RIGHT,
        fill={"FILE.html": "a.html"},
    ),
    Case("loss file://z.npy y.npy", "file:///folder/file has three slashes", WORDS),
    Case(
        "help qqqq",
        "there are benchmark, cluster, design, exit-codes, files, measures, numbers, options",
        WORDS,
    ),
    Case("help filez", "did you mean xent help files?", WORDS),
    Case(
        "loss z.npy y.npy --temperature t.json",
        "a temperature is a number, or stands in the JSON that calibrate wrote",
        ce(Z / 2, Y),
        files={"t.json": '{"T": 2.0}'},
        by_hand={"t.json": '{"temperature": 2.0}'},
    ),
    Case(
        "compare z.npy z.npy --input probs --metric kl",
        "if these are logits: --input logits",
        0.0,
    ),
    Case(
        "eval --probs z.npy y.npy --metric loss",
        "if these are logits: xent eval LOGITS LABELS",
        RIGHT,
    ),
    Case(
        "eval --probs b.npy by.npy --binary --metric loss",
        "if these are logits: xent eval --binary LOGITS LABELS",
        bce(B, BY),
    ),
    Case(
        "calibrate --probs z.npy y.npy",
        "if these are logits: xent calibrate LOGITS LABELS",
        WORDS,  # every label is at the largest logit of its row
        fill={"LOGITS": "z.npy", "LABELS": "y.npy"},
    ),
    Case(
        "calibrate --probs b.npy by.npy --binary",
        "if these are logits: xent calibrate --binary LOGITS LABELS",
        WORDS,
    ),
    # Gates
    *(
        Case(f"loss z.npy y.npy --fail-if '{gate}'", hint)
        for gate, hint in {
            "0.5 > loss": "a gate is like 'accuracy < 0.95'",
            "loss > 5%": "write the number itself: a share of rows is from 0 to 1",
            "loss > 0,5": "a number has a point before its fraction",
            "loss > 9 or bits > 9": "each gate has an option of its own",
            "loss > 2 * se": "a bound is a sum or difference of numbers, baseline and K se, such "
            "as 2 se",
            "loss > basline": "did you mean baseline?",
            "los > 9": "did you mean loss?",
            "ppl > 9": "did you mean perplexity?",
            "zzz > 9": "there are loss, perplexity, bits, accuracy, rows",
            "brier >= 0": "xent eval LOGITS LABELS has brier",
        }.items()
    ),
    Case(
        "compare z.npy z.npy --labels y.npy --fail-if 'loss_new > loss_base'",
        "the difference of two models is a measure: loss_difference",
    ),
    Case(
        "loss z.npy y.npy --fail-if 'loss > baseline + 9'",
        "--baseline FILE, with what an earlier run printed with --json",
        RIGHT,
        {"last.json": _LAST},
        {"--baseline FILE": "last.json"},
    ),
    Case(
        "loss z.npy y.npy --baseline last.json",
        "--fail-if 'loss > baseline + 2 se'",
        RIGHT,
        {"last.json": _LAST},
    ),
    Case(
        "loss z.npy y.npy --baseline last.json --fail-if 'loss > baseline + 9'",
        "a baseline is what an earlier run printed with --json",
        RIGHT,
        {"last.json": csv([RIGHT])},
        by_hand={"last.json": _LAST},
    ),
    Case(
        "loss z.npy y.npy --baseline last.json --fail-if 'loss > baseline + 9'",
        "a shell empties the file that > names before the command reads it: write the new result "
        "to another file",
        RIGHT,
        {"last.json": ""},
        by_hand={"last.json": _LAST},
    ),
    Case(
        "compare z.npy",
        "name the outputs of the first model, and then those of the new one",
        WORDS,
    ),
    Case(
        "compare z.npy --probs p.npy",
        "name all of them by position, the first model first, and say what each holds",
        WORDS,
    ),
    Case(
        "compare three.npy other.npy --metric kl",
        "the last one, as language models have it: --class-axis -1; the second, as PyTorch's "
        "losses have it: --class-axis 1",
        mean_kl(THREE_AXES, THREE_AXES[::-1]),
        {"three.npy": THREE_AXES, "other.npy": THREE_AXES[::-1]},
        other={
            "--class-axis 1": mean_kl(
                np.moveaxis(THREE_AXES, 1, 2), np.moveaxis(THREE_AXES[::-1], 1, 2)
            )
        },
    ),
    Case(
        "compare z.csv others.csv --metric kl",
        "z.csv has 'cat', 'dog', 'fox': name the columns alike",
        mean_kl(Z, Z[::-1]),
        {"others.csv": csv(Z[::-1], "cat,dog,hen")},
        by_hand={"others.csv": csv(Z[::-1], "cat,dog,fox")},
    ),
    Case(
        "compare z.npy p.npy y.npy --metric loss_base",
        "labels go by name: --labels FILE",
        WORDS,
    ),
    Case(
        "compare one.csv two.csv --metric kl",
        "if labels are there: --label-column label; else leave out what is none: --drop label, or "
        "name the classes: --columns cat,dog,fox",
        0.0,
        dict.fromkeys(("one.csv", "two.csv"), csv(np.c_[Z, Y], *NAMES, "label")),
    ),
    Case("compare z.npy p.npy --metric kl-mean", "did you mean kl?", WORDS),
]
