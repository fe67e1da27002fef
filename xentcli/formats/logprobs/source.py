"""Files of answers: a document a line, or one document, read in blocks of whole lines."""

from collections.abc import Iterator

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.base import Block, ReadOptions, Shape, StreamSource, Table
from xentcli.formats.json.whole_lines import LONGEST_LINE_BYTES
from xentcli.formats.logprobs.answers import AnswerPart
from xentcli.formats.logprobs.gathered import Tokens
from xentcli.formats.logprobs.pieces import Pieces
from xentcli.formats.logprobs.reader import AnswersReader, Whole, any_number
from xentcli.formats.logprobs.recognised import MOST_BYTES, first_answer, in_lines
from xentcli.formats.logprobs.typed import typed_parser
from xentcli.storage.inputs import Input

_BLOCK_BYTES = 2**21
_PIECE_BYTES = 2**22
_NULLS, _FALSES = (b"null", b" null"), (b"false", b" false")
_TAIL_BYTES = 2**18  # of a block, in which a piece of an answer that goes on stands
_MARKS_OF_PIECES = (
    *(b"chat.completion.chunk", b'"response.created"', b'"response.output_text.delta"'),
    *(key + value for key in (b'"finish_reason":', b'"generated_text":') for value in _NULLS),
    *(key + value for key in (b'"stop":', b'"done":') for value in _FALSES),
)
"""What a piece of an answer holds, by the server, as JSON is written with spaces or without."""
_PARTS: dict[str, AnswerPart] = {"prompt": "prompt", "generated": "generated"}


def open_answers(data: Input, options: ReadOptions) -> "AnswersSource":
    """Open a file of answers.

    Raises
    ------
    InputError
        If the command takes no log-probabilities of tokens.
    """
    source = AnswersSource(data, options)
    if options.tokens is None and not options.any_columns:
        raise InputError(
            f"{data.name}: log-probabilities of tokens ({source.dialect}), and no rows of classes",
            hint=f"xent nll {data.name}",
        )
    return source


class AnswersSource(StreamSource):
    """Answers of a server, whose tokens have a log-probability each.

    A block is some lines, or all of a document; its rows are its lines, and not the tokens. From
    the first one on that ends with pieces of an answer, though the file began with whole ones,
    blocks are parsed in their order where the file is cut, and hold tokens.

    Attributes
    ----------
    dialect : str
        Whose keys these are.
    part : str
        Which tokens are read: those of prompts, or those that the model made.
    in_pieces : bool
        Whether answers may go on from block to block, which are then read in order.
    """

    format = "json"
    of_this_process = ("unchanged", "_data", "_pieces")
    block_bytes = _BLOCK_BYTES

    def __init__(self, data: Input, options: ReadOptions) -> None:
        self.name, self.size = data.name, data.file_size
        self.unchanged = data.check_unchanged
        self.notes: list[str] = []
        self.dtype = np.dtype(np.float64)
        self.stored_dtype = "float64"
        self.shape: Shape = (None,)
        self._lines = in_lines(data)
        first = first_answer(data)
        self.dialect = first.dialect if first else "unknown"
        self.in_pieces = first is not None and not first.ends
        self._pieces: Pieces = {}
        self.shareable = data.shareable  # cutting it is a tenth of parsing it
        self.carries_bytes = self.in_pieces or not (self._lines and data.shareable)
        self._asked = _PARTS.get(options.tokens or "")
        scored = first.scored if first else []
        parts = [each.part for each in scored if any_number(each.logprobs)]
        self.part: AnswerPart = self._asked or _first_part(parts)
        self._strict = options.tokens is not None
        self._data = data

    def place(self, index: tuple[int, ...]) -> str:
        """Name a line."""
        if not index:
            return self.name
        return f"{self.name}:{index[0] + 1}" if self._lines else self.name

    def blocks(self, rows: int) -> Iterator[Block]:  # noqa: ARG002
        """Cut at line ends, by bytes; what is no lines is one block."""
        if self._data.seekable:
            self._data.rewind()
        self._pieces = {}
        typed_parser()  # before processes are forked, each of which would make its own
        if not self._lines:
            text = self._all()
            yield Block(0, max(1, text.count(b"\n")), content=Whole(None, text))
            return
        start = offset = 0
        goes_on = False
        for parts, count in self._whole_lines():
            size = sum(map(len, parts))
            goes_on = goes_on or (not self.in_pieces and _ends_in_pieces(parts))
            if goes_on:
                whole = Whole(start + 1, b"".join(parts), last=False)
                yield Block(start, count, content=self._parsed(whole, self._pieces))
                start += count
                continue
            carried = b"".join(parts) if self.carries_bytes else None
            whole = Whole(start + 1, carried, not self.in_pieces, offset, size)
            yield Block(start, count, content=whole)
            start += count
            offset += size
        if self.in_pieces:
            yield Block(start, 0, content=Whole(start + 1, b""))
        elif goes_on:
            yield Block(start, 0, content=self._parsed(Whole(start + 1, b""), self._pieces))

    def _whole_lines(self) -> Iterator[tuple[list[memoryview], int]]:
        """Yield parts of whole lines, about as many bytes as a block has, and how many lines."""
        rest: list[memoryview] = []  # of a line whose end is still to come
        size = 0
        while part := self._data.read(self.block_bytes):
            cut = part.rfind(b"\n") + 1
            view = memoryview(part)
            if cut:
                yield [*rest, view[:cut]], part.count(b"\n")
                rest, size = [], 0
            rest.append(view[cut:])
            size += len(part) - cut
            if size > LONGEST_LINE_BYTES:
                raise InputError(
                    f"{self.name}: a line of more than {LONGEST_LINE_BYTES} bytes",
                    hint="write one answer a line, as JSON lines",
                )
        if size:
            yield rest, 1

    def _all(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := self._data.read(_PIECE_BYTES):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise InputError(
                    f"{self.name}: more than {MOST_BYTES} bytes that would be held in memory",
                    hint="write one answer a line, as JSON lines",
                )
        return b"".join(parts)

    def carried(self, block: Block) -> Block:
        """Return the block with its bytes, where no reference leads to the file."""
        if self.reference is not None or isinstance(block.content, Tokens):
            return block
        return block._replace(content=self._filled(block.content))

    def _filled(self, whole: Whole) -> Whole:
        """Return a content with its bytes, read from the file where it does not carry them."""
        if whole.text is not None:
            return whole
        return whole._replace(text=self._data.bytes_at(whole.offset, whole.size))

    def decode(self, block: Block) -> Table:
        """Return the log-probabilities of a block."""
        return Table(self.read_tokens(block).values)

    def place_of(self, tokens: Tokens, row: int) -> str:
        """Name the place of a token of a block."""
        return tokens.places[int(np.searchsorted(np.cumsum(tokens.lengths), row, "right"))]

    def read_tokens(self, block: Block, *, lists: bool = False) -> Tokens:
        """Parse a block, and what is listed beside each token if that is wanted.

        Raises
        ------
        InputError
            If something is no answer, or holds prompts and generated tokens and none was asked for.
        """
        if isinstance(block.content, Tokens):
            return block.content
        return self._parsed(block.content, self._pieces if self.in_pieces else None, lists=lists)

    def read_in_order(self) -> None:
        """Leave all parsing to whoever reads the blocks, in their order."""
        self.in_pieces = True

    def _parsed(self, whole: Whole, pieces: Pieces | None, *, lists: bool = False) -> Tokens:
        """Parse a content, given the pieces of answers that began before it and go on."""
        try:
            reader = AnswersReader(
                self.name,
                self._asked,
                self.part,
                strict=self._strict,
                keeps_lists=lists,
                pieces=pieces,
            )
            return reader.read(self._filled(whole))
        except InputError:
            self.check_unchanged()
            raise


def _ends_in_pieces(parts: list[memoryview]) -> bool:
    """Whether a block, in parts, ends with pieces of an answer, which may go on behind it."""
    tail = b"".join(part[-_TAIL_BYTES:] for part in parts)[-_TAIL_BYTES:]
    return any(mark in tail for mark in _MARKS_OF_PIECES)


def _first_part(parts: list[AnswerPart | None]) -> AnswerPart:
    """Return what the first tokens are; those of an echo are a prompt at least."""
    return "generated" if not parts else parts[0] or "prompt"
