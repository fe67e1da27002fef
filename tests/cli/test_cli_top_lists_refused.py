"""Lists of the most probable classes that cannot be, and what takes none."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import DATA
from cli_tools import Run, refusal
from in_one_test import in_one_test
from top_lists_tools import Array, written

import xentcli as xent


@in_one_test
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"indices": np.array([[1, 2], [3, 3]])}, "[1]: the row lists a class twice"),
        ({"indices": np.array([[1, 2], [3, -7]], "i2")}, "16 bits were too few"),
        ({"indices": np.array([[1, 2], [3, 12]])}, "a class outside 0..9"),
        ({"indices": np.array([[1, 2], [3, 4.5]])}, "a class that is no integer"),
        ({"values": np.array([[-1, math.inf], [-1, -2]])}, "[0]: the row lists an infinite value"),
        ({"labels": np.array([1, 10])}, "[1]: label 10 is outside 0..9"),
        ({"labels": np.array([1, -5])}, "[1]: label -5 is outside 0..9"),
        ({"labels": np.array([1, 2, 3])}, "shape (3,), and there are (2,) rows"),
        ({"indices": np.array([[1], [2]])}, "shape (2, 1), and"),
        ({"log_sum_exp": np.array([-9.0, -9.0])}, "the log-sum-exp is not that of these values"),
        ({"labels": None}, "where are the labels?"),
        ({"labels": np.array([1, 1e30])}, "label 1e+30 of row 1 is no class"),
        *(
            ({"log_sum_exp": np.array([0.5, odd])}, "[1]: the row lists logits whose log-sum-exp")
            for odd in (math.nan, math.inf, -math.inf)
        ),
    ],
)
def test_what_is_wrong_with_lists_is_one_line(
    change: dict[str, Array | None], says: str, run: Run
) -> None:
    arrays: dict[str, Array | None] = {
        "values": np.array([[-1.0, -2.0], [-0.5, -3.0]]),
        "indices": np.array([[1, 2], [3, 4]]),
        "labels": np.array([1, 2]),
        "num_classes": np.array(10),
    }
    there = {name: array for name, array in (arrays | change).items() if array is not None}
    np.savez("t.npz", **there)  # type: ignore[arg-type]
    done = run("nll", "t.npz")
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


@in_one_test
@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"values": [1]}',
        '{"values": [1], "indices": [1, 2], "label": 1}',
        '{"values": ["a"], "indices": [1], "label": 1}',
        '{"values": 1, "indices": 1}',
        '{"error": "busy"}',  # which is no answer of a server here
    ],
)
def test_a_line_that_is_no_list_is_named(line: str, run: Run) -> None:
    good = '{"values": [-1.0, -2.0], "indices": [4, 5], "label": 4}'
    Path("t.jsonl").write_text(f"{good}\n{line}\n{good}\n")
    done = run("nll", "t.jsonl")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: t.jsonl")
    assert "no whole rows" not in done.err
    assert "Traceback" not in done.err


def test_compressed_lists_are_refused(run: Run) -> None:
    pq.write_table(pa.table({"compressed_logprobs": [[[1]]], "input_ids": [[1]]}), "d.parquet")
    outcome = run("nll", "d.parquet")
    assert (outcome.code, outcome.out) == (1, "")
    assert "lists that DistillKit has compressed" in outcome.err
    found = run("info", "d.parquet", "--json").json["files"]
    looks = {each["name"]: (each["looks_like"], each["fits"]) for each in found}
    assert looks["compressed_logprobs"] == ("compressed by DistillKit", None)


def test_a_second_file_of_lists_is_of_labels_or_of_more_rows(run: Run) -> None:
    """What the shell makes of t-*.npz was the rows of the first with the labels of the second."""
    values, classes = np.array([[-1.0, -2.0], [-0.5, -3.0]]), np.array([[1, 2], [3, 4]])
    for i, labels in enumerate(([1, 3], [2, 4])):
        arrays: dict[str, Array] = {"top_values": values, "top_indices": classes}
        np.savez(f"z-{i}.npz", allow_pickle=False, **arrays)
        np.savez(f"t-{i}.npz", allow_pickle=False, labels=np.array(labels), **arrays)
    for command in (("nll",), ("loss",), ("eval", "--metric", "loss"), ("nll", "--label-key", "y")):
        told = refusal(run(command[0], "t-0.npz", "t-1.npz", *command[1:]))
        assert told.error.startswith("t-1.npz: lists of the most probable classes, as t-0.npz has")
        assert "--labels t-1.npz" in told.hint
    for line, loss in (
        ("t-0.npz --labels t-1.npz", (2.0 + 3.0) / 2),
        ("t-*.npz", (1.0 + 0.5 + 2.0 + 3.0) / 4),
        ("z-0.npz t-1.npz", (2.0 + 3.0) / 2),
    ):
        assert float(run("nll", *line.split()).out) == loss


def test_labels_of_lists_or_answers_in_another_order_of_files_are_an_error(run: Run) -> None:
    """As of whole rows: those of one file were taken for the other."""
    token = {"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.5}]}
    for i in (1, 2):
        values, classes = np.array([[-1.0, -2.0]]) * i, np.array([[i, 0]])
        np.savez(f"t-{i}.npz", top_values=values, top_indices=classes)
        np.save(f"y-{i}.npy", [i])
        answer = {"choices": [{"index": 0, "logprobs": {"content": [token]}}]}
        Path(f"a-{i}.jsonl").write_text(json.dumps(answer) + "\n")
        Path(f"l-{i}.json").write_text('["a"]')
    for lists, labels in (("t-{}.npz", "y-{}.npy"), ("a-{}.jsonl", "l-{}.json")):
        files = [["--log-probs", lists.format(i)] for i in (1, 2)]
        others = [["--labels", labels.format(i)] for i in (1, 2)]
        assert run("nll", *files[0], *files[1], *others[0], *others[1]).code == 0
        told = refusal(run("nll", *files[0], *files[1], *others[1], *others[0]))
        assert told.error == f"{labels.format(2)} stands at the place of {lists.format(1)}"
        noted = run("nll", *files[0], *others[1]).err
        assert f"{labels.format(2)} and {lists.format(1)} count differently: do they be" in noted


def test_files_of_lists_that_are_no_one_array(run: Run) -> None:
    """Where one lists all classes, its values sum to 1, as those that were normalised again do."""
    lists = [math.log(0.5), math.log(0.25), math.log(0.25)]
    for i, listed in enumerate((3, 2)):
        row = {"top_values": lists[:listed], "top_indices": [0, 1, 2][:listed], "labels": 0}
        Path(f"t-{i}.jsonl").write_text(json.dumps(row) + "\n")
    told = refusal(run("nll", "t-*.jsonl"))
    assert told.error == "t-1.jsonl: values are log-probabilities, and renormalised in t-0.jsonl"
    assert told.hint.startswith("--num-classes V")
    found = run("nll", "t-*.jsonl", "--num-classes", "3")
    assert float(found.out) == pytest.approx(math.log(2.0), rel=1e-12)
    Path("t-1.jsonl").write_text("")
    told = refusal(run("nll", "t-*.jsonl"))
    assert told.error == "t-1.jsonl: the file is empty, and the file before it has lists"


def test_options_of_lists(run: Run) -> None:
    path = written("npz")
    for arguments in (
        ("nll", path, "--top-values", path),
        ("nll", DATA / "digits_logits.npy", DATA / "digits_labels.npy", "--num-classes", "10"),
        ("nll", path, "--log-sum-exp", path),
        ("loss", path, "--label-smoothing", "0.1"),
        ("loss", path, "--weight", "1,2"),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert done.err.startswith("error: ")
    done = run("eval", path, "--metric", "mrr")
    assert (done.code, done.out) == (2, "")
    assert "'mrr' is not measured of lists; these are: loss, perplexity, bits, acc" in done.err


def test_commands_on_whole_rows_refuse_lists(run: Run) -> None:
    rows = 'topk_logprobs,topk_ids,labels\n"[-1.0, -2.0]","[0, 1]",0\n"[-0.5, -3.0]","[1, 0]",1\n'
    Path("lists.csv").write_text(rows)
    lists = ("calibrate", "--label-column", "labels")
    for path, more in (
        (written("npz"), [("calibrate",)]),
        (written("jsonl"), [("calibrate",)]),
        (written("parquet"), [("calibrate",), ("explain",)]),
        (Path("lists.csv"), [lists]),  # their places in the lists were taken for classes
    ):
        for command, *options in (("softmax",), ("log-softmax",), *more):
            done = run(command, path, *options)
            assert (done.code, done.out) == (1, ""), (command, path)
            assert "lists of the most probable classes, and no whole rows" in done.err
            which = "as Parquet or JSON lines" if path.suffix == ".csv" else "xent eval FILE"
            assert which in done.err


def test_an_array_that_an_option_names_is_called_as_the_option_takes_it(run: Run) -> None:
    np.save("y.npy", np.array([1, 2]))
    lists = ("--top-values", "y.npy:values", "--top-indices", "y.npy", "--labels", "y.npy")
    done = run("nll", *lists)
    assert done.err == "error: y.npy: npy holds one array: FILE:KEY is for files of several\n"


@in_one_test
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "npz"])
def test_ids_of_lists_in_two_orders_are_an_error(run: Run, kind: str) -> None:
    """Rows of lists go by place: labels, and another model, of another order were of other rows."""

    def write(path: str, order: list[int]) -> None:
        rows = [{"id": i, "top_values": [-1.0, -2.0], "top_indices": [i, 9]} for i in order]
        if kind == "npz":
            arrays = {key: np.array([row[key] for row in rows]) for key in rows[0]}
            np.savez(path, allow_pickle=False, **arrays)
        elif kind == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        else:
            Path(path).write_text("\n".join(map(json.dumps, rows)))

    write(f"a.{kind}", [0, 1, 2])
    Path("y.csv").write_text("id,label\n0,9\n1,1\n2,2\n")
    done = run("nll", f"a.{kind}", "y.csv")
    assert float(done.out) == pytest.approx(4 / 3, rel=1e-15)
    assert "y.csv: column 'id' is not taken for labels; rows are matched by place" in done.err
    Path("x.csv").write_text("id,label\n2,2\n1,1\n0,9\n")
    said = "x.csv: the id of row 0 is '2', and '0' in"
    for command in ("nll", "eval"):
        assert said in refusal(run(command, f"a.{kind}", "x.csv")).error
    with pytest.raises(xent.XentError, match="the id of row 0 is '2'"):
        xent.nll(f"a.{kind}", "x.csv")
    write(f"b.{kind}", [2, 1, 0])
    both = run("compare", f"a.{kind}", f"b.{kind}", "--labels", "y.csv")
    assert "the rows of lists are matched by place" in refusal(both).error


def test_a_row_that_is_left_out_needs_no_log_sum_exp(run: Run) -> None:
    row = {"topk_logits": [2.0, 1.0], "topk_ids": [3, 4], "log_sum_exp": 2.5, "label": 3}
    for label, code in ((-100, 0), (3, 1)):
        odd = {**row, "log_sum_exp": None, "label": label}
        Path("t.jsonl").write_text("\n".join(map(json.dumps, (row, odd))))
        for command in ("nll", "eval"):
            done = run(command, "t.jsonl", "--json")
            assert (done.code, "RuntimeWarning" in done.err) == (code, False)
            if not code:
                assert (done.json["metrics"]["loss"]["value"], done.json["used"]) == (0.5, 1)


def test_columns_of_lists_that_hold_text_are_named(run: Run) -> None:
    """A mask of text was passed over, and a hint led to other columns."""
    lists = {"topk_logprobs": [[-1.0, -2.0]] * 2, "topk_ids": [[1, 2]] * 2, "labels": [1, 2]}
    texts = {"topk_ids": [["1", "2"]] * 2, "loss_mask": ["1", "0"]}
    for name, what in (("topk_ids", "lists of other than numbers"), ("loss_mask", "no numbers")):
        pq.write_table(pa.table({**lists, name: texts[name]}), "t.parquet")
        told = refusal(run("nll", "t.parquet")).error
        assert told == f"t.parquet: column {name!r} holds {what}"
