"""xent compare: what a pipe, JSON and a page get, of two models and of three, and its gates."""

import re
from pathlib import Path

import numpy as np
from cli_files import write_rows
from cli_tools import Run
from close_to import close_to
from compare_tools import (
    BASE,
    DIGITS_OF_TWO,
    LABELS,
    MODELS,
    NEW,
    ONE,
    TRUE,
    TWO,
    metrics_of,
    save_models,
)
from formulas import cross_entropies

HEADER = "metric,value,standard_error,low,high,n"


def test_a_pipe_gets_a_line_for_each_measure(run: Run) -> None:
    outcome = run("compare", *DIGITS_OF_TWO)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == HEADER
    rows = {row["metric"]: row for row in outcome.table}
    assert rows["loss_base"]["value"] == run("loss", BASE, LABELS).out.strip()
    assert rows["loss_new"]["value"] == run("loss", NEW, LABELS).out.strip()
    accuracy = run("eval", NEW, LABELS, "--metric", "accuracy")
    assert rows["accuracy_new"]["value"] == accuracy.out.strip()
    assert (rows["only_base_right"]["value"], rows["mcnemar_p"]["n"]) == ("48", "49")
    assert not [name for name in rows if "perplexity" in name]


def test_one_measure_is_a_bare_number(run: Run) -> None:
    assert run("compare", *DIGITS_OF_TWO, "--metric", "agreement").out == f"{398 / 450!r}\n"
    assert run("compare", *DIGITS_OF_TWO, "--metric", "both_right").out == "388\n"
    assert run("compare", *DIGITS_OF_TWO, "--metric", "infinite_rows").out == "0\n"


def test_one_table_is_its_rows(run: Run) -> None:
    rows = run("compare", *DIGITS_OF_TWO, "--metric", "changed_rows", "--worst", "3").table
    losses = [run("loss", each, LABELS, "--reduction", "none").out.split() for each in (BASE, NEW)]
    changes = [float(new) - float(base) for base, new in zip(*losses, strict=True)]
    order = sorted(range(450), key=lambda i: (-abs(changes[i]), i))[:3]
    assert [int(row["row"]) for row in rows] == order
    assert [float(row["change"]) for row in rows] == [changes[i] for i in order]
    percentiles = run("compare", *DIGITS_OF_TWO, "--metric", "percentiles").table
    assert [float(row["percent"]) for row in percentiles][-2:] == [99.9, 100.0]


def test_json_has_everything(run: Run) -> None:
    found = run("compare", *DIGITS_OF_TWO, "--json", "--digest").json
    assert found["command"] == "compare"
    assert (found["rows"], found["used"], found["measured"]) == (450, 450, 450)
    assert set(found["metrics"]["kl"]) == {"value", "standard_error", "low", "high", "n"}
    assert [each["role"] for each in found["files"]] == ["base", "new", "labels"]
    assert all(each["sha256"] for each in found["files"])
    assert len(found["changed_rows"]) == 10
    assert found["groups"] is None


# Language models, groups, clusters


def test_sequences_are_clusters_and_have_perplexities(run: Run) -> None:
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 6, 5, 7))
    tokens = rng.integers(0, 7, (6, 5))
    for name, each in (("one", one), ("two", two), ("y", tokens)):
        np.save(f"{name}.npy", each)
    files = [*MODELS, "--class-axis", "-1"]
    outcome = run("compare", *files, "--json")
    found = metrics_of(outcome)
    assert outcome.json["clusters"] == 6
    assert "mcnemar_p takes each row for independent" in outcome.err
    assert "mcnemar_p" not in run("compare", *files, "--metric", "kl").err
    for command in (("compare", *files), ("eval", "one.npy", "y.npy", *files[-2:])):
        slices = run(*command, "--by", "axis0", "--json")  # each is one cluster
        assert "within groups" not in slices.err
        assert [each["clusters"] for each in slices.json["groups"]] == [1] * 6
        rows = run(*command, "--by", "axis0", "--cluster", "rows", "--json").json["groups"]
        for of_slices, errors in ((slices.json["groups"], {False}), (rows, {True})):
            losses = [each["metrics"].get("loss") or each["metrics"]["kl"] for each in of_slices]
            assert {each["standard_error"] is not None for each in losses} == errors
    plain = metrics_of(run("compare", *files, "--cluster", "rows", "--json"))
    assert found["loss_difference"]["value"] == plain["loss_difference"]["value"]
    assert found["loss_difference"]["standard_error"] != plain["loss_difference"]["standard_error"]
    apart = plain["loss_new"]["value"] - plain["loss_base"]["value"]
    assert plain["perplexity_ratio"]["value"] == close_to(np.exp(apart), rel=1e-13)
    np.save("flat-1.npy", one[:, :-1].reshape(-1, 7))
    np.save("flat-2.npy", two[:, :-1].reshape(-1, 7))
    np.save("flat-y.npy", tokens[:, 1:].reshape(-1))
    shifted = metrics_of(run("compare", *files, "--shift", "1", "--cluster", "rows", "--json"))
    flat = ["flat-1.npy", "flat-2.npy", "--labels", "flat-y.npy", "--metric", "all", "--json"]
    assert shifted == metrics_of(run("compare", *flat))


def test_groups_of_a_column(run: Run) -> None:
    save_models()
    regions = ["north" if i % 3 else "south" for i in range(40)]
    write_rows("y.csv", ["label", "region"], zip(TRUE.tolist(), regions, strict=True))
    options = ("--labels", "y.csv", "--by", "region")
    outcome = run("compare", "one.npy", "two.npy", *options, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    groups = {each["name"]: each for each in outcome.json["groups"]}
    for name, group in groups.items():
        here = np.array(regions) == name
        np.save("one.npy", ONE[here])
        np.save("two.npy", TWO[here])
        np.save("y.npy", TRUE[here])
        alone = metrics_of(run("compare", *MODELS, "--json"))
        assert group["rows"] == here.sum()
        assert {"loss_difference", "accuracy_difference", "kl", "agreement"} < {*group["metrics"]}
        for measure, found in group["metrics"].items():
            for field in ("value", "standard_error", "n"):
                assert found[field] == close_to(alone[measure][field], rel=1e-14), measure


# Three models and more


def test_three_models_in_one_table(run: Run) -> None:
    save_models()
    np.save("three.npy", ONE[:, ::-1])
    files = ("one.npy", "two.npy", "three.npy", "--labels", "y.npy")
    outcome = run("compare", *files)
    assert outcome.out.splitlines()[0] == f"model,{HEADER}"
    for name in ("two.npy", "three.npy"):
        alone = run("compare", "one.npy", name, "--labels", "y.npy").table
        assert [row for row in outcome.table if row["model"] == name] == [
            {"model": name, **row} for row in alone
        ]
    found = run("compare", *files, "--json").json["comparisons"]
    assert [each["new"] for each in found] == ["two.npy", "three.npy"]
    gate = run("compare", *files, "--fail-if", "kl > 0.9")
    failed = [line for line in gate.err.splitlines() if "kl" in line]
    apart = {each["new"]: each["metrics"]["kl"]["value"] > 0.9 for each in found}
    assert (gate.code, {*apart.values()}) == (3, {True, False})
    assert [name for name in apart if any(name in line for line in failed)] == [
        name for name, fails in apart.items() if fails
    ]


# Gates


def test_gates(run: Run) -> None:
    worse = run("compare", *DIGITS_OF_TWO, "--fail-if", "loss_difference > 2 se")
    assert worse.code == 3
    assert "loss_difference > 2 se" in worse.err
    assert run("compare", *DIGITS_OF_TWO, "--fail-if", "agreement < 0.5").code == 0
    Path("last.json").write_bytes(run("compare", *DIGITS_OF_TWO, "--json").stdout)
    again = ("--fail-if", "kl > baseline", "--baseline", "last.json")
    assert run("compare", *DIGITS_OF_TWO, *again).code == 0


# Temperatures


def loss_at(logits: Path, temperature: float) -> float:
    """Return the loss of the digits, all in float64."""
    z, labels = np.load(logits) / np.float64(temperature), np.load(LABELS)
    return float((np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), labels]).mean())


def test_a_temperature_for_all_models_or_one_for_each(run: Run) -> None:
    """Models of one temperature have the bits of the command loss, others are float64's."""
    Path("t.json").write_text('{"command": "calibrate", "temperature": 0.5725}')
    for given, of_both, named in (
        (["2"], (2.0, 2.0), (f"{BASE} (T = 2)", f"{NEW} (T = 2)")),
        (["1", "t.json"], (1.0, 0.5725), (str(BASE), f"{NEW} (T = 0.5725)")),
    ):
        options = [word for each in given for word in ("--temperature", each)]
        found = run("compare", *DIGITS_OF_TWO, *options, "--json").json
        for role, name, temperature in zip(("base", "new"), (BASE, NEW), of_both, strict=True):
            loss = found["metrics"][f"loss_{role}"]["value"]
            if len(given) == 1:
                assert loss == run("loss", name, LABELS, "--temperature", "2").number
            else:
                assert loss == close_to(loss_at(name, temperature), rel=1e-13)
            assert found[f"temperature_{role}"] == temperature
        assert (found["base"], found["new"]) == named
    same = run("compare", BASE, BASE, "--labels", LABELS, "--temperature", "2", "--metric", "kl")
    assert same.number == 0.0


# Pages and pictures


def test_a_page_and_a_picture(run: Run) -> None:
    save_models()
    surer = ONE + 0.5 * np.eye(3)[TRUE]
    np.save("two.npy", surer)
    changes = cross_entropies(surer, TRUE) - cross_entropies(ONE, TRUE)
    gates = ("--fail-if", "loss_difference > -9", "--fail-if", "kl > 9")
    outcome = run("compare", *MODELS, *gates, "--report", "a.html", "--plot", "a.svg")
    assert outcome.code == 3
    page = Path("a.html").read_text()
    assert "1 of 2 gates failed." in page
    assert f"✓</span> two.npy is better by loss: loss {changes.mean():+.3f} ± " in page
    assert f"{(changes > 0).sum()} rows worse, {(changes < 0).sum()} better, 0 the same" in page
    assert "How much the losses of rows changed" in Path("a.svg").read_text()
    assert outcome.out == run("compare", *MODELS).out
    assert run("compare", *MODELS, "--plot", "b.svg", "--plot-kind", "predictions", "-q").code == 0
    assert "Predictions of both models" in Path("b.svg").read_text()


def test_a_page_that_cannot_be_written(run: Run) -> None:
    outcome = run("compare", *DIGITS_OF_TWO, "--report", "missing/a.html", "--plot", "a.png")
    assert (outcome.code, outcome.out) == (1, "")
    assert not Path("a.png").exists()


def test_text_that_is_cast_is_what_a_file_of_float32_is(run: Run) -> None:
    rng = np.random.default_rng(8)
    np.save("y.npy", rng.integers(0, 7, 300))
    for name in ("one", "two"):
        rows = rng.normal(size=(300, 7)).astype(np.float32)
        np.save(f"{name}.npy", rows)
        np.savetxt(f"{name}.csv", rows, fmt="%.9g", delimiter=",")
    options = ("--labels", "y.npy", "--temperature", "1.7", "--metric", "all")
    want = run("compare", "one.npy", "two.npy", *options).out
    assert run("compare", "one.csv", "two.csv", *options, "--dtype", "float32").out == want


def test_a_page_has_the_usual_set_whatever_is_printed(run: Run) -> None:
    """Its sentence said that there is nothing to compare, or heeded only what was asked for."""
    save_models()
    asked = ("compare", *MODELS, "--metric", "share_worse")
    paged = run(*asked, "--report", "a.html", "--state", "s.json")
    assert (paged.code, paged.out) == (0, run(*asked).out)
    assert run("merge", "s.json", "--report", "merged.html").code == 0
    change = (cross_entropies(TWO, TRUE) - cross_entropies(ONE, TRUE)).mean()
    sentence = f"two.npy is not clearly better or worse: loss {change:+.2f} ± "
    leads = []
    for path in ("a.html", "merged.html"):
        page = Path(path).read_text()
        leads += re.findall(r'<p class="lead">(.*)</p>', page)
        assert sentence in leads[-1], path
        assert "rows lost: right with the first model alone" in page, path
    assert leads == leads[:1] * 2


def test_what_a_gate_names_is_not_printed_besides(run: Run) -> None:
    save_models()
    asked = ("--metric", "kl", "--metric", "js")
    gated = run("compare", *MODELS, *asked, "--fail-if", "agreement > 1", "--json")
    assert {"kl", "js", "agreement"} == {*gated.json["metrics"]}
    gated = run("compare", *MODELS, *asked, "--fail-if", "agreement > 1")
    assert gated.out == run("compare", *MODELS, *asked).out
