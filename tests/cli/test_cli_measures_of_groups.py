"""Measures that are asked for by name are printed of each group of --by."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from cli_files import write_rows
from cli_tools import Run, Terminal, assert_fits, refusal
from close_to import close_to
from formulas import cross_entropies

BASE = np.random.default_rng(4).normal(size=(40, 3))
NEW = BASE + np.random.default_rng(5).normal(size=(40, 3))
TRUE = np.arange(40) * 7 % 3
SITES = np.array(["north", "south", "sea", "south"] * 10)
NAMES = ["north", "sea", "south"]
BY = ("--by", "site")
EVAL = ("eval", "base.npy", "y.csv", *BY)
COMPARE = ("compare", "base.npy", "new.npy", "--labels", "y.csv", *BY)


def save() -> None:
    np.save("base.npy", BASE)
    np.save("new.npy", NEW)
    pd.DataFrame({"label": TRUE, "site": SITES}).to_csv("y.csv", index=False)


def of_groups(values: np.ndarray) -> list[float]:
    return [float(values[name == SITES].mean()) for name in NAMES]


def test_a_pipe_gets_a_line_for_each_group(run: Run) -> None:
    save()
    loss, change = cross_entropies(BASE, TRUE), cross_entropies(NEW, TRUE)
    hit = (BASE.argmax(1) == TRUE) * 1.0
    for command, wanted in (
        (EVAL, {"loss": loss, "accuracy": hit}),
        (COMPARE, {"loss_difference": change - loss}),
        (COMPARE, {"loss_new": change, "accuracy_base": hit, "loss_base": loss}),
    ):
        metrics = [word for name in wanted for word in ("--metric", name)]
        outcome = run(*command, *metrics, "--state", "a.json", "--force")
        assert outcome.err == ""
        assert [*outcome.table[0]] == ["group", "rows", *wanted]
        assert [row["group"] for row in outcome.table] == NAMES
        for name, values in wanted.items():
            shown = [float(row[name]) for row in outcome.table]
            assert shown == close_to(of_groups(values), rel=1e-13), (command, name)
        assert run("merge", "a.json").out == outcome.out
        groups = run(*command, *metrics, "--json").json["groups"]
        assert [each["name"] for each in groups] == NAMES
        assert {*wanted} < {*groups[0]["metrics"]}


def test_class_weights_give_losses_of_groups_the_usual_linearised_error(run: Run) -> None:
    save()
    weight = np.array([1.0, 0.5, 3.0])[TRUE]
    base, new = (cross_entropies(values, TRUE) for values in (BASE, NEW))
    wanted = {"loss": base, "loss_base": base, "loss_new": new, "loss_difference": new - base}
    for command in (EVAL, COMPARE):
        groups = run(*command, "--weight", "1,0.5,3", "--json", "--state", "a.json", "--force").json
        assert run("merge", "a.json", "--json").json["groups"] == groups["groups"]
        for group in groups["groups"]:
            rows = group["name"] == SITES
            n, w = np.count_nonzero(rows), weight[rows]
            for name in wanted.keys() & group["metrics"].keys():
                losses = wanted[name][rows]
                mean = (w * losses).sum() / w.sum()
                error = np.sqrt(n / (n - 1) * ((w * (losses - mean)) ** 2).sum()) / w.sum()
                got = group["metrics"][name]
                assert (got["value"], got["standard_error"]) == close_to((mean, error), rel=1e-12)
                assert got["n"] == n


def test_nearly_equal_losses_have_an_error(run: Run) -> None:
    save()
    losses = 1.7 + 1e-9 * np.random.default_rng(6).normal(size=40)
    for name, change in (("base", 0.0), ("new", losses)):
        np.save(f"{name}.npy", np.stack([-losses - change, np.full(40, -9.0)], axis=1))
    pd.DataFrame({"label": TRUE * 0, "site": SITES}).to_csv("y.csv", index=False)
    for command, measure in ((EVAL, "loss"), (COMPARE, "loss_difference")):
        found = run(*command, "--input", "log-probs", "--metric", measure, "--json").json
        every = [losses, *(losses[name == SITES] for name in NAMES)]
        for result, some in zip([found, *found["groups"]], every, strict=True):
            shifted = some - some[0]  # which is exact
            error = shifted.std(ddof=1) / len(some) ** 0.5
            assert result["metrics"][measure]["standard_error"] == close_to(error, rel=1e-13)


def test_each_of_several_models_has_its_groups(run: Run) -> None:
    save()
    models = ("compare", "base.npy", "new.npy", "base.npy", "--labels", "y.csv", *BY)
    rows = run(*models, "--metric", "agreement").table
    same = (BASE.argmax(1) == NEW.argmax(1)) * 1.0
    assert [(row["model"], row["group"]) for row in rows] == [
        (model, name) for model in ("new.npy", "base.npy") for name in NAMES
    ]
    shares = [float(row["agreement"]) for row in rows]
    assert shares == close_to([*of_groups(same), 1.0, 1.0, 1.0], rel=1e-13)


def test_what_groups_do_not_have_is_told(run: Run) -> None:
    save()
    there = "which have loss, accuracy, brier, ece"
    alone = run(*EVAL, "--metric", "macro_f1")
    assert alone.out == run("eval", "base.npy", "y.csv", "--metric", "macro_f1").out
    assert alone.err == f"warning: macro_f1 is not measured of groups, {there}\n"
    both = run(*EVAL, "--metric", "macro_f1", "--metric", "loss")
    assert [row["metric"] for row in both.table] == ["macro_f1", "loss"]
    assert both.err == alone.err
    told = run(*COMPARE, "--metric", "mcnemar_p").err
    assert told.startswith("warning: mcnemar_p is not measured of groups, which have loss_base")
    for name in ("bins", "groups", "all"):  # tables need no word
        assert run(*EVAL, "--metric", name).err == ""


def test_a_terminal_shows_all_rows_and_then_the_groups(run: Run, terminal: Terminal) -> None:
    save()
    for command, names in (
        (EVAL, ["ece", "macro_f1", "accuracy"]),
        (COMPARE, ["loss_base", "loss_new", "loss_difference", "accuracy_difference", "kl"]),
    ):
        metrics = [word for name in names for word in ("--metric", name)]
        screen = terminal(*command, *metrics, "--quiet")
        assert_fits(screen, 80)
        place = screen.lines.index("groups")
        assert [line.split()[0] for line in screen.lines[1:place] if line] == names
        below = [line for line in screen.lines[place + 1 :] if line]
        heads = [line.split() for line in below if line.startswith("group ")]
        measured = [name for name in names if name != "macro_f1"]
        assert [
            name for head in heads for name in head if name not in ("group", "rows")
        ] == measured
        assert len(below) == (1 + len(NAMES)) * len(heads)
        assert not any("…" in line for line in below)
    rows = run(*COMPARE, "--metric", "loss_difference").table
    screen = terminal(*COMPARE, "--metric", "loss_difference")
    for name, row in zip(NAMES, rows, strict=True):
        (line,) = (each for each in screen.lines if each.startswith(f"{name} "))
        shown, _, error = line.split()[2:]
        assert shown.startswith("+" if float(row["loss_difference"]) > 0 else "-")
        assert abs(float(shown) - float(row["loss_difference"])) <= float(error) / 50


def test_tasks_that_nobody_asked_for_leave_one_number(run: Run) -> None:
    """Samples of several tasks are grouped by themselves; a script still gets its number."""
    lines = [
        f'{{"doc_id": {i}, "target": "0", "filtered_resps": [["-{i + 1}.5", "True"], ["-2.0", '
        f'"False"]], "resps": [[["-{i + 1}.5", "True"]], [["-2.0", "False"]]], "doc": {{}}, '
        '"arguments": [["a", " b"], ["a", " c"]]}\n'
        for i in range(3)
    ]
    for task in ("one", "two"):
        Path(f"samples_{task}_2026-01-01T00-00-00.000000.jsonl").write_text("".join(lines))
    outcome = run("eval", "samples_*.jsonl", "--metric", "accuracy", "--state", "a.json")
    assert outcome.number == close_to(1 / 3, rel=1e-13)
    assert run("merge", "a.json").out == outcome.out
    names = [each["name"] for each in run("eval", "samples_*.jsonl", "--json").json["groups"]]
    assert names == ["one", "two"]


def test_whether_the_first_row_of_a_file_of_names_is_one(run: Run) -> None:
    logits = np.eye(3) * 3.0
    np.save("z.npy", logits)
    np.save("y.npy", np.arange(3))
    write_rows("z.csv", [*"abc"], logits.tolist())
    Path("again.txt").write_text("north\nsouth\nnorth\n")
    Path("once.txt").write_text("north\nsouth\nsouth\n")
    Path("named.txt").write_text("site\nnorth\nsouth\nsouth\n")
    line = ("eval", "z.npy", "y.npy", "--metric", "accuracy", "--by")
    again = run(*line, "again.txt")
    assert again.err == (
        "note: again.txt: the first row is read as a name of a group (else --header)\n"
    )
    assert again.out.splitlines()[1:] == ["north,2,1.0", "south,1,1.0"]
    named = run(*line, "named.txt")
    assert (named.err, named.out.splitlines()[1:]) == ("", ["north,1,1.0", "south,2,1.0"])
    refused = refusal(run(*line, "once.txt"))
    assert refused.error == "once.txt: 2 groups, and z.npy has more rows"
    assert refused.hint == "if the first row of once.txt is no header: --no-header"
    assert run(*line, "once.txt", "--no-header").out == named.out
    refused = refusal(run("eval", "z.csv", "y.npy", "--by", "once.txt"))
    assert refused.hint == "if the first row of once.txt is no header: write one above it"
    refused = refusal(run("loss", "z.csv", "once.txt", "--classes", "x,south,y"))
    assert refused.hint == "if the first row of once.txt is no header: --no-labels-header"
    longer = "y\n0\n1\n2\n0\n"  # its first row is known to be a header
    Path("longer.csv").write_text(longer)
    assert refusal(run("loss", "z.npy", "longer.csv")).hint == ""


def test_what_is_said_to_show_the_rest_of_a_table_does(run: Run, terminal: Terminal) -> None:
    """A screen said of groups and classes that a pipe gets all, which it does if asked for them."""
    rng = np.random.default_rng(6)
    np.save("base.npy", rng.normal(size=(400, 150)))
    np.save("new.npy", rng.normal(size=(400, 150)))
    np.save("y.npy", rng.integers(0, 150, 400))
    for command, tables in (
        (("eval", "base.npy", "y.npy", "--by", "y.npy"), ["groups", "classes", "confusions"]),
        (("compare", "base.npy", "new.npy", "--labels", "y.npy", "--by", "y.npy"), ["groups"]),
    ):
        screens = [terminal(*command).text]
        screens += [terminal(*command, "--metric", name).text for name in tables]
        assert all("| cat" in screen for screen in screens[2:])
        said = [re.findall(r"(\d+) of ([\d,]+)\b.*; all: (.*)", screen) for screen in screens]
        assert len(said[0]) > 0
        for shown, count, how in [each for one in said for each in one]:
            words = how.removesuffix(" | cat").split()
            assert words[0] == "--metric"
            rows = run(*command, *words).table
            if words[1] not in ("changed_rows", "worst_rows"):  # of which --worst has 10
                assert len(rows) >= int(count.replace(",", "")) > int(shown), how
