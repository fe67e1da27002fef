"""The options that say how files are read, and the files to read with them."""

from typing import TYPE_CHECKING, Annotated, Any

from xentcli.cli.expand import OptionGroup, Without
from xentcli.cli.options import of_heads, of_reading
from xentcli.cli.parsing import Decimal, InputDtype, LogitsDtype, parse_delimiter, parse_names
from xentcli.errors import UsageError
from xentcli.pipeline import format_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentcli.pipeline.evaluate import Kind
    from xentcli.pipeline.inputs.heads import HeadOptions
    from xentcli.pipeline.inputs.reading import Reader
    from xentcli.pipeline.opening import InputFile


WITHOUT_HEADS = Without(
    *("lm_head", "layer", "final_norm", "logit_scale", "softcap", "head_bias", "logits_dtype")
)
"""Leaves out the options of hidden states, for commands that read no logits."""


def complete_format(incomplete: str) -> list[str]:
    """Return the formats to complete with."""
    return [name for name in format_names() if name.startswith(incomplete)]


class Reading(OptionGroup):
    """Options of how input files are read."""

    from_: Annotated[
        str | None,
        of_reading(
            "--from",
            metavar="FORMAT",
            help=f"The format to read: {', '.join(format_names())}.",
            show_default="by content, then extension",
            autocompletion=complete_format,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        of_reading(
            "--delimiter",
            metavar="CHAR",
            help="What separates the cells of CSV.",
            show_default="detected",
        ),
    ] = None
    header: Annotated[
        bool | None,
        of_reading(
            "--header/--no-header",
            help="Whether the first row of CSV holds names.",
            show_default="detected",
        ),
    ] = None
    labels_header: Annotated[
        bool | None,
        of_reading(
            "--labels-header/--no-labels-header",
            help="The same, for the file of labels alone.",
            show_default="detected",
        ),
    ] = None
    decimal: Annotated[
        Decimal, of_reading("--decimal", help="The decimal mark of numbers in CSV.")
    ] = "."
    columns: Annotated[
        str | None,
        of_reading(
            "--columns",
            metavar="A,B,...",
            help="Read these columns: names, numbers from 1, 3-12, 'logit_*'.",
        ),
    ] = None
    drop: Annotated[
        str | None,
        of_reading("--drop", metavar="A,B,...", help="Leave these columns out."),
    ] = None
    key: Annotated[
        str | None,
        of_reading(
            "--key",
            metavar="NAME",
            help="The array in a file that holds several: a name in NPZ, safetensors, HDF5 or "
            "PyTorch files, a column of lists in Parquet or Arrow.",
        ),
    ] = None
    input_dtype: Annotated[
        InputDtype | None,
        of_reading("--input-dtype", help="Read arrays of raw 2-byte words as this."),
    ] = None
    encoding: Annotated[
        str | None,
        of_reading(
            "--encoding",
            metavar="NAME",
            help="The encoding of CSV and TSV: latin-1, utf-16, ...",
            show_default="utf-8",
        ),
    ] = None

    lm_head: Annotated[
        list[str] | None,
        of_heads(
            "--lm-head",
            metavar="MODEL_DIR|FILE|FILE:KEY",
            help="The files are hidden states of a language model, and this is its head: logits "
            "are their product. compare takes it once for each model, 'none' for logits.",
        ),
    ] = None
    layer: Annotated[
        int | None,
        of_heads(
            "--layer",
            metavar="N",
            help="Which layer, of hidden states of shape (T, layers, D): from 0, or -1 for the "
            "last.",
        ),
    ] = None
    final_norm: Annotated[
        bool,
        of_heads("--final-norm", help="Apply the model's final norm, if states precede it."),
    ] = False
    logit_scale: Annotated[
        float | None,
        of_heads(
            "--logit-scale",
            metavar="X",
            help="Multiplies the logits.",
            show_default="by config.json, else 1",
        ),
    ] = None
    softcap: Annotated[
        float | None,
        of_heads(
            "--softcap",
            metavar="CAP",
            min=0.0,
            help="Logits become CAP tanh(logits / CAP); 0 is no cap.",
            show_default="by config.json, else none",
        ),
    ] = None
    head_bias: Annotated[
        str | None,
        of_heads(
            "--head-bias",
            metavar="FILE|FILE:KEY",
            help="The bias that is added to the logits.",
            show_default="lm_head.bias, if there is one",
        ),
    ] = None
    logits_dtype: Annotated[
        LogitsDtype,
        of_heads("--logits-dtype", help="Round logits as a model in this dtype does."),
    ] = "float32"

    def head(self, path: str | None, *, or_logits: bool = False) -> "HeadOptions | None":
        """Return the options of the head that makes logits of hidden states, if this names one."""
        if not self.lm_head:
            given = {
                "--layer": self.layer,
                "--logit-scale": self.logit_scale,
                "--softcap": self.softcap,
                "--head-bias": self.head_bias,
                "--final-norm": self.final_norm or None,
                "--logits-dtype": None if self.logits_dtype == "float32" else self.logits_dtype,
            }
            for name, value in given.items():
                if value is not None:
                    raise UsageError(f"{name} is for hidden states: --lm-head MODEL_DIR")
        if path is None:
            return None
        from xentcli.pipeline.inputs.heads import HeadOptions

        if self.logit_scale is not None and not 0.0 < abs(self.logit_scale) < float("inf"):
            raise UsageError(f"--logit-scale is a number other than 0, not {self.logit_scale}")
        return HeadOptions(
            path,
            self.layer,
            self.final_norm,
            self.logit_scale,
            self.softcap,
            self.head_bias,
            self.logits_dtype,
            or_logits,
        )

    def readers(self, kinds: "Sequence[Kind]") -> "list[Reader]":
        """Return a reader for the files of each model, given the kind that each holds."""
        if not self.lm_head:
            return [self.reader] * len(kinds)
        from xentcli.pipeline.inputs.heads import paths_of_models

        alone = len(self.lm_head) == 1
        paths = paths_of_models(self.lm_head, kinds)
        return [self._reader(self.head(path, or_logits=alone)) for path in paths]

    @property
    def reader(self) -> "Reader":
        """Return the reader of files that these options describe."""
        if len(self.lm_head or ()) > 1:
            raise UsageError("--lm-head is given once; compare takes one for each model")
        return self._reader(self.head(self.lm_head[0] if self.lm_head else None))

    def _reader(self, head: "HeadOptions | None") -> "Reader":
        from xentcli.pipeline.inputs.reading import Reader

        common = {
            "delimiter": parse_delimiter(self.delimiter),
            "encoding": self.encoding,
            "decimal": self.decimal,
            "header": self.header,
            "head": head,
        }
        values = {
            "columns": parse_names(self.columns),
            "drop": parse_names(self.drop) or (),
            "key": self.key,
            "input_dtype": self.input_dtype,
        }
        return Reader(self.from_, common, values, self.labels_header)

    def file(self, path: str, **more: Any) -> "InputFile":
        """Return a file to read with all of these options, and `more` of `ReadOptions`."""
        return self.reader.file(path, **more)
