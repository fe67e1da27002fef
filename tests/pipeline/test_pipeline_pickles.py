"""Work, steps and blocks are data: pickled and done by another process, they give the same."""

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forking import said_by
from pipeline_tools import npy_file, npy_pipe, open_paths, write_shards

from xentcli.alignment.align import align
from xentcli.alignment.class_names import ClassNames
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import normalizer
from xentcli.formats.base import Source, blocks_along
from xentcli.formats.files import InputFile, open_file
from xentcli.pipeline.encode import EncodeWork, LargestLabel
from xentcli.pipeline.evaluate import Criterion
from xentcli.pipeline.inspection.summary_work import SummaryWork
from xentcli.pipeline.loss_work import LossWork
from xentcli.pipeline.transform import ColumnNorms, ColumnWork, RowWork, Transform

X = np.random.default_rng(3).normal(size=(7, 4))
Y = np.arange(7) % 4
DTYPE = np.dtype(np.float64)


def kinds_of_files(folder: Path) -> Iterator[Callable[[], Source]]:
    """Yield what opens the same logits in files of each kind."""
    np.save(folder / "x.npy", X)
    np.savez(folder / "x.npz", values=X)
    np.savetxt(folder / "x.csv", X, delimiter=",", fmt="%.17g")
    for name in ("x.npy", "x.npz", "x.csv"):
        yield partial(open_file, InputFile(str(folder / name)))
    yield partial(open_paths, *write_shards(folder, "part", X, [2, 5], "CT"))


def works(
    opened: Callable[[], Source], labels: Source
) -> Iterator[tuple[Callable[[Any], Any], list[Any]]]:
    """Yield each kind of work on a source, and its items."""
    softmax, log_softmax = Transform("softmax", 1), Transform("log-softmax", 0)
    norm = normalizer(X.T.copy())
    makes: list[Callable[[Source], Callable[[Any], Any]]] = [
        lambda source: RowWork(source, softmax, DTYPE).part_of,
        lambda source: ColumnNorms(source, log_softmax).norm_of,
        lambda source: ColumnWork(source, log_softmax, DTYPE, norm).part_of,
        lambda source: SummaryWork(source).part_of,
    ]
    for make in makes:
        source = opened()
        yield make(source), list(blocks_along(source, 0, 8))
    for tiles in (False, True):
        aligned = align(opened(), labels, tiles=tiles)
        criterion = Criterion(metrics=("loss", "accuracy"))
        yield LossWork(aligned, criterion, keeps_losses=True).part_of, list(aligned.steps(8))
    yield (
        EncodeWork(labels, ClassNames(), LossOptions(), 4).part_of,
        list(blocks_along(labels, 0, 3)),
    )
    yield LargestLabel(labels).in_block, list(blocks_along(labels, 0, 3))


def same(one: Any, other: Any) -> bool:
    """Whether two results are equal to the last bit, arrays in them included."""
    return pickle.dumps(one) == pickle.dumps(other)


def test_every_kind_of_work_is_done_elsewhere(tmp_path: Path) -> None:
    labels_file = tmp_path / "y.npy"
    np.save(labels_file, Y)
    pairs: list[tuple[Any, Any]] = []
    for opened in kinds_of_files(tmp_path):
        labels = open_file(InputFile(str(labels_file)))
        for work, items in works(opened, labels):
            assert items
            pairs += [(work, item) for item in items]
    (tmp_path / "work").write_bytes(pickle.dumps(pairs))
    assert said_by("elsewhere:main", ["work", "results"], tmp_path) == "0"
    there = pickle.loads((tmp_path / "results").read_bytes())
    assert len(there) == len(pairs) > 50
    for (work, item), result in zip(pairs, there, strict=True):
        here = pickle.loads(pickle.dumps(work(item)))
        assert same(here, result), (work, item)


@pytest.mark.parametrize("tiles", [False, True])
def test_steps_of_pipes_carry_what_they_hold(*, tiles: bool, tmp_path: Path) -> None:
    with npy_pipe(X) as logits:
        aligned = align(logits, npy_file(tmp_path / "y.npy", Y), tiles=tiles)
        work = LossWork(aligned, Criterion()).part_of
        for step in aligned.steps(8):
            assert same(work(pickle.loads(pickle.dumps(step))), work(step))
