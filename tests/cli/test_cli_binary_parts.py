"""Binary losses of rows that are read in parts: factors of each row, and files of each part."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal
from close_to import close_to

from xentcli import binary_cross_entropy_with_logits as bce

RNG = np.random.default_rng(8)
Z, Y, W = RNG.normal(0, 3, 40), RNG.integers(0, 2, 40), RNG.random(40)
P = 1.0 / (1.0 + np.exp(-Z))
LOSSES = -W * np.where(Y == 1, np.log(P), np.log1p(-P))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, values in {"z": Z, "y": Y, "w": W}.items():
        np.save(f"{name}.npy", values)


def test_a_factor_for_each_row_is_that_of_the_rows_read(run: Run) -> None:
    pq.write_table(pa.table({"spam": Z}), "z.parquet", row_group_size=7)  # read one by one
    np.savetxt("z.csv", Z)  # whose rows are counted while they are read
    for option in ("--weight", "--pos-weight"):
        factors = W if option == "--weight" else np.where(Y == 1, W, 1.0)
        rows = run("loss", "z.npy", "y.npy", "--binary", option, "w.npy", "--rows", "7:19")
        assert rows.number == close_to((LOSSES / W * factors)[7:19].mean(), rel=1e-12), option
        for path in ("z.parquet", "z.csv"):
            found = run("loss", path, "y.npy", "--binary", option, "w.npy", "--jobs", "1")
            assert found.number == close_to((LOSSES / W * factors).mean(), rel=1e-12), option


@pytest.mark.parametrize("option", ["--weight", "--pos-weight"])
@pytest.mark.parametrize(("factors", "said"), [(39, "have more rows"), (41, "(40,)")])
def test_rows_of_text_are_as_many_as_their_factors(
    run: Run, option: str, factors: int, said: str
) -> None:
    np.savetxt("z.csv", Z)
    np.save("w.npy", np.ones(factors))
    got = run("loss", "z.csv", "y.npy", "--binary", option, "w.npy")
    assert f"w.npy: {option} of shape ({factors},) does not fit logits" in refusal(got).error
    assert said in got.err


def test_factors_that_do_not_fit_no_rows_either(run: Run) -> None:
    for name in ("none", "none_either"):
        np.save(f"{name}.npy", np.zeros((0, 3)))
    np.save("no_labels.npy", np.zeros(0, np.int64))
    binary = run("loss", "none.npy", "none_either.npy", "--binary", "--weight", "1,2")
    classes = run("loss", "none.npy", "no_labels.npy", "--weight", "1,2")
    assert (binary.code, classes.code) == (1, 1)
    assert "--weight of shape (2,) does not fit logits of shape (0, 3)" in binary.err
    assert "--weight must have one number for each of the 3 classes" in classes.err


def test_files_of_labels_belong_to_the_files_at_the_same_place(run: Run) -> None:
    for number, part in enumerate((slice(0, 25), slice(25, 40))):
        np.save(f"z-{number}.npy", Z[part])
        np.save(f"y-{number}.npy", Y[part])
        np.save(f"late-{number + 3}.npy", Y[part])
        np.save(f"odd-{number * 2}.npy", Y[part])
    assert run("loss", "z-*.npy", "y-*.npy", "--binary").err == ""
    late = run("loss", "z-*.npy", "late-*.npy", "--binary")
    assert late.number == bce(Z, Y)
    assert "their names count differently: late-3.npy is for z-0.npy" in late.err
    odd = run("loss", "z-*.npy", "odd-*.npy", "--binary")
    assert odd.code == 1
    assert "odd-2.npy stands at the place of z-1.npy" in odd.err
    np.save("z_train.npy", Z)
    np.save("y_test.npy", Y)
    split = run("loss", "z_train.npy", "y_test.npy", "--binary")
    assert split.number == bce(Z, Y)
    assert "y_test.npy says 'test', and z_train.npy 'train': do they belong together?" in split.err


def test_more_labels_than_values_are_found_by_their_ids(run: Run) -> None:
    Path("z.csv").write_text("id,score\na,1\nb,-2\n")
    Path("more.csv").write_text("id,label\nb,1\nc,0\na,1\n")
    Path("fewer.csv").write_text("id,label\nb,1\n")
    more = run("loss", "z.csv", "more.csv", "--binary", "--id-column", "id")
    assert "more.csv:3: there is no row with the id 'c' in z.csv" in more.err
    fewer = run("loss", "z.csv", "fewer.csv", "--binary", "--id-column", "id")
    assert (more.code, fewer.code) == (1, 1)
    assert "'a'" in fewer.err
