"""xent compare: at a terminal, in a pipe and as JSON; what it matches, and what it refuses."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Outcome, Run, Terminal
from in_one_test import in_one_test

Array = npt.NDArray[Any]
DATA = Path(__file__).parents[2] / "sample_data"
BASE, NEW = DATA / "digits_logits.npy", DATA / "digits_weak_logits.npy"
LABELS = DATA / "digits_labels.npy"
DIGITS = (BASE, NEW, "--labels", LABELS)
HEADER = "metric,value,standard_error,low,high,n"
CLASSES = ["cat", "dog", "fox"]
RNG = np.random.default_rng(14)
ONE = RNG.normal(size=(40, 3)) * 2
TWO = ONE + RNG.normal(size=(40, 3))
TRUE = RNG.integers(0, 3, 40)
IDS = [f"r{i}" for i in range(40)]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def write_rows(path: str, header: list[str], rows: Any) -> None:
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    Path(path).write_text("\n".join([*lines, ""]))


def metrics_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = outcome.json["metrics"]
    return found


@pytest.fixture
def arrays(run: Run) -> Run:
    """Return what runs the command in a folder with two models' logits, and their labels."""
    np.save("one.npy", ONE)
    np.save("two.npy", TWO)
    np.save("y.npy", TRUE)
    return run


@pytest.fixture
def expected(arrays: Run) -> dict[str, Any]:
    return metrics_of(arrays("compare", "one.npy", "two.npy", "--labels", "y.npy", "--json"))


# Forms


def test_a_pipe_gets_a_line_for_each_measure(run: Run) -> None:
    outcome = run("compare", *DIGITS)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == HEADER
    rows = {row["metric"]: row for row in table(outcome.out)}
    assert rows["loss_base"]["value"] == run("loss", BASE, LABELS).out.strip()
    assert rows["loss_new"]["value"] == run("loss", NEW, LABELS).out.strip()
    assert (
        rows["accuracy_new"]["value"] == run("eval", NEW, LABELS, "--metric", "accuracy").out[:-1]
    )
    assert (rows["only_base_right"]["value"], rows["mcnemar_p"]["n"]) == ("48", "49")
    assert not [name for name in rows if "perplexity" in name]


def test_one_measure_is_a_bare_number(run: Run) -> None:
    assert run("compare", *DIGITS, "--metric", "agreement").out == f"{398 / 450!r}\n"
    assert run("compare", *DIGITS, "--metric", "both_right").out == "388\n"


def test_one_table_is_its_rows(run: Run) -> None:
    rows = table(run("compare", *DIGITS, "--metric", "changed_rows", "--worst", "3").out)
    losses = [run("loss", each, LABELS, "--reduction", "none").out.split() for each in (BASE, NEW)]
    changes = [float(new) - float(base) for base, new in zip(*losses, strict=True)]
    order = sorted(range(450), key=lambda i: (-abs(changes[i]), i))[:3]
    assert [int(row["row"]) for row in rows] == order
    assert [float(row["change"]) for row in rows] == [changes[i] for i in order]
    percentiles = table(run("compare", *DIGITS, "--metric", "percentiles").out)
    assert [float(row["percent"]) for row in percentiles][-2:] == [99.9, 100.0]


def test_json_has_everything(run: Run) -> None:
    found = run("compare", *DIGITS, "--json", "--digest").json
    assert found["command"] == "compare"
    assert (found["rows"], found["used"], found["measured"]) == (450, 450, 450)
    assert set(found["metrics"]["kl"]) == {"value", "standard_error", "low", "high", "n"}
    assert [each["role"] for each in found["files"]] == ["base", "new", "labels"]
    assert all(each["sha256"] for each in found["files"])
    assert len(found["changed_rows"]) == 10
    assert found["groups"] is None


def test_a_verdict_for_everybody(terminal: Terminal) -> None:
    screen = terminal("compare", *DIGITS, columns=200)
    assert screen.lines[0].endswith(
        "digits_weak_logits.npy is worse: loss +0.565 ± 0.021 (paired), accuracy 96.9 % -> 86.4 %, "
        "48 rows lost, 1 won"
    )
    back = terminal("compare", NEW, BASE, "--labels", LABELS, columns=200)
    assert "digits_logits.npy is better: loss -0.565 ± 0.021 (paired)" in back.lines[0]
    assert "1 row lost, 48 won" in back.lines[0]
    end = screen.lines[0].index(" %")  # of a line this wide, or wider by one
    for columns in (end, end + 1):
        lines = terminal("compare", *DIGITS, columns=columns).lines
        assert lines[0].endswith("accuracy"), columns
        assert lines[1].startswith("96.9 % -> 86.4 %"), columns


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
@pytest.mark.parametrize("more", [[], [BASE], ["--metric", "all"]])
def test_no_line_is_wider_than_the_terminal(
    terminal: Terminal, columns: int, more: list[Any]
) -> None:
    labelled: list[Any] = ["--labels", LABELS]
    for labels in ([], labelled):
        screen = terminal("compare", BASE, NEW, *more, *labels, columns=columns)
        assert screen.code == 0
        assert max(map(len, screen.lines)) <= columns


def test_other_verdicts(arrays: Run, terminal: Terminal) -> None:
    del arrays
    labels = ["--labels", "y.npy"]
    screen = terminal("compare", "one.npy", "one.npy", *labels)
    assert screen.lines[0] == "one.npy gives the same as one.npy: no row differs"
    assert "rows that changed" not in screen.text
    np.save("nearly.npy", ONE + np.where(np.arange(40)[:, None] % 2, 1e-9, -1e-9) * TWO)
    screen = terminal("compare", "one.npy", "nearly.npy", *labels, columns=200)
    assert "nearly.npy is not clearly better or worse" in screen.text
    screen = terminal("compare", "one.npy", "two.npy", columns=200)
    assert screen.lines[0].startswith("two.npy differs from one.npy: KL 0.")


# What is matched


KINDS: dict[str, Callable[[Array], Array]] = {
    "log-probs": lambda z: z - np.log(np.exp(z).sum(axis=1, keepdims=True)),
    "probs": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}


@pytest.mark.parametrize("base", ["logits", "log-probs", "probs"])
@pytest.mark.parametrize("new", ["logits", "log-probs", "probs"])
def test_log_probabilities_and_probabilities(
    arrays: Run, expected: dict[str, Any], base: str, new: str
) -> None:
    for name, kind, values in (("a.npy", base, ONE), ("b.npy", new, TWO)):
        np.save(name, KINDS.get(kind, np.asarray)(values))
    options = ("--input", base) if base == new else ("--input", base, "--input", new)
    outcome = arrays("compare", "a.npy", "b.npy", "--labels", "y.npy", *options, "--json")
    assert outcome.err == ""
    found = metrics_of(outcome)
    assert found.keys() == expected.keys()
    for name, measure in expected.items():
        assert found[name]["value"] == pytest.approx(measure["value"], rel=1e-11, abs=1e-14)
    if base == new != "logits":
        assert arrays("compare", f"--{base}", "a.npy", f"--{base}", "b.npy").code == 0


def test_other_formats_and_shards_have_the_same_bits(arrays: Run, expected: dict[str, Any]) -> None:
    write_rows("two.csv", CLASSES, TWO.tolist())
    columns = {name: pa.array(TWO[:, i]) for i, name in enumerate(CLASSES)}
    pq.write_table(pa.table(columns), "two.parquet", row_group_size=7)
    np.savez("two.npz", logits=TWO)
    for i, part in enumerate(np.split(TWO, [3, 20])):
        np.save(f"two-{i}.npy", part)
    for i, part in enumerate(np.split(ONE, [11])):
        np.save(f"one-{i}.npy", part)
    write_rows("one.csv", CLASSES, ONE.tolist())
    for base in ("one.npy", "one-*.npy", "one.csv"):
        for new in ("two.csv", "two.parquet", "two.npz", "two-*.npy"):
            outcome = arrays("compare", base, new, "--labels", "y.npy", "--json", "--jobs", "1")
            assert metrics_of(outcome) == expected, (base, new)
            counts = {each["role"]: 0 for each in outcome.json["files"]}
            for each in outcome.json["files"]:
                counts[each["role"]] += each["shape"][0]  # also of texts, which have to be counted
            assert counts == {"base": 40, "new": 40, "labels": 40}, (base, new)


def test_the_rounding_of_another_dtype_is_no_difference(arrays: Run) -> None:
    half = ONE.astype(np.float16)
    np.save("half.npy", half)
    np.save("single.npy", half.astype(np.float32))
    np.save("double.npy", half.astype(np.float64))
    write_rows("text.csv", CLASSES, half.tolist())
    for pair in (
        ("half.npy", "single.npy"),
        ("single.npy", "double.npy"),
        ("text.csv", "half.npy"),
    ):
        found = metrics_of(arrays("compare", *pair, "--labels", "y.npy", "--metric=all", "--json"))
        same = ("kl_max", "loss_difference", "share_worse", "rms_delta_p", "perplexity_difference")
        assert {name: found[name]["value"] for name in same} == dict.fromkeys(same, 0.0), pair
        assert found["perplexity_difference"]["standard_error"] == 0.0, pair


def test_rows_in_another_order_are_matched_by_id(arrays: Run, expected: dict[str, Any]) -> None:
    order = RNG.permutation(40)
    write_rows("a.csv", ["id", *CLASSES], [[i, *z] for i, z in zip(IDS, ONE.tolist(), strict=True)])
    write_rows("b.csv", ["id", *CLASSES], [[IDS[i], *TWO[i].tolist()] for i in order])
    back = order[::-1]
    write_rows("y.csv", ["id", "label"], [[IDS[i], TRUE[i]] for i in back])
    outcome = arrays("compare", "a.csv", "b.csv", "--labels", "y.csv", "--json")
    assert metrics_of(outcome) == expected
    assert "b.csv: in another order than a.csv; matched by 'id'" in outcome.err
    changed = outcome.json["changed_rows"]
    assert [each["id"] for each in changed] == [IDS[each["row"]] for each in changed]
    without = arrays("compare", "a.csv", "b.csv", "--json")
    assert metrics_of(without)["kl"] == expected["kl"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*range(39)], "error: a.csv:41: there is no row with the id 'r39' in b.csv"),
        ([0, 0, *range(2, 40)], "a second row with the id 'r0'"),
        ([*range(40), 7], "error: b.csv:42: a second row with the id 'r7'"),
    ],
)
def test_ids_that_do_not_fit(run: Run, rows: list[int], message: str) -> None:
    write_rows("a.csv", ["id", *CLASSES], [[IDS[i], *ONE[i].tolist()] for i in range(40)])
    write_rows("b.csv", ["id", *CLASSES], [[IDS[i], *TWO[i].tolist()] for i in rows])
    outcome = run("compare", "a.csv", "b.csv")
    assert (outcome.code, outcome.out) == (1, "")
    assert message in outcome.err


def test_ids_in_one_file_alone(arrays: Run, expected: dict[str, Any]) -> None:
    write_rows("a.csv", ["id", *CLASSES], [[i, *z] for i, z in zip(IDS, ONE.tolist(), strict=True)])
    options = ("two.npy", "--labels", "y.npy", "--id-column", "id", "--json")
    outcome = arrays("compare", "a.csv", *options)
    assert metrics_of(outcome) == expected
    assert "rows are matched by place" in outcome.err
    for more, said in (
        (("--drop", "id"), "two.npy: its classes have no names; they are matched by number"),
        (("--id-column", "id"), "no column 'id' as in a.csv: rows are matched by place"),
    ):
        back = arrays("compare", "two.npy", "a.csv", *more, "--json")
        assert metrics_of(back)["kl"]["value"] == expected["kl_reverse"]["value"], more
        assert said in back.err, more


@pytest.mark.parametrize("prefix", ["", "logit_"])
def test_classes_in_another_order_are_matched_by_name(
    arrays: Run, expected: dict[str, Any], prefix: str
) -> None:
    write_rows("a.csv", CLASSES, ONE.tolist())
    order = [2, 0, 1]
    write_rows("b.csv", [prefix + CLASSES[i] for i in order], TWO[:, order].tolist())
    outcome = arrays("compare", "a.csv", "b.csv", "--labels", "y.npy", "--json")
    assert metrics_of(outcome) == expected
    assert "b.csv: its classes are in another order; matched by name" in outcome.err
    columns = {f"{prefix}{CLASSES[i]}": TWO[:, i] for i in order}
    pq.write_table(pa.table(columns), "b.parquet")
    listed = ("--classes", "cat,dog,fox", "--labels", "y.npy", "--json")
    assert metrics_of(arrays("compare", "one.npy", "b.parquet", *listed)) == expected


def test_classes_of_other_names_are_matched_by_number_and_said(
    arrays: Run, expected: dict[str, Any]
) -> None:
    write_rows("a.csv", ["c0", "c1", "c2"], ONE.tolist())
    for order in ([0, 1, 2], [2, 0, 1]):
        write_rows("b.csv", [f"d{i}" for i in order], TWO[:, order].tolist())
        outcome = arrays("compare", "a.csv", "b.csv", "--labels", "y.npy", "--json")
        assert metrics_of(outcome) == expected
        said = "b.csv: its classes 'd0', 'd1', ... are taken for 'c0', 'c1', ... of a.csv"
        assert said in outcome.err, order


def test_labels_within_the_first_file(arrays: Run, expected: dict[str, Any]) -> None:
    for name, rows in (("a.csv", ONE), ("b.csv", TWO)):
        lines = [[*z, y] for z, y in zip(rows.tolist(), TRUE.tolist(), strict=True)]
        write_rows(name, [*CLASSES, "label"], lines)
    outcome = arrays("compare", "a.csv", "b.csv", "--label-column", "label", "--json")
    assert metrics_of(outcome) == expected
    np.savez("a.npz", logits=ONE, labels=TRUE)
    np.savez("b.npz", logits=TWO, labels=TRUE)
    assert metrics_of(arrays("compare", "a.npz", "b.npz", "--json")) == expected


def test_labels_within_another_file(arrays: Run, expected: dict[str, Any]) -> None:
    order = RNG.permutation(40)
    rows = [[IDS[i], *ONE[i].tolist()] for i in range(40)]
    write_rows("a.csv", ["id", *CLASSES], rows)
    rows = [[IDS[i], *TWO[i].tolist(), CLASSES[TRUE[i]]] for i in order]
    write_rows("b.csv", ["id", *CLASSES, "label"], rows)
    options = ("--label-column", "label", "--json")
    assert metrics_of(arrays("compare", "a.csv", "b.csv", *options)) == expected
    write_rows("b.csv", [*CLASSES, "label"], [[*TWO[i].tolist(), TRUE[i]] for i in range(40)])
    outcome = arrays("compare", "one.npy", "b.csv", *options)
    assert metrics_of(outcome) == expected
    assert [file["role"] for file in outcome.json["files"]] == ["base", "new", "labels"]
    piped = arrays("compare", "one.npy", "-", *options, stdin=Path("b.csv").read_bytes())
    assert piped.code == 1
    assert "name the file of labels: --labels FILE" in piped.err


# Language models, groups, clusters


def test_sequences_are_clusters_and_have_perplexities(run: Run) -> None:
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 6, 5, 7))
    tokens = rng.integers(0, 7, (6, 5))
    for name, each in (("one", one), ("two", two), ("y", tokens)):
        np.save(f"{name}.npy", each)
    files = ["one.npy", "two.npy", "--labels", "y.npy", "--class-axis", "-1"]
    outcome = run("compare", *files, "--json")
    found = metrics_of(outcome)
    assert outcome.json["clusters"] == 6
    assert "mcnemar_p takes each row for independent" in outcome.err
    assert "mcnemar_p" not in run("compare", *files, "--metric", "kl").err
    plain = metrics_of(run("compare", *files, "--cluster", "rows", "--json"))
    assert found["loss_difference"]["value"] == plain["loss_difference"]["value"]
    assert found["loss_difference"]["standard_error"] != plain["loss_difference"]["standard_error"]
    ratio, losses = plain["perplexity_ratio"], (plain["loss_base"], plain["loss_new"])
    assert ratio["value"] == pytest.approx(
        np.exp(losses[1]["value"] - losses[0]["value"]), rel=1e-13
    )
    np.save("flat-1.npy", one[:, :-1].reshape(-1, 7))
    np.save("flat-2.npy", two[:, :-1].reshape(-1, 7))
    np.save("flat-y.npy", tokens[:, 1:].reshape(-1))
    shifted = metrics_of(run("compare", *files, "--shift", "1", "--cluster", "rows", "--json"))
    flat = ["flat-1.npy", "flat-2.npy", "--labels", "flat-y.npy", "--metric", "all", "--json"]
    assert shifted == metrics_of(run("compare", *flat))


def test_one_sequence_proves_nothing_of_others(terminal: Terminal) -> None:
    one = np.zeros((4, 20, 3))
    one[..., 0] = 0.5
    np.save("one.npy", one)
    one[0, :12, 1] = 1.0  # in the first sequence alone, twelve rows are won
    np.save("two.npy", one)
    np.save("y.npy", np.ones((4, 20), int))
    files = ("one.npy", "two.npy", "--labels", "y.npy", "--class-axis", "-1")
    assert "two.npy is not clearly better or worse" in terminal("compare", *files).text
    plain = terminal("compare", *files, "--cluster", "rows").text
    assert "two.npy is better" in plain
    assert "lost 0, won 12, neither 68; McNemar p = 0.00049" in plain
    narrow = terminal("compare", *files, "--cluster", "rows", columns=60).text
    assert "McNemar p = 0.00049" in [line.strip() for line in narrow.splitlines()], narrow


def test_groups_of_a_column(arrays: Run, terminal: Terminal) -> None:
    regions = ["north" if i % 3 else "south" for i in range(40)]
    write_rows("y.csv", ["label", "region"], zip(TRUE.tolist(), regions, strict=True))
    options = ("--labels", "y.csv", "--label-column", "label", "--by", "region")
    outcome = arrays("compare", "one.npy", "two.npy", *options, "--json")
    assert outcome.code == 0, outcome.err
    groups = {each["name"]: each for each in outcome.json["groups"]}
    for name, group in groups.items():
        here = np.array(regions) == name
        np.save("o.npy", ONE[here])
        np.save("t.npy", TWO[here])
        np.save("l.npy", TRUE[here])
        alone = metrics_of(arrays("compare", "o.npy", "t.npy", "--labels", "l.npy", "--json"))
        assert group["rows"] == here.sum()
        assert {"loss_difference", "accuracy_difference", "kl", "agreement"} < {*group["metrics"]}
        for measure, found in group["metrics"].items():
            for field in ("value", "standard_error", "n"):
                assert found[field] == pytest.approx(alone[measure][field], rel=1e-14), measure
    for columns in (40, 60, 80):  # columns are left out, and no number is cut
        text = terminal("compare", "one.npy", "two.npy", *options, columns=columns).text
        lines = text[text.index("rows that changed most") :].splitlines()
        assert "south" in lines[-1], columns
        assert max(map(len, lines)) <= columns
        assert "…" not in "".join(lines), (columns, text)


# Three models and more


def test_three_models_in_one_table(arrays: Run, terminal: Terminal) -> None:
    np.save("three.npy", ONE[:, ::-1])
    files = ("one.npy", "two.npy", "three.npy", "--labels", "y.npy")
    outcome = arrays("compare", *files)
    rows = table(outcome.out)
    assert outcome.out.splitlines()[0] == f"model,{HEADER}"
    for name in ("two.npy", "three.npy"):
        alone = table(arrays("compare", "one.npy", name, "--labels", "y.npy").out)
        here = [row for row in rows if row["model"] == name]
        assert [{**row, "model": None} for row in here] == [{**row, "model": None} for row in alone]
    found = arrays("compare", *files, "--json").json
    assert [each["new"] for each in found["comparisons"]] == ["two.npy", "three.npy"]
    screen = terminal("compare", *files)
    assert [line.split()[0] for line in screen.lines[-3:]] == ["one.npy", "two.npy", "three.npy"]
    narrow = terminal("compare", *files, columns=40)
    shown = [each for line in screen.lines[-3:] for each in line.split()]
    assert all(each in shown for line in narrow.lines[-3:] for each in line.split()[1:])  # none cut
    gate = arrays("compare", *files, "--fail-if", "kl > 0.9")
    failed = [line for line in gate.err.splitlines() if "kl" in line]
    apart = {e["new"]: e["metrics"]["kl"]["value"] > 0.9 for e in found["comparisons"]}
    assert gate.code == 3 * any(apart.values())
    assert [name for name in apart if any(name in line for line in failed)] == [
        name for name, fails in apart.items() if fails
    ]


def test_gates(run: Run) -> None:
    worse = run("compare", *DIGITS, "--fail-if", "loss_difference > 2 se")
    assert worse.code == 3
    assert "loss_difference > 2 se" in worse.err
    assert run("compare", *DIGITS, "--fail-if", "agreement < 0.5").code == 0
    unknown = run("compare", *DIGITS, "--fail-if", "loss > 1")
    assert unknown.code == 2
    Path("last.json").write_bytes(run("compare", *DIGITS, "--json").stdout)
    again = ("--fail-if", "kl > baseline", "--baseline", "last.json")
    assert run("compare", *DIGITS, *again).code == 0


# Odd input


def test_identical_files(arrays: Run) -> None:
    for labels in ([], ["--labels", "y.npy"]):
        found = metrics_of(arrays("compare", "one.npy", "one.npy", *labels, "--json"))
        names = ("kl", "kl_reverse", "js", "kl_max", "kl_median", "kl_p999")
        assert [found[name]["value"] for name in names] == [0.0] * 6
        assert found["agreement"]["value"] == 1.0
    same = ("loss_difference", "accuracy_difference", "share_worse", "delta_p", "rms_delta_p")
    assert [found[name]["value"] for name in same] == [0.0] * 5
    assert (found["mcnemar_p"]["value"], found["loss_correlation"]["value"]) == (1.0, 1.0)


def test_rows_where_a_divergence_is_infinite(arrays: Run, terminal: Terminal) -> None:
    two = TWO.copy()
    two[[3, 8], [0, 1]] = -np.inf
    np.save("two.npy", two)
    outcome = arrays("compare", "one.npy", "two.npy", "--json")
    found = metrics_of(outcome)
    screen = terminal("compare", "one.npy", "two.npy", columns=200)
    assert "nats, infinite in 2 rows, the same" in screen.lines[0]
    assert "infinite in 2 rows, left out of these" in screen.text
    assert found["infinite_rows"] == {**found["infinite_rows"], "value": 2, "n": 40}
    assert (found["kl"]["n"], found["kl_reverse"]["n"], found["kl_max"]["n"]) == (38, 40, 38)
    said = "rows in which a divergence is infinite: 2"
    assert said in outcome.err
    assert said in arrays("compare", "one.npy", "two.npy", "--metric", "kl_reverse").err
    assert said not in arrays("compare", "one.npy", "two.npy", "--metric", "agreement").err
    keep = np.setdiff1d(np.arange(40), [3, 8])
    np.save("one.npy", ONE[keep])
    np.save("two.npy", two[keep])
    others = metrics_of(arrays("compare", "one.npy", "two.npy", "--json"))
    assert found["kl"] == others["kl"]
    np.save("two.npy", np.where(np.arange(3) == 1, -np.inf, ONE[keep]))
    np.save("y.npy", TRUE[keep])
    found = metrics_of(arrays("compare", "one.npy", "two.npy", "--labels", "y.npy", "--json"))
    assert [(found[name]["value"], found[name]["n"]) for name in ("kl", "kl_p90")] == [
        (None, 0)
    ] * 2


def test_losses_that_are_infinite_with_both_models(arrays: Run) -> None:
    for name, rows in (("one", ONE), ("two", TWO)):
        masked = rows.copy()
        masked[5, TRUE[5]] = -np.inf
        np.save(f"{name}.npy", masked)
    command = ("compare", "one.npy", "two.npy", "--labels", "y.npy", "--metric", "loss_difference")
    outcome = arrays(*command)
    losses = [np.log(np.exp(z).sum(axis=1)) - z[np.arange(40), TRUE] for z in (ONE, TWO)]
    others = np.delete(losses[1] - losses[0], 5)
    assert float(outcome.out) == pytest.approx(others.sum() / 40, rel=1e-12)
    assert "rows whose losses are infinite with both models count as no difference" in outcome.err


def test_ignored_rows_count_nowhere(arrays: Run) -> None:
    labels = np.where(np.arange(40) < 25, TRUE, -100)
    np.save("some.npy", labels)
    outcome = arrays("compare", "one.npy", "two.npy", "--labels", "some.npy", "--json")
    assert (outcome.json["rows"], outcome.json["used"]) == (40, 25)
    for name, values in (("one", ONE), ("two", TWO), ("some", TRUE)):
        np.save(f"{name}.npy", values[:25])
    assert metrics_of(outcome) == metrics_of(
        arrays("compare", "one.npy", "two.npy", "--labels", "some.npy", "--json")
    )


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row(run: Run, terminal: Terminal, rows: int) -> None:
    np.save("one.npy", ONE[:1])
    np.save("two.npy", TWO[:1])
    np.save("y.npy", TRUE[:1] if rows else np.array([-100]))
    files = ("one.npy", "two.npy", "--labels", "y.npy")
    found = metrics_of(run("compare", *files, "--json"))
    assert found["loss_difference"]["n"] == rows
    assert (found["loss_difference"]["value"] is None) == (rows == 0)
    assert {found[name]["n"] for name in ("loss_base", "accuracy_new", "kl", "kl_p90")} == {rows}
    assert found["loss_difference"]["standard_error"] is None
    assert ("nothing is used" in run("compare", *files).err) == (rows == 0)
    screen = terminal("compare", *files)
    assert screen.code == 0
    if rows:
        assert screen.lines[0].startswith("two.npy: one row says little of others: loss ")
        hits = [int(np.argmax(z[0]) == TRUE[0]) for z in (ONE, TWO)]
        assert f"difference {100.0 * (hits[1] - hits[0]):+.1f} points" in screen.text


def test_rows_that_are_not_finite(arrays: Run, terminal: Terminal) -> None:
    two = TWO.copy()
    two[5, 1] = np.nan
    np.save("two.npy", two)
    outcome = arrays("compare", "one.npy", "two.npy", "--labels", "y.npy")
    assert outcome.code == 1
    assert outcome.err.startswith("error: two.npy[5, 1]: logit nan")
    options = ("--non-finite", "propagate", "--json")
    outcome = arrays("compare", "one.npy", "two.npy", "--labels", "y.npy", *options)
    assert (outcome.json["measured"], outcome.json["metrics"]["kl"]["n"]) == (39, 39)
    files = ("one.npy", "two.npy", "--labels", "y.npy")
    assert "worse: loss nan, " in terminal("compare", *files, *options[:2], columns=200).lines[0]
    assert outcome.json["metrics"]["loss_difference"]["value"] is None


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((39, 3), "error: b.npy: 39 rows, and one.npy has 40"),
        ((41, 3), "error: b.npy: 41 rows, and one.npy has 40"),
        ((40, 4), "error: b.npy: 4 classes, and one.npy has 3"),
        ((40, 1, 3), "error: b.npy: shape (40, 1, 3), and one.npy has (40, 3)"),
    ],
)
def test_shapes_that_differ(arrays: Run, shape: tuple[int, ...], message: str) -> None:
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    np.save("b.npy", values)
    for labels in ([], ["--labels", "y.npy"]):
        outcome = arrays("compare", "one.npy", "b.npy", *labels)
        assert (outcome.code, outcome.out) == (1, "")
        assert message in outcome.err
    third = arrays("compare", "one.npy", "two.npy", "b.npy")
    assert message in third.err
    if len(shape) == 2:
        write_rows("b.csv", list("wxyz")[: shape[1]], values.tolist())
        outcome = arrays("compare", "one.npy", "b.csv")
        assert (outcome.code, outcome.out) == (1, "")
        assert "b.csv: " in outcome.err


def test_other_classes(run: Run) -> None:
    write_rows("a.csv", CLASSES, ONE.tolist())
    write_rows("b.csv", ["cat", "dog", "hen"], TWO.tolist())
    outcome = run("compare", "a.csv", "b.csv")
    assert (outcome.code, outcome.out) == (1, "")
    assert "b.csv: its header names classes that a.csv does not: 'hen'" in outcome.err


def test_one_axis_without_labels(run: Run) -> None:
    np.save("z.npy", ONE[0])
    assert "either each number is a row, or all are one row" in run("compare", "z.npy", "z.npy").err
    for pair in (("z.npy", "z.npy", "--class-axis", "0"), ("1,2,3", "1,2,3")):
        assert metrics_of(run("compare", *pair, "--json"))["kl"]["n"] == 1, pair


def test_three_axes_without_labels(run: Run) -> None:
    np.save("one.npy", np.zeros((2, 3, 4)))
    outcome = run("compare", "one.npy", "one.npy")
    assert outcome.code == 1
    assert "--class-axis -1" in outcome.err
    assert run("compare", "one.npy", "one.npy", "--class-axis", "-1").code == 0


@in_one_test
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([BASE], "compare takes the outputs of two models or more"),
        ([BASE, NEW, "--probs", NEW], "which of the files is the first model?"),
        ([BASE, NEW, "--input", "odds"], "--input is logits, log-probs, probs"),
        ([BASE, NEW, "--input", "probs", *["--input", "logits"] * 2], "--input is given 3 times"),
        ([*DIGITS, "--metric", "kl-max"], "did you mean kl_max?"),
        ([*DIGITS, "--metric", "mcnemar"], "did you mean mcnemar_p?"),
        ([*DIGITS, "--binary"], "--binary"),
        ([BASE, NEW, "--shift", "1"], "--shift needs labels"),
        ([*DIGITS, "--clip", "0.1"], "--clip is for rows of probabilities"),
        ([*DIGITS, "--by", "rows"], "each row by itself is no group"),
        (["-", "-"], "only one input can be standard input"),
    ],
)
def test_usage_errors(run: Run, arguments: list[Any], message: str) -> None:
    outcome = run("compare", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_standard_input(arrays: Run, expected: dict[str, Any]) -> None:
    content = Path("two.npy").read_bytes()
    outcome = arrays("compare", "one.npy", "-", "--labels", "y.npy", "--json", stdin=content)
    assert metrics_of(outcome) == expected
    assert json.loads(outcome.stdout)["files"][1]["name"] == "<stdin>"


def test_a_warning_of_another_kind(run: Run) -> None:
    np.save("a.npy", KINDS["probs"](ONE))
    np.save("b.npy", ONE)
    outcome = run("compare", "a.npy", "b.npy")
    assert outcome.code == 0
    assert (
        "a.npy: these look like probabilities, not logits: --input probs would fit" in outcome.err
    )


# Temperatures


def test_a_temperature_for_all_models_or_one_for_each(run: Run) -> None:
    run("calibrate", BASE, LABELS, "-q", "-o", "t.json")
    fitted = str(json.loads(Path("t.json").read_text())["temperature"])
    plain = metrics_of(run("compare", *DIGITS, "--json"))
    of_all = run("compare", *DIGITS, "--temperature", "2", "--json")
    each = run("compare", *DIGITS, "--temperature", "1", "--temperature", "t.json", "--json")
    for name, options in ((BASE, ["--temperature", "2"]), (NEW, ["--temperature", "2"])):
        want = float(run("loss", name, LABELS, *options).out)
        assert metrics_of(of_all)[f"loss_{'base' if name == BASE else 'new'}"]["value"] == want
    base, was = (found["loss_base"]["value"] for found in (metrics_of(each), plain))
    assert base == pytest.approx(was, rel=1e-8)
    cooled = run("loss", NEW, LABELS, "--temperature", fitted)
    assert metrics_of(each)["loss_new"]["value"] == float(cooled.out)
    assert (of_all.json["temperature_base"], of_all.json["temperature_new"]) == (2.0, 2.0)
    assert each.json["temperature_new"] == float(fitted)
    assert each.json["base"] == str(BASE)
    assert each.json["new"] == f"{NEW} (T = 0.5725)"


def test_a_model_beside_itself_at_another_temperature(run: Run, terminal: Terminal) -> None:
    options = ("--temperature", "1", "--temperature", "0.5725")
    outcome = terminal("compare", BASE, BASE, "--labels", LABELS, *options)
    assert "digits_logits.npy (T = 0.5725) is better: loss -0.045" in " ".join(outcome.text.split())
    same = run("compare", BASE, BASE, "--labels", LABELS, "--temperature", "2", "--metric", "kl")
    assert float(same.out) == 0.0


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        (
            ["--temperature", "2"] * 2,
            "--temperature is given 2 times, and there are 3 models",
            "once",
        ),
        (["--temperature", "0"], "--temperature must be positive, not 0.0", ""),
        (["--temperature", "nowhere.json"], "neither a number nor a file", ""),
        (["--input", "probs", "--temperature", "2"], "holds probabilities", "with 1 for this one"),
    ],
)
def test_temperatures_that_are_refused(run: Run, more: list[str], message: str, hint: str) -> None:
    outcome = run("compare", BASE, NEW, NEW, *more)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
    assert hint in outcome.err


def test_a_file_of_a_temperature_that_is_damaged(run: Run) -> None:
    for content in ("{", '{"temperature": null}', '{"command": "eval"}', '{"temperature": "2"}'):
        Path("t.json").write_text(content)
        outcome = run("compare", *DIGITS, "--temperature", "t.json")
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err.startswith("error: t.json: ")


# Pages and pictures


def test_a_page_and_a_picture(run: Run) -> None:
    gates = ("--fail-if", "loss_difference > 2 se", "--fail-if", "kl > 9")
    outcome = run("compare", *DIGITS, *gates, "--report", "a.html", "--plot", "a.svg")
    assert outcome.code == 3
    page = Path("a.html").read_text()
    assert "1 of 2 gates failed." in page
    assert "digits_weak_logits.npy is worse: loss +0.565 ± 0.021 (paired)" in page
    assert f"{DIGITS[0]}" in page
    assert "443 rows worse, 7 better, 0 the same" in page
    assert "How much the losses of rows changed" in Path("a.svg").read_text()
    plain = run("compare", *DIGITS)
    assert outcome.out == plain.out
    for kind in ("losses", "reliability", "predictions"):
        picture = f"{kind}.png"
        assert run("compare", *DIGITS, "--plot", picture, "--plot-kind", kind, "-q").code == 0
        assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_pages_and_pictures_that_are_refused(run: Run) -> None:
    outcome = run("compare", BASE, NEW, NEW, "--plot", "a.png")
    assert outcome.code == 2
    assert "--plot draws one model beside the first, and there are 3 models" in outcome.err
    outcome = run("compare", BASE, NEW, "--plot", "a.png", "--plot-kind", "roc")
    assert outcome.code == 2
    outcome = run("compare", *DIGITS, "--report", "missing/a.html")
    assert (outcome.code, outcome.out) == (1, "")
    assert not Path("a.png").exists()
