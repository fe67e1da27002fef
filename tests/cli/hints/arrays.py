"""Arrays by name, damaged ones, tables of columns, and files of other programs."""

import gzip
import json
import pickle

import numpy as np
from formulas import mean_cross_entropy
from pandas import DataFrame

from hints.making import (
    BARE,
    COLUMNS,
    LP,
    NAMES,
    OF_PROBS,
    RIGHT,
    WORDS,
    Case,
    Files,
    Mended,
    P,
    Y,
    Z,
    cases,
    npy,
    npz,
    parquet,
    torch_file,
    zipped,
)

FILES: Files = {
    "a-b.npz": npz(a=Z, b=Y),
    "logits-b.npz": npz(logits=Z, b=Y),
    "run.npz": npz(logits=Z, labels=Y),
    "others.npz": npz(logits=Z, others=Y),
    "probs.npz": npz(probs=P, labels=Y),
    "pair.npz": npz(a=Z[0], b=Z[1]),
    "object.npy": Mended(np.array(Z.tolist(), object), Z),
    "dict.npy": Mended(np.array({"logits": 1}, object), npz(logits=Z)),
    "object-names.npy": Mended(np.array(NAMES, object)[Y], np.array(NAMES)[Y]),
    "words.npy": (Z.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view("V2"),
    "long.npy": Mended(npy(Z) + b"12345678", Z),
    "short.npy": Mended(npy(Z)[:-8], Z),
    "short.npy.gz": Mended(gzip.compress(npy(Z))[:-12], gzip.compress(npy(Z))),
    "list.parquet": parquet(logits=Z.tolist(), more=[1.5, 2, 3, 4], y=Y),
    "lists.parquet": parquet(logits=Z.tolist(), more=(2 * Z).tolist(), y=Y),
    "alone.parquet": parquet(logits=Z.tolist()),
    "dates.parquet": parquet(**COLUMNS, when=[b"a", b"b", b"c", b"d"]),
    "cut.parquet": Mended(parquet(a=Z[:, 0])[:-40] + b"PAR1", parquet(**COLUMNS)),
    "old.feather": b"FEA1" + bytes(60) + b"FEA1",
    "text.pkl": Mended(pickle.dumps(Z.tolist(), 0), pickle.dumps(Z.tolist(), 4)),
    "joblib.pkl": Mended(b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81.", Z),
    "frame.pkl": Mended(pickle.dumps(DataFrame(Z, columns=NAMES)), parquet(**COLUMNS)),
    "results.json": json.dumps({"results": {}, "lm_eval_version": "0.4", "pad": ["a", "1"]}),
    "tokens.jsonl": "\n".join(
        json.dumps({"token": "a", "logprob": value}) for value in LP[np.arange(4), Y]
    ),
    "batches.pkl": Mended(
        pickle.dumps(
            [
                {"logits": Z[None], "labels": Y[None]},
                {"logits": Z[None, :2], "labels": Y[None, :2]},
            ],
            4,
        ),
        pickle.dumps({"logits": np.array([Z, Z * 0]), "labels": np.array([Y, 0 * Y - 100])}, 4),
    ),
    "steps.pkl": Mended(
        pickle.dumps({"scores": (Z[:2], Z[2:]), "labels": np.stack([Y[:2], Y[2:]], 1)}, 4),
        pickle.dumps(
            {"logits": np.stack([Z[:2], Z[2:]], 1), "labels": np.stack([Y[:2], Y[2:]], 1)}, 4
        ),
    ),
    "trainer.pkl": pickle.dumps({"predictions": (Z, Z[:, :2]), "label_ids": Y}, 4),
    "bad.npz": Mended(npz(z=Z, y=Y).replace(Z.tobytes(), Z[::-1].tobytes()), npz(z=Z, y=Y)),
    "object.pkl": Mended(
        pickle.dumps(Z.astype(object), 4), pickle.dumps(np.array(Z.astype(object).tolist()), 4)
    ),
    "sparse.pt": Mended(
        zipped({"z/data.pkl": b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n)R."}), Z
    ),
    "script.pt": Mended(zipped({"z/data.pkl": "", "z/constants.pkl": ""}), torch_file(z=Z)),
    "export.pt": Mended(
        zipped({"z/archive_format": "", "z/models/model.json": ""}), torch_file(z=Z)
    ),
    "weights.pt": Mended(torch_file(**{"fc.weight": Z, "fc.bias": Z[0]}), torch_file(z=Z)),
    "z.npz": Mended(zipped({"xl_workbook.xml": ""}), npz(z=Z, y=Y)),
    "page.csv": Mended("<!DOCTYPE html>", BARE),
    "z.z": Mended(b"x\x9c\x01\x02\x03", Z),
    "z.mat": Mended(
        b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM\x0e\x00\x00\x00\xf0\x00\x00\x00", Z
    ),
    "z.db": Mended(b"SQLite format 3\x00", BARE),
    "z.xls": Mended(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", BARE),
    "z.rds": Mended(b"X\n\x00\x00\x00\x02", BARE),
    "z.7z": Mended(b"7z\xbc\xaf'\x1c\x00", BARE),
    "z.bin": Mended("version https://git-lfs.github.com/spec/v1\n", Z),
    "run.eval": zipped({"header.json": "{}", "samples/1_epoch_1.json": "{}"}),
    "z.zip": zipped({"a.csv": BARE, "b.csv": BARE}),
    "table.json": '{"cat": {"0": 1.5}, "dog": {"0": -0.25}}',
    "columns.json": '{"cat": [1.5, 2], "dog": [-0.25, 1]}',
    "table.jsonl": '{"cat": 1.5, "dog": -0.25, "label": "cat"}\n',
    "named.jsonl": '{"logits": {"cat": 1.5, "dog": -0.25}, "label": "cat"}\n',
    "scores.json": '[[{"label": "cat", "score": 0.75}, {"label": "dog", "score": 0.25}]]',
    "best.json": '[{"label": "cat", "score": 0.75}]',
    "ids.json": '{"command": "softmax", "id_column": "id", "values": [[0, 1]], "ids": ["a"], '
    '"shape": [1, 2]}',
}
CASES = [
    *cases(
        RIGHT,
        """
        loss run.npz --label-key labls
            did you mean --label-key labels?
        loss object.npy y.npy
            save a plain array: np.save(path, np.array(array.tolist()))
        loss dict.npy y.npy
            save what is in it: np.savez(path, **array.item()) where it is a dict
        loss z.csv object-names.npy
            save names as text, np.save(path, array.astype(str)), or labels as numbers
        loss words.npy y.npy
            NumPy saves bfloat16 so: --input-dtype bfloat16 reads logits that are
        loss long.npy y.npy
            something follows the array
        loss short.npy y.npy
            the file is cut off
        loss short.npy.gz y.npy
            the file is cut off
        loss lists.parquet --label-column y
            say which to read: --key logits
        loss alone.parquet y.npy --key logits --columns logits
            leave --columns out
        loss dates.parquet y.npy
            leave out what is none: --drop when, or name the classes: --columns cat,dog,fox
        loss cut.parquet y.npy
            is the file cut off or damaged?
        loss text.pkl y.npy
            in Python: pickle.dump(pickle.load(f), g, protocol=4)
        loss joblib.pkl y.npy
            in Python: numpy.save('a.npy', joblib.load(path)), or an array of what it loads
        loss frame.pkl y.npy
            in Python: pandas.read_pickle(path).to_parquet('a.parquet')
        nll tokens.jsonl
            if each is that of a token: xent nll FILE --picked --key logprob
        loss batches.pkl
            are these batches of several lengths? Then pad them to one, with labels of -100
        loss batches.pkl --label-key labels
            are these batches of several lengths? Then pad them to one, with labels of -100
        loss steps.pkl
            is each a step, as of generate()? Then save torch.stack(scores, dim=1)
        loss trainer.pkl
            --key NAME says which
            NAME -> predictions/0
        loss bad.npz --key z --label-key y
            is the file damaged? Then copy or write it again
        loss object.pkl y.npy
            save a plain array: numpy.array(array.tolist())
        loss sparse.pt y.npy
            in Python: numpy.save('a.npy', tensor.to_dense().cpu().numpy())
        loss script.pt y.npy
            in Python: torch.save(torch.jit.load(path)(x), 'logits.pt')
        loss export.pt y.npy
            in Python: torch.save(torch.export.load(path).module()(x), 'logits.pt')
        loss z.npz --from npz --key z --label-key y
            save the sheet as CSV
        loss page.csv y.npy
            was the file downloaded, or the page about it?
        loss z.z y.npy
            save it in the program that made it: numpy.save('a.npy', array), which xent reads
        loss z.mat y.npy
            in Python: numpy.save('a.npy', scipy.io.loadmat(path)['NAME'])
        loss z.db y.npy
            save the table as CSV: sqlite3 -header -csv FILE 'select * from TABLE' > a.csv
        loss z.xls y.npy
            save the sheet as CSV
        loss z.rds y.npy
            in R: write.csv(x, 'a.csv', row.names = FALSE)
        loss z.7z y.npy
            take the file out of it
        loss z.bin y.npy
            git lfs pull
        loss a-b.npz
            --key NAME --label-key NAME say which
            --label-key NAME -> b
            --key NAME -> a
        loss logits-b.npz
            --label-key NAME says which
            NAME -> b
        loss a-b.npz --label-key b
            --key NAME says which
            NAME -> a
        loss run.npz --label-column labels
            leave --label-column out; --label-key NAME chooses an array
            NAME -> labels
        loss others.npz y.npy --columns logits
            leave --columns out; --key NAME chooses an array
            NAME -> logits
        loss z.npy --label-column labels
            leave --label-column out, and name the file of labels: --labels FILE
            FILE -> y.npy
        loss list.parquet --label-column y
            read it alone with --key logits; --label-column NAME names the labels beside it
            NAME -> y
        loss weights.pt y.npy
            save what the model returns: torch.save(model(x), 'logits.pt'); --key NAME reads one
            NAME -> fc.weight
        """,
    ),
    *cases(
        np.exp([1.5, 2]) / np.exp([1.5, 2]).sum(),
        """
        softmax columns.json
            --key NAME says which; if these are columns of a table, they are read from CSV:
            pandas.DataFrame(json.load(open(path))).to_csv('a.csv', index=False)
            NAME -> cat
        """,
    ),
    *cases(
        WORDS,
        """
        loss z.npy y.npy --weight pair.npz
            a file of one array is needed here
        loss old.feather y.npy
            pandas.read_feather(old).to_feather(new) writes version 2
        loss z.zip y.npy
            take the files out of it: unzip
        eval results.json
            results of lm-evaluation-harness: samples_*.jsonl beside them hold log-likelihoods
        nll run.eval
            is it a log of Inspect? inspect log dump LOG > log.json
        softmax table.json
            columns are read from CSV: pandas.read_json(path, precise_float=True).to_csv('a.csv',
            index=False)
        softmax table.jsonl
            columns are read from CSV: pandas.read_json(path, lines=True,
            precise_float=True).to_csv('a.csv', index=False)
        softmax named.jsonl
            columns are read from CSV: pandas.json_normalize(pandas.read_json(path,
            lines=True, precise_float=True).to_dict('records')).to_csv('a.csv', index=False)
        softmax scores.json
            columns are read from CSV: pandas.DataFrame([{c['label']: c['score'] for c in row}
            for row in rows]).to_csv('a.csv', index=False)
        softmax best.json
            pipelines of transformers give the score of every class with top_k=None
        """,
    ),
    *cases(
        np.exp([0.0, 1.0]) / (1.0 + np.e),
        """
        softmax ids.json
            write CSV or Parquet, which are; --key values takes rows by place
        """,
    ),
    Case(
        "loss probs.npz",
        "xent nll --probs FILE; if they are none, whatever their name: --key NAME",
        OF_PROBS,
        fill={"NAME": "probs"},
        other={"--key": mean_cross_entropy(P, Y)},
    ),
    Case(
        "loss dates.parquet y.npy --columns cat,dog,fox,when",
        "leave it out with --drop when, or name what to read: --columns A,B",
        RIGHT,
        fill={"A,B": ",".join(NAMES)},
    ),
]
