"""What a cluster's tasks are made of: how many items, and how their results are joined."""

import pickle
from importlib import import_module
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xentcli import __version__
from xentcli.alignment.align import align
from xentcli.core.checks import Problem
from xentcli.errors import InputError
from xentcli.execution.machine import differences, machine
from xentcli.formats.files import InputFile, open_file
from xentcli.metrics.names import HOMES
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.flow import Part, Total, collect, joined
from xentcli.pipeline.loss_work import LossWork


@pytest.fixture
def simulated_cluster() -> Any:
    """Import what takes half a second, for dask, where it is used: not to collect tests."""
    return import_module("simulated_cluster")


@pytest.fixture
def dask_task() -> Any:
    return import_module("xentcli.execution.dask_task")


def test_a_thousand_workers_are_kept_busy_by_one_client(simulated_cluster: Any) -> None:
    outcome = simulated_cluster.simulate(1000, 40_000, 1.0, 0.0001)
    assert outcome.most_under_way <= 4000, outcome
    assert outcome.scheduler <= 0.5, outcome
    assert outcome.client <= 0.5, outcome
    assert outcome.tasks <= 15_000, outcome
    assert outcome.fetched <= 10, outcome


def total_of(parts: list[Part[Any]]) -> Total[Any]:
    def error(problem: Problem, rows: int) -> InputError:
        return problem.at(str(rows))

    return collect(parts, None, lambda _rows: None, error, [])


def test_joined_parts_come_to_the_same(tmp_path: Path, dask_task: Any) -> None:
    rng = np.random.default_rng(11)
    np.save(tmp_path / "z.npy", rng.normal(size=(99, 5)) * 10.0 ** rng.integers(-9, 9, (99, 1)))
    np.save(tmp_path / "y.npy", rng.integers(0, 5, 99))
    logits, labels = (open_file(InputFile(str(tmp_path / f"{name}.npy"))) for name in "zy")
    work = LossWork(align(logits, labels, tiles=True), Criterion(metrics=(*HOMES,)))
    parts = [work.part_of(step) for step in work.rows.steps(8 * 5)]
    assert len(parts) > 12
    results = dask_task.Results(joined)
    for part in parts:
        results.add(part)
    fewer = [pickle.loads(content) for content in results.pickled()]
    assert len(fewer) == len(parts).bit_count()
    one, other = total_of(parts), total_of(fewer)
    assert one.state is not None
    assert other.state is not None
    assert repr(one.state.compute()) == repr(other.state.compute())
    assert one._replace(state=None) == other._replace(state=None)


def test_parts_with_rows_stay_as_they_are(dask_task: Any) -> None:
    parts = [Part(2, np.arange(2)), Part(3), Part(1), Part(4, matched={"labels": np.arange(4)})]
    results = dask_task.Results(joined)
    for part in parts:
        results.add(part)
    got = [pickle.loads(content) for content in results.pickled()]
    assert [part.rows for part in got] == [2, 4, 4]


def test_a_worker_merges_what_tasks_came_to_up_to_one_that_failed(
    dask_task: Any, simulated_cluster: Any
) -> None:
    depth = simulated_cluster.Depth

    def done(numbers: list[Any], error: str = "") -> Any:
        return dask_task.Done([pickle.dumps(n) for n in numbers], 2, 0.5, "w", {"w": "kind"}, error)

    for counts in range(1, 9):
        parts = [done([1]) for _ in range(counts)]
        total = dask_task.merge(__version__, pickle.dumps(add), *parts)
        assert [pickle.loads(each) for each in total.results] == [counts]
        assert (total.items, total.seconds, total.error) == (2 * counts, counts / 2, "")
    failed = dask_task.merge(__version__, pickle.dumps(add), done([1]), done([1], "no"), done([1]))
    assert (pickle.loads(failed.results[0]), failed.items, failed.error) == (2, 4, "no")
    held = dask_task.merge(
        __version__, pickle.dumps(depth.merge), *(done([depth(0)]) for _ in range(4))
    )
    assert [pickle.loads(each) for each in dask_task.tell(__version__, held).results] == [None]
    more = dask_task.merge_rests(__version__, pickle.dumps(depth.merge), held, held)
    assert (more.results, [pickle.loads(each) for each in more.rests]) == ([], [depth(3)])
    kept = dask_task.merge(__version__, pickle.dumps(joined_never), done([1, 2]), done([3]))
    assert [pickle.loads(each) for each in kept.results] == [1, 2, 3]


def joined_never(one: int, other: int) -> None:
    """Leave two results as they are."""


def test_workers_of_other_kinds_are_named() -> None:
    here = machine()
    other = here.replace("AVX-512", "AVX9").replace("AVX2", "AVX-512").replace("AVX9", "AVX2")
    notes = list(differences({"tcp://b": "NumPy 1.0 on it", "tcp://a": "NumPy 1.0 on it"}))
    assert notes == [
        f"worker tcp://a and 1 more: NumPy 1.0 on it there, {here} here: last bits may differ"
    ]
    assert list(differences({"tcp://a": here})) == []
    if other != here:
        (note,) = differences({"tcp://a": other})
        assert note.endswith("last bits of float64 logits may differ")
