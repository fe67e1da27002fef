"""Shapes that do not fit, binary losses, shards, and axes that may hold the classes."""

import numpy as np
from formulas import mean_cross_entropy

from hints.making import (
    BP,
    BY,
    OF_BINARY,
    RIGHT,
    WORDS,
    Y8,
    Z8,
    B,
    Case,
    Files,
    Mended,
    Y,
    Z,
    cases,
    csv,
    mean_kl,
)

THREE_AXES = np.sin(np.arange(24.0)).reshape(2, 3, 4)
Z9, Y9 = np.concatenate([Z8, Z8], axis=1), np.concatenate([Y8, Y8], axis=1)

FILES: Files = {
    "one-column.csv": csv(B, "p"),
    "z8.npy": Z8,
    "flat.npy": Mended(Y8.ravel(), Y8.ravel().reshape(2, 4)),
    "z9.npy": Mended(Z9, Z9[:, :-1]),
    "next9.npy": Y9[:, 1:],
    "prompted.npy": Mended(np.c_[Y8[:, ::-1], Y8], Y8),
    "next.npy": Y[1:],
    "two.csv": csv(np.c_[Y, Y[::-1]], "a", "b"),
    "long.csv": csv([0, *Y]),
    "three-columns.csv": csv(np.c_[B, B / 2, -B], "x", "z", "w"),
    "by.csv": csv(BY, "label"),
    "no-yes.csv": csv(np.c_[-B, B], "no", "yes"),
    "no-yes-label.csv": csv(np.c_[-B, B, BY], "no", "yes", "label"),
    "by-fold.csv": csv(np.c_[BY, 1 - BY], "u", "v"),
    "bb.npy": np.c_[B, B],
    "byby-fold.csv": csv(np.c_[BY, BY, 1 - BY], "u", "v", "w"),
    "y1.npy": Y + 1,
    "a-1.npy": Z,
    "a-2.npy": Z,
    "b-1.npy": Y,
    "b-2.npy": Mended(Y[:2], Y),
    "b-3.npy": Mended(Y[2:], None),
    "c-1.npy": Mended(np.r_[Y, Y[:1]], Y),
    "c-2.npy": Mended(Y[1:], Y),
    "d-1.npy": Y,
    "d-2.npy": Y,
    "e-1.npy": Z8[:1],
    "e-2.npy": Mended(Z8[1:, :3], Z8[1:]),
    "f-1.npy": Y8[:1],
    "f-2.npy": Mended(Y8[1:, :3], np.c_[Y8[1:, :3], [[-100]]]),
    "three.npy": THREE_AXES,
    "reversed.npy": THREE_AXES[::-1],
    "column.npy": Mended(B[:, None], np.stack([0 * B, B], axis=-1)),
    "row.npy": Mended(B, np.stack([0 * B, B], axis=-1)),
}
CASES = [
    *cases(
        OF_BINARY,
        """
        loss one-column.csv by.npy
            the logits or probabilities of class 1, with a label of 0 or 1 each: --binary
        loss --logits three-columns.csv --labels by.csv --binary
            --columns NAME chooses the column of class 1
            NAME -> x
        loss no-yes.csv by.csv --binary
            two columns may be two classes, which need no --binary; else --columns NAME chooses the
            column of class 1
            NAME -> yes
        loss no-yes-label.csv --label-column label --binary
            choose the column of class 1: --columns NAME
            NAME -> yes
        loss b.npy by-fold.csv --binary
            --label-column NAME chooses the column of labels
            NAME -> u
        loss bb.npy byby-fold.csv --binary
            --label-column A-B chooses the columns of labels
            A-B -> 1-2
        """,
    ),
    *cases(
        RIGHT,
        """
        loss z.npy long.csv
            if the first row of long.csv is a header: --labels-header
        loss z.npy y1.npy
            labels look 1-based; try --label-base 1
        loss z.npy two.csv
            --label-column NAME reads one column
            NAME -> a
        """,
    ),
    *cases(
        mean_cross_entropy(np.r_[Z, Z], np.r_[Y, Y]),
        """
        loss 'a-*.npy' 'b-*.npy'
            labels must be in one file for all, or in one for each file of logits
        loss 'a-*.npy' 'c-*.npy'
            each file of labels is for the file of logits at the same place in the order
        """,
    ),
    Case(
        "loss z8.npy flat.npy",
        "as many labels as rows: save labels.reshape((2, 4))",
        mean_cross_entropy(Z8, Y8),
    ),
    Case(
        "loss z9.npy next9.npy",
        "are labels shifted already? Then logits[:, :-1] belong to them, and no shift",
        mean_cross_entropy(Z9[:, :-1], Y9[:, 1:]),
    ),
    Case(
        "loss 'e-*.npy' 'f-*.npy'",
        "are sequences of several lengths? Then pad them to one, with labels of -100",
        mean_cross_entropy(Z8.reshape(8, 3)[:7], Y8.ravel()[:7]),
    ),
    Case(
        "loss z8.npy prompted.npy",
        "do labels begin with a prompt, as generate() has it? Then save labels[:, 4:]",
        mean_cross_entropy(Z8, Y8),
    ),
    Case(
        "loss --logits a-1.npy --logits a-2.npy --labels d-2.npy --labels d-1.npy",
        "name the files of both in the same order",
        WORDS,
    ),
    Case(
        "nll --probs bp.npy by.npy",
        "the logits or probabilities of class 1, with a label of 0 or 1 each: --binary; one "
        "sample, with class probabilities: --class-axis 0",
        OF_BINARY,
        other={"--class-axis 0": float(-(BY * np.log(BP)).sum())},
    ),
    Case(
        "loss z.npy y.npy:labels",
        "y.npy holds arrays? --key labels chooses one; of labels, --label-key labels; of weights "
        "or groups, save a file of this array alone",
        WORDS,
    ),
    Case(
        "loss y.npy z.npy", "logits come first, then labels: are these in the other order?", WORDS
    ),
    Case(
        "loss z.npy next.npy",
        "are labels shifted already? Then logits[:-1] belong to them, and no shift; or do classes "
        "lie along axis 0? --class-axis 0",
        mean_cross_entropy(Z[:-1], Y[1:]),
        other={"axis 0": mean_cross_entropy(Z.T, Y[1:])},
    ),
    Case(
        "compare three.npy reversed.npy --metric kl",
        "the last one, as language models have it: --class-axis -1; the second, as PyTorch's "
        "losses have it: --class-axis 1",
        mean_kl(THREE_AXES, THREE_AXES[::-1]),
        other={
            "--class-axis 1": mean_kl(
                np.moveaxis(THREE_AXES, 1, 2), np.moveaxis(THREE_AXES[::-1], 1, 2)
            )
        },
    ),
    *(
        Case(
            f"compare {name} {name} --metric {options}",
            "of a binary model, save both classes: numpy.stack([0 * z, z], axis=-1) of logits, "
            f"numpy.stack([1 - p, p], axis=-1) of probabilities{row}",
            right,
        )
        for name, options, row, right in (
            ("column.npy", "loss_new --labels by.npy", "", OF_BINARY),
            ("column.npy", "kl", "", 0.0),
            ("row.npy", "kl", "; one row: --class-axis 0", 0.0),
        )
    ),
]
