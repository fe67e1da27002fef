"""Frames whose columns speak against taking their classes by place."""

import numpy as np
import pandas as pd
import pytest
from frame_data import CLASSES, LOSS, MOVED, ONE_HOT, Y, Z

import xentcli as xent
from xentcli.errors import InputError


def test_the_same_classes_in_two_orders_are_an_error() -> None:
    assert xent.evaluate(Z, ONE_HOT).loss.value == pytest.approx(LOSS, rel=1e-12)
    weight = pd.Series([1.0, 2.0, 5.0], CLASSES)
    factors = weight.to_numpy()[Y]
    losses = np.log(np.exp(Z.to_numpy()).sum(axis=1)) - Z.to_numpy()[np.arange(6), Y]
    weighed = float((losses * factors).sum() / factors.sum())
    assert float(xent.cross_entropy(Z, Y, weight=weight)) == pytest.approx(weighed, rel=1e-12)
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.cross_entropy(Z, Y, weight=weight[MOVED])
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.evaluate(Z, ONE_HOT[MOVED])
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.compare(Z, Z[MOVED])


def test_a_column_that_may_be_no_class_is_an_error() -> None:
    for name, values in (("label", Y), ("id", range(6)), ("Unnamed: 0", range(6)), ("who", Y)):
        frame = Z.assign(**{name: values})
        for function in (xent.cross_entropy, xent.evaluate, xent.loss, xent.calibrate):
            with pytest.raises(InputError, match=f"logits: column '{name}' may be no class"):
                function(frame, Y)
        with pytest.raises(InputError, match=f"new: column '{name}' may be no class"):
            xent.compare(Z.assign(dog=0.5), frame)
        with pytest.raises(InputError, match=f"x: column '{name}' may be no class") as caught:
            xent.softmax(frame)
        assert caught.value.hint == "leave it out of the frame; if it is a class, give to_numpy()"
    scores = Z.set_axis(["score_0", "score_1", "score_2"], axis=1)
    assert xent.evaluate(scores, Y).loss.value == pytest.approx(LOSS, rel=1e-12)


def test_columns_that_number_classes_otherwise_than_labels_are_an_error() -> None:
    """A command matches such labels to the header; in Python all labels count columns."""
    for numbers in ([1, 2, 3], [2, 1, 0], ["0", "2", "1"]):
        frame = Z.set_axis(numbers, axis=1)
        for function in (xent.cross_entropy, xent.evaluate, xent.calibrate):
            for labels in (Y, Y.to_numpy()[:, None], Y.to_frame(), Y.tolist()):
                with pytest.raises(InputError, match="numbers, but not 0 to 2 in order") as caught:
                    function(frame, labels)
        assert caught.value.hint == "labels count columns: number these so, or give to_numpy()"
    one_hot = np.eye(3)[Y]
    found = xent.evaluate(Z.set_axis([1, 2, 3], axis=1), one_hot)
    assert found.loss.value == pytest.approx(LOSS, rel=1e-12)
    for fine, labels, base in ((["0", "1", "2"], Y, 0), ([1, 2, 3], Y + 1, 1)):
        found = xent.evaluate(Z.set_axis(fine, axis=1), labels, label_base=base)
        assert found.loss.value == pytest.approx(LOSS, rel=1e-12)


def test_class_weights_in_the_order_of_their_counts() -> None:
    """`1 / labels.value_counts()` begins with the class that occurs most."""
    z, labels = Z.to_numpy(), pd.Series([2, 1, 2, 0, 1, 2])
    weight = 1 / labels.value_counts()
    factors = weight.sort_index().to_numpy()[labels]
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(6), labels]
    right = float((losses * factors).sum() / factors.sum())
    for logits in (z, Z, pd.DataFrame(z)):
        assert xent.loss(logits, labels, weight=weight.sort_index()).loss == pytest.approx(right)
        for wrong in (weight, weight.rename(float)):
            with pytest.raises(InputError, match="weight: its index has the classes in another"):
                xent.loss(logits, labels, weight=wrong)
    moved = pd.Series(weight.sort_index().to_numpy(), CLASSES)[MOVED]
    with pytest.raises(InputError, match="weight: its index has the classes in another order"):
        xent.evaluate(z, labels, weight=moved, classes=CLASSES)
    assert "weight: the index names 'cat', ...: weights go by place" in (
        xent.evaluate(z, labels, weight=moved).notes
    )
    notes = xent.evaluate(Z, labels, weight=moved[CLASSES]).notes
    assert not [note for note in notes if note.startswith("weight: ")]
    # These weigh rows, of which an index may have any order.
    binary = pd.Series(np.arange(6.0), np.arange(6)[::-1])
    assert xent.loss(z[:, 0], labels > 1, weight=binary, binary=True).used == 6


def test_columns_numbered_in_another_order_beside_what_has_no_names() -> None:
    """Whatever has no names may go by these numbers or by place, and nothing says which."""
    z, one_hot, moved = Z.to_numpy(), np.eye(3)[Y], [2, 0, 1]
    for names in (moved, ["2", "0", "1"], [2.0, 0.0, 1.0], ["p2", "p0", "p1"]):
        frame, targets = Z.set_axis(names, axis=1), ONE_HOT.set_axis(names, axis=1)
        said = "the columns are numbers in another order, and {} has no names"
        for given, message in (
            ({"logits": frame, "labels": one_hot}, f"logits: {said.format('labels')}"),
            ({"logits": frame, "labels": one_hot.tolist()}, f"logits: {said.format('labels')}"),
            ({"logits": z, "labels": targets}, f"labels: {said.format('logits')}"),
            (
                {"logits": frame, "labels": targets, "weight": [1.0, 2.0, 3.0]},
                f"logits: {said.format('weight')}",
            ),
        ):
            for function in (xent.cross_entropy, xent.evaluate, xent.loss, xent.calibrate):
                with pytest.raises(InputError) as caught:
                    function(**given)
                assert caught.value.message == message
                if "weight" in given:
                    break  # calibrate has none
        with pytest.raises(InputError, match=f"base: {said.format('new')}"):
            xent.compare(frame, z)
        with pytest.raises(InputError, match=f"new: {said.format('base')}"):
            xent.compare(z, frame)
        assert xent.evaluate(frame, targets).loss.value == pytest.approx(LOSS, rel=1e-12)
        np.testing.assert_allclose(xent.softmax(frame), xent.softmax(z), rtol=1e-15)


def test_columns_that_only_count_are_names_of_classes_beside_others() -> None:
    """The columns that pandas gives count: they are not those of a frame in another order."""
    counted = pd.DataFrame(Z.to_numpy())
    moved = counted[[2, 0, 1]]
    both = "name the same classes in two orders"
    for new in (
        moved,
        moved.set_axis(["2", "0", "1"], axis=1),
        moved.set_axis([2.0, 0.0, 1.0], axis=1),
    ):
        for one, other in ((counted, new), (new, counted)):
            with pytest.raises(InputError, match=f"base and new {both}"):
                xent.compare(one, other)
        with pytest.raises(InputError, match=f"logits and labels {both}"):
            xent.evaluate(new, pd.DataFrame(np.eye(3)[Y]))
        with pytest.raises(InputError, match=f"logits and weight {both}"):
            xent.evaluate(new, ONE_HOT.set_axis(new.columns, axis=1), weight=pd.Series([1.0, 2, 3]))
    of_a_model = Z.set_axis([f"prob_{name}" for name in CLASSES], axis=1)
    with pytest.raises(InputError, match=f"logits and labels {both}"):
        xent.evaluate(of_a_model, ONE_HOT[MOVED])
    with pytest.raises(InputError, match=f"logits and classes {both}"):
        xent.evaluate(Z, np.array(CLASSES)[Y], classes=MOVED)
    weight = pd.Series([1.0, 2.0, 3.0], [2, 1, 0])
    with pytest.raises(InputError, match="pos_weight: its index has the classes in another order"):
        xent.loss(Z.to_numpy(), np.eye(3)[Y], binary=True, pos_weight=weight)
    assert xent.evaluate(of_a_model, ONE_HOT).loss.value == pytest.approx(LOSS, rel=1e-12)


def test_columns_true_and_false_are_1_and_0() -> None:
    pair = Z.iloc[:, :2].set_axis([False, True], axis=1)
    labels = Y.clip(0, 1)
    want = xent.loss(pair.to_numpy(), labels.to_numpy()).loss
    assert xent.loss(pair, labels).loss == want
    with pytest.raises(InputError, match="are numbers, but not 0 to 1 in order"):
        xent.loss(pair.iloc[:, ::-1], labels)
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.compare(pair.iloc[:, ::-1], pair.set_axis([0, 1], axis=1))


def test_a_note_says_that_classes_of_other_names_go_by_place() -> None:
    other = [
        note for note in xent.compare(Z, Z.rename(columns={"cat": "dog"})).notes if "go" in note
    ]
    said = "the columns name other classes than those of"
    assert other == [f"new: {said} base: classes go by place"]
    for labels in (ONE_HOT, pd.DataFrame(np.eye(3)[Y]), ONE_HOT.add_prefix("is_")):
        assert not [note for note in xent.loss(Z, labels).notes if said in note]


def test_a_note_says_that_only_one_of_two_names_the_classes() -> None:
    array, hot = Z.to_numpy(), ONE_HOT.to_numpy()
    said = "{}: its classes have no names; they are matched by number with {}"
    assert said.format("logits", "labels") in xent.loss(array, ONE_HOT).notes
    assert said.format("labels", "logits") in xent.evaluate(Z, hot).notes
    assert xent.compare(Z, array, Y).notes == (said.format("new", "base"),)
    for found in (xent.loss(array, hot), xent.loss(Z, ONE_HOT), xent.loss(Z, Y.to_numpy())):
        assert found.notes == ()
    assert xent.compare(array, Z.set_axis([0, 1, 2], axis=1), Y).notes == ()
