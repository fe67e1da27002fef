"""What is timed: files, the command on them, and the peers that it is timed beside."""

from dataclasses import dataclass

TORCH_PEERS = ("torch_script", "torch_blocks")
EVAL_PEERS = ("torch_eval", "torch_eval_blocks")
EVAL_METRICS = ("loss", "accuracy", "top5_accuracy", "brier", "ece")
INDEX_PEERS = (*TORCH_PEERS, "numpy_lines", "scipy_lines")
CSV_PEERS = ("pandas_lines", "polars_lines")


@dataclass(frozen=True)
class Case:
    """A file, the commands that are timed on it, and what it is."""

    name: str
    shape: tuple[int, int]
    dtype: str = "float32"
    labels: str = "classes"
    command: str = "loss"
    peers: tuple[str, ...] = INDEX_PEERS
    csv: bool = False

    @property
    def title(self) -> str:
        rows, classes = self.shape
        kind = "CSV with CSV labels" if self.csv else f"{self.dtype} NPY"
        against = ", class probabilities" if self.labels == "probabilities" else ""
        return f"`xent {self.command}`, {rows:,} × {classes:,} {kind}{against}"


CASES = (
    Case("short", (10_000_000, 10)),
    Case("medium", (300_000, 1000)),
    Case("long", (2_000, 128_256)),
    Case("half", (4_000, 128_256), "float16", peers=TORCH_PEERS),  # NumPy's takes a minute
    Case("probabilities", (300_000, 1000), labels="probabilities", peers=("torch_script",)),
    Case("softmax", (300_000, 1000), command="softmax", peers=("torch_softmax",)),
    Case("eval-short", (10_000_000, 10), command="eval", peers=(*EVAL_PEERS, "sklearn_eval")),
    Case("eval-medium", (300_000, 1000), command="eval", peers=(*EVAL_PEERS, "sklearn_eval")),
    Case("eval-long", (2_000, 128_256), command="eval", peers=EVAL_PEERS),
    Case("compare-medium", (300_000, 1000), command="compare", peers=("torch_compare_blocks",)),
    Case("calibrate-medium", (300_000, 1000), labels="drawn", command="calibrate", peers=()),
    Case("csv-short", (500_000, 10), peers=CSV_PEERS, csv=True),
    Case("csv-medium", (20_000, 1000), peers=CSV_PEERS, csv=True),
)
