"""Bases of llama-perplexity at the command line, against loops written from their description."""

import math
import struct
from pathlib import Path
from shlex import quote

import pytest
from cli_files import DATA
from cli_tools import Argument, Run, Terminal
from close_to import close_to
from in_one_test import in_one_folder
from kld_loop import plainly, statistics, unc

BASE, Q4 = DATA / "text_base.kld", DATA / "text_q4.kld"
FLOORED = ((2, 3), (5, 11), (9, 0))


def without_floors(path: Path, folder: Path, labels: Path = BASE) -> Path:
    """Return the same file, in which the labels that are below what is kept are others."""
    content = bytearray(path.read_bytes())
    plain = plainly(labels)
    for chunk, j in FLOORED:
        row = plain.rows[chunk * 15 + j]
        struct.pack_into("<i", content, 20 + 4 * (chunk * 32 + 16 + j + 1), row.index(max(row)))
    (folder / path.name).write_bytes(content)
    return folder / path.name


def test_the_loss_of_a_base_is_bounded_where_a_label_is_floored(run: Run) -> None:
    plain = plainly(BASE)
    lower = []
    floored = 0
    for row, codes, label, scale, cut in zip(*plain, strict=True):
        lower.append(-row[label] - scale / 2)
        floored += cut and codes[label] == 0
    assert floored == len(FLOORED)
    expected = math.fsum(lower) / len(lower)
    done = run("nll", BASE)
    assert done.code == 0
    assert done.out.startswith(">= ")
    assert float(done.out[3:]) == pytest.approx(expected, abs=1e-12)
    assert "98.3 % of rows exact, 1.7 % have a label at the floor" in done.err
    found = run("nll", BASE, "--json").json
    assert (found["loss"], found["perplexity"], found["standard_error"]) == (None, None, None)
    assert found["lower_bound"] == pytest.approx(expected, abs=1e-12)
    assert found["perplexity_lower_bound"] == pytest.approx(math.exp(expected), abs=1e-11)
    assert (found["exact_rows"], found["bounded_rows"], found["rows"]) == (177, 3, 180)
    losses = run("nll", BASE, "--reduction", "none").out.split()
    known = [i for i, text in enumerate(losses) if text != "nan"]
    assert sorted({*range(180)} - {*known}) == [chunk * 15 + j for chunk, j in FLOORED]
    for i in known:
        assert float(losses[i]) == pytest.approx(-plain.rows[i][plain.labels[i]], abs=1e-12)


def test_the_loss_of_a_base_without_floored_labels(run: Run, tmp_path: Path) -> None:
    path = without_floors(BASE, tmp_path)
    plain = plainly(path)
    losses = [-row[label] for row, label in zip(plain.rows, plain.labels, strict=True)]
    expected = math.fsum(losses) / len(losses)
    done = run("nll", path)
    assert float(done.out) == pytest.approx(expected, abs=1e-12)
    step = math.fsum(plain.scales) / 2 / len(losses)
    assert f"±{step:.2g}" in done.err
    found = run("nll", path, "--json").json
    assert found["loss"] == pytest.approx(expected, abs=1e-12)
    assert found["standard_error"] == pytest.approx(unc(losses), abs=1e-9)
    assert found["rounding"] == pytest.approx(step)
    total = run("nll", "-", "--reduction", "sum", stdin=path.read_bytes())
    assert float(total.out) == pytest.approx(math.fsum(losses), abs=1e-9)


@in_one_folder
@pytest.mark.parametrize(
    ("gate", "code", "says"),
    [
        ("loss > 1.4", 3, "loss is at least 1.4279"),
        ("loss < 1.4", 0, ""),
        ("loss > 1.5", 3, "which does not tell"),
        ("loss < 1.5", 3, "which does not tell"),
        ("perplexity >= 4.1", 3, "perplexity is at least 4.17"),
        ("loss > 1.4 + 2 se", 3, "loss has no standard error"),
    ],
)
def test_gates_on_a_bound(gate: str, code: int, says: str, run: Run) -> None:
    done = run("nll", BASE, "--fail-if", gate)
    assert done.code == code
    assert says in done.err


def test_two_bases_say_what_llama_perplexity_says(
    run: Run, terminal: Terminal, tmp_path: Path
) -> None:
    paths = [without_floors(path, tmp_path) for path in (BASE, Q4)]
    expected = statistics(*map(plainly, paths))
    found = run("compare", *paths, "--json").json["metrics"]
    assert set(found) == set(expected)
    for name, (value, error) in expected.items():
        measure = found[name]
        told = measure["lower_bound"] if name.startswith("kl") else measure["value"]
        assert told == pytest.approx(value, rel=1e-9, abs=1e-12), name
        if error is not None and not name.startswith("kl"):
            assert measure["standard_error"] == close_to(error, rel=1e-6), name
    rows = run("compare", *paths).table
    assert list(rows[0]) == ["metric", "value", "standard_error", "low", "high", "n"]
    values = {row["metric"]: row["value"] for row in rows}
    assert values.keys() == expected.keys()
    assert values["kl"].startswith(">= ")
    ratio, error = expected["perplexity_ratio"]
    assert f"(ratio {ratio:.4f} ± {error:.4f})" in terminal("compare", *paths, columns=400).text


def test_a_ratio_is_bounded_where_one_of_two_bases_has_floors(run: Run, tmp_path: Path) -> None:
    """By half a step of either code, and on one side: the label at the floor is less probable."""
    content = bytearray(BASE.read_bytes())
    n_ctx, n_vocab, n_chunk = struct.unpack_from("<iii", content, 8)
    for chunk, j in FLOORED:
        row = chunk * 15 + j
        head = 20 + 4 * n_ctx * n_chunk + row * (8 + 4 * ((n_vocab + 1) // 2))
        struct.pack_into("<H", content, head + 8 + 2 * plainly(BASE).labels[row], 1)
    whole = tmp_path / "whole.kld"
    whole.write_bytes(content)
    mean = [0.0, 0.0]
    for i, plain in enumerate((plainly(whole), plainly(Q4))):
        sign = 1 - 2 * i  # the most that the loss of the first may be, the least of the second
        mean[i] = math.fsum(
            -row[label] + sign * scale / 2
            for row, label, scale in zip(plain.rows, plain.labels, plain.scales, strict=True)
        ) / len(plain.rows)
    for paths, bound, other in (
        ((whole, Q4), "lower_bound", "upper_bound"),
        ((Q4, whole), "upper_bound", "lower_bound"),
    ):
        found = run("compare", *paths, "--json").json["metrics"]
        sign = 1 if bound == "lower_bound" else -1
        for name, value in (
            ("log_perplexity_ratio", sign * (mean[1] - mean[0])),
            ("perplexity_ratio", math.exp(sign * (mean[1] - mean[0]))),
            ("perplexity_difference", sign * (math.exp(mean[1]) - math.exp(mean[0]))),
        ):
            assert found[name][bound] == pytest.approx(value, abs=1e-12), name
            assert (found[name]["value"], found[name][other]) == (None, None), name


def test_notes_name_the_model_that_they_are_of_and_are_told_once(run: Run) -> None:
    done = run("compare", BASE, Q4, BASE, "--metric", "kl")
    told = [line.partition(": rows ")[0] for line in done.err.splitlines()]
    assert told == [f"note: {Q4}", f"note: {Q4}", f"note: {BASE}"]
    top = DATA / "top20.npz"
    notes = run("compare", top, top, top).err.splitlines()
    assert len(notes) == len({*notes})
    assert sum("known from below" in note for note in notes) == 1


def test_what_floors_leave_open_is_no_number(run: Run) -> None:
    floors = run("compare", BASE, Q4, "--json").json["metrics"]
    expected = statistics(plainly(BASE), plainly(Q4))
    for path, which in ((BASE, "base"), (Q4, "new")):
        alone = run("nll", path, "--json").json["metrics"]
        for name in ("loss", "perplexity"):
            compared = floors[f"{name}_{which}"]
            assert compared["value"] is None
            assert compared["lower_bound"] == alone[name]["lower_bound"]
            assert compared["at_floors"] == pytest.approx(expected[f"{name}_{which}"][0], abs=1e-9)
    ratio = floors["perplexity_ratio"]
    assert (ratio["value"], ratio["lower_bound"]) == (None, None)
    assert ratio["at_floors"] == pytest.approx(expected["perplexity_ratio"][0], abs=1e-9)
    assert "with floors as values" in run("compare", BASE, Q4, "--metric", "perplexity_ratio").out
    for name, (value, error) in expected.items():
        if "at_floors" in floors[name]:
            told = floors[name]["at_floors"], floors[name]["at_floors_error"]
            assert told == (
                pytest.approx(value, rel=1e-9, abs=1e-12),
                error if error is None else close_to(error, rel=1e-6),
            ), name
    itself = run("compare", BASE, BASE, "--metric", "kl")
    assert itself.out == "0.0\n"
    failed = run("compare", BASE, Q4, "--fail-if", "kl > 0.01", "--metric", "agreement")
    assert (failed.code, failed.out) == (3, "0.9222222222222223\n")
    assert "kl is at least 0.0154" in failed.err


def test_what_is_refused_of_a_base(run: Run, tmp_path: Path) -> None:
    logits = DATA / "digits_logits.npy"
    other = bytearray(Q4.read_bytes())
    struct.pack_into("<i", other, 20 + 4 * 40, 0)
    (tmp_path / "other.kld").write_bytes(other)
    for arguments, says in (
        (("loss", BASE), "rows do not sum to 1"),
        (("softmax", BASE), "rows do not sum to 1"),
        (("nll", "--probs", BASE), "rows do not sum to 1"),
        (("eval", BASE, DATA / "digits_labels.npy"), "xent nll BASE"),
        (("compare", logits, BASE), "rows do not sum to 1"),
        (("compare", BASE, logits), "no base of llama-perplexity"),
        (("compare", BASE, tmp_path / "other.kld"), "token 8 of window 1 is 0, in"),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (1, ""), arguments
        assert says in done.err
    refused: tuple[tuple[Argument, ...], ...] = (
        ("nll", BASE, "--rows", "0:3"),
        ("nll", BASE, "--tokens", "prompt"),
        ("compare", BASE, Q4, "--labels", logits),
        ("compare", BASE, Q4, "--metric", "js"),
        ("compare", BASE, Q4, "--fail-if", "accuracy < 1"),
        ("compare", f"{DATA}/text_*.kld", Q4),
        ("compare", BASE, f"{DATA}/text_*.kld"),
    )
    for options in refused:
        done = run(*options)
        assert (done.code, done.out) == (2, ""), options
        assert done.err.startswith("error: ")


def test_info_knows_a_base(run: Run) -> None:
    (found,) = run("info", BASE, "--json").json["files"]
    plain = plainly(BASE)
    assert (found["format"], found["shape"]) == ("kld", [12, 15, 61])
    assert found["minimum"] == pytest.approx(min(map(min, plain.rows)))
    assert found["maximum"] == pytest.approx(max(map(max, plain.rows)))
    assert found["looks_like"] == (
        "log-probabilities of 32-token windows, cut off 16 nats below the largest "
        "(labels lost: 3 of 180)"
    )
    assert found["fits"] == f"xent nll {quote(str(BASE))}"


def test_several_bases_are_one_text(run: Run, tmp_path: Path) -> None:
    paths = [without_floors(path, tmp_path) for path in (BASE, Q4)]
    losses = [float(run("nll", path).out) for path in paths]
    both = run("nll", "--log-probs", paths[0], "--log-probs", paths[1])
    assert float(both.out) == pytest.approx(sum(losses) / 2, abs=1e-12)
    assert run("nll", tmp_path / "*.kld", "--json").json["rows"] == 360


def test_rows_that_were_never_written_are_told(run: Run, tmp_path: Path) -> None:
    content = BASE.read_bytes()
    rows = 20 + 4 * 32 * 12
    (tmp_path / "hole.kld").write_bytes(content[:rows] + bytes(132 * 5) + content[rows + 132 * 5 :])
    done = run("nll", tmp_path / "hole.kld")
    assert "rows of nothing but zeros, of loss 0: 5" in done.err
