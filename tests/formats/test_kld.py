"""Bases of llama-perplexity: what is read of them, by a plain loop, and what is no such file."""

import gzip
import math
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from kld_files import kld_file, kld_row, read_plainly, text_and_logits
from opening import pipe_input

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions, read_whole
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.kld import KldSource

BOUNDED = ReadOptions(bounded=True)


def opened(path: Path) -> KldSource:
    source = open_file(InputFile(str(path), None, BOUNDED))
    assert isinstance(source, KldSource)
    return source


def saved(folder: Path, content: bytes, name: str = "base.dat") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_the_row_that_the_description_shows() -> None:
    logits = [10.0, 8.0, 9.5, -20.0, 10.0]
    assert kld_row(logits).hex() == "80008039b11188c1ffffffdffff70000ffff0000"


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 3), st.integers(3, 9), st.sampled_from([0.3, 5.0, 20.0]))
def test_labels_and_rows_are_those_of_a_plain_loop(
    tmp_path_factory: pytest.TempPathFactory, classes: int, windows: int, n_ctx: int, spread: float
) -> None:
    tokens, logits = text_and_logits(classes, classes, windows, n_ctx, spread)
    content = kld_file(tokens, logits, floor=(16.0, 24.0)[classes % 2])
    source = opened(saved(tmp_path_factory.mktemp("kld"), content))
    rows, labels, scales, cut = read_plainly(content)
    assert source.shape == (windows, n_ctx - 1 - n_ctx // 2, classes)
    np.testing.assert_allclose(read_whole(source).reshape(-1, classes), rows, rtol=0, atol=1e-12)
    found = source.label_rows(0, source.num_rows)
    expected = [row[label] for row, label in zip(rows, labels, strict=True)]
    np.testing.assert_allclose(found.log_probs, expected, rtol=0, atol=1e-12)
    assert found.scales.tolist() == scales
    for row in range(source.num_rows):
        floored = cut[row] and rows[row][labels[row]] == min(rows[row])
        assert found.floored[row] == floored
        true = logits.reshape(-1, classes)[row]
        truth = true[labels[row]] - math.log(math.fsum(np.exp(true)))
        if floored:
            assert truth <= found.log_probs[row] + scales[row]
        else:
            assert abs(found.log_probs[row] - truth) <= scales[row] / 2 + 4e-6


@pytest.mark.parametrize("whole_row_bytes", [0, 2**13])
def test_ten_bytes_of_a_row_say_the_same_as_all_of_it(
    whole_row_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentcli.formats.kld._WHOLE_ROW_BYTES", whole_row_bytes)
    content = kld_file(*text_and_logits(3, 21, spread=9.0))
    rows, labels, _, _ = read_plainly(content)
    source = opened(saved(tmp_path, content))
    found = source.label_rows(2, 5).log_probs
    expected = [rows[i][labels[i]] for i in range(2, 7)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_any_cut_any_axis_a_pipe_and_another_process_give_the_same(tmp_path: Path) -> None:
    content = kld_file(*text_and_logits(5, 7))
    path = saved(tmp_path, content)
    whole = read_whole(opened(path))
    for axis in range(3):
        for rows in (1, 2, 9):
            blocks = list(opened(path).blocks(rows, axis))
            parts = [opened(path).decode(block).copied().values for block in blocks]
            np.testing.assert_array_equal(np.concatenate(parts, axis), whole)
    np.testing.assert_array_equal(opened(path).tile(3, 4), whole.reshape(-1, 7)[3:7])
    again = pickle.loads(pickle.dumps(opened(path)))
    np.testing.assert_array_equal(read_whole(again), whole)
    packed = saved(tmp_path, gzip.compress(content), "base.kld.gz")
    np.testing.assert_array_equal(read_whole(opened(packed)), whole)
    with pipe_input(content) as data:
        piped = registry.open_source(data, None, BOUNDED)
        np.testing.assert_array_equal(read_whole(piped), whole)


def test_every_truncation_and_what_follows_is_one_line(tmp_path: Path) -> None:
    content = kld_file(*text_and_logits(1, 5, 2, 5))
    for end in (*range(8, len(content)), len(content) + 2):
        path = saved(tmp_path, (content + b"\0\0")[:end])
        with pytest.raises(InputError) as caught:
            opened(path)
        assert "\n" not in caught.value.message
        assert str(path) in caught.value.message
    with pytest.raises(InputError, match="1 of 2 windows"):
        opened(saved(tmp_path, content[:-1]))


@in_one_test
@pytest.mark.parametrize("numbers", [(0, 5, 1), (2, 5, 1), (9, 0, 1), (9, 5, 0), (-1, -1, -1)])
def test_a_header_without_rows_is_no_file(numbers: tuple[int, int, int], tmp_path: Path) -> None:
    path = saved(tmp_path, b"_logits_" + struct.pack("<iii", *numbers) + b"\0" * 40)
    with pytest.raises(InputError, match=r"it holds no rows|promises"):
        opened(path)


def test_damaged_rows_and_tokens_are_named(tmp_path: Path) -> None:
    tokens, logits = text_and_logits(1, 5, 2, 5)
    content = bytearray(kld_file(tokens, logits))
    for number, word in ((math.nan, "nan"), (-1.0, "-1"), (math.inf, "inf"), (4e-4, "0.0004")):
        damaged = bytearray(content)
        struct.pack_into("<f", damaged, 20 + 40 + 20, number)
        source = opened(saved(tmp_path, bytes(damaged)))
        with pytest.raises(InputError, match=rf"\[0, 1\]: no row .*scale {word}"):
            source.label_rows(0, 4)
    struct.pack_into("<i", content, 20 + 4 * 3, 5)
    with pytest.raises(InputError, match=r"\[0, 0\]: token 5 is outside 0\.\.4"):
        opened(saved(tmp_path, bytes(content))).label_rows(0, 4)


def test_rows_that_do_not_sum_to_1_are_not_taken_for_others(tmp_path: Path) -> None:
    path = saved(tmp_path, kld_file(*text_and_logits(1, 5, 2, 5)))
    with pytest.raises(InputError, match="rows do not sum to 1") as caught:
        open_file(InputFile(str(path)))
    assert "xent nll" in (caught.value.hint or "")
