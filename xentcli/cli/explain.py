"""xent explain."""

from typing import Annotated

import typer

from xentcli.cli import inputs, options
from xentcli.cli.arrays import show, shows_table, terminal_width
from xentcli.cli.inputs import Reading
from xentcli.cli.options import Common, Writing


def explain(
    logits: options.LogitsOption,
    labels: options.LabelsOption = None,
    rows: Annotated[str, typer.Option("--rows", help="Which rows, as a slice.")] = "0:3",
    label_column: options.LabelColumn = None,
    label_key: options.LabelKey = None,
    label_base: options.LabelBase = None,
    classes: options.ClassesOption = None,
    shift: options.Shift = 0,
    *,
    reading: Reading,
    writing: Writing,
    common: Common,
) -> None:
    """Show every step from logits to loss, and three routes to the same number."""
    from xentcli.pipeline import explain as steps
    from xentcli.pipeline.naming import read_naming
    from xentcli.pipeline.outputs import check_text_output, delimiter_for, text_file

    inputs.only_one_standard_input(*logits, *(labels or ()))
    wanted = options.parse_rows(rows)
    check_text_output(writing.output, writing.to, force=writing.force)
    naming = read_naming(classes, label_base)
    source, labels_source = inputs.open_both(
        reading, logits, labels, label_column, label_key, shift=shift, classes=naming.classes
    )
    common.tell_all([*source.notes, *(labels_source.notes if labels_source else [])])
    result, notes = steps.explain(
        source, labels_source, wanted, label_base=label_base or 0, naming=naming, shift=shift
    )
    common.tell_all(notes)
    if not common.json and shows_table(writing):
        from xentcli.render.explain import explanation

        show(explanation(result, terminal_width(common)), common)
        return
    with text_file(writing.output, writing.to, force=writing.force) as write:
        if common.json:
            from xentcli.render.json import to_json

            write(to_json({"command": "explain", "explanation": result}))
        else:
            from xentcli.render.csv import explanation_rows

            write(explanation_rows(result, delimiter_for(writing.output, writing.to)))
    if not common.json:
        common.tell_formulas(writing.output, result.columns or ())
