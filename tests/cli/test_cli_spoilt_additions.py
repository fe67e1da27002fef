"""What goes wrong in an addition is one line that names it, and never another number."""

from pathlib import Path

import numpy as np
import pytest
from additions import MEAN, TOTAL, added
from cli_tools import Run
from in_one_test import in_one_test

from xentcli import evaluate

RAISES = "        return cls(int(facts"


@pytest.mark.parametrize(
    ("raised", "said", "jobs"),
    [
        *(("next(iter([]))", "StopIteration", jobs) for jobs in (1, 2)),
        *(("raise SystemExit(7)", "SystemExit: 7", jobs) for jobs in (1, 2)),
        ("raise EOFError('cut off')", "EOFError: cut off", 2),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", "Odd", 2),
    ],
)
def test_whatever_an_addition_raises(
    run: Run, tmp_path: Path, raised: str, said: str, jobs: int
) -> None:
    """StopIteration once ended the rows, and SystemExit and EOFError the run, without a word."""
    np.save(tmp_path / "z.npy", np.zeros((40_000, 27), np.float32))  # two blocks
    np.save(tmp_path / "y.npy", np.zeros(40_000, np.int64))
    files = (tmp_path / "z.npy", tmp_path / "y.npy")
    with added(tmp_path, TOTAL, (RAISES, f"        {raised}\n{RAISES}")):
        done = run("eval", *files, "--metric", "mine", "--jobs", str(jobs))
    place = TOTAL.splitlines().index(RAISES + '["rank"].sum()), facts.rows)') + 1
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == f"error: a mistake in mine.py:{place}: {said}"


FACT = 'return rows[np.arange(len(rows)), tile["label"]]'
LATER = ('"before", needs', "needs"), ("(tile, rows)", "(given)")


@in_one_test
@pytest.mark.parametrize(
    ("source", "changes", "said"),
    [
        (
            MEAN,
            [('"before",', '"before", dtype=np.int64,')],
            "gives float32, and its dtype is int6",
        ),
        (MEAN, [(FACT, "return rows[:, 0] * 1j")], "gives complex64, and its dtype is float64"),
        (MEAN, [(FACT, "return np.full(len(rows), '1')")], "gives <U1, and its dtype is float64"),
        (
            MEAN,
            [*LATER, (FACT, "return given['label'][1:]")],
            "gives shape (8,) of int64 for 9 row",
        ),
        (MEAN, [*LATER, (FACT, "return 3.0")], "gives float for 9 rows"),
        (MEAN, [*LATER, (FACT, "return given['label'] * 1j")], "gives shape (9,) of complex128"),
        (MEAN, [*LATER, (FACT, "given['label'][:] = 0")], "destination is read-only"),
        (MEAN, [*LATER, (FACT, "given.labels[:] = 0")], "destination is read-only"),
        (TOTAL, [(RAISES, f"        facts['rank'][:] = 0\n{RAISES}")], "destination is read-only"),
        (
            MEAN,
            [('("label",)', '("labels",)')],
            "there is no fact 'labels', which the fact mine_fa",
        ),
        (MEAN, [('("label",)', '("mine_fact",)')], "the fact 'mine_fact' needs itself"),
        (
            MEAN,
            [
                ('("label",)', '("other_fact",)'),
                ("@reg", "fact('other_fact', 'before', needs=('mine_fact',))(mine_fact)\n\n@reg"),
            ],
            "the fact 'mine_fact' needs itself through 'other_fact'",
        ),
    ],
)
def test_a_fact_that_would_give_other_numbers(
    run: Run, tmp_path: Path, source: str, changes: list[tuple[str, str]], said: str
) -> None:
    np.save(tmp_path / "z.npy", np.eye(9, dtype=np.float32))
    np.save(tmp_path / "y.npy", np.arange(9))
    files = (tmp_path / "z.npy", tmp_path / "y.npy")
    with added(tmp_path, source, *changes):
        done = run("eval", *files, "--metric", "mine", "--metric", "mrr")
    assert (done.code, done.out, done.err.count("error: ")) == (1, "", 1)
    assert said in done.err.splitlines()[0]


@in_one_test
@pytest.mark.parametrize(
    ("source", "changes", "said"),
    [
        (
            MEAN,
            [('"before",', '"before", dtype="U3",')],
            "'mine_fact': dtype='U3' is no dtype of n",
        ),
        (MEAN, [('"before",', '"before", dtype="nope",')], "dtype='nope' is no dtype of numbers"),
        (
            MEAN,
            [('@fact("mine_fact", "before", needs=("label",))', "@fact")],
            "a fact has a name: ",
        ),
        (
            MEAN,
            [('"mine_fact", "measured")', '"measured", "mine_fact")')],
            "'mine' is a mean: needs",
        ),
        (
            MEAN,
            [('"mine_fact", "measured")', '"mine_fact", "used")')],
            "'mine' is a mean: needs = ",
        ),
        (
            TOTAL,
            [('@register("mine", measure=True)', "@register")],
            "a metric has a name: @register",
        ),
        (
            TOTAL,
            [('"mine"', "3")],
            "a metric has a name: @register('my_metric'), not @register or 3",
        ),
        (
            TOTAL,
            [("@dataclass(", "def mine(): ...\n@dataclass(")],
            "'mine' is a class, and <function",
        ),
    ],
)
def test_what_is_refused_at_once(
    tmp_path: Path, source: str, changes: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(ValueError) as caught, added(tmp_path, source, *changes):  # noqa: PT011
        raise AssertionError("it was registered")
    assert said in str(caught.value)


ROWS = "    rows: int = 0\n"
MERGED = "return MineState(self.total + other.total, self.rows + other.rows)"


@in_one_test
@pytest.mark.parametrize(
    ("changes", "said", "hint"),
    [
        ([("frozen=True", "")], "", ""),
        (
            [("(frozen=True)", ""), (MERGED, "self.rows += other.rows; return self")],
            "merge changes a state that it is given: it returns another one",
            "what a metric must have",
        ),
        (
            [("(frozen=True)", ""), (MERGED, "other.rows += self.rows; return other")],
            "merge changes a state that it is given",
            "what a metric must have",
        ),
        (
            [
                ("(frozen=True)", ""),
                ("    @classmethod\n    def from_rows(cls", "    def from_rows(self"),
                (RAISES, f"        self.rows += facts.rows; return self\n{RAISES}"),
            ],
            "from_rows changes the state of no rows",
            "what a metric must have",
        ),
        (
            [("total: int = 0", "total: int"), ("rows: int = 0", "rows: int")],
            "MineState() should be the state of no rows: ",
            "what a metric must have",
        ),
        (
            [
                ("@dataclass(frozen=True)\n", ""),
                ("    total: int = 0\n", ""),
                (
                    ROWS,
                    "    def __init__(self, total=0, rows=0): self.total, self.rows = total, 1\n",
                ),
            ],
            "MineState is no dataclass and no named tuple",
            "what a metric must have",
        ),
        (
            [(ROWS, f"{ROWS}    seen: list = field(default_factory=list)\n")],
            "a field is annotated list, which does not say of what",
            "list[int]",
        ),
        (
            [
                (ROWS, f"{ROWS}    seen: dict[int, int] = field(default_factory=dict)\n"),
                ('"].sum()), facts.rows)', '"].sum()), facts.rows, {3: 1})'),
            ],
            "the keys of a dict are text in JSON, and 3 is none",
            "dict[str, int]",
        ),
    ],
)
def test_a_state_that_cannot_be_kept_or_merged(
    run: Run, tmp_path: Path, changes: list[tuple[str, str]], said: str, hint: str
) -> None:
    """Where a state is changed, blocks would count twice, or not at all."""
    np.save(tmp_path / "z.npy", 2.0 * np.eye(9))
    np.save(tmp_path / "y.npy", np.arange(9))
    with added(tmp_path, TOTAL, *changes):
        done = run("eval", tmp_path / "z.npy", tmp_path / "y.npy", "--metric", "mine")
    if not said:
        assert (done.code, done.out, done.err) == (0, "0.0\n", "")
        return
    first, second = done.err.splitlines()
    assert (done.code, done.out) == (1, "")
    assert first.startswith("error: the metric mine: ")
    assert said in first
    assert hint in second


def test_the_arrays_that_are_measured_stay_the_users() -> None:
    """Facts cannot change them; whoever has made them still can."""
    logits, labels = np.eye(9), np.arange(9)
    evaluate(logits, labels)
    logits[0], labels[0] = 1.0, 3
