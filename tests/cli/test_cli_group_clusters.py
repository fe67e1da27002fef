"""Errors within groups come from clusters: in commands, on pages, and in states of parts."""

import hashlib
import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_files import write_rows
from cli_tools import Run, Terminal, assert_fits, refusal

from xentcli import evaluate

ROWS = 60
DRAW = np.random.default_rng(8)
BASE, NEW = DRAW.normal(size=(2, ROWS, 3))
SITES = np.array(["land", "sea", "sky"])[np.arange(ROWS) % 3]
PATIENTS = np.where(SITES == "sky", 4, DRAW.integers(0, 6, ROWS))
BESIDE = ("--by", "site", "--cluster", "patient")
EVAL = ("eval", "base.npy", "y.csv")
PAIR = ("compare", "base.npy", "new.npy", "--labels", "y.csv")
COMPARE = ("compare", "base.npy", "new.npy", "base.npy", "--labels", "y.csv")
LOSS, KL = ("--metric", "loss"), ("--metric", "kl")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save("", np.ones_like(SITES, np.bool_))


def save(folder: str, rows: np.ndarray) -> None:
    """Write some rows, so that the same command in their folder is of these alone."""
    path = Path(folder)
    path.mkdir(exist_ok=True)
    np.save(path / "base.npy", BASE[rows])
    np.save(path / "new.npy", NEW[rows])
    labels = {"label": np.arange(ROWS) * 7 % 3, "site": SITES, "patient": PATIENTS}
    pd.DataFrame(labels)[rows].to_csv(path / "y.csv", index=False)


@pytest.mark.parametrize("command", [EVAL, COMPARE], ids=lambda command: command[0])
def test_a_group_is_what_the_command_says_of_its_rows(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    whole = run(*command, *BESIDE, "--json").json
    for place, site in ((0, "land"), (2, "sky")):
        save(site, np.isin(SITES, site))
        monkeypatch.chdir(site)
        alone = run(*command, *BESIDE[2:], "--json").json
        monkeypatch.chdir("..")
        both = [(whole, alone)]
        if "comparisons" in whole:
            both = [*zip(whole["comparisons"], alone["comparisons"], strict=True)]
        for here, there in both:
            group = here["groups"][place]
            assert (group["name"], group["clusters"]) == (site, there["clusters"])
            measured = {name for name in group["metrics"] if name != "ece"}
            assert len(measured) in (3, 8)
            for name in measured:
                assert group["metrics"][name] == there["metrics"][name], (site, name)


def test_people_see_how_many_clusters_a_group_has(run: Run, terminal: Terminal) -> None:
    screen = terminal(*EVAL, *BESIDE, "--metric", "loss")
    assert_fits(screen, 80)
    place = screen.lines.index("groups")
    head, land, _, sky = [line.split() for line in screen.lines[place + 1 :] if line][:4]
    assert head == ["group", "rows", "clusters", "loss"]
    assert land[:3] == ["land", "20", "6"]
    assert "±" in land
    assert sky[:3] == ["sky", "20", "1"]
    assert "±" not in sky
    wide = terminal(*PAIR, *BESIDE, columns=120).lines
    place = next(i for i, line in enumerate(wide) if line.startswith("group "))
    assert wide[place].split()[:3] == ["group", "rows", "clusters"]
    assert [line.split()[2] for line in wide[place + 1 :][:3]][::2] == ["6", "1"]
    csv = run(*EVAL, *BESIDE, "--metric", "groups").out
    assert csv == run(*EVAL, *BESIDE[:2], "--metric", "groups").out


def test_a_page_says_it_too() -> None:
    from xentcli.render.report.page import page  # here, since Matplotlib takes long to import

    asked = partial(evaluate, "base.npy", "y.csv", metrics="groups", by="site")
    assert ">clusters</th>" not in page(asked())
    groups = page(asked(cluster="patient")).partition('id="groups"')[2]
    assert ">clusters</th>" in groups
    assert 'land</th><td class="n">20</td><td class="n">6</td>' in groups.replace("</bdi>", "")


@pytest.mark.parametrize("command", ["eval {0} {2}", "compare {0} {1} --labels {2}"])
def test_parts_of_sequences_merge_to_the_same_bits(run: Run, command: str) -> None:
    """Sequences are clusters unasked; a file of groups says which tokens belong together."""
    shape = (20, 3)
    for name, each in (("one", BASE), ("two", NEW)):
        np.save(f"{name}.npy", each.reshape(*shape, 3))
    np.save("tokens.npy", (np.arange(ROWS) * 5 % 3).reshape(shape))
    np.save("kinds.npy", PATIENTS.reshape(shape) % 3)
    line = command.format("one.npy", "two.npy", "tokens.npy").split()
    line += ["--class-axis", "-1", "--by", "kinds.npy"]
    for i, rows in enumerate((":3", "3:4", "4:")):
        run(*line, "--rows", rows, "--state", f"{i}.json")
    merged = run("merge", "2.json", "0.json", "1.json", "--json", "--state", "m.json").json
    whole = run(*line, "--json", "--state", "w.json").json
    assert merged["groups"] == whole["groups"]
    assert all(each["clusters"] > 1 for each in whole["groups"])
    assert Path("m.json").read_bytes() == Path("w.json").read_bytes()


@pytest.mark.parametrize("command", [(*EVAL, *LOSS), (*PAIR, *KL)], ids=lambda command: command[0])
def test_a_state_without_them_is_refused(run: Run, command: tuple[str, ...]) -> None:
    """It was written when errors within groups took each row for independent."""
    run(*command, *BESIDE, "--rows", ":30", "--state", "new.json")
    run(*command, *BESIDE, "--rows", "30:", "--state", "rest.json")
    plain = json.loads(Path("rest.json").read_text())
    for states in plain["states"]:
        del states["group_clusters" if command[0] == "eval" else "pair_group_clusters"]
    del plain["sha256"]
    text = json.dumps(plain, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    Path("old.json").write_text(json.dumps({**plain, "sha256": digest}))
    assert "group_clusters is in the state" in refusal(run("merge", "old.json")).error
    assert "other measures" in refusal(run("merge", "new.json", "old.json")).error
    assert run("merge", "new.json", "rest.json").code == 0


def test_a_cluster_whose_number_has_a_fraction_in_one_file_alone(run: Run) -> None:
    """Pandas writes whole numbers as 7.0 where one of them is missing."""
    rng = np.random.default_rng(8)
    z, y, patients = rng.normal(size=(60, 3)), rng.integers(0, 3, 60), rng.integers(0, 9, 60)
    np.save("z.npy", z)
    np.save("y.npy", y)
    np.save("patients.npy", patients)
    for i, part in enumerate((slice(0, 25), slice(25, 60))):
        np.save(f"z-{i}.npy", z[part])
        cells = [f"{n}.0" if i else f"{n}" for n in patients[part]]
        write_rows(f"y-{i}.csv", ["label", "patient"], [*zip(y[part], cells, strict=True)])
    both = ("z-*.npy", "y-*.csv", "--label-column", "label", "--cluster", "patient", "--json")
    whole = ("z.npy", "y.npy", "--cluster", "patients.npy", "--json")
    want, found = (run("eval", *words).json for words in (whole, both))
    assert found["clusters"] == want["clusters"] == len({*patients})
    assert found["metrics"] == want["metrics"]


@pytest.mark.parametrize(
    "command", [(*EVAL, *LOSS), (*COMPARE, *KL)], ids=lambda command: command[0]
)
def test_a_note_on_rows_whose_cluster_is_missing(run: Run, command: tuple[str, ...]) -> None:
    note = "note: rows for which no cluster is named count as one cluster\n"
    clusters = np.where(np.arange(ROWS) % 7, PATIENTS.astype(float), np.nan)
    np.save("c.npy", clusters)
    np.save("all.npy", PATIENTS)
    named = ("--label-column", "label", "--cluster")
    assert run(*command, *named, "c.npy").err.count(note) == 1
    assert note not in run(*command, *named, "all.npy").err
    half = (*command, *named, "c.npy", "-q", "--rows")
    for rows in (":20", "20:"):
        assert run(*half, rows, "--state", f"{rows.strip(':')}{rows[0] == ':'}.json").code == 0
    assert run("merge", "20True.json", "20False.json").err.count(note) == 1


@pytest.mark.parametrize(
    ("models", "cluster"),
    [(("eval",), ("--cluster", "patient")), (("compare", "new"), ())],
    ids=["eval", "compare"],
)
def test_a_group_whose_number_has_a_fraction_in_one_file_alone(
    run: Run, models: tuple[str, ...], cluster: tuple[str, ...]
) -> None:
    """Rows of 7.0 were another group than those of 7."""
    rng = np.random.default_rng(9)
    z, y, sites = rng.normal(size=(2, 60, 3)), rng.integers(0, 3, 60), rng.integers(6, 9, 60)
    patients = rng.integers(0, 20, 60)
    parts = {"whole": slice(None), "0": slice(0, 25), "1": slice(25, 60)}
    for name, part in parts.items():
        np.save(f"z-{name}.npy", z[0, part])
        np.save(f"new-{name}.npy", z[1, part])
        cells = [f"{n}.0" if name == "1" else f"{n}" for n in sites[part]]
        rows = zip(y[part], cells, patients[part], strict=True)
        write_rows(f"y-{name}.csv", ["label", "site", "patient"], [*rows])
    found = []
    for name in ("whole", "[01]"):
        new = [f"{each}-{name}.npy" for each in models[1:]]
        words = (models[0], f"z-{name}.npy", *new, "--labels", f"y-{name}.csv", "--by", "site")
        found.append(run(*words, "--label-column", "label", *cluster, "--json").json["groups"])
    assert found[0] == found[1]
    assert [group["name"] for group in found[1]] == ["6", "7", "8"]
