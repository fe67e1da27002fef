"""Numbers as text in full, and text from files made safe to show."""

import math
import shlex
import unicodedata
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.text import (
    human_bytes,
    is_count,
    name_option,
    read_float,
    read_int,
    shortest,
    shown_text,
    split_names,
    visible,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@in_one_test
@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("\x00\x07\x7f", r"\x00\x07\x7f"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066\u2069\u200f", r"\u2066\u2069\u200f"),
        ("a\u200bb", r"a\u200bb"),
        ("\ufeffid", r"\ufeffid"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("\ud800", r"\ud800"),
        ("caf\udce9.csv", r"caf\xe9.csv"),
        ("\U000e0041", r"\U000e0041"),
        ("\ue000", r"\ue000"),
    ],
)
def test_what_is_not_shown_as_it_is(text: str, want: str) -> None:
    assert visible(text) == want


@in_one_test
@pytest.mark.parametrize(
    "text",
    ["", "plain", "naïve café", "数据.csv", "😀", r"a\nb", "[red]", "a b", "e\u0301", "\u00a0"],
)
def test_what_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


@settings(max_examples=15, deadline=None)
@given(text=ANY_TEXT)
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    assert all(c.isprintable() or unicodedata.category(c) == "Zs" for c in shown)
    shown.encode()


@settings(max_examples=15, deadline=None)
@given(text=ANY_TEXT)
def test_printable_text_is_left_alone(text: str) -> None:
    printable = "".join(c for c in text if c.isprintable())
    assert visible(printable) == printable
    assert visible(f"\x1b{printable}") == rf"\x1b{printable}"


@settings(max_examples=15, deadline=None)
@given(
    values=hnp.arrays(
        st.sampled_from(["f2", "f4", "f8"]),
        st.integers(0, 5),
        elements={"allow_nan": False},
    )
)
def test_shortest_reads_back(values: NDArray[np.floating]) -> None:
    back = np.array([float(cell) for cell in shortest(values)]).astype(values.dtype)
    assert back.tobytes() == values.tobytes()


@settings(max_examples=15, deadline=None)
@given(values=hnp.arrays(st.sampled_from(["i1", "u1", "i4", "i8", "u8"]), st.integers(0, 5)))
def test_shortest_of_integers(values: NDArray[np.integer]) -> None:
    assert shortest(values).tolist() == [str(int(value)).encode() for value in values]


@settings(max_examples=15, deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_shortest_has_the_digits_of_repr(value: float) -> None:
    def digits(text: str) -> str:
        return text.lower().partition("e")[0].replace(".", "").strip("-0")

    assert digits(shortest(np.array([value]))[0].decode()) == digits(repr(value))


def test_shortest_of_bool() -> None:
    assert shortest(np.array([[True, False]])).tolist() == [[b"1", b"0"]]


@in_one_test
@pytest.mark.parametrize(
    ("count", "want"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (999_999, "1 MB"),
        (1_500_000, "1.5 MB"),
        (999_999_999, "1 GB"),
        (2.5e12, "2.5 TB"),
        (1.5e15, "1500 TB"),
    ],
)
def test_human_bytes(count: float, want: str) -> None:
    assert human_bytes(count) == want


@in_one_test
@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a", ("a",)),
        ("a,b", ("a", "b")),
        (" a , b ", ("a", "b")),
        ("a b,c", ("a b", "c")),
        ('"a, b",c', ("a, b", "c")),
        ('c,"a, b"', ("c", "a, b")),
        ('"a"', ("a",)),
        ('5",6"', ('5"', '6"')),
        ("1,2", ("1", "2")),
        ("", ()),
    ],
)
def test_split_names(text: str, want: tuple[str, ...]) -> None:
    assert split_names(text) == want


@settings(max_examples=15, deadline=None)
@given(name=st.text(st.characters(exclude_characters='"'), min_size=1).map(str.strip).filter(bool))
def test_a_name_survives_the_shell_and_the_list(name: str) -> None:
    (word,) = shlex.split(name_option(name))
    assert split_names(word) == (name,)
    assert split_names(f"{word},b") == (name, "b")


def test_urls_in_messages_are_shown_without_what_lets_somebody_in() -> None:
    text = "http://u:p@host/a.npy?X=1: moved to 'https://o:p@other/z?k', not found"
    assert shown_text(text) == "http://host/a.npy moved to 'https://other/z', not found"
    for plain in ("a@b: c?d", "10:// 3", ""):
        assert shown_text(plain) == plain


@in_one_test
@pytest.mark.parametrize("read", [read_float, read_int])
@pytest.mark.parametrize("text", ["1_0", "_1", "\u0661", "\uff11", "0x1", "", "1 0", "--1", "1,5"])
def test_what_is_no_number(read: Callable[[str], float], text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (whole )?number"):
        read(text)


def test_numbers_in_text() -> None:
    texts = [" 1.5\t", "-.5", "+2.", "1e-3", "1E5", "-INF", "infinity"]
    assert [*map(read_float, texts)] == [1.5, -0.5, 2.0, 0.001, 1e5, -math.inf, math.inf]
    assert math.isnan(read_float("NaN"))
    assert [*map(read_int, ("7", "-3", " +0012 "))] == [7, -3, 12]
    assert [text for text in ("0", "12", "-1", "1_0", "\u0661", "") if is_count(text)] == [
        "0",
        "12",
    ]
    with pytest.raises(ValueError, match="whole number"):
        read_int("1.0")
