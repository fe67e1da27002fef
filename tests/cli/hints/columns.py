"""Headers, columns that are no classes, and ids that match rows."""

import numpy as np
from formulas import mean_cross_entropy

from hints.making import (
    BARE,
    HOT,
    NAMES,
    OF_PROBS,
    RIGHT,
    TABLE,
    WORDS,
    Case,
    Files,
    Mended,
    P,
    Y,
    Z,
    beside,
    cases,
    csv,
    lists,
)

IDS = csv([7, 8, 9, 10], "id")
COUNTS = np.array([[3, 1, 4], [1, 5, 9], [2, 6, 5], [3, 5, 8]])
WHOLE = np.array([[7, 3], [8, 5], [9, 4], [12, 6]])
WIDE = np.tile(Z, 5)[:, :13]
WIDE_NAMES = [f"c{i}" for i in range(13)]

FILES: Files = {
    "counted.csv": csv(COUNTS, "0", "1", "2"),
    "y5.npy": np.array([*Y, 1]),
    "first.csv": "1,,2\n" + BARE,
    "underscore.csv": "1_0,a,b\n" + BARE,
    "oops.csv": Mended("1,x,2\n" + BARE.replace("-0.25", "oops"), "1,x,2\n" + BARE),
    "filenames.csv": beside(csv([0, 1, "img2", "img3"], "filename"), TABLE),
    "id.csv": beside(IDS, TABLE),
    "prefixes.csv": beside(IDS, csv(Z, "pred_a", "true_b", "score_c")),
    "id13.csv": beside(IDS, csv(WIDE, *WIDE_NAMES)),
    "index.csv": beside(csv([0, 1, 2, 9], ""), TABLE),
    "index-1-2.csv": beside(csv([0, 1, 2, 9], ""), csv(Z, "1", "2", "fox")),
    "label-target.csv": csv(np.c_[Y, Y[::-1]], "label", "target"),
    "a-b.csv": csv(np.c_[Y, Y[::-1]], "a", "b"),
    "a-text.csv": "a,b\n0,x\n1,y\n2,x\n0,y\n",
    "ids.csv": beside(csv([[i, i + 9] for i in range(4)], "a_id", "b_id"), csv(P, *NAMES)),
    "ids2.csv": csv([[i, i + 9, y] for i, y in enumerate(Y)], "a_id", "b_id", "label"),
    "weights.csv": Mended(beside(IDS, csv([1] * 4, "w")), csv([1] * 4, "w")),
    "id-label.csv": beside(IDS, csv(Y, "label")),
    "u-v.csv": Mended(beside(IDS, csv([[1, 2]] * 4, "u", "v")), beside(IDS, csv([1] * 4, "u"))),
    "mixed.csv": beside(lists(Z), csv(P, *NAMES)),
    "numbered.csv": csv(np.c_[[0, 1, 2, 9], Y], "", "label"),
    "m-k.csv": beside(csv(WHOLE, "m", "k"), TABLE),
    "sites.csv": Mended(
        csv([[i, "n", "s"] for i in range(4)], "id", "site", "ward"),
        csv(["n", "n", "s", "s"], "site"),
    ),
    "image.csv": csv(np.c_[np.arange(4), Z], "image", *NAMES),
    "image-truth.csv": csv(np.c_[np.arange(4.0), Y][::-1], "image", "label"),
    "image_id.csv": Mended(
        beside(csv(range(4), "image_id"), TABLE), beside(csv(range(4), "id"), TABLE)
    ),
    "id-truth.csv": csv(np.c_[range(4), Y][::-1], "id", "label"),
    "sides.csv": csv(
        np.c_[Z, P], *(f"{kind}_{name}" for kind in ("logit", "prob") for name in NAMES)
    ),
    "years.csv": csv(Z, "2019", "2020", "2021"),
    "numbers.csv": csv(Z, "0", "1", "2"),
    "stops.csv": Mended(",w\n0,1\n5,1\n9,1\n", csv([1, 1, 1])),
    "hot.csv": csv(np.c_[Z, HOT[:, [2, 0, 1]]], *NAMES, "label_fox", "label_cat", "label_dog"),
}
CASES = [
    *cases(
        RIGHT,
        """
        loss first.csv y.npy
            if the first row is a header: --header
        loss underscore.csv y.npy
            say which with --header or --no-header
        loss oops.csv y.npy --labels-no-header
            did you mean --labels-header? xent loss --help
        loss z.csv y.npy --no-header
            is the first row names? --header
        loss years.csv y.npy
            if the first row of years.csv is a header: --header
        loss filenames.csv y.npy
            leave out what is none: --drop filename, or if it is a class: --columns
            filename,cat,dog,fox
        loss filenames.csv y.npy --columns filename,cat,dog,fox
            do these name the rows? --id-column filename
        loss index.csv y.npy
            leave it out with --drop 1, or match rows by it with --id-column 1
        loss index-1-2.csv y.npy
            leave it out with --columns 1,2,fox, or match rows by it with --id-column ''
        loss id.csv id-label.csv --id-column id --sample-weight u-v.csv
            leave one of them beside the ids, or name it weight
        loss z.csv numbered.csv
            match rows by it with --id-column '', or by their place with --label-column label
        eval z.csv y.npy --cluster sites.csv --metric loss
            write that column alone, or with the ids; or, if it stands beside the labels, name it
            instead of the file
        loss image_id.csv id-truth.csv
            to match rows by it, call it 'id', as the other file does; if rows are in the same
            order: --drop image_id
        loss z.csv y.npy --weight stops.csv
            write the numbers alone, in the order of the classes
        loss hot.csv
            --label-column 'label_*'
        loss prefixes.csv y.npy
            name the columns of the classes: --columns A,B,..., or 3-12, or 'logit_*'
            A,B,... -> pred_a,true_b,score_c
        loss z.csv a-b.csv
            which column holds the labels? --label-column NAME; one column for each class is named
            as its class
            NAME -> a
        loss z.npy a-text.csv
            which column holds the labels? --label-column NAME
            NAME -> a
        loss z.npy y.npy --sample-weight weights.csv
            write the weights alone, in the order of the rows; or match them by the ids of both
            files: --id-column NAME
            NAME -> id
        """,
    ),
    Case(
        "loss numbers.csv y.npy --header --columns 1-3",
        "where names are numbers, columns go by name: '0', '1', '2'",
        WORDS,
    ),
    Case(
        "loss counted.csv y.npy",
        "say which with --header or --no-header",
        mean_cross_entropy(COUNTS, Y),
    ),
    Case(
        "loss counted.csv y5.npy",
        "say which with --header or --no-header",
        mean_cross_entropy(np.r_[[[0, 1, 2]], COUNTS], [*Y, 1]),
    ),
    Case(
        "softmax id.csv",
        "keep it beside each row: --id-column id; else leave out what is none: --drop id, or name "
        "the classes: --columns cat,dog,fox",
        P,
        other={"--id-column": np.c_[np.arange(7, 11), P]},
    ),
    Case("nll --probs ids.csv --labels ids2.csv", "--id-column a_id or --id-column b_id", OF_PROBS),
    Case(
        "loss id13.csv y.npy",
        "leave out what is none: --drop id, or name the classes: --columns A,B,...",
        mean_cross_entropy(WIDE, Y),
        fill={"A,B,...": ",".join(WIDE_NAMES)},
    ),
    Case(
        "loss z.csv label-target.csv",
        "--label-column label or --label-column target",
        RIGHT,
        other={"target": mean_cross_entropy(Z, Y[::-1])},
    ),
    Case(
        "loss mixed.csv y.npy",
        "read the lists with --columns logits, or the others with --drop logits",
        RIGHT,
        other={"others": mean_cross_entropy(P, Y)},
    ),
    Case(
        "loss m-k.csv y.npy",
        "leave out what is none: --drop m,k, or if they are classes: --columns m,k,cat,dog,fox",
        RIGHT,
        other={"if they are": mean_cross_entropy(np.c_[WHOLE, Z], Y)},
    ),
    Case(
        "loss sides.csv y.npy",
        "say which to read: --columns 'logit_*', or --columns 'prob_*'; if each is a class of one "
        "array: --columns logit_cat,logit_dog,logit_fox,prob_cat,prob_dog,prob_fox",
        RIGHT,
        other={
            "prob_*": mean_cross_entropy(P, Y),
            "if each": mean_cross_entropy(np.c_[Z, P], Y),
        },
    ),
    Case(
        "loss image.csv image-truth.csv",
        "match rows by it: --id-column image; if rows are in the same order: --drop image",
        RIGHT,
        other={"in the same order": mean_cross_entropy(Z, Y[::-1])},
    ),
]
