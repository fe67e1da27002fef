"""Parts of files elsewhere of which it is known that they will be read."""

import io
import time
from functools import partial

import numpy as np
import pytest
from web import serving

from xentcli.formats.base import Block, IndexedSource
from xentcli.formats.coming import coming
from xentcli.formats.files import InputFile, open_files
from xentcli.formats.references import source_of
from xentcli.pipeline.inspection.summary_work import SummaryWork

ROW_BYTES = 4096
SHARDS = (200, 100, 300)  # rows
SLACK_BYTES = 2 * 2**14  # in place of headers, which stand before the rows


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_a_worker_fetches_the_rows_of_its_task_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    rows = np.random.default_rng(0).normal(size=(sum(SHARDS), ROW_BYTES // 8))
    with serving() as web:
        ends = np.cumsum(SHARDS)
        web.files = {f"{i}.npy": npy(part) for i, part in enumerate(np.split(rows, ends[:-1]))}
        urls = [web.url("ranges", name) for name in web.files]
        reference = open_files(urls, InputFile).reference
        assert reference is not None
        for start, stop, of_info in ((150, 420, True), (20, 90, False), (450, 600, False)):
            web.requests.clear()
            source = source_of(reference)
            assert isinstance(source, IndexedSource)
            blocks = [Block(first, 10) for first in range(start, stop, 10)]
            announced = SummaryWork(source).coming if of_info else partial(coming, [source])
            with announced(blocks):
                for block in blocks:
                    found = source.read(block.start, block.rows).values
                    assert (found == rows[block.start :][: block.rows]).all(), (start, block)
            time.sleep(0.05)  # in which more might come
            opened = len([end for end in ends if start < end]) * 2**15
            most = (stop - start) * ROW_BYTES + opened + SLACK_BYTES
            assert web.sent() <= most, (start, stop)
            del source
