"""The gates of a command: read before the work, judged after it, and what the exit code says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xentcli.cli.loss_options import Gates
from xentcli.errors import GateFailed, UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.gating.baseline import Baseline
    from xentcli.pipeline.gating.gates import Gate
    from xentcli.results.measure import Measure
    from xentcli.results.verdict import Verdict

_LOSSES = ("loss", "loss_new", "loss_after")  # one of them is what a command is about


class Gatekeeper:
    """Judges one result by the gates that the user typed; without gates, it says nothing.

    Parameters
    ----------
    options : Gates
        What was typed.
    measures : sequence of str, optional
        The names that a gate may use; by default all measures of one model.
    elsewhere : str, optional
        The command that has every other measure of one model.
    counted : str, optional
        What the result is over; a gate may use its number, which says whether all is there.

    Attributes
    ----------
    names : tuple of str
        The measures that the gates judge, each once: what the command has to compute.
    verdicts : tuple of Verdict
        What the gates say, after `judge` was called.

    Raises
    ------
    UsageError
        If a gate cannot be parsed, or needs a baseline and there is none.
    """

    def __init__(
        self,
        options: Gates,
        measures: Sequence[str] | None = None,
        elsewhere: str | None = None,
        counted: str = "rows",
    ) -> None:
        self.gates: list[Gate] = []
        self.verdicts: tuple[Verdict, ...] = ()
        self._path = options.baseline
        self._counted = counted
        self._baseline: Baseline | None = None
        if options.fail_if is not None or options.baseline is not None:
            self._read(options, measures, elsewhere)
        names = dict.fromkeys(gate.measure for gate in self.gates)
        self.names = tuple(name for name in names if name != counted)

    def _read(self, options: Gates, measures: Sequence[str] | None, elsewhere: str | None) -> None:
        from xentcli.pipeline.gating.gate_text import OF_A_MODEL, parse_gate

        known = (*(OF_A_MODEL if measures is None else measures), self._counted)
        self.gates = [
            parse_gate(text, known, elsewhere=elsewhere) for text in options.fail_if or ()
        ]
        if not self.gates:
            loss = next((each for each in _LOSSES if each in known), known[0])
            raise UsageError(
                "--baseline is for gates, and there is none",
                hint=f"--fail-if '{loss} > baseline + 2 se'",
            )
        wanting = [gate.text for gate in self.gates if "baseline" in gate.kinds]
        if wanting and options.baseline is None:
            raise UsageError(
                f"--fail-if {wanting[0]!r}: there is no baseline",
                hint="--baseline FILE, with what an earlier run printed with --json",
            )

    def open(self) -> None:
        """Read the baseline, before anything is written: the output may take its place.

        Raises
        ------
        InputError
            If it is no result of ours.
        """
        if self._path is not None:
            from xentcli.pipeline.gating.baseline import read_baseline

            self._baseline = read_baseline(self._path)

    def judge(
        self,
        metrics: Mapping[str, "Measure"],
        num_classes: int,
        count: int,
        model: tuple[Sequence[str], int] | None = None,
    ) -> list[str]:
        """Judge a result over `count` rows; return what to note about the baseline.

        If it is of one `model` of several, these are their names and its place among them.
        """
        if not self.gates:
            return []
        from xentcli.pipeline.gating.gates import judge
        from xentcli.results.measure import Measure

        metrics = {**metrics, self._counted: Measure(count)}
        baseline = self._baseline
        if baseline is not None and model is not None:
            names, place = model
            baseline = baseline.of_models(names)[place]
        self.verdicts = judge(self.gates, metrics, None if baseline is None else baseline.metrics)
        if baseline is None:
            return []
        if all(gate.kinds == {"number"} for gate in self.gates):
            return [f"{baseline.name}: no gate compares with the baseline"]
        return list(baseline.differences(self.gates, metrics, num_classes))

    def beside(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON of a result, with what the gates say of it, if there are gates."""
        return {**named, "gates": self.verdicts} if self.gates else {**named}

    def exit(self) -> None:
        """Raise GateFailed if a gate failed, after all has been written."""
        failed = [f"{gate}: {message}" for gate, fails, message in self.verdicts if fails]
        if failed:
            raise GateFailed("\n".join(failed))
