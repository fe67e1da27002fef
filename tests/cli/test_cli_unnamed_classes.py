"""Class probabilities whose header names the classes, beside logits without names."""

import h5py
import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run

LOGITS = np.random.default_rng(4).normal(size=(7, 3))
ONE_HOT = np.eye(3)[[0, 1, 2, 0, 1, 2, 2]]
LOSS = (np.log(np.exp(LOGITS).sum(axis=1)) - (LOGITS * ONE_HOT).sum(axis=1)).mean()
NOTE = "z.npy: its classes have no names; they are matched by number with y.csv"


@pytest.mark.parametrize(
    ("header", "said"), [("ant,bee,cat", True), ("y_0,y_1,y_2", False), ("0,1,2", False)]
)
def test_a_note_says_that_classes_go_by_number(run: Run, header: str, *, said: bool) -> None:
    np.save("z.npy", LOGITS)
    write_rows("y.csv", header.split(","), (0.8 * ONE_HOT + 0.1 * (1 - ONE_HOT)).tolist())
    outcome = run("loss", "z.npy", "y.csv")
    mixed = 0.7 * LOSS + 0.1 * (3 * np.log(np.exp(LOGITS).sum(axis=1)) - LOGITS.sum(axis=1)).mean()
    assert outcome.number == pytest.approx(mixed, rel=1e-12)
    assert (NOTE in outcome.err) == said
    if said:
        assert NOTE not in run("loss", "z.npy", "y.csv", "--classes", header).err


WEIGHTS = np.array([1.0, 2.0, 5.0])
LOSSES = np.log(np.exp(LOGITS).sum(axis=1)) - (LOGITS * ONE_HOT).sum(axis=1)
SEVERAL = np.random.default_rng(5).integers(0, 2, (7, 3))
TERMS = np.logaddexp(0, np.where(SEVERAL == 1, -LOGITS, LOGITS))


@pytest.mark.parametrize(
    ("header", "said"), [("ant,bee,cat", True), ("w0,w1,w2", False), ("0,1,2", False)]
)
def test_a_note_says_that_weights_go_by_number(run: Run, header: str, *, said: bool) -> None:
    np.save("z.npy", LOGITS)
    np.save("y.npy", ONE_HOT.argmax(axis=1))
    write_rows("w.csv", header.split(","), [WEIGHTS.tolist()])
    of_rows = ONE_HOT @ WEIGHTS
    want = (LOSSES * of_rows).sum() / of_rows.sum()
    both = ("z.npy", "y.npy", "--weight", "w.csv")
    assert run("loss", *both).number == pytest.approx(want, rel=1e-12)
    compared = ("compare", "z.npy", "z.npy", "--labels", *both[1:])
    commands = [("loss", *both), compared, ("eval", *both), ("calibrate", *both)]
    for whole in commands if said else commands[:1]:
        assert (NOTE.replace("y.csv", "w.csv") in run(*whole).err) == said, whole
    if not said:
        return
    outcome = run("loss", *both, "--classes", "cat,bee,ant")
    turned = ONE_HOT @ WEIGHTS[::-1]
    assert outcome.number == pytest.approx((LOSSES * turned).sum() / turned.sum(), rel=1e-12)
    assert "by number" not in outcome.err


@pytest.mark.parametrize("header", ["ant,bee,cat", "y_0,y_1,y_2"])
def test_a_note_says_that_binary_labels_go_by_number(run: Run, header: str) -> None:
    np.save("z.npy", LOGITS)
    names = header.split(",")
    write_rows("y.csv", names, SEVERAL.tolist())
    outcome = run("loss", "z.npy", "y.csv", "--binary")
    assert outcome.number == pytest.approx(TERMS.mean(), rel=1e-12)
    assert (NOTE in outcome.err) == (header == "ant,bee,cat")
    write_rows("z.csv", names[::-1], LOGITS[:, ::-1].tolist())
    named = run("loss", "z.csv", "y.csv", "--binary")
    assert (named.number, named.err) == (outcome.number, "")


def test_weights_of_binary_labels_are_matched_by_the_names_of_these(run: Run) -> None:
    """Logits without names have those of their labels."""
    np.save("z.npy", LOGITS)
    write_rows("y.csv", ["ant", "bee", "cat"], SEVERAL.tolist())
    write_rows("w.csv", ["cat", "bee", "ant"], [WEIGHTS[::-1].tolist()])
    write_rows("x.csv", ["dog", "bee", "ant"], [WEIGHTS.tolist()])
    binary = ("loss", "z.npy", "y.csv", "--binary", "--weight")
    outcome = run(*binary, "w.csv")
    assert outcome.number == pytest.approx((TERMS * WEIGHTS).mean(), rel=1e-12)
    assert NOTE in outcome.err
    assert "with w.csv" not in outcome.err
    other = run(*binary, "x.csv")
    assert other.number == outcome.number
    assert NOTE.replace("y.csv", "x.csv") in other.err


def test_the_line_of_a_binary_label_that_its_id_led_to(run: Run) -> None:
    """A label is named by its own line, not by that of its number."""
    write_rows("z.csv", ["id", "z"], [[f"r{i}", 0.5] for i in range(4)])
    write_rows("y.csv", ["id", "label"], [[f"r{i}", 7 if i == 3 else 1] for i in (3, 2, 1, 0)])
    outcome = run("loss", "z.csv", "y.csv", "--binary")
    assert "error: y.csv:2: label 7 is not between 0 and 1" in outcome.err


@pytest.mark.parametrize("header", ["ant,bee,cat", "z_0,z_1,z_2"])
def test_a_note_says_that_only_logits_name_the_classes(run: Run, header: str) -> None:
    """Labels of each class may be in the order of the header, or in that of the model."""
    write_rows("z.csv", header.split(","), LOGITS.tolist())
    np.save("hot.npy", ONE_HOT.astype(int))
    np.save("several.npy", SEVERAL)
    np.save("y.npy", ONE_HOT.argmax(axis=1)[:, None])
    note = "note: {}: its classes have no names; they are matched by number with z.csv\n"
    said = header == "ant,bee,cat"
    outcome = run("loss", "z.csv", "hot.npy")
    assert outcome.number == pytest.approx(LOSSES.mean(), rel=1e-12)
    assert outcome.err == (note.format("hot.npy") if said else "")
    outcome = run("loss", "z.csv", "several.npy", "--binary")
    assert outcome.number == pytest.approx(TERMS.mean(), rel=1e-12)
    assert outcome.err == (note.format("several.npy") if said else "")
    outcome = run("loss", "z.csv", "y.npy")
    assert outcome.number == pytest.approx(LOSSES.mean(), rel=1e-12)
    assert "by number" not in outcome.err


@pytest.mark.parametrize("pair", ["ant,bee,cat z_ant,z_bee,z_cat", "w_0,w_1,w_2 z0,z1,z2"])
def test_weights_are_matched_by_names_without_what_these_share(run: Run, pair: str) -> None:
    one, other = (each.split(",") for each in pair.split())
    for of_weights, of_logits in ((one, other), (other, one)):
        write_rows("z.csv", of_logits, LOGITS.tolist())
        write_rows("w.csv", [of_weights[i] for i in (2, 0, 1)], [WEIGHTS[[2, 0, 1]].tolist()])
        np.save("y.npy", ONE_HOT.argmax(axis=1))
        of_rows = ONE_HOT @ WEIGHTS
        outcome = run("loss", "z.csv", "y.npy", "--weight", "w.csv")
        want = (LOSSES * of_rows).sum() / of_rows.sum()
        assert outcome.number == pytest.approx(want, rel=1e-12)


NUMBERED = LOGITS[:, [2, 0, 1]]
"""The columns of classes 2, 0, 1, in this order."""


@pytest.mark.parametrize("header", ["c_2,c_0,c_1", "c_3,c_1,c_2"])
def test_numbered_classes_in_another_order(run: Run, header: str) -> None:
    """Labels are the numbers, so that what goes by place would be of other classes, or may be."""
    names, ordered = header.split(","), ",".join(sorted(header.split(",")))
    first = int(ordered[-1]) - 2
    write_rows("z.csv", names, NUMBERED.tolist())
    np.save("z.npy", LOGITS)
    np.save("y.npy", ONE_HOT.argmax(axis=1) + first)
    np.save("hot.npy", ONE_HOT)
    write_rows("hot.csv", names, ONE_HOT[:, [2, 0, 1]].tolist())
    write_rows("w.csv", names, [WEIGHTS[[2, 0, 1]].tolist()])
    write_rows("v.csv", ordered.split(","), [WEIGHTS.tolist()])
    of_rows = ONE_HOT @ WEIGHTS
    weighted = (LOSSES * of_rows).sum() / of_rows.sum()
    base = () if first == 0 else ("--label-base", str(first))
    assert run("loss", "z.csv", "y.npy").number == pytest.approx(LOSSES.mean(), rel=1e-12)
    assert run("loss", "z.csv", "y.npy", "--weight", "v.csv").number == pytest.approx(weighted)
    assert run("loss", "z.csv", "hot.csv").number == pytest.approx(LOSSES.mean(), rel=1e-12)
    columns, classes = ("--columns", ordered), ("--classes", ordered)
    kl = ("--metric", "kl_max")
    for words, out, want in (
        (("loss", "z.csv", "y.npy", "--weight", "1,2,5"), columns, weighted),
        (("eval", "z.csv", "y.npy", "--weight", "1,2,5", "--metric", "loss"), columns, weighted),
        (("loss", "z.csv", "hot.npy"), columns, LOSSES.mean()),
        (("compare", "z.csv", "z.npy", *kl), columns, 0.0),
        (("loss", "z.npy", "hot.csv"), classes, LOSSES.mean()),
        (("loss", "z.npy", "y.npy", "--weight", "w.csv"), classes, weighted),
        (("compare", "z.npy", "z.csv", *kl), classes, 0.0),
    ):
        outcome = run(*words)
        assert (outcome.code, outcome.out) == (1, ""), words
        assert f"hint: say their order: {' '.join(out)}\n" in outcome.err, words
        more = base if "z.npy y.npy" in " ".join(words) else ()
        assert run(*words, *out, *more).number == pytest.approx(want, rel=1e-12), words


def test_numbers_of_many_classes_in_another_order(run: Run) -> None:
    """As text they are 0, 1, 10, 11, ..., 2, 3; a header gives weights their classes."""
    names, numbers = sorted(map(str, range(15))), np.arange(15)
    z = np.random.default_rng(1).normal(size=(15, 15))
    write_rows("z.csv", names, z[:, [int(name) for name in names]].tolist())
    np.save("y.npy", numbers)
    np.save("w.npy", numbers + 1.0)
    write_rows("w.csv", [f"w{i}" for i in numbers], [(numbers + 1.0).tolist()])
    refused = run("loss", "z.csv", "y.npy", "--weight", "w.npy")
    assert (refused.code, refused.out) == (1, "")
    assert "and those of z.csv are numbered 0, 1, 10, 11, 12, 13, 14, 2, 3, 4, 5, 6, ..." in (
        refused.err
    )
    assert "hint: name the classes of both files" in refused.err
    losses = np.log(np.exp(z).sum(axis=1)) - z.diagonal()
    want = (losses * (numbers + 1)).sum() / (numbers + 1).sum()
    found = run("loss", "z.csv", "y.npy", "--weight", "w.csv")
    assert found.number == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("output", ["p.npy", "{stem}-p.npy", "p.csv", "p.json"])
def test_names_of_classes_that_an_array_loses(run: Run, output: str) -> None:
    write_rows("z.csv", ["c_2", "c_0", "c_1"], NUMBERED.tolist())
    write_rows("y.csv", ["cat", "ant", "bee"], NUMBERED.tolist())
    for name, said in (("z.csv", "npy" in output), ("y.csv", False)):
        outcome = run("softmax", name, "-o", output, "--force")
        note = f"note: {output}: it holds no names: its columns are of the classes 2, 0, 1\n"
        assert outcome.err == (note if said else ""), name


def test_names_of_labels_beside_their_logits_are_those_of_listed_classes(run: Run) -> None:
    """The numbers of an enumeration, in an order of its own, were taken for places of classes."""
    numbers = {"bee": 0, "cat": 1, "ant": 2}
    kind = h5py.enum_dtype(numbers, basetype="i4")
    labels = [numbers[name] for name in np.array(["ant", "bee", "cat"])[ONE_HOT.argmax(axis=1)]]
    with h5py.File("run.h5", "w") as file:
        file["logits"] = LOGITS
        file.create_dataset("labels", data=labels, dtype=kind)
    line = "loss run.h5 --key logits --label-key labels --classes ant,bee,cat"
    assert run(*line.split()).number == pytest.approx(LOSS, rel=1e-12)
