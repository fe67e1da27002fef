"""Text: cells, lines, quotes, encodings, JSON."""

import numpy as np
from formulas import mean_cross_entropy

from hints.making import (
    BARE,
    LISTED,
    NAMES,
    RIGHT,
    TABLE,
    WORDS,
    Case,
    Files,
    Mended,
    P,
    Y,
    Z,
    cases,
    csv,
    lists,
)

FILES: Files = {
    "comma.csv": csv(Z, *NAMES, sep=";").replace(".", ","),
    "thousands.csv": Mended(
        "cat;dog;fox\n"
        + "\n".join(";".join(f"{n * 1000:,.0f}" for n in row) for row in Z.tolist())
        + "\n",
        csv(Z * 1000, *NAMES),
    ),
    "hex.csv": Mended(TABLE.replace("2.25", "0x1F"), TABLE),
    "empty-cell.csv": Mended(TABLE.replace("2.25", ""), TABLE),
    "na-cell.csv": Mended(TABLE.replace("2.25", "NA"), TABLE),
    "trailing.csv": TABLE.replace("\n", ",\n"),
    "one-trailing.csv": Mended(
        TABLE.replace("\n1.5", ",\n1.5", 1).replace(",\n", "\n", 1).replace("-1.5\n", "-1.5,\n"),
        TABLE,
    ),
    "unquoted.csv": Mended(
        csv(Z * [1, 1000, 1], *NAMES).replace("2250.0", "2,250"), csv(Z * [1, 1000, 1], *NAMES)
    ),
    "gap-line.csv": Mended(TABLE.replace("\n0.5", "\n\n0.5"), TABLE),
    "cut.csv": Mended(TABLE.replace("2.25", "..."), TABLE),
    "quote.csv": Mended(TABLE.replace("2.25", '"2.25'), TABLE),
    "cafe.csv": csv(Z, "café", "dog", "fox").encode("latin-1"),
    "cafe-labels.csv": csv(np.array(["café", "dog", "fox"])[Y], "label").encode("latin-1"),
    "latin.csv": csv(np.c_[Z, Y], "café", "dog", "fox", "label").encode("latin-1"),
    "utf-16.csv": TABLE.encode("utf-16"),
    "utf-16-le.csv": TABLE.encode("utf-16-le"),
    "wide.bin": "1,2,x\n".encode("utf-16-le"),
    "zero.csv": Mended(TABLE.replace("2.25", "2.25\x00"), TABLE),
    "empty.csv": Mended("", BARE),
    "empty.json": Mended("", LISTED),
    "twice.csv": Mended(csv(Z, "cat", "dog", "cat"), TABLE),
    "one.csv": Mended("cat,dog,fox,cat\n", "label\ncat\ndog\nfox\ncat\n"),
    "cut-lists.csv": Mended(lists(Z).replace("-0.25", "..."), lists(Z)),
    "lists.csv": Mended(lists(Z).replace('"[2.5, 0.25, 0.5]"', "oops"), lists(Z)),
    "cut.json": Mended("[[1.5, -0.25, 0.75], [", LISTED),
    "utf-16.json": Mended(LISTED.encode("utf-16"), LISTED),
    "ragged.json": Mended("[[1.5, 2.5, 0.5], [0.5, 1]]", LISTED),
    "ragged.jsonl": Mended("[1.5, 2.5, 0.5]\n[0.5, 1]\n" * 2, LISTED.replace("], ", "]\n")[1:-1]),
    "printed.json": Mended("[[1.5 2.5]\n [3.5 4.5]]\n", LISTED),
    "short.json": Mended("[[1.5, ..., 2.5]]", LISTED),
    "two.json": Mended("tensor([[1.5, 2.5]]) tensor([[1., 2.]])", f"tensor({Z.tolist()})"),
    "quoted.json": Mended("{'logits': [[1.5, 2.5]]}", f'{{"logits": {Z.tolist()}}}'),
    "null.json": Mended(LISTED.replace("2.25", "null"), LISTED),
    "gap.jsonl": Mended(
        "\n".join([f"{Z.tolist()[0]}\n", *map(str, Z.tolist()[1:]), ""]),
        "".join(f"{row}\n" for row in Z.tolist()),
    ),
}
CASES = [
    *cases(
        RIGHT,
        """
        loss comma.csv y.csv
            --decimal , reads decimal commas
        loss hex.csv y.csv
            numbers are written like 1234, 1.5 or 1e-3
        loss empty-cell.csv y.csv
            fill it in
        loss na-cell.csv y.csv
            fill it in
        loss trailing.csv y.csv
            fill it in, or leave the column out with --drop 4
        loss one-trailing.csv y.csv
            the line ends with a delimiter that the first line does not end with
        loss cut.csv y.csv
            write the whole array: numpy.save, numpy.savetxt, DataFrame.to_csv
        loss utf-16.csv y.npy
            --encoding utf-16
        loss utf-16-le.csv y.npy --encoding utf-16
            --encoding utf-16-le or --encoding utf-16-be
        loss utf-16-le.csv y.npy --header
            --encoding utf-16-le
        loss empty.csv y.npy
            was it written to the end?
        loss empty.json y.npy
            was it written to the end?
        loss twice.csv y.npy
            rename one, or read the first row as data with --no-header
        loss z.csv one.csv
            labels that are names stand one a line
        loss cut-lists.csv y.npy
            write them whole: numpy.set_printoptions(threshold=sys.maxsize) before to_csv
        loss lists.csv y.npy
            lists are written like [1.5, -0.25] or [1.5 -0.25]
        loss cut.json y.npy
            the file is cut off
        loss ragged.json y.npy
            fill shorter lists up to one length: labels with -100, which is ignored, and
            log-probabilities that are picked with null
        loss ragged.jsonl y.npy
            fill shorter lists up to one length: labels with -100, which is ignored, and
            log-probabilities that are picked with null
        loss utf-16.json y.npy
            iconv -f UTF-16 -t UTF-8
        loss printed.json y.npy
            write the whole array: numpy.save, numpy.savetxt, DataFrame.to_csv
        loss short.json y.npy
            write the whole array: numpy.save(path, array)
        loss two.json y.npy
            one array a file
        loss quoted.json y.npy
            JSON has texts in double quotes
        loss null.json y.npy
            NaN and Infinity are numbers, null is none
        loss cafe.csv cafe-labels.csv
            --encoding NAME says what the text is in: latin-1, cp1252, utf-16, ...
            NAME -> latin-1
        loss latin.csv --label-column label --encoding ascii
            is it in another? --encoding NAME
            NAME -> latin-1
        """,
    ),
    *cases(
        P,
        """
        softmax gap-line.csv
            delete it
        softmax quote.csv
            a quote inside a quoted cell is written twice
        softmax gap.jsonl
            delete it
        softmax zero.csv
            is the text UTF-16? --encoding utf-16-le
            NAME -> utf-8
        """,
    ),
    *cases(
        WORDS,
        """
        loss 1,2,3
            they come next: 2,0,1
        softmax 1,2 3,4
            rows are lists in one list: '[[1,2],[3,4]]'
        softmax 1 2 3
            the numbers of one row are one argument: 1,2,3
        loss 1,2,3 0 1
            several numbers are one argument: 0,1
        loss wide.bin y.npy
            is it text in UTF-16? --encoding utf-16-le
            NAME -> utf-8
        """,
    ),
    Case(
        "loss unquoted.csv y.csv",
        "does a number hold the delimiter? 1,234 must be written 1234, and 1,5 as 1.5",
        mean_cross_entropy(Z * [1, 1000, 1], Y),
    ),
    Case(
        "loss thousands.csv y.csv",
        "1,234 between thousands is written 1234; if commas are decimal: --decimal ,",
        mean_cross_entropy(Z * 1000, Y),
        other={"--decimal": RIGHT},
    ),
]
