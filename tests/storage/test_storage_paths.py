"""Patterns of file names: what they match, and in which order."""

import glob
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xentcli.errors import InputError
from xentcli.storage.numbered_names import left_out
from xentcli.storage.paths import expand, natural_key, reads_once

some = settings(max_examples=15, deadline=None, database=None)
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
def test_links_to_folders_are_not_followed_across_folders() -> None:
    touch("run7/a.npy", "run7/deep/b.npy", "c.npy")
    Path("latest").symlink_to("run7")
    Path("run7/again").symlink_to("..")
    Path("run7/deep/other").symlink_to("../deep")
    Path("link.npy").symlink_to("c.npy")
    everything = ["c.npy", "link.npy", "run7/a.npy", "run7/deep/b.npy"]
    assert expand("**/*.npy") == expand("**/**/*.npy") == everything
    assert expand("**") == expand("**/**") == everything
    assert expand("**/*/a.npy") == ["run7/a.npy"]
    # What is named is followed: one link by its name or a wildcard, as shells do.
    assert expand("latest/*.npy") == ["latest/a.npy"]
    assert expand("*/a.npy") == ["latest/a.npy", "run7/a.npy"]
    assert expand("latest/**/b.npy") == ["latest/deep/b.npy"]
    assert expand("**/latest/a.n*") == ["latest/a.npy"]


@pytest.mark.usefixtures("here")
def test_folders_deeper_than_calls_can_be() -> None:
    path = Path("d")
    for _ in range(300):
        path /= "d"
    path.mkdir(parents=True)
    (path / "a.npy").touch()
    assert expand("**/a.npy") == [str(path / "a.npy")]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("without", ["out.npy", "./x/../out.npy", "link.npy", "file"])
def test_what_will_be_written_is_not_read(without: str) -> None:
    touch("x-1.npy", "x-2.npy", "out.npy", "x/a")
    Path("link.npy").symlink_to("out.npy")
    name = Path("out.npy").resolve().as_uri() if without == "file" else without
    assert expand("*.npy", without=[name, "-", "http://host/x-1.npy"]) == ["x-1.npy", "x-2.npy"]
    assert expand("out.npy", without=[name]) == ["out.npy"]
    with pytest.raises(InputError, match="no file matches this pattern"):
        expand("o*.npy", without=[name])


@some
@given(pattern=st.text("ab*?[]!./", min_size=1, max_size=7).filter(lambda text: ".." not in text))
def test_patterns_match_what_the_standard_library_matches(
    tmp_path_factory: pytest.TempPathFactory, pattern: str
) -> None:
    """Where no link is: an oracle that somebody else wrote."""
    folder = tmp_path_factory.getbasetemp() / "tree"
    for name in ("a", "b", "ab", ".a", "a]", "d/a", "d/ab/b", "d/.b/a", "[a"):
        (folder / "x" / name.replace("d", "aa")).parent.mkdir(parents=True, exist_ok=True)
        (folder / "x" / name.replace("d", "aa")).touch()
    prefix = f"{folder}/x/"
    want = {
        os.path.normpath(path)
        for path in glob.iglob(prefix + pattern, recursive=True)  # noqa: PTH207
        if os.path.lexists(path) and not Path(path).is_dir()  # it makes `x/` of a missing x
    }
    try:
        got = {os.path.normpath(path) for path in expand(prefix + pattern)}
    except InputError:
        got = set()
    if os.path.lexists(prefix + pattern) or not re.search(r"[*?[]", pattern):
        return
    assert got == want


@pytest.mark.usefixtures("here")
def test_what_can_be_read_once_only() -> None:
    touch("file")
    os.mkfifo("pipe")
    assert [reads_once(p) for p in ("file", "pipe", "-", "/dev/null", "missing", "s3://a/b")] == [
        False, True, True, True, False, False,
    ]  # fmt: skip


# What names that count leave out


def test_names_that_count_tell_which_are_missing() -> None:
    for names, missing in [
        ("", ""),
        ("a-7", ""),
        ("a b c", ""),
        ("a-1 a-2 a-3", ""),
        ("a-1 a-3 a-5", ""),
        ("a-0 a-100 a-300", "a-200"),
        ("a-9 a-10 a-12", "a-11"),
        ("a-08 a-09 a-11", "a-10"),
        ("a-098 a-099 a-101 a-102", "a-100"),
        ("a-8 a-10 a-11", "a-9"),
        ("a-1 a-2 a-6", "a-3 a-4 a-5"),
        ("a-1 a-2 a-7", ""),  # they are no counter
        ("a-1 a-2 a-20", ""),
        ("a-1 a-2 a-4 b-1 b-3 b-2", "a-3"),
        ("r0-s1 r0-s2 r0-s4 r1-s1 r1-s2", "r0-s3"),
        ("a-1-of-4 a-4-of-4", "a-2-of-4 a-3-of-4"),
        ("a-0-of-4 a-2-of-4", "a-1-of-4 a-3-of-4"),
        ("a-1-of-4 a-3-of-4", "a-0-of-4|a-4-of-4 a-2-of-4"),
        ("a-00000-of-00003", "a-00001-of-00003 a-00002-of-00003"),
        ("a_2_of_3.npy a_1_of_3.npy", "a_0_of_3.npy|a_3_of_3.npy"),
        ("a-5-of-3", ""),
        ("a-0-of-11 " + " ".join(f"a-{i}-of-11" for i in range(2, 10)), "a-1-of-11 a-10-of-11"),
        ("a-1-of-1000001", ""),  # too many
        ("9" * 5000 + "-1", ""),
        ("a-1-of-" + "9" * 5000, ""),
    ]:
        found = ["|".join(either) for either in left_out(names.split())]
        assert found == missing.split(), names


@some
@given(st.sets(st.integers(1, 30), min_size=1), st.integers(1, 5), st.integers(1, 4))
def test_missing_names_lie_between_the_others(numbers: set[int], step: int, digits: int) -> None:
    names = [f"a{number * step:0{digits}}.npy" for number in numbers]
    steps = {after - before for before, after in pairwise(sorted(numbers))}
    found = [name for (name,) in left_out(names)]
    assert set(found).isdisjoint(names)
    if steps <= {1}:
        assert found == []
    elif 1 in steps and 2 * len(numbers) >= max(numbers) - min(numbers) + 1:
        all_of_them = range(min(numbers), max(numbers) + 1)
        assert found == [f"a{i * step:0{digits}}.npy" for i in all_of_them if i not in numbers]
