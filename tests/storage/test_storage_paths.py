"""Patterns of file names: what they match, and in which order."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xentcli.errors import InputError
from xentcli.storage.paths import expand, natural_key, reads_once

some = settings(max_examples=100, deadline=None, database=None)
NAMES = st.lists(st.text("01239ab-_.", max_size=8), max_size=6)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


# The order


@some
@given(st.lists(st.integers(0, 10**30)), st.text("ab-_.", max_size=3))
def test_numbers_are_in_their_order(numbers: list[int], ending: str) -> None:
    names = sorted((f"run/x-{n}{ending}" for n in numbers), key=natural_key)
    assert names == [f"run/x-{n}{ending}" for n in sorted(numbers)]


@some
@given(NAMES, st.randoms())
def test_the_order_is_of_the_names_alone(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(shuffled, key=natural_key) == sorted(names, key=natural_key)


@some
@given(st.lists(st.tuples(st.integers(0, 999), st.text("ab-_.", max_size=3)), max_size=6))
def test_numbers_of_one_width_are_in_the_order_of_text(parts: list[tuple[int, str]]) -> None:
    names = [f"x{number:03}{ending}" for number, ending in parts]
    assert sorted(names, key=natural_key) == sorted(names)


def test_leading_zeros_decide_last() -> None:
    names = ["x-02-b", "x-2-a", "x-02-a", "x-1", "x-010", "x-9"]
    assert sorted(names, key=natural_key) == [
        "x-1", "x-02-a", "x-2-a", "x-02-b", "x-9", "x-010",
    ]  # fmt: skip


# What matches


@pytest.mark.usefixtures("here")
def test_what_patterns_match() -> None:
    touch("x-10.npy", "x-2.npy", "x-1.csv", "sub/x-3.npy", "sub/deep/x-1.npy", ".x-0.npy")
    Path("x-5.npy").mkdir()
    assert expand("x-*.npy") == ["x-2.npy", "x-10.npy"]
    assert expand("x-?.*") == ["x-1.csv", "x-2.npy"]
    assert expand("x-[12]*") == ["x-1.csv", "x-2.npy", "x-10.npy"]
    assert expand("**/x-*.npy") == [
        "sub/deep/x-1.npy", "sub/x-3.npy", "x-2.npy", "x-10.npy",
    ]  # fmt: skip
    assert expand(f"{Path.cwd()}/x-1*y") == [f"{Path.cwd()}/x-10.npy"]
    for plain in ("x-2.npy", "missing.npy", "-", "https://host/x-*.npy?a=[1]"):
        assert expand(plain) == [plain]
    for nothing in ("y-*", "sub/*/*/*", "x-5.npy/*"):
        with pytest.raises(InputError) as caught:
            expand(nothing)
        assert caught.value.message == f"{nothing}: no file matches this pattern"


@pytest.mark.usefixtures("here")
def test_a_file_of_just_that_name_is_taken_as_it_is() -> None:
    touch("x[1].npy", "x1.npy", "*.npy")
    assert expand("x[1].npy") == ["x[1].npy"]
    assert expand("*.npy") == ["*.npy"]
    assert expand("x[1]*") == ["x1.npy"]


@pytest.mark.usefixtures("here")
def test_what_can_be_read_once_only() -> None:
    touch("file")
    os.mkfifo("pipe")
    assert [reads_once(p) for p in ("file", "pipe", "-", "/dev/null", "missing", "s3://a/b")] == [
        False, True, True, True, False, False,
    ]  # fmt: skip
