"""Quoting: where a record stands between its quotes, followed piece by piece."""

import re
from enum import Enum, auto
from typing import Final

from fleettickets.errors import FileQuarantineError

MAX_LINE_BREAKS: Final = 100
"""More line breaks than this in one cell are the mark of a stray quote."""

# Possessive, so that they neither go back nor remember: one pass at C speed in constant memory.
_QUOTED_TEXT: Final = re.compile(rb'(?:[^"]++|"")*+')
_WHOLE_CELLS: Final = re.compile(rb'(?:(?:"(?:[^"]++|"")*+"|[^",][^,]*+)?+,)*+')


class _State(Enum):
    CELL_START = auto()
    PLAIN = auto()
    IN_QUOTES = auto()
    AFTER_QUOTE = auto()


class QuoteScanner:
    """Follows one record through its lines, in constant memory.

    A quote opens a quoted cell only at the cell's start; elsewhere it is a character like others.
    """

    def __init__(self, line_number: int) -> None:
        """Start at the record that begins in this physical line."""
        self.line_number = line_number
        self._opened_at = line_number
        self._state = _State.CELL_START

    @property
    def is_in_quotes(self) -> bool:
        """Whether a line break here would belong to a cell."""
        return self._state is _State.IN_QUOTES

    def feed(self, piece: bytes) -> None:
        """Follow a line or a piece of one; a line end stands only at its end.

        Raises:
            FileQuarantineError: text follows a closing quote.
        """
        steps = {
            _State.CELL_START: self._start_cell,
            _State.PLAIN: self._skip_plain,
            _State.IN_QUOTES: self._skip_quoted,
            _State.AFTER_QUOTE: self._leave_quote,
        }
        position = 0
        while position < len(piece):
            position = steps[self._state](piece, position)

    def end_line(self) -> None:
        """Go to the next line.

        Raises:
            FileQuarantineError: the open cell has too many line breaks by now.
        """
        self.line_number += 1
        if self.is_in_quotes and self.line_number - self._opened_at > MAX_LINE_BREAKS:
            raise FileQuarantineError(
                f"line {self._opened_at}: a quoted cell has more than {MAX_LINE_BREAKS} line "
                "breaks, the mark of a stray quote: close or double that quote and replay the file"
            )

    def end_file(self) -> None:
        """End the last line, which has no line end of its own.

        Raises:
            FileQuarantineError: a quoted cell is still open.
        """
        if self.is_in_quotes:
            raise FileQuarantineError(
                f"line {self._opened_at}: the quoted cell that begins here is still open at the "
                "end of the file: close the quote, or export the file again if it was cut off, "
                "and replay it"
            )
        self.line_number += 1

    def _start_cell(self, piece: bytes, position: int) -> int:
        position = _end(_WHOLE_CELLS, piece, position)
        if piece[position : position + 1] == b'"':
            self._opened_at = self.line_number
            self._state = _State.IN_QUOTES
            return position + 1
        if position < len(piece):
            self._state = _State.PLAIN
        return position

    def _skip_plain(self, piece: bytes, position: int) -> int:
        found = piece.find(b",", position)
        if found < 0:
            return len(piece)
        self._state = _State.CELL_START
        return found + 1

    def _skip_quoted(self, piece: bytes, position: int) -> int:
        position = _end(_QUOTED_TEXT, piece, position)
        if position < len(piece):
            self._state = _State.AFTER_QUOTE
        return position + 1

    def _leave_quote(self, piece: bytes, position: int) -> int:
        match piece[position : position + 1]:
            case b'"':
                self._state = _State.IN_QUOTES
            case b",":
                self._state = _State.CELL_START
            case b"\r" | b"\n":
                return len(piece)
            case _:
                raise FileQuarantineError(
                    f"line {self.line_number}: text follows a closing quote: double each quote "
                    "inside a quoted cell and replay the file"
                )
        return position + 1


def _end(pattern: re.Pattern[bytes], piece: bytes, position: int) -> int:
    """Return where the pattern's match at this position ends; the position if there is none."""
    match = pattern.match(piece, position)
    return match.end() if match else position
