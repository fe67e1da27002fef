"""Groups and clusters that the rows' own ids name: rows are still matched by them."""

from pathlib import Path

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run, refusal
from close_to import close_to
from compare_tools import CLASSES, IDS, Array
from compare_tools import ONE as ALL_OF_ONE
from compare_tools import TRUE as ALL_LABELS
from compare_tools import TWO as ALL_OF_TWO
from in_one_test import in_one_folder

import xentcli as xent

ROWS = 8
ONE, TWO, TRUE = (each[:ROWS] for each in (ALL_OF_ONE, ALL_OF_TWO, ALL_LABELS))
ORDER = np.random.default_rng(8).permutation(ROWS)


@pytest.fixture
def tables(run: Run) -> Run:
    """Write two models, the second one's rows and the labels in another order."""
    write_rows("one.csv", ["id", *CLASSES], [[IDS[i], *ONE[i].tolist()] for i in range(ROWS)])
    write_rows("two.csv", ["id", *CLASSES], [[IDS[i], *TWO[i].tolist()] for i in ORDER])
    write_rows("y.csv", ["id", "label"], [[IDS[i], CLASSES[TRUE[i]]] for i in ORDER])
    return run


def losses(z: Array) -> Array:
    """Return the loss of each row."""
    found: Array = np.log(np.exp(z).sum(axis=1)) - z[np.arange(ROWS), TRUE]
    return found


@in_one_folder
@pytest.mark.parametrize("option", ["--by id", "--cluster id", "--cluster id --id-column id"])
def test_rows_are_matched_by_the_ids_that_name_groups(tables: Run, option: str) -> None:
    measured = ("--metric", "loss", "--metric", "groups", "--json")
    found = tables("eval", "one.csv", "y.csv", *option.split(), *measured).json
    assert found["metrics"]["loss"]["value"] == close_to(losses(ONE).mean(), rel=1e-12)
    if option == "--by id":
        by_name = {each["name"]: each["metrics"]["loss"]["value"] for each in found["groups"]}
        assert by_name == close_to(dict(zip(IDS, losses(ONE), strict=False)), rel=1e-12)
    both = ("compare", "one.csv", "two.csv", *option.split(), "--metric", "kl", "--json")
    losses_too = ("--labels", "y.csv", "--metric", "loss_base", "--metric", "loss_new")
    of_both = tables(*both, *losses_too).json["metrics"]
    assert of_both["loss_base"]["value"] == close_to(losses(ONE).mean(), rel=1e-12)
    assert of_both["loss_new"]["value"] == close_to(losses(TWO).mean(), rel=1e-12)
    p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (ONE, TWO))
    kl = (p * np.log(p / q)).sum(axis=1).mean()
    assert of_both["kl"]["value"] == close_to(kl, rel=1e-9)
    assert tables(*both).json["metrics"]["kl"]["value"] == close_to(kl, rel=1e-9)


def test_the_same_of_a_temperature_and_in_python(tables: Run) -> None:
    fitted = TWO.copy()
    fitted[np.arange(ROWS), TRUE] += 2.0  # so that there is a temperature
    write_rows("two.csv", ["id", *CLASSES], [[IDS[i], *fitted[i].tolist()] for i in range(ROWS)])
    want = xent.calibrate(fitted, TRUE).temperature.value
    found = tables("calibrate", "two.csv", "y.csv", "--cluster", "id", "--json").json
    assert found["temperature"] == close_to(want, rel=1e-12)
    in_python = xent.calibrate("two.csv", "y.csv", cluster="id")
    assert in_python.temperature.value == close_to(want, rel=1e-12)
    loss = xent.evaluate("two.csv", "y.csv", by="id").loss.value
    assert loss == close_to(losses(fitted).mean(), rel=1e-12)
    compared = xent.compare("one.csv", "two.csv", "y.csv", cluster="id")
    assert compared.loss_new.value == close_to(losses(fitted).mean(), rel=1e-12)


@pytest.mark.parametrize("option", ["--by", "--cluster"])
def test_labels_in_a_pipe_are_matched_by_the_ids_that_name_groups(tables: Run, option: str) -> None:
    measured = (option, "id", "--metric", "loss", "--metric", "groups", "--json")
    outcome = tables("eval", "one.csv", "-", *measured, stdin=Path("y.csv").read_bytes())
    assert outcome.json["metrics"]["loss"]["value"] == close_to(losses(ONE).mean(), rel=1e-12)
    assert "<stdin>: in another order than one.csv; matched by 'id'" in outcome.err
    there = tables("eval", "one.csv", "y.csv", *measured).json
    assert outcome.json["groups"] == there["groups"]
    assert outcome.json["clusters"] == there["clusters"]
    reverse = tables("eval", "-", "y.csv", option, "id", stdin=Path("one.csv").read_bytes())
    assert refusal(reverse).error == "<stdin>: column 'id' is read twice, which a pipe is not"


def test_names_and_weights_in_shards_of_their_own(tables: Run) -> None:
    """A pattern stands for their files, which are cut otherwise than those of the logits."""
    names = ["a" if i % 3 else "b" for i in range(ROWS)]
    weights = np.arange(1.0, ROWS + 1)
    for part, places in enumerate((ORDER[:5], ORDER[5:])):
        write_rows(f"by{part}.csv", ["id", "site"], [[IDS[i], names[i]] for i in places])
        write_rows(f"of{part}.csv", ["id", "weight"], [[IDS[i], weights[i]] for i in places])
    groups = ("--by", "by?.csv", "--metric", "groups", "--json")
    found = tables("eval", "one.csv", "y.csv", "--id-column", "id", *groups).json["groups"]
    for each in found:
        of_name = [name == each["name"] for name in names]
        assert each["metrics"]["loss"]["value"] == close_to(losses(ONE)[of_name].mean(), rel=1e-12)
    assert [each["name"] for each in found] == ["a", "b"]
    weighted = ("--sample-weight", "of?.csv")
    loss = tables("loss", "one.csv", "y.csv", "--id-column", "id", *weighted).number
    assert loss == close_to(np.average(losses(ONE), weights=weights), rel=1e-12)
    lacking = refusal(tables("eval", "one.csv", "y.csv", "--by", "no?.csv"))
    assert lacking.error == "y.csv and one.csv: there is no column 'no?.csv'"
