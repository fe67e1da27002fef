"""The temperature has the same bits by whatever way rows come, and few reads find it."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calibrate_tools import fitted, problem, source, temperature_of
from close_to import close_to
from pipeline_tools import csv_file, npy_file, npy_pipe, open_file, run, set_block_rows

from xentcli.formats.base import ReadOptions
from xentcli.formats.csv.source import CsvSource
from xentcli.formats.files import open_files
from xentcli.pipeline import calibrate as calibrating
from xentcli.pipeline.calibrate import CalibrateOptions, calibrate
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.opening import InputFile
from xentcli.pipeline.temperatures import temperature_start
from xentcli.results.temperature import FittedTemperature


def everything(found: FittedTemperature) -> Any:
    return found.metrics, found.folds, found.bins_before, found.bins_after


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_jobs_blocks_and_shards_change_nothing(
    dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z, y = problem(22, 80, 12)
    z = z.astype(dtype)
    want = everything(fitted(z, y, CalibrateOptions(folds=3)))
    paths = []
    for i, part in enumerate((z[:1], z[1:50], z[50:])):
        paths.append(str(tmp_path / f"z-{i}.npy"))
        np.save(paths[-1], part)

    set_block_rows(monkeypatch, 17, 12)
    shards, jobs = open_files(paths, InputFile), 2 if dtype == "float32" else 1
    options = CalibrateOptions(folds=3)
    found = calibrate(shards, source(y, "y"), Criterion(), run(jobs), options)
    assert everything(found) == want
    if dtype == "float64":
        assert everything(fitted(z, y, options)) == want


def test_formats_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(23, 90, 5)
    z = z.astype(np.float32)
    labels = source(y, "y")

    def of(opened: Any) -> Any:
        return everything(calibrate(opened, labels, Criterion(), run(), CalibrateOptions(folds=3)))

    want = of(source(z.astype(np.float64)))
    assert of(npy_file(tmp_path / "z.npy", z.astype(np.float64))) == want
    with npy_pipe(z.astype(np.float64)) as pipe:
        assert of(pipe) == want
    text = tmp_path / "z.csv"
    assert of(csv_file(text, z.astype(np.float64))) == want
    monkeypatch.setattr("xentcli.formats.blocks._LARGEST_COPY_BYTES", 100)  # now on the disk
    assert of(open_file(text)) == want
    monkeypatch.undo()
    # float32 is another computation of the loss, but not of the temperature
    metrics = of(source(z))[0]
    assert metrics["temperature"] == want[0]["temperature"]
    after, its_after = metrics["loss_after"], want[0]["loss_after"]
    assert after.value == its_after.value
    # a row's loss may differ in the last bit, and so may the error
    assert after.standard_error == close_to(its_after.standard_error, rel=1e-15)


def test_text_that_is_cast_is_what_a_file_of_float32_is(tmp_path: Path) -> None:
    z, y = problem(26, 1500, 12)
    z = z.astype(np.float32)
    cast = Criterion(dtype=np.dtype(np.float32))
    text = csv_file(tmp_path / "z.csv", z.astype(np.float64))
    labels, options = source(y, "y"), CalibrateOptions(folds=3)
    assert everything(calibrate(text, labels, cast, run(), options)) == everything(
        fitted(z, y, options)
    )


def test_the_order_and_the_start_change_nothing_but_the_last_digit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    z, y = problem(24, 200)
    want = temperature_of(z, y)
    order = np.random.default_rng(2).permutation(200)
    assert temperature_of(z[order], y[order]) == close_to(want, rel=1e-15)
    for start in (1e-6, 0.5, 40.0):
        monkeypatch.setattr(calibrating, "start_of", lambda *_, at=start: at)
        assert temperature_of(z, y) == close_to(want, rel=1e-15)


def test_a_sample_is_where_large_data_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(25, 2000)
    monkeypatch.setattr(temperature_start, "_SAMPLE_ROWS", 160)
    found = fitted(z, y)
    assert found.passes <= 4
    rows = temperature_start.TemperatureRows(source(z), source(y, "y"))
    assert temperature_start.start_of(rows, Criterion()) == close_to(
        1 / (found.temperature.value or 0), rel=0.2
    )
    # samples that have none: of labels at the peak, and of labels that know nothing
    order = np.argsort(z, axis=1)
    for labels, least, most in ((order[:, -1], 3.0, 1e3), (order[:, 0], 1e-4, 0.1)):
        rows = temperature_start.TemperatureRows(source(z), source(labels, "y"))
        assert least < temperature_start.start_of(rows, Criterion()) < most
    # so few errors that a sample may have none, and the folds' temperatures are apart
    labels = order[:, -1].copy()
    labels[7::98] = order[7::98, -2]
    found = fitted(z, labels, CalibrateOptions())
    assert found.passes <= 4
    for i in (1, 2):
        others = np.arange(2000) % 5 != i
        want = temperature_of(z[others], labels[others])
        assert abs(want - (found.temperature.value or 0)) > 0.01 * want
        assert found.folds[i].temperature == close_to(want, rel=2e-15)


def test_few_errors_take_one_fine_read_however_far_the_sample_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    z, _ = problem(28, 3000)
    labels = z.argmax(axis=1)
    labels[5::59] = np.argsort(z[5::59], axis=1)[:, -2]
    monkeypatch.setattr(temperature_start, "_SAMPLE_ROWS", 160)
    found = fitted(z, labels, CalibrateOptions())
    rows = temperature_start.TemperatureRows(source(z), source(labels, "y"))
    beta = 1 / (found.temperature.value or 0)
    assert abs(temperature_start.start_of(rows, Criterion()) / beta - 1) > 0.05
    assert found.passes == 3
    # the series from that read on reaches the error at the optimum, too
    wide = z.astype(np.longdouble)
    g = wide.max(axis=1, keepdims=True) - wide
    p = np.exp(-beta * g)
    p /= p.sum(axis=1, keepdims=True)
    mean = (p * g).sum(axis=1, keepdims=True)
    score = g[np.arange(3000), labels] - mean[:, 0]
    want = np.sqrt((score**2).sum()) / ((p * (g - mean) ** 2).sum() * beta)
    assert found.log_temperature_error.value == close_to(float(want), rel=1e-13)


def test_rows_with_ids_have_the_bits_of_rows_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z, y = problem(27, 400, 4)
    monkeypatch.setattr(temperature_start, "_SAMPLE_ROWS", 160)
    want = fitted(z, y)
    files = []
    for name, values in (("z", z), ("y", y[:, np.newaxis])):
        path, header = tmp_path / f"{name}.csv", ["id", *(f"{name}{i}" for i in range(z.shape[1]))]
        numbers = np.column_stack([np.arange(400) + 7000, values])
        header = header[: numbers.shape[1]]
        np.savetxt(path, numbers, "%.17g", ",", header=",".join(header), comments="")
        options = ReadOptions(id_column="id", labels=name == "y")
        files.append(open_files([str(path)], partial(InputFile, format=None, options=options)))
    logits, labels = files
    found = calibrate(logits, labels, Criterion(), run(), CalibrateOptions(folds=0))
    assert found.passes == want.passes
    assert found.metrics["temperature"] == want.metrics["temperature"]


def test_text_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(26, 60, 4)
    both = np.column_stack([z, y])
    path = tmp_path / "both.csv"
    header = ",".join([*(f"c{i}" for i in range(4)), "label"])
    np.savetxt(path, both, "%.17g", ",", header=header, comments="")
    parsed: list[int] = []
    parse = CsvSource._parse

    def counted(self: CsvSource, text: bytes, block: Any) -> Any:
        parsed.append(block.rows)
        return parse(self, text, block)

    monkeypatch.setattr(CsvSource, "_parse", counted)
    for held in (2**25, 100):
        monkeypatch.setattr("xentcli.formats.blocks._LARGEST_COPY_BYTES", held)
        parsed.clear()
        opened = open_files([str(path)], _with_labels)
        found = calibrate(opened, None, Criterion(), run(), CalibrateOptions(folds=3))
        assert sum(parsed) == 60
        assert everything(found) == everything(fitted(z, y, CalibrateOptions(folds=3)))


def _with_labels(path: str) -> InputFile:
    file = InputFile(path)
    return file._replace(options=file.options._replace(label_column="label"))
