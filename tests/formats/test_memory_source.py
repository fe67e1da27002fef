"""An array in memory is a source as files are."""

import tracemalloc

import numpy as np
from contract import again, some_values, values_of
from opening import assert_same_bits

from xentcli.formats.base import MemorySource

Z = some_values("f4", (23, 3))


def test_an_array_in_memory_keeps_the_contract() -> None:
    source = MemorySource("memory", Z, ("a", "b", "c"), labels=np.arange(23), ids=np.arange(23))
    for rows in (1, 2, 7, 100):
        assert_same_bits(values_of(source, rows), Z)
    (block, *_) = again(source).blocks(5)
    table = again(source).decode(source.carried(block))
    assert table.labels.tolist() == table.ids.tolist() == [0, 1, 2, 3, 4]
    assert source.place((1, 2)) == "memory[1, 2]"


def test_a_tile_of_an_array_in_memory_may_be_overwritten() -> None:
    source = MemorySource("z", Z.copy())
    source.tile(0, 3)[:] = 0.0
    np.testing.assert_array_equal(source.tile(0, 3), Z[:3])


def test_a_tile_of_a_view_copies_its_own_rows_alone() -> None:
    """The whole array was copied for each tile, as for those of ``logits[:, :-1]``."""
    whole = some_values("f4", (40, 60, 50))
    for view in (
        whole[:, :-1],
        whole.transpose(1, 0, 2),
        np.asfortranarray(whole),
        whole[::-1, ::2],
    ):
        source = MemorySource("z", view)
        rows = view.reshape(-1, 50)
        tracemalloc.start()
        for start, stop in ((0, 3), (57, 61), (len(rows) - 2, len(rows))):
            assert_same_bits(source.tile(start, 4)[: stop - start], rows[start:stop])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < view.nbytes / 20
    assert MemorySource("z", np.zeros((4, 0))).tile(1, 2).shape == (2, 0)
