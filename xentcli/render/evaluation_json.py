"""An evaluation as an object of JSON."""

from typing import TYPE_CHECKING, Any

from xentcli.render.row_fields import fields_of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentcli.results.measures import Measures
    from xentcli.results.verdict import Verdict

_COUNTS = ("rows", "used", "measured", "num_classes", "binary", "tied", "clusters")


def evaluation_object(found: "Measures", verdicts: "Sequence[Verdict]" = ()) -> dict[str, Any]:
    """Return everything that was measured, with null for what was not or does not apply."""
    pairs = found.confusions
    suspects = found.suspects
    return {
        "command": "eval",
        "metrics": found.metrics,
        **{name: getattr(found, name) for name in _COUNTS},
        "class_names": found.class_names,
        "classes": found.classes or None,
        "confusions": None if pairs is None else _confusions(pairs),
        "bins": found.bins or None,
        "losses": found.losses,
        "worst_rows": [fields_of_row(found, each) for each in found.worst_rows] or None,
        "suspects": suspects
        and {
            "count": suspects.count,
            "n": suspects.n,
            "rows": [fields_of_row(found, each) for each in suspects.rows],
        },
        "groups": found.groups or None,
        "labels": found.labels or None,
        **({"gates": list(verdicts)} if verdicts else {}),
        **({"others": found.others} if found.others else {}),
        "files": list(found.provenance.files),
        "version": found.provenance.version,
    }


def _confusions(pairs: Any) -> list[dict[str, int]]:
    columns = (pairs.labels.tolist(), pairs.predictions.tolist(), pairs.rows.tolist())
    return [
        {"label": label, "prediction": prediction, "rows": rows}
        for label, prediction, rows in zip(*columns, strict=True)
    ]
