"""Finds the class that each label names.

Text labels are names. They are looked up in what the user lists (``--classes``), or else in the
header of the logits; blanks around them do not count. True and False are 1 and 0, or the classes of
these names or numbers, or yes and no; of more than two classes that have names, they are none.

Labels that are numbers are indices: the first class is 0, or the label base. If the classes are
named by whole numbers other than 0, 1, 2, ..., as in a header ``1,2,3`` or ``--classes 5,7,9``,
or by ``True,False``, such labels are names too, and a note says so. With a label base they remain
indices.
"""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.by_number import counted_things, notes_of_places, said_of_two
from xentcli.core.checks import Problem, whole_labels
from xentcli.core.labels import NO_LABEL, LossOptions
from xentcli.errors import LabelError, UsageError
from xentcli.formats.column_names import without_some_shared
from xentcli.formats.decimal_names import are_decimals
from xentcli.records import Record
from xentcli.text import is_missing

Array = NDArray[Any]

IGNORED = NO_LABEL
_TEXT = "OUST"
"""The kinds of dtypes that text has."""
_UNKNOWN_NAME = IGNORED + 1
_BOOL_LABELS = {"false": 0, "true": 1}
_NO_NAMES_HINT = "name the classes in the order of the columns: --classes A,B,C or --classes FILE"


class ClassIndices(Record):
    """Class indices, the options that read them, and the labels that name no class."""

    labels: Array
    options: LossOptions
    problems: tuple[Problem, ...] = ()


class ClassNames:
    """The names of the classes, if they have any, and what labels mean by them.

    Parameters
    ----------
    names : tuple of str
        The names in the order of the columns; empty if the classes have none.
    counted : bool
        Whether numbers are always indices, because a label base was given.
    where : str
        What names them: ``--classes``, or the file with the header.
    header : str, optional
        The first line of the file of names, if it is read as a header.
    shorts : tuple of str
        The same names without the text that all of them begin or end with.
    """

    def __init__(
        self,
        names: tuple[str, ...] = (),
        counted: bool = False,
        where: str = "--classes",
        header: str | None = None,
        shorts: tuple[str, ...] = (),
    ) -> None:
        self.names = names
        self.counted = counted
        self.where = where
        self.header = header
        self.shorts = shorts

    @cached_property
    def _index(self) -> dict[str, int]:
        index = {name: i for i, name in enumerate(self.names) if name}
        for i, name in enumerate(self.shorts):
            index.setdefault(name, i)
        if self.shorts:
            index = without_some_shared(self.names) | index
        folded = {name.casefold(): i for name, i in index.items()}
        words = {word: folded[word] for word in _BOOL_LABELS if word in folded}
        if not words and len(self.names) in (0, 2):  # of more classes, true and false name none
            words = self._places_of_bools
        for word, i in words.items():
            for variant in (word, word.title(), word.upper()):
                index.setdefault(variant, i)
        return index

    @cached_property
    def _places_of_bools(self) -> dict[str, int]:
        """The places of what labels call true and false, of no or two names of classes."""
        said = said_of_two(self.shorts or self.names)
        if len({*said} - {None}) == 2:
            return {word: said.index(word) for word in _BOOL_LABELS}
        numbers = self._other_numbers or (0, 1)
        return {word: numbers.index(i) for word, i in _BOOL_LABELS.items() if i in numbers}

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The whole numbers that name the classes; empty if not all do, or they count from 0."""
        return () if self.counted else self._other_numbers

    @cached_property
    def _other_numbers(self) -> tuple[int, ...]:
        """The whole numbers that are the names of the classes, if they do not count from 0.

        The classes true and false are 1 and 0.
        """
        names = self.shorts or self.names
        if all(name.casefold() in _BOOL_LABELS for name in names):
            names = tuple(str(_BOOL_LABELS[name.casefold()]) for name in names)
        names = counted_things(names) or names
        if not all(re.fullmatch(r"(?a)[+-]?\d{1,18}", name) for name in names):
            return ()
        numbers = tuple(map(int, names))
        is_count = numbers == tuple(range(len(numbers)))
        return () if is_count or len(set(numbers)) < len(numbers) else numbers

    def notes_on(self, labels: np.dtype[Any] | None, *, probabilities: bool = False) -> list[str]:
        """Return what the user should know about the names, and what labels mean as numbers."""
        notes = []
        if self.header is not None:
            notes.append(f"--classes: the first line, {self.header!r}, is read as a header")
        names = self.shorts or self.names
        kind = "" if labels is None else labels.kind
        words = kind == "b" and not self.counted and {*said_of_two(names)} == {*_BOOL_LABELS}
        if probabilities or words or (kind and kind in _TEXT):
            return notes
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        if self.counted and self._other_numbers:
            first = self._other_numbers[0]
            if self._other_numbers != tuple(range(first, first + len(names))):
                what = f"labels count the columns, by --label-base, though these are {shown}"
                notes.append(f"{self.where}: {what}")
        listed = self.where == "--classes"
        if not self.numbers:
            by_place = () if self.counted else notes_of_places(self.where, self.names, names)
            return [*notes, *by_place]
        what = (
            "labels are the names in --classes" if listed else f"{self.where}: labels are columns"
        )
        return [*notes, f"{what}: {shown} (else --label-base 0)"]

    def indices(self, labels: Array, options: LossOptions) -> ClassIndices:
        """Return the classes that labels name; a label that names none is ignored and reported."""
        if labels.dtype.kind == "b" and len(self.names) > 1 and not self.counted:
            return self._of_names(labels, options)
        if labels.dtype.kind in _TEXT:
            if self.counted:
                raise UsageError("--label-base counts numbers, and the labels are names")
            return self._of_names(labels, options)
        if self.numbers:
            return self._of_numbers(labels, options)
        return ClassIndices(labels, options)

    def _of_names(self, labels: Array, options: LossOptions) -> ClassIndices:
        """Look names up; a row is left out if its label or its class is ignore_index."""
        ignored = {str(label) for label in options.ignored}
        names = [_text(label) for label in labels.reshape(-1).tolist()]
        index = self._index
        codes = np.array(
            [IGNORED if name in ignored else index.get(name, _UNKNOWN_NAME) for name in names],
            np.int64,
        )
        codes[options.ignores(codes)] = IGNORED
        unknown = np.flatnonzero(codes == _UNKNOWN_NAME)
        problems: tuple[Problem, ...] = ()
        if unknown.size:
            row = int(unknown[0])
            can_ignore = options.ignored != (IGNORED,) and not names[row]
            hint = f"label rows to leave out {options.ignored[0]}" if can_ignore else None
            message = self._why(repr, names[row])
            problems = (
                Problem(
                    LabelError, row, message, unknown.size, "labels", hint=hint, name=names[row]
                ),
            )
        return _without(unknown, codes.reshape(labels.shape), options, problems)

    def _of_numbers(self, labels: Array, options: LossOptions) -> ClassIndices:
        whole, problems = whole_labels(labels)
        order = np.argsort(np.array(self.numbers, np.int64))
        numbers = np.array(self.numbers, np.int64)[order]
        flat = whole.reshape(-1)
        at = np.minimum(np.searchsorted(numbers, flat), len(numbers) - 1)
        codes = np.where(numbers[at] == flat, order[at], _UNKNOWN_NAME)
        codes = np.where(options.ignores(flat), IGNORED, codes)
        unknown = np.flatnonzero(codes == _UNKNOWN_NAME)
        if unknown.size and not problems:
            message = self._why(str, str(flat[unknown[0]]))
            hint = "if labels count the classes from 0: --label-base 0"
            row = int(unknown[0])
            problems = (Problem(LabelError, row, message, unknown.size, "labels", hint=hint),)
        return _without(unknown, codes.reshape(labels.shape), options, problems)

    def _why(self, show: Callable[[str], str], name: str) -> str:
        if not name:
            return "an empty cell instead of a label"
        shown = show(name if len(name) <= 40 else name[:37] + "...")
        if not self.names:
            return f"label {shown} is a name, and the classes have no names"
        return f"label {shown} is none of the {len(self.names)} classes"

    def with_hint(self, problem: Problem) -> Problem:
        """Return a problem whose hint says which class an unknown name may have meant."""
        from xentcli.alignment.wrong_labels import hint_on_decimals, hint_on_name  # in few runs

        if not problem.name:
            by_place = problem.error is LabelError and not self.counted and not problem.one_based
            class_number = problem.label is not None and problem.label >= 0
            no_index = bool(self.names) and class_number and not problem.one_based
            if by_place and (no_index or not problem.hint) and are_decimals(self.names):
                return problem._replace(hint=hint_on_decimals(self.names))
            return problem._replace(hint=None) if no_index else problem
        if not self.names:
            return problem._replace(hint=_NO_NAMES_HINT)
        return problem._replace(hint=hint_on_name(problem.name, self.names))


def _without(
    unknown: NDArray[np.intp],
    codes: NDArray[np.int64],
    options: LossOptions,
    problems: tuple[Problem, ...],
) -> ClassIndices:
    codes.reshape(-1)[unknown] = IGNORED
    return ClassIndices(codes, options.replaced(ignore_index=IGNORED, label_base=0), problems)


def _text(label: Any) -> str:
    """Return a label as text without blanks around it; an empty text for a missing one."""
    if isinstance(label, str):
        return label.strip()
    if is_missing(label):
        return ""
    return (label.decode(errors="replace") if isinstance(label, bytes) else str(label)).strip()
