"""What is measured has the same bits by whatever way rows come; and what is asked for."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from measure_tools import EVERYTHING, Array, measured, rows_like, source
from pipeline_tools import (
    csv_file,
    npy_file,
    npy_pipe,
    open_file,
    open_paths,
    run,
    set_block_rows,
    write_shards,
)

from xentcli.errors import UsageError
from xentcli.formats.base import Source
from xentcli.pipeline import spool
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.inputs.labelled import Opening, open_both
from xentcli.pipeline.inputs.reading import Reader
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.run import Run


@in_one_test
@pytest.mark.parametrize(
    ("num_classes", "rows", "cuts"),
    [(5, 18, [(1, 1), (7, 2)]), (60, 70, [(64, 3), (999, 1)])],
)
def test_jobs_blocks_and_layouts(
    num_classes: int, rows: int, cuts: list[tuple[int, int]],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(spool, "_ROWS_IN_MEMORY", 10)
    logits, labels = rows_like(1, rows, num_classes)
    labels[::9] = -100
    x = logits.astype(np.float32)
    groups = source(np.array(["a", "b"], object)[np.arange(rows) % 2])
    options: dict[str, Any] = {"criterion": Criterion(), "options": EVERYTHING}
    want = measure(source(x), source(labels), run=Run(1), by=groups, **options)
    x_file, y_file = tmp_path / "x.npy", tmp_path / "y.npy"
    npy_file(x_file, x), npy_file(y_file, labels)
    for block_rows, jobs in cuts:
        set_block_rows(monkeypatch, block_rows, num_classes)
        files = open_file(x_file), open_file(y_file)
        got = measure(*files, run=run(jobs), by=groups, **options)
        for name in ("metrics", "classes", "bins", "worst_rows", "suspects", "groups"):
            assert getattr(got, name) == getattr(want, name), (block_rows, name)


def in_pandas_file(path: Path, values: Array) -> Source:
    frame = pd.DataFrame(values, columns=[f"class{i}" for i in range(values.shape[1])])
    frame.to_parquet(path, index=False)
    return open_paths(path)


def test_formats_and_the_order_of_shards(tmp_path: Path) -> None:
    x, y = rows_like(1, 60, 5)
    first = tmp_path / "first"
    first.mkdir()
    cuts = [7, 8, 40]
    shards = write_shards(first, "x", x, cuts, "CFT"), write_shards(first, "y", y, cuts, "C")
    backwards = [open_paths(*paths[::-1]) for paths in shards]
    pairs = {
        "csv": (csv_file(tmp_path / "x.csv", x), source(y)),
        "parquet": (in_pandas_file(tmp_path / "x.parquet", x), source(y)),
        "npy": (npy_file(tmp_path / "x.npy", np.asfortranarray(x)), source(y)),
        "shards": (open_paths(*shards[0]), open_paths(*shards[1])),
        "shards backwards": (backwards[0], backwards[1]),
    }
    want = measured(x, y)
    for name, (logits, labels) in pairs.items():
        jobs = 2 if name == "csv" else 1
        found = measure(logits, labels, Criterion(), run(jobs), EVERYTHING)
        assert found.metrics == want.metrics, name
        assert found.classes == want.classes, name
        assert found.bins == want.bins, name
        if name != "shards backwards":  # there rows have other numbers
            unplaced = tuple(replace(each, place=None) for each in found.worst_rows)
            assert unplaced == want.worst_rows, name


def test_pipes_are_kept_for_the_second_read(tmp_path: Path) -> None:
    logits, labels = rows_like(1, 70, 5)
    want = measured(logits, labels).suspects
    with npy_pipe(logits) as x:
        found = measure(x, npy_file(tmp_path / "y.npy", labels), Criterion(), run(2), EVERYTHING)
    assert found.suspects == want
    assert want is not None
    assert want.count


# What is asked for


def test_only_what_is_asked_for() -> None:
    logits, labels = rows_like(4, 40, 5)
    found = measured(logits, labels, Options(("top4_accuracy", "perplexity", "bins")))
    assert list(found.metrics) == ["top4_accuracy", "perplexity"]
    assert found.bins
    assert found.worst_rows == ()
    assert found["perplexity"].value == pytest.approx(
        math.exp(measured(logits, labels)["loss"].value or 0)
    )


def test_a_sensible_set() -> None:
    logits, labels = rows_like(4, 40, 7)
    found = measured(logits, labels, Options())
    assert {"loss", "top5_accuracy", "ece", "ece_by_chance", "entropy"} <= found.metrics.keys()
    assert not {"kl", "auroc", "classwise_ece", "equal_mass_ece"} & found.metrics.keys()
    assert "top5_accuracy" not in measured(logits[:, :5], labels % 5, Options()).metrics
    assert len(found.worst_rows) == 10


@in_one_test
@pytest.mark.parametrize(
    "options",
    [Options(("acuracy",)), Options(("top0_accuracy",)), Options(bins=0), Options(worst=-1)],
)
def test_what_is_no_measure(options: Options) -> None:
    with pytest.raises(UsageError):
        measured(np.ones((2, 3)), np.array([0, 1]), options)


def test_ids_name_the_worst_rows(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,a,b\nu,1,0\nv,0,3\nw,2,1\n")
    (tmp_path / "y.csv").write_text("id,label\nw,a\nu,b\nv,b\n")
    logits, labels = open_both(
        [str(tmp_path / "x.csv")],
        [str(tmp_path / "y.csv")],
        Opening(Reader()),
    )
    found = measure(logits, labels, Criterion(), run(1))
    assert [row.id for row in found.worst_rows] == ["u", "w", "v"]
    assert found.class_name(1) == "b"
