"""Arrays side by side in a table, and columns beside one, as the names of its columns tell."""

import numpy as np
import pytest
from column_tools import both, opened, refused, values
from in_one_test import in_one_test
from pandas import DataFrame

from xentcli.text import split_names

ROWS = 12


def table(names: str) -> DataFrame:
    columns = names.split()
    return DataFrame(np.random.default_rng(5).normal(size=(ROWS, len(columns))), columns=columns)


@in_one_test
@both
@pytest.mark.parametrize(
    ("names", "first", "ways"),
    [
        ("logit_0 logit_1 prob_0 prob_1", 2, "'logit_*', or --columns 'prob_*'"),
        ("logit_a prob_a logit_b prob_b", 2, "'logit_*', or --columns 'prob_*'"),
        ("log_prob_a log_prob_b prob_a prob_b", 2, "'log_prob_*', or --columns 'prob_*'"),
        ("cat dog p_cat p_dog", 2, "cat,dog, or --columns 'p_*'"),
        ("cat.1 dog.1 cat dog", 2, "'*.1', or --columns cat,dog"),
        ("cat_x dog_x cat_y dog_y", 2, "'*_x', or --columns '*_y'"),
        ("m1_cat m2_cat m1_dog m2_dog", 2, "'m1_*', or --columns 'm2_*'"),
        ("m1_0 m1_1 m2_0 m2_1", 2, "'m1_*', or --columns 'm2_*'"),
        ("a_1 a_2 a_3 b_1 b_2 b_3", 3, "'a_*', or --columns 'b_*'"),
        ("x0 x1 p0 p1", 2, "'x*', or --columns 'p*'"),
        ("emb0 emb1 emb2 logit0 logit1 logit2", 3, "'emb*', or --columns 'logit*'"),
        ("cat_base dog_base cat_new dog_new", 2, "'*_base', or --columns '*_new'"),
    ],
)
def test_two_arrays_are_not_read_as_one(names: str, first: int, ways: str, format_: str) -> None:
    frame = table(names)
    message, options = refused(frame, format_)
    assert message.startswith(f"f.{format_}: columns may be 2 arrays side by side: ")
    assert options["--columns"] == ",".join(frame.columns)  # the last of the hint: all of them
    one = split_names(ways.partition(", or ")[0].strip("'"))
    source = opened(frame, format_, columns=one)
    chosen = [name for name in frame if name in (source.columns or ())]
    assert len(chosen) == first
    assert values(source) == frame[chosen].to_numpy().tolist()
    message, options = refused(frame.assign(fold=1), format_)  # whatever is beside both is left out
    assert "2 arrays side by side" in message


@in_one_test
@both
@pytest.mark.parametrize(
    ("names", "beside"),
    [
        ("logit_0 logit_1 extra", "extra"),
        ("age logit_cat logit_dog", "age"),
        ("logit_0 logit_1 logit_max", "logit_max"),
        ("0 1 2 noise", "noise"),
        ("c0 c1 c2 noise", "noise"),
        ("cat dog top1_prob", "top1_prob"),
        *((f"cat dog {name}", name) for name in ("temperature", "max_prob", "mean", "created_at")),
        *((f"cat dog {name}", name) for name in ("inference_time", "latency_ms", "logsumexp")),
        *((f"cat dog {name}", name) for name in ("start_time", "latitude")),
    ],
)
def test_what_is_named_otherwise_is_in_doubt(names: str, beside: str, format_: str) -> None:
    frame = table(names)
    message, options = refused(frame, format_)
    assert message.startswith(f"f.{format_}: column {beside!r} may be no class: its name ")
    assert options["--drop"] == beside


@in_one_test
@both
@pytest.mark.parametrize(
    "beside",
    ["x1 y1 x2 y2", "xmin ymin xmax ymax", "x y w h", "left top width height", "bbox_x bbox_y"],
)
def test_corners_and_sizes_of_boxes_are_in_doubt_together(beside: str, format_: str) -> None:
    frame = table(f"{beside} cat dog fox")
    message, options = refused(frame, format_)
    assert f"{len(beside.split())} of {frame.shape[1]} columns may be no classes" in message
    source = opened(frame, format_, drop=split_names(options["--drop"]))
    assert (source.columns, source.notes) == (("cat", "dog", "fox"), [])


@both
def test_names_that_measures_and_classes_have_are_a_note(format_: str) -> None:
    for name in ("time", "age", "Epoch", "text_length", "time_s", "num_words", "SepalLengthCm"):
        frame = table(f"cat dog {name}")
        source = opened(frame, format_)
        (note,) = source.notes
        what = f"column {name!r} is read as a class, though its name may be that of a measure"
        assert note == f"f.{format_}: {what} (else --drop {name})"
        assert values(source) == frame.to_numpy().tolist()
    (note,) = opened(table("start end speech music"), format_).notes
    assert "columns 'start' and 'end' are read as classes" in note
    assert note.endswith("(else --drop start,end)")


@both
def test_names_that_two_arrays_might_have_are_a_note(format_: str) -> None:
    frame = table("left_hand left_foot right_hand right_foot")
    source = opened(frame, format_)
    assert values(source) == frame.to_numpy().tolist()
    (note,) = source.notes
    assert note.endswith(
        "4 columns are read as classes of one array, though 'left_hand', 'left_foot' are named as "
        "'right_hand', 'right_foot' are (else --columns 'left_*')"
    )
    assert "(else --columns 'B-*')" in opened(table("B-PER I-PER B-LOC I-LOC"), format_).notes[0]
    assert "(else --columns '0-*')" in opened(table("0-0 0-1 1-0 1-1"), format_).notes[0]
    for names in ("bad good very_bad very_good", "left right far_left far_right"):
        assert "read as classes of one array" in opened(table(names), format_).notes[0]


@in_one_test
@both
@pytest.mark.parametrize(
    "names",
    [
        "logit_0 logit_1 logit_2 logit_3",
        "en-de en-fr de-en de-fr",
        "A1 A2 B1 B2 C1 C2",
        "a1 a2 b1 b2 c1 c2",
        "B-PER I-PER B-LOC I-LOC O",
        "stage1 stage2 stage3 healthy",
        "n1 n2 n3 fox",
        "algebra counting_and_probability geometry",
        "707-320 727-200 737-200 A300 Cessna_172 Fokker_100",
        "a b c d",
        "c0 c1 c2 Unknown",
        "length mass time",
        "full_time part_time temporary",
        "V W X Y Z A B space",
        "x y z",
        "pants-fire false barely-true half-true mostly-true true",
        "correct incorrect partial",
        "win draw loss",
        "home_win draw home_loss",
        "y n unknown",
        "O B-TARGET I-TARGET",
    ],
)
def test_names_of_classes_are_in_no_doubt(names: str, format_: str) -> None:
    source = opened(table(names), format_)
    assert (source.columns, source.notes) == (tuple(names.split()), [])


@in_one_test
@both
def test_digits_beside_letters_and_signs_are_classes(format_: str) -> None:
    """One letter alone may be something else, and so may a correct without an incorrect."""
    for names in ("0 1 2 3 4 5 6 7 8 9 A B c d", "-1 0 1"):
        source = opened(table(names), format_, **{"header": True} if format_ == "csv" else {})
        assert source.columns == tuple(names.split())
    for names, beside in (
        ("0 1 2 n", "n"),
        ("0 1 2 A noise", "A"),
        ("right wrong_way correct", "correct"),
        ("true false y_true", "y_true"),
        ("n cat y", "y"),
        ("O B_PER target", "target"),
    ):
        message, _ = refused(table(names), format_)
        assert repr(beside) in message
