"""What xent compare takes for the same rows and classes of two models: of any kind and order."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_files import log_probs, write_rows
from cli_tools import Run, ok
from compare_tools import (
    CLASSES,
    IDS,
    ONE,
    RNG,
    TRUE,
    TWO,
    WITH_LABELS,
    Array,
    found,
    metrics_of,
    save_models,
    write_with_ids,
)

KINDS: dict[str, Callable[[Array], Array]] = {
    "logits": np.asarray,
    "log-probs": log_probs,
    "probs": lambda z: np.exp(log_probs(z)),
}


@pytest.mark.parametrize(
    ("base", "new"),
    [("logits", "log-probs"), ("log-probs", "probs"), ("probs", "probs"), ("log-probs",) * 2],
)
def test_log_probabilities_and_probabilities(
    run: Run, compared: dict[str, Any], base: str, new: str
) -> None:
    np.save("a.npy", KINDS[base](ONE))
    np.save("b.npy", KINDS[new](TWO))
    options = ("--input", base) if base == new else ("--input", base, "--input", new)
    outcome = run("compare", "a.npy", "b.npy", *WITH_LABELS, *options, "--json")
    assert outcome.err == ""
    metrics = metrics_of(outcome)
    assert metrics.keys() == compared.keys()
    for name, measure in compared.items():
        assert metrics[name]["value"] == pytest.approx(measure["value"], rel=1e-11, abs=1e-14)
    if base == new:
        kinds = (f"--{base}", "a.npy", f"--{base}", "b.npy")
        assert run("compare", *kinds, "--metric", "kl").number == pytest.approx(
            compared["kl"]["value"], rel=1e-11
        )


def test_names_of_classes_that_no_file_has(run: Run, compared: dict[str, Any]) -> None:
    outcome = run(
        "compare", "one.npy", "two.npy", *WITH_LABELS, "--classes", "cat,dog,fox", "--json"
    )
    assert (outcome.err, metrics_of(outcome)) == ("", compared)
    write_rows("one.csv", CLASSES, ONE.tolist())
    said = "two.npy: its classes have no names; they are matched by number with one.csv"
    assert found(run, "one.csv", "two.npy", *WITH_LABELS, said=said).keys() == compared.keys()


def test_classes_in_two_orders_that_the_first_model_does_not_name(
    run: Run, compared: dict[str, Any]
) -> None:
    """By number, its classes would be those of both."""
    back = [*CLASSES][::-1]
    write_rows("two.csv", back, TWO[:, ::-1].tolist())
    write_rows("same.csv", CLASSES, TWO.tolist())
    write_rows("w.csv", CLASSES, [[1, 1, 1]])
    write_rows("hot.csv", CLASSES, np.eye(3)[TRUE].astype(int).tolist())
    for named, *rest in (
        ("same.csv", "same.csv", *WITH_LABELS),
        ("w.csv", *WITH_LABELS, "--weight", "w.csv"),
        ("hot.csv", "--labels", "hot.csv"),
    ):
        outcome = run("compare", "one.npy", "two.csv", *rest)
        assert (outcome.code, outcome.out) == (1, "")
        assert "one.npy: its classes have no names, and " in outcome.err
        assert {*re.findall(r"\w+\.csv", outcome.err)} == {named, "two.csv"}
        assert "which of them is this?\nhint: name the classes in the order" in outcome.err
        names = ("--classes", ",".join(CLASSES), "--json")
        outcome = run("compare", "one.npy", "two.csv", *rest, *names)
        assert metrics_of(outcome)["kl"] == compared["kl"]
        assert metrics_of(outcome)["loss_new"]["value"] == compared["loss_new"]["value"]
    write_rows("hot.csv", back, np.eye(3)[TRUE].astype(int).tolist())  # in the order of two.csv
    outcome = run("compare", "one.npy", "two.csv", "--labels", "hot.csv")
    assert outcome.code == 0
    assert outcome.err.count("they are matched by number with") == 2


def test_a_warning_of_another_kind(run: Run) -> None:
    np.save("a.npy", KINDS["probs"](ONE))
    np.save("b.npy", ONE)
    outcome = run("compare", "a.npy", "b.npy")
    assert outcome.code == 0
    said = "a.npy: these look like probabilities, not logits: --input probs"
    assert f"{said} --input logits would fit" in outcome.err
    ok(run("compare", "a.npy", "b.npy", "--input", "probs", "--input", "logits"))
    both = run("compare", "a.npy", "a.npy")
    assert both.err.count(f"{said} would") == 2


def test_other_formats_and_shards_have_the_same_bits(run: Run, compared: dict[str, Any]) -> None:
    write_rows("one.csv", CLASSES, ONE.tolist())
    write_rows("two.csv", CLASSES, TWO.tolist())
    columns = {name: pa.array(TWO[:, i]) for i, name in enumerate(CLASSES)}
    pq.write_table(pa.table(columns), "two.parquet", row_group_size=7)
    np.savez("two.npz", logits=TWO)
    for name, values, cuts in (("one", ONE, [11]), ("two", TWO, [3, 20])):
        for i, part in enumerate(np.split(values, cuts)):
            np.save(f"{name}-{i}.npy", part)
    for pair in (
        ("one.npy", "two.csv"),
        ("one-*.npy", "two.parquet"),
        ("one.csv", "two.npz"),
        ("one-*.npy", "two-*.npy"),
    ):
        outcome = run("compare", *pair, *WITH_LABELS, "--json", "--jobs", "1")
        assert metrics_of(outcome) == compared, pair
        counts = {each["role"]: 0 for each in outcome.json["files"]}
        for each in outcome.json["files"]:
            counts[each["role"]] += each["shape"][0]  # also of texts, which have to be counted
        assert counts == {"base": 40, "new": 40, "labels": 40}, pair


def test_standard_input(run: Run, compared: dict[str, Any]) -> None:
    content = Path("two.npy").read_bytes()
    outcome = run("compare", "one.npy", "-", *WITH_LABELS, "--json", stdin=content)
    assert metrics_of(outcome) == compared
    assert outcome.json["files"][1]["name"] == "<stdin>"


def test_the_rounding_of_another_dtype_is_no_difference(run: Run) -> None:
    save_models()
    half = ONE.astype(np.float16)
    for name in ("float16", "float32", "float64"):
        np.save(f"{name}.npy", half.astype(name))
    write_rows("text.csv", CLASSES, half.tolist())
    same = ("kl_max", "loss_difference", "share_worse", "rms_delta_p", "perplexity_difference")
    pairs = (("float16.npy", "float32.npy"), ("float32.npy", "float64.npy"))
    for pair in (*pairs, ("text.csv", "float16.npy")):
        metrics = found(run, *pair, *WITH_LABELS, "--metric=all")
        assert {name: metrics[name]["value"] for name in same} == dict.fromkeys(same, 0.0), pair
        assert metrics["perplexity_difference"]["standard_error"] == 0.0, pair


# Rows


def test_rows_in_another_order_are_matched_by_id(run: Run, compared: dict[str, Any]) -> None:
    order = RNG.permutation(40)
    write_with_ids("a.csv", ONE)
    write_with_ids("b.csv", TWO, order)
    write_rows("y.csv", ["id", "label"], [[IDS[i], TRUE[i]] for i in order[::-1]])
    outcome = run("compare", "a.csv", "b.csv", "--labels", "y.csv", "--json")
    assert metrics_of(outcome) == compared
    assert "b.csv: in another order than a.csv; matched by 'id'" in outcome.err
    changed = outcome.json["changed_rows"]
    assert [each["id"] for each in changed] == [IDS[each["row"]] for each in changed]
    assert found(run, "a.csv", "b.csv")["kl"] == compared["kl"]
    write_rows("c.csv", CLASSES, TWO.tolist())
    write_with_ids("d.csv", TWO)
    for more, which in (
        ((), "both"),
        (("b.csv",), "both"),  # which are two
        (("d.csv",), "all 3"),
        (("c.csv",), "2 of 3"),
        (("c.csv", "--labels", "y.csv"), "3 of 4"),
    ):
        err = run("compare", "a.csv", "b.csv", *more).err
        assert f"note: a.csv: rows are matched by column 'id', which {which} files have\n" in err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*range(39)], "error: a.csv:41: there is no row with the id 'r39' in b.csv"),
        ([0, 0, *range(2, 40)], "a second row with the id 'r0'"),
        ([*range(40), 7], "error: b.csv:42: a second row with the id 'r7'"),
    ],
)
def test_ids_that_do_not_fit(run: Run, rows: list[int], message: str) -> None:
    write_with_ids("a.csv", ONE)
    write_with_ids("b.csv", TWO, rows)
    outcome = run("compare", "a.csv", "b.csv")
    assert (outcome.code, outcome.out) == (1, "")
    assert message in outcome.err
    assert "\nhint: " in outcome.err


def test_ids_in_one_file_alone(run: Run, compared: dict[str, Any]) -> None:
    write_with_ids("a.csv", ONE)
    by_place = ("a.csv", "two.npy", *WITH_LABELS, "--id-column", "id")
    assert found(run, *by_place, said="rows are matched by place") == compared
    for more, said in (
        (("--drop", "id"), "two.npy: its classes have no names; they are matched by number"),
        (("--id-column", "id"), "no column 'id' as in a.csv: rows are matched by place"),
    ):
        back = found(run, "two.npy", "a.csv", *more, said=said)
        assert back["kl"]["value"] == compared["kl_reverse"]["value"], more


# Classes


@pytest.mark.parametrize("prefix", ["", "logit_"])
def test_classes_in_another_order_are_matched_by_name(
    run: Run, compared: dict[str, Any], prefix: str
) -> None:
    order = [2, 0, 1]
    write_rows("a.csv", CLASSES, ONE.tolist())
    write_rows("b.csv", [prefix + CLASSES[i] for i in order], TWO[:, order].tolist())
    said = "b.csv: its classes are in another order; matched by name"
    numbers = f"{said}; labels that are numbers go by the order of a.csv"
    assert found(run, "a.csv", "b.csv", *WITH_LABELS, said=numbers) == compared
    columns = {f"{prefix}{CLASSES[i]}": TWO[:, i] for i in order}
    pq.write_table(pa.table(columns), "b.parquet")
    listed = ("--classes", "cat,dog,fox", *WITH_LABELS)
    assert found(run, "one.npy", "b.parquet", *listed) == compared


def test_what_is_wrong_with_classes_in_another_order_is_told_by_their_names(run: Run) -> None:
    write_rows("a.csv", CLASSES, [[0.25, 0.25, 0.5]] * 2)
    order = [2, 0, 1]
    for wrong, more, says in (
        (1.5, ("--input", "probs"), "probability 1.5 is above 1"),
        (float("nan"), (), "logit nan"),
    ):
        for column, i in enumerate(order):
            rows = [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]
            rows[1][column] = wrong
            write_rows("b.csv", [CLASSES[i] for i in order], rows)
            outcome = run("compare", "a.csv", "b.csv", *more)
            assert outcome.err.startswith(f"error: b.csv:3: column {CLASSES[i]!r}: {says}")


def test_classes_of_other_names_are_matched_by_number_and_said(
    run: Run, compared: dict[str, Any]
) -> None:
    write_rows("a.csv", ["c0", "c1", "c2"], ONE.tolist())
    said = "b.csv: its classes 'd0', 'd1', ... are taken for 'c0', 'c1', ... of a.csv"
    for order in ([0, 1, 2], [2, 0, 1]):
        write_rows("b.csv", [f"d{i}" for i in order], TWO[:, order].tolist())
        assert found(run, "a.csv", "b.csv", *WITH_LABELS, said=said) == compared, order


def test_other_classes(run: Run) -> None:
    write_rows("a.csv", CLASSES, ONE.tolist())
    write_rows("b.csv", ["cat", "dog", "hen"], TWO.tolist())
    outcome = run("compare", "a.csv", "b.csv")
    assert (outcome.code, outcome.out) == (1, "")
    assert "b.csv: its header names classes that a.csv does not: 'hen'" in outcome.err


def test_files_of_two_models_whose_names_differ(run: Run) -> None:
    """They are taken in order, which nothing said."""
    for model, words in (("a", ["cat", "dog"]), ("b", ["cat", "eel"])):
        Path(model).mkdir()
        for word, rows in zip(words, (ONE[:20], ONE[20:]), strict=True):
            np.save(f"{model}/{word}.npy", rows)
    outcome = run("compare", "a/*.npy", "b/*.npy", "--metric", "kl")
    assert (outcome.number, outcome.err) == (
        0.0,
        "note: files are taken in order, though their names differ: b/eel.npy is for a/dog.npy\n",
    )
    assert run("compare", "a/*.npy", "a/*.npy", "--metric", "kl").err == ""
