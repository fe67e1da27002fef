"""Labels that are no indices of classes, names, and where the labels are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from formulas import mean_cross_entropy

from hints.making import (
    BP,
    BY,
    HOT,
    NAMED,
    NAMES,
    NAN,
    OF_BINARY,
    RIGHT,
    WORDS,
    B,
    Case,
    Files,
    Mended,
    Y,
    Z,
    cases,
    csv,
    mean_bce,
    parquet,
)

CODES = ("250.00", "272.4", "401.9")
HALVES = ("2.0", "0.5", "1.0"), ("c2.0", "c0.5", "c1.0")


def half(names: Sequence[str], start: int) -> list[list[Any]]:
    """Return two rows of logits with their labels, which are names."""
    return [[*Z[i], names[Y[i]]] for i in (start, start + 1)]


FILES: Files = {
    "minus.npy": np.array([0, -1, 2, 0]),
    "gap.npy": Mended(np.array([0, NAN, 2, 0]), np.array([0, -100, 2, 0])),
    "gap.csv": Mended('label\n0\n""\n2\n0\n', "label\n0\n-100\n2\n0\n"),
    "gap.json": Mended("[0, null, 2, 0]", "[0, -100, 2, 0]"),
    "gap.parquet": Mended(parquet(y=[0, None, 2, 0]), parquet(y=[0, -100, 2, 0])),
    "names.csv": NAMED,
    "classes.txt": "cat\ndog\nfox\n",
    "capital.csv": Mended(csv(np.array(["cat", "Dog", "fox"])[Y], "label"), NAMED),
    "z7.csv": csv(Z[:, [0, 1, 2, 0, 1, 2]], *"abcdef"),
    "vwxy.csv": csv(list("vwxy"), "label"),
    "gap-names.csv": Mended(
        csv(["cat", '""', "fox", "cat"], "label"), csv(["cat", "-1", "fox", "cat"], "label")
    ),
    "z579.csv": csv(Z, "5", "7", "9"),
    "half-1.csv": Mended(*(csv(half(names, 0), *names, "label") for names in HALVES)),
    "half-2.csv": Mended(*(csv(half(names, 2), *names, "label") for names in HALVES)),
    "codes.csv": csv(Z, *CODES),
    "codes.npy": Mended(np.array(CODES, float)[Y], np.array(CODES)[Y]),
    "z_id.csv": Mended(
        csv([[f"r{i}", *z] for i, z in enumerate(Z)], "id", *NAMES),
        csv([[f"r{i}", *Z[i]] for i in (1, 2, 3)], "id", *NAMES),
    ),
    "y_id.csv": csv([[f"r{i}", Y[i]] for i in (3, 1, 2)], "id", "label"),
    "y_twice.csv": Mended(
        csv([[f"r{i}", Y[i]] for i in (3, 1, 2, 1)], "id", "label"),
        csv([[f"r{i}", Y[i]] for i in (3, 1, 2)], "id", "label"),
    ),
    "nowhere": Mended(None, "cat\ndog\nfox\n"),
    "classes.csv": Mended("cat,1\ndog\nfox\n", "cat\ndog\nfox\n"),
    "other.npy": Z[::-1] * 2,
    "both.npy": np.r_[Y, Y],
    "z3.npy": Z,
    "multi.npy": np.array([[1, 1, 0]] * 4),
    "masked.npy": np.array([-1, 0, 1]),
    "partly.npy": np.array([0, -100, 2, 0]),
    "far.npy": Mended(np.array([0, 1, 10**9, 0]), Y),
    "both.csv": csv(np.c_[Z, Y], *NAMES, "label"),
    "same.npy": Z,
    "least.npy": Z.argmin(1),
    "predicted.csv": csv(np.c_[Z, Z.argmax(1), Y], *NAMES, "y_pred", "y_true"),
    "tokens.csv": csv([-1.0, -2.0]),
    "p2.csv": csv(BP, "yes"),
    "y2.csv": Mended(csv(np.array(["no", "yes"])[BY], "label"), csv(BY, "label")),
    "named.csv": "label,region\n0,n\n1,s\n2,n\n0,s\n",
    "several.csv": csv([[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]], *NAMES),
}
CASES = [
    *cases(
        mean_cross_entropy(Z, [0, -100, 2, 0]),
        """
        loss z.npy minus.npy
            if -1 marks rows to leave out: --ignore-index -1
        loss z.npy gap.npy
            leave such rows out, or mark them, labels.fillna(-100), for --ignore-index -100
        loss z.csv gap.csv
            mark rows to leave out by -100, for --ignore-index -100
        loss z.csv gap.json
            mark rows to leave out by -100, for --ignore-index -100
        loss z.npy gap.parquet --label-column y
            pandas stores NaN as null; fill them, or leave such rows out; in labels, mark rows to
            leave out by -100, for --ignore-index -100
        loss z.csv gap-names.csv --ignore-index -1
            label rows to leave out -1
        """,
    ),
    *cases(
        RIGHT,
        """
        loss z.csv capital.csv
            did you mean 'dog'?
        loss z579.csv y.npy --header
            if labels count the classes from 0: --label-base 0
        loss half-*.csv --label-column label
            put the rows into one file, or call the classes by words: c0.5
        loss codes.csv codes.npy --header
            numbers count the classes from 0; a name is text, written as it is there: '250.00'
        loss z.csv y.npy --classes fox,dog,cat
            leave --classes out
        loss z.npy y.npy --classes nowhere
            there is no file 'nowhere'
        loss z.npy names.csv --classes classes.csv
            one name a line, in quotes if it holds the delimiter
        loss predicted.csv
            --label-column y_true
        loss z.npy names.csv
            name the classes in the order of the columns: --classes A,B,C or --classes FILE
            A,B,C -> cat,dog,fox
            FILE -> classes.txt
        loss both.csv both.csv
            labels within it: --label-column NAME or --label-key NAME
            NAME -> label
        loss z.npy same.npy
            name the file of labels: --labels FILE
            FILE -> y.npy
        """,
    ),
    *cases(
        WORDS,
        """
        loss z7.csv vwxy.csv
            there are 'a', 'b', 'c', 'd', 'e', ...
        eval z.csv named.csv --by regio
            the columns are 'label', 'region', 'cat', 'dog', 'fox'
        eval z.npy y.npy --by regio
            a file with a name for each row may stand there; that of the labels names classes
        compare z.npy z7.csv
            both must be of the same classes: leave out those that one of them lacks
        calibrate z.npy least.npy
            are these the labels of these rows, in the same order?
        """,
    ),
    Case(
        "loss z_id.csv y_id.csv",
        "rows are matched by 'id': leave out those that one of the files lacks",
        mean_cross_entropy(Z[1:], Y[1:]),
    ),
    Case(
        "loss z_id.csv y_twice.csv",
        "keep one row of each id",
        mean_cross_entropy(Z[1:], Y[1:]),
    ),
    Case(
        "loss z3.npy multi.npy",
        "several labels of a row are binary ones: --binary; floats are class probabilities",
        mean_bce(Z, [[1, 1, 0]] * 4),
    ),
    Case(
        "loss b.npy masked.npy --binary",
        "if -1 marks what to leave out: --ignore-index -1",
        mean_bce(B[1:], BY[1:]),
    ),
    Case(
        "nll tokens.csv",
        "if each number is the log-probability of its label already: --picked",
        1.5,
    ),
    Case(
        "nll --probs p2.csv y2.csv --binary",
        "labels of a binary loss are 0 and 1, or false and true: write them so",
        OF_BINARY,
    ),
    Case(
        "loss z.csv several.csv",
        "several labels of a row are binary ones: --binary",
        mean_bce(Z, np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]])),
    ),
    Case(
        "loss z.npy other.npy",
        "labels of the logits' own shape are class probabilities; if both are logits, they are "
        "shards: xent loss --logits A --logits B --labels LABELS",
        mean_cross_entropy(np.r_[Z, Z[::-1] * 2], np.r_[Y, Y]),
        fill={"LABELS": "both.npy"},
    ),
    Case(
        "one-hot far.npy",
        "is a label no class? --num-classes C says how many there are",
        HOT,
        fill={"C": "3"},
    ),
]
