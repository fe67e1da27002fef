"""Lists of batches: read as one array at the places where PyTorch put them."""

import numpy as np
from opening import assert_same_bits
from torch_bytes import archive, legacy, listed, pickled, plain
from torch_goldens import input_of

from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, ReadOptions
from xentcli.formats.pickled.scattered import ScatteredSource


def test_batches_are_read_as_one_array_wherever_they_are() -> None:
    rng = np.random.default_rng(0)
    rows = [3, 0, 1, 2000, 5, 0, 0, 7, 2, 1]
    batches = {str(i): rng.normal(size=(n, 2, 3)).astype("<f4") for i, n in enumerate(rows)}
    want = np.concatenate(list(batches.values()))
    text = pickled(listed(*[plain(key, batch) for key, batch in batches.items()]))
    strewn = dict(sorted(batches.items(), key=lambda item: item[1].sum()))
    members = {key: batch.tobytes() for key, batch in strewn.items()}
    counted = {key: (batches[key].size, content) for key, content in members.items()}
    for content in (archive(text, members), legacy(text, counted)):
        source = registry.open_source(input_of(content, "a.pt"), None, ReadOptions())
        assert isinstance(source, ScatteredSource)
        assert isinstance(source, IndexedSource)
        for start, count in ((0, len(want)), (1, 5), (2, 2003), (3, 0), (2005, 14), (2018, 1)):
            assert_same_bits(source.read(start, count).values, want[start : start + count])
            rows_of_it = max(0, 2 * count - 1)
            tile = source.tile(2 * start + 1, rows_of_it)
            assert_same_bits(tile, want.reshape(-1, 3)[2 * start + 1 :][:rows_of_it])
        assert_same_bits(source.read(1, 1, 1).values, want[:, 1:2])
        assert_same_bits(source.read(1, 2, 2).values, want[..., 1:])
