"""What a person sees of explain and info, whose pages hold more than a table."""

import re
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, Terminal, assert_fits
from in_one_test import in_one_test

pytestmark = pytest.mark.usefixtures("folder")
EXPLAIN = ["explain", "--logits", "z.csv", "--labels", "y.csv"]
WIDTHS = [80, 40]


@in_one_test
@pytest.mark.parametrize("columns", WIDTHS)
def test_explain(terminal: Terminal, run: Run, columns: int) -> None:
    found = run(*EXPLAIN, "--json").json["explanation"]
    screen = terminal(*EXPLAIN, columns=columns)
    assert_fits(screen, columns)
    flat = re.sub(r"\s+", " ", screen.text)
    for step in ("logits", "softmax", "one-hot", "-y * log(p)", "log_softmax", "three routes"):
        assert step in flat
    for route in found["routes"]:
        assert repr(route["loss"]) in screen.text, "the results in full"
        if columns == 80:
            assert route["formula"] in screen.text
    assert "row loss" in flat


@in_one_test
@pytest.mark.parametrize("columns", WIDTHS)
def test_explain_says_what_it_leaves_out(terminal: Terminal, folder: Path, columns: int) -> None:
    np.save(folder / "big.npy", np.random.default_rng(0).normal(size=(5, 30)))
    np.save(folder / "y.npy", np.array([7, 1, 29, 0, 3]))
    screen = terminal("explain", "--logits", "big.npy", "--labels", "y.npy", columns=columns)
    assert_fits(screen, columns)
    headers = [line.split() for line in screen.lines if line.split()[:1] == ["row"]]
    assert headers
    for header in headers:
        assert "…" in header, "a mark where columns are left out"
    if columns == 80:
        assert {"1", "7", "29"} <= set(headers[0]), "the columns of the labels"
    assert "of 30 columns" in re.sub(r"\s+", " ", screen.text)


def test_explain_of_underflow(terminal: Terminal, folder: Path) -> None:
    (folder / "z.csv").write_text("0,1000,3\n")
    (folder / "y.csv").write_text("0\n")
    screen = terminal(*EXPLAIN)
    assert screen.code == 0
    assert "nan" in screen.text
    assert "1000.0" in screen.text
    assert "becomes 0" in screen.text


def test_explain_of_nan_names_the_place(terminal: Terminal, folder: Path) -> None:
    np.save(folder / "z.npy", np.array([[0.0, np.nan]]))
    np.save(folder / "y.npy", np.array([0]))
    screen = terminal("explain", "--logits", "z.npy", "--labels", "y.npy")
    assert "In 0 places" not in screen.text
    assert screen.code == 1
    assert "z.npy[0, 1]: logit nan" in screen.text


@in_one_test
@pytest.mark.parametrize("columns", WIDTHS)
def test_info(terminal: Terminal, run: Run, columns: int) -> None:
    found = run("info", "z.csv", "y.npy", "--json").json["files"]
    screen = terminal("info", "z.csv", "y.npy", columns=columns)
    assert_fits(screen, columns)
    flat = re.sub(r"\s+", " ", screen.text)
    for said in ("z.csv", "y.npy", "5 × 3", "cat, dog, bird", "looks like", "logits", "labels"):
        assert said in flat
    if columns == 80:
        lines = [line.split()[0] for line in screen.lines if line]
        assert lines == ["file", "z.csv", "y.npy", "fits:"], "a line each"
        assert f"{found[0]['minimum']:.4g} to {found[0]['maximum']:.4g}" in flat
    else:
        alone = terminal("info", "z.csv", columns=columns).text
        for number in ("minimum", "maximum", "mean"):
            assert repr(found[0][number]) in screen.text
            assert repr(found[0][number]) in alone
    assert "xent loss z.csv y.npy" in flat
