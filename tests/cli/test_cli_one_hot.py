"""one-hot: rows of labels, their dtype, and the names of their columns."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from in_one_test import in_one_test

pytestmark = pytest.mark.usefixtures("folder")
ONE_HOT = "1,0,0\n0,1,0\n0,0,1\n1,0,0\n0,1,0\n"


def test_one_hot(run: Run, folder: Path) -> None:
    for name in ("y.npy", "y.csv", "-"):
        outcome = run("one-hot", name, stdin=(folder / "y.csv").read_bytes())
        assert outcome == (0, ONE_HOT.encode(), b""), name


def test_one_hot_with_more_classes(run: Run, folder: Path) -> None:
    assert run("one-hot", "y.npy", "--num-classes", "4", "-o", "out.npy").code == 0
    got = np.load(folder / "out.npy")
    np.testing.assert_array_equal(got, np.eye(4)[np.load(folder / "y.npy")])
    assert got.dtype == np.uint8


def test_one_label_without_an_axis_is_one_row_without_one(run: Run, folder: Path) -> None:
    np.save("one.npy", 1)
    assert run("one-hot", "one.npy", "--num-classes", "4", "-o", "out.npy").code == 0
    np.testing.assert_array_equal(np.load(folder / "out.npy"), [0, 1, 0, 0])
    assert run("one-hot", "one.npy", "--json").json["shape"] == [2]


def test_one_hot_dtype(run: Run, folder: Path) -> None:
    for dtype in ("uint8", "int64", "float32", "bool"):
        assert run("one-hot", "y.npy", "--dtype", dtype, "-o", "out.npy", "--force").code == 0
        assert np.load(folder / "out.npy").dtype == dtype
        text = run("one-hot", "y.npy", "--dtype", dtype).out
        assert text.startswith("1.0,0.0" if dtype == "float32" else "1,0")


def test_one_hot_classes_name_the_columns(run: Run) -> None:
    outcome = run("one-hot", "y.npy", "--classes", 'cat,"dog, small",bird')
    assert outcome.out == 'cat,"dog, small",bird\n' + ONE_HOT
    assert run("one-hot", "y.npy", "--classes", "a,b,c", "--json").json["columns"] == [*"abc"]
    assert run("one-hot", "y.npy", "--classes", "a,b,c", "--num-classes", "3").code == 0
    assert run("one-hot", "y.npy", "--classes", "a,b,c", "--num-classes", "4").code == 2


def test_one_hot_of_labels_from_one(run: Run, folder: Path) -> None:
    np.save(folder / "from_one.npy", np.load(folder / "y.npy") + 1)
    assert run("one-hot", "from_one.npy", "--label-base", "1").out == ONE_HOT


def test_one_hot_of_a_label_column(run: Run) -> None:
    Path("both.csv").write_text("name,label\nx,0\ny,2\n")
    assert run("one-hot", "both.csv", "--columns", "label").out == "1,0,0\n0,0,1\n"
    assert run("one-hot", "both.csv", "--drop", "name").out == "1,0,0\n0,0,1\n"


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_ids_beside_labels_are_left_out_and_how_they_are_kept_is_said(
    run: Run, ending: str
) -> None:
    """No rows are matched here, by place or otherwise: there is no second file."""
    table = pd.DataFrame({"id": ["a", "b"], "label": [0, 1]})
    name = f"ids.{ending}"
    table.to_csv(name, index=False) if ending == "csv" else table.to_parquet(name, index=False)
    found = run("one-hot", name)
    assert found.out == "1,0\n0,1\n"
    said = f"note: {name}: column 'id' is not taken for labels"
    assert found.err == f"{said} (--id-column id writes it before each row)\n"
    assert run("one-hot", name, "--id-column", "id").out.endswith("a,1,0\nb,0,1\n")
    np.save("z.npy", np.eye(2) * 3.0)  # where rows are matched, a note says how
    assert run("loss", "z.npy", name).err == f"{said}; rows are matched by place\n"
    if ending == "parquet":
        table.set_index("id").to_parquet(name)
        said = f"note: {name}: the index that pandas saved, 'id', is left out"
        assert run("one-hot", name).err == f"{said}\n"


def test_one_hot_of_no_labels(run: Run, folder: Path) -> None:
    np.save(folder / "none.npy", np.zeros((2, 0), np.int64))
    refused = refusal(run("one-hot", "none.npy"))
    assert refused.error.startswith("none.npy: no labels to count the classes by")
    assert run("one-hot", "none.npy", "--num-classes", "3", "-o", "out.npy").code == 0
    assert np.load(folder / "out.npy").shape == (2, 0, 3)


def test_one_hot_writes_ids_before_the_rows(run: Run) -> None:
    Path("both.csv").write_text("key,label\nb,dog\n007,cat\na b,dog\n")
    named = run("one-hot", "both.csv", "--id-column", "key", "--classes", "cat,dog")
    assert (named.out, named.err) == ("key,cat,dog\nb,0,1\n007,1,0\na b,0,1\n", "")
    assert run("one-hot", "both.csv", "--classes", "cat,dog").out == "cat,dog\n0,1\n1,0\n0,1\n"
    Path("hot.csv").write_text(named.out)
    Path("z.csv").write_text("key,cat,dog\na b,1,2\nb,0,3\n007,2,0\n")
    losses = ("loss", "z.csv", "--id-column", "key", "--labels")
    assert run(*losses, "hot.csv").number == run(*losses, "both.csv").number
    Path("numbers.csv").write_text("label,key\n2,x\n0,y\n")
    assert (
        run("one-hot", "numbers.csv", "--id-column", "key").out == "key,0,1,2\nx,0,0,1\ny,1,0,0\n"
    )
    as_json = run("one-hot", "numbers.csv", "--id-column", "key", "--json").json
    assert (as_json["id_column"], as_json["ids"]) == ("key", ["x", "y"])
    missing = refusal(run("one-hot", "numbers.csv", "--id-column", "id")).error
    assert missing == "numbers.csv: there is no column 'id'; it has 'label', 'key'"
    binary = run("one-hot", "numbers.csv", "--id-column", "key", "-o", "out.npy")
    assert refusal(binary).error.startswith("out.npy: npy holds no ids")
    assert not Path("out.npy").exists()


NAMED = ["--classes", "cat,dog,bird"]
BY_ID = ["--id-column", "id"]


@in_one_test
@pytest.mark.parametrize(
    ("output", "classes", "by"),
    [
        *((each, [], []) for each in ("-", "hot.csv", "hot.parquet")),
        ("hot.parquet", [], BY_ID),
        *((each, NAMED, []) for each in ("hot.tsv", "hot.arrow")),
        ("hot.csv", NAMED, BY_ID),
    ],
)
def test_rows_with_ids_are_read_again(
    run: Run, output: str, classes: list[str], by: list[str]
) -> None:
    """The ids' name was lost without names of classes, and lists in Parquet went by place."""
    draw = np.random.default_rng(2)
    z, y, order = draw.normal(size=(6, 3)), draw.integers(0, 3, 6), draw.permutation(6)
    y[0] = 2  # as many classes as the logits have
    ids = [f"row-{i}" for i in range(6)]
    logits = [f"{ids[i]},{','.join(map(repr, z[i].tolist()))}" for i in range(6)]
    Path("z.csv").write_text("\n".join(["id,cat,dog,bird", *logits, ""]))
    labels = [f"{ids[i]},{y[i]}" for i in order]
    Path("ids.csv").write_text("\n".join(["id,label", *labels, ""]))
    made = run("one-hot", "ids.csv", "--id-column", "id", *classes, "-o", output, "--force")
    assert made.code == 0, made.err
    found = run("loss", "z.csv", output, *by, stdin=made.stdout)
    want = (np.log(np.exp(z).sum(axis=1)) - z[np.arange(6), y]).mean()
    assert found.number == close_to(want, rel=1e-14)
    assert f"{'<stdin>' if output == '-' else output}: in another order than z.csv" in found.err
    assert ("by number with" in found.err) == (not classes)


def test_columns_that_count_the_classes_go_by_number_or_not_at_all(run: Run) -> None:
    Path("y.csv").write_text("0,1,2\n1,0,0\n0,0,1\n")
    for names, code in (("a,b,c", 0), ("2,1,0", 0), ("1,2,3", 1), ("a,b,0", 1)):
        Path("z.csv").write_text(f"{names}\n1.5,2.5,4.5\n1.5,2.5,4.5\n")
        found = run("loss", "z.csv", "y.csv", "--labels-header", "--header")
        assert found.code == code, (names, found.err)
        if names == "a,b,c":
            assert "note: y.csv: its columns count the classes; they are matched by" in found.err


def test_probabilities_without_names_keep_the_name_of_their_ids(run: Run) -> None:
    Path("lists.csv").write_text('key,z\na,"[0, 0]"\nb,"[0, 0]"\n')
    out = run("softmax", "lists.csv", "--id-column", "key").out
    assert out == "key,0,1\na,0.5,0.5\nb,0.5,0.5\n"
