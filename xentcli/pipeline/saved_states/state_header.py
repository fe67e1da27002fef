"""What a state is of: version, command, options, files, rows, classes and models."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xentcli.pipeline.flow import Remark
from xentcli.pipeline.in_part.bounded import BoundedKind
from xentcli.pipeline.in_part.partly_pairs import PairsKind
from xentcli.pipeline.language.texts import TextsAsked
from xentcli.pipeline.language.token_counts import TokensAsked
from xentcli.pipeline.saved_states.besides import asked_of_both
from xentcli.pipeline.saved_states.state_options import Asked, PairAsked, Setting
from xentcli.pipeline.saved_states.state_rows import FileRows, joined, leads_to
from xentcli.pipeline.top_lists.top_measures import ListsKind
from xentcli.results.provenance import FileFacts
from xentcli.storage.paths import natural_key

_MOST_CLASSES = 2**24  # more than any vocabulary; tables may be as long


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model's outputs.

    Attributes
    ----------
    role : str
        What its files were read as.
    setting : Setting
        Its options.
    within : str
        The array, as it follows the name of the only file. Empty for several files.
    looks_like : str
        What the first rows look like.
    missing : Remark or None
        The rows of probabilities that miss a sum of 1.
    """

    role: str
    setting: Setting
    within: str = ""
    looks_like: str = "unknown"
    missing: Remark | None = None

    def merge(self, other: "ModelFacts", *, one_file: bool) -> "ModelFacts":
        """Return what is known of the rows of both, if these come first."""
        one, two = self.missing, other.missing
        missing = one.merge(two) if one and two else one or two
        within = self.within if one_file else ""
        setting = self.setting.merge(other.setting)
        return replace(self, setting=setting, within=within, missing=missing)


@dataclass(frozen=True)
class StateHeader:
    """What a state is of.

    Attributes
    ----------
    xent_state : str
        The version of xent that wrote it.
    command : str
        The command that it is of.
    rows : tuple of FileRows
        The rows of the logits, or of the first model's, in the natural order of names.
    files : tuple of FileFacts
        What was read.
    models : tuple of ModelFacts
        One model, or those that are compared.
    num_classes, unpaired : int
        The length of a row; rows without a label.
    class_names : tuple of str or None
        The names of the classes.
    crosses : bool
        Whether shifted labels may stand in the next file.
    sequences : bool
        Whether labels are tokens, of which no state of another file predicts one.
    asked : Asked or None
        What an evaluation was asked for.
    paired : PairAsked or None
        What a comparison was asked for.
    tokens : TokensAsked or None
        Which tokens the answers of a server are of.
    bounded : BoundedKind or None
        What a report needs to know of rows that are known in part.
    lists : ListsKind or None
        Which lists an evaluation is of, and what it measures.
    texts : TextsAsked or None
        Which texts of a harness it is of.
    pairs : PairsKind or None
        What is compared, for models that are known in part.
    arrays : (str, str)
        The array of the logits in each file, and the array or the column of the labels; empty
        where that is unknown, or differs between files.
    padded : bool
        Whether rows are as long as the longest of their files, as docs with choices are: rows of
        other files may be longer.
    """

    xent_state: str
    command: str
    rows: tuple[FileRows, ...]
    files: tuple[FileFacts, ...]
    models: tuple[ModelFacts, ...]
    num_classes: int
    class_names: tuple[str, ...] | None = None
    unpaired: int = 0
    crosses: bool = False
    sequences: bool = False
    asked: Asked | None = None
    paired: PairAsked | None = None
    tokens: TokensAsked | None = None
    bounded: BoundedKind | None = None
    lists: ListsKind | None = None
    texts: TextsAsked | None = None
    pairs: PairsKind | None = None
    arrays: tuple[str, str] = ("", "")
    padded: bool = False

    def check(self) -> None:
        """Raise ValueError if no run has such a header."""
        roles = {each.role for each in self.files}
        for model in self.models:
            if model.role not in roles:
                raise ValueError(f"there is no file of {model.role}")
        if not 0 <= self.num_classes <= _MOST_CLASSES or self.unpaired < 0:
            raise ValueError(f"{self.num_classes} classes, {self.unpaired} rows without a label")
        if len(self.arrays) != 2:
            raise ValueError(f"{len(self.arrays)} names of the logits' and the labels' arrays")
        asked = {"eval": self.asked or self.lists, "compare": self.paired or self.pairs}
        if self.pairs is not None and len(self.pairs.kinds) != len(self.models):
            raise ValueError(f"{len(self.pairs.kinds)} kinds of {len(self.models)} models")
        if any((each is not None) != (name == self.command) for name, each in asked.items()):
            raise ValueError("it does not say what was asked for")

    @property
    def sole_state(self) -> str | None:
        """The name of the only state, for rows of a kind that metrics do not take; else None."""
        if self.pairs is not None:
            return "coded_pairs" if self.pairs.are_bases else "listed_pairs"
        names = ("tokens", "bounded", "lists", "texts")
        return next((name for name in names if getattr(self, name) is not None), None)

    @property
    def setting(self) -> Setting:
        """The options, or those of the first model."""
        return self.models[0].setting

    @property
    def inner(self) -> int:
        """The rows that have a label in a slice of the first axis."""
        asked = self.asked or self.paired
        return math.prod(asked.lead) if asked else 1

    def names_of(self, role: str) -> list[str]:
        """Return the names of the files that were read as this."""
        return list(dict.fromkeys(each.name for each in self.files if each.role == role))

    def merge(self, other: "StateHeader") -> "StateHeader":
        """Return the header of both states' rows."""
        first, second = sorted((self, other), key=lambda each: _place(each.rows))
        found = replace(
            first,
            rows=joined((*self.rows, *other.rows)),
            files=each_once((*self.files, *other.files)),
            unpaired=self.unpaired + other.unpaired,
            sequences=self.sequences and other.sequences,
        )
        models = (
            one.merge(two, one_file=len(found.names_of(one.role)) == 1)
            for one, two in zip(first.models, second.models, strict=True)
        )
        logits, labels = (
            one if one == two else "" for one, two in zip(self.arrays, other.arrays, strict=True)
        )
        asked, paired = (
            getattr(first, name) and asked_of_both(getattr(first, name), getattr(second, name))
            for name in ("asked", "paired")
        )
        lists = [each for each in (first.lists, second.lists) if each is not None]
        bounded = [each for each in (first.bounded, second.bounded) if each is not None]
        return replace(
            found,
            lists=max(lists, key=lambda each: each.listed, default=None),
            bounded=max(bounded, key=lambda each: each.listed, default=None),
            models=tuple(models),
            arrays=(logits, labels),
            num_classes=max(self.num_classes, other.num_classes),
            asked=asked,
            paired=paired,
        )


def _place(rows: Sequence[FileRows]) -> tuple[Any, ...]:
    """Return what sorts states by their first rows; those without any come last."""
    return (0, rows[0].key) if rows else (1,)


def each_once(files: Iterable[FileFacts]) -> tuple[FileFacts, ...]:
    """Return files by what they were read as and the natural order of names, each once."""

    def order(each: FileFacts) -> tuple[Any, ...]:
        return (each.role == "labels", natural_key(each.role), natural_key(each.name), repr(each))

    return tuple(sorted(dict.fromkeys(files), key=order))


def changed_files(header: StateHeader) -> Iterator[str]:
    """Say which files were changed between the runs of merged states, unless digests are equal.

    Runs in several folders may give several files one name; such files are not reported.
    """
    whole = {path for each in header.rows for path in (each.file, each.labels) if path}
    versions: dict[tuple[str, str], list[FileFacts]] = {}
    for each in header.files:
        versions.setdefault((each.role, each.name), []).append(each)
    for (role, name), found in versions.items():
        times = {each.modified for each in found}
        digests = {each.sha256 for each in found}
        is_one_file = sum(leads_to(path, name) for path in whole) == 1
        if is_one_file and len(times) > 1 and (None in digests or len(digests) > 1):
            said = " and ".join(sorted(map(str, times))[:2])
            yield f"{name}: the {role} were changed between the runs: they are of {said}"
