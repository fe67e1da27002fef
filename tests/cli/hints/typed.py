"""What is typed: commands, options, outputs, gates, and two models."""

import json

import numpy as np
from formulas import softmax

from hints.making import (
    NAMES,
    OF_BINARY,
    OF_PROBS,
    RIGHT,
    WORDS,
    Z8,
    Case,
    Files,
    Mended,
    P,
    Y,
    Z,
    cases,
    csv,
    mean_kl,
)

RESULT = {"command": "loss", "loss": 0.5, "reduction": "mean", "weight_sum": 4, "used": 4}
LAST = json.dumps({**RESULT, "num_classes": 3, "standard_error": 0.5, "accuracy": None})

FILES: Files = {
    "header.csv": Mended("a,b,c\n1,1,1\n", "cat,dog,fox\n1,1,1\n"),
    "deep.npy": Z8,
    "id.csv": csv(np.c_[np.arange(7, 11), Z], "id", *NAMES),
    "kept.txt": "1\n",
    "last.json": LAST,
    "number.json": Mended(csv([RIGHT]), LAST),
    "emptied.json": Mended("", LAST),
    "others.csv": Mended(csv(Z[::-1], "cat,dog,hen"), csv(Z[::-1], "cat,dog,fox")),
    "left.csv": csv(np.c_[Z, Y], *NAMES, "label"),
    "right.csv": csv(np.c_[Z, Y], *NAMES, "label"),
}
CASES = [
    *cases(
        WORDS,
        """
        loss z.npy y.npy z.npy
            several files of one input are named by a quoted pattern: 'run/*.npy', or by its option
            again
        loss . y.npy
            a quoted pattern names its files: 'run/*.npy'
        loss
            xent takes LOGITS LABELS in this order
        loss z.npy y.npy --picked
            this is an option of xent nll; xent loss --help
        nll p.npy y.npy --probs --json
            the option before it takes a file; one of this name is ./--json
        loss z.npy y.npy --qqqq
            xent loss --help
        qqqq
            xent --help
        loss file://z.npy y.npy
            file:///folder/file has three slashes
        help qqqq
            there are benchmark, cluster, design, exit-codes, files,
            language-models, measures, numbers, options
        help vllm
            xent help language-models speaks of vllm
        help filez
            did you mean xent help files?
        compare z.npy
            name the outputs of the first model, and then those of the new one
        compare --base z.npy --new p.npy
            models go by position: xent compare BASE NEW; xent compare --help
        compare z.npy --probs p.npy
            name all of them by position, the first model first, and say what each holds
        compare z.npy p.npy y.npy --metric loss_base
            labels go by name: --labels FILE
        compare z.npy p.npy --metric kl-mean
            did you mean kl?
        """,
    ),
    *cases(
        RIGHT,
        """
        loss z.npy y.npy --dim 1
            did you mean --class-axis? xent loss --help
        loss z.npy y.npy --red mean
            did you mean --reduction? xent loss --help
        loss z.npy y.npy --ignore_idx 255
            did you mean --ignore-index? xent loss --help
        cross-entropy z.npy y.npy
            did you mean xent loss?
        loss z.csv y.npy --weight header.csv
            name the classes as the logits do, or leave the header out
        loss z.npy y.npy -o kept.txt
            --force overwrites it
        loss z.npy y.npy --baseline last.json
            --fail-if 'loss > baseline + 2 se'
        loss z.npy y.npy --baseline number.json --fail-if 'loss > baseline + 9'
            a baseline is what an earlier run printed with --json
        loss z.npy y.npy --baseline emptied.json --fail-if 'loss > baseline + 9'
            a shell empties the file that > names before the command reads it: write the new result
            to another file
        loss z.npy y.npy --fail-if 'loss > baseline + 9'
            --baseline FILE, with what an earlier run printed with --json
            --baseline FILE -> last.json
        """,
    ),
    *cases(
        OF_PROBS,
        """
        nll-loss lp.npy y.npy
            did you mean xent nll?
        log-loss p.npy y.npy
            did you mean xent nll --probs FILE, which takes probabilities
        """,
    ),
    *cases(
        OF_BINARY,
        """
        bce-with-logits b.npy by.npy
            did you mean xent loss --binary, which takes the logits of class 1
        bce bp.npy by.npy
            did you mean xent nll --binary --probs FILE, which takes the probabilities of class 1
        """,
    ),
    *cases(
        0.0,
        """
        compare z.npy z.npy --metric kl --plot a.gif
            --plot FILE.png
            FILE.png -> a.png
        compare z.npy z.npy --metric kl --report a.txt
            --report FILE.html
            FILE.html -> a.html
        """,
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
    Case("softmax deep.npy -o out.csv", "-o FILE.npy, or --to npy", softmax(Z8)),
    Case(
        "compare z.csv others.csv --metric kl",
        "z.csv has 'cat', 'dog', 'fox': name the columns alike",
        mean_kl(Z, Z[::-1]),
    ),
    Case(
        "compare left.csv right.csv --metric kl",
        "if labels are there: --label-column label; else leave out what is none: --drop label, or "
        "name the classes: --columns cat,dog,fox",
        0.0,
    ),
    Case(
        "softmax z.npy -o out.xyz",
        "--to npy|npz|safetensors|json|csv|tsv|parquet|arrow|arrows|hdf5",
        P,
        fill={"npy|npz|safetensors|json|csv|tsv|parquet|arrow|arrows|hdf5": "csv"},
    ),
    Case(
        "softmax id.csv --id-column id -o out.npy",
        "--output FILE.csv, or leave --id-column out",
        np.c_[np.arange(7, 11), P],
        fill={"FILE.csv": "out.csv"},
        other={"--drop": P, "--columns": P, "--force": P},
    ),
    *cases(
        WORDS,
        """
        loss z.npy y.npy --fail-if '0.5 > loss'
            a gate is like 'accuracy < 0.95'
        loss z.npy y.npy --fail-if 'loss > 5%'
            write the number itself: a share of rows is from 0 to 1
        loss z.npy y.npy --fail-if 'loss > 0,5'
            a number has a point before its fraction
        loss z.npy y.npy --fail-if 'loss > 9 or bits > 9'
            each gate has an option of its own
        loss z.npy y.npy --fail-if 'loss > 2 * se'
            a bound is a sum or difference of numbers, baseline and K se, such as 2 se
        loss z.npy y.npy --fail-if 'loss > basline'
            did you mean baseline?
        loss z.npy y.npy --fail-if 'los > 9'
            did you mean loss?
        loss z.npy y.npy --fail-if 'ppl > 9'
            did you mean perplexity?
        loss z.npy y.npy --fail-if 'zzz > 9'
            there are loss, perplexity, bits, accuracy, rows
        loss z.npy y.npy --fail-if 'brier >= 0'
            xent eval LOGITS LABELS has brier
        compare z.npy z.npy --labels y.npy --fail-if 'loss_new > loss_base'
            the difference of two models is a measure: loss_difference
        info z.npy -o out.npy
            --output FILE.csv
            FILE.csv -> out.csv
        """,
    ),
]
