"""Lines: the byte chunks of a change file, cut at its line ends in constant memory."""

from collections.abc import Iterable, Iterator
from typing import Final

from fleettickets.errors import FileQuarantineError

PIECE_BYTES: Final = 1024**2
"""A line longer than this comes in pieces, so that a file without line ends cannot fill memory."""

NUL_IN_HEADER: Final = (
    "the header holds NUL bytes, as UTF-16 text and binary files do: "
    "export the file as CSV text in UTF-8 and replay it"
)

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINE_ENDS: Final = (b"\n", b"\r")
_FOREIGN_FORMATS: Final = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
}


def read_lines(chunks: Iterable[bytes], *, max_file_bytes: int) -> Iterator[bytes]:
    r"""Yield the lines with their ends, `\n`, `\r\n` or a lone `\r`; a byte order mark is left out.

    A yield without a line end is a piece of a long line, or the last line of the file. Where long
    lines are cut depends on the chunks; a line end is never cut.

    Raises:
        FileQuarantineError: the file is larger than `max_file_bytes`, or it is no CSV text but
            UTF-16, an archive, or anything else with NUL in its first line.
    """
    lines = _split(_limited(chunks, max_file_bytes))
    first = next(lines, b"")
    _refuse_foreign_format(first)
    if first := first.removeprefix(_BYTE_ORDER_MARK):
        yield first
    yield from lines


def is_ended(line: bytes) -> bool:
    """Whether a yield of `read_lines` ends its line."""
    return line.endswith(_LINE_ENDS)


def _limited(chunks: Iterable[bytes], max_file_bytes: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > max_file_bytes:
            raise FileQuarantineError(
                f"the file is larger than MAX_FILE_BYTES ({max_file_bytes:,} bytes): export it in "
                "smaller change files, or raise MAX_FILE_BYTES and replay it"
            )
        yield chunk


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        # A carriage return at the end of a chunk waits for the line feed that may follow it.
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        yield from lines
        if len(rest) > PIECE_BYTES:
            yield rest[:-1]
            rest = rest[-1:]
    if rest:
        yield rest


def _refuse_foreign_format(first: bytes) -> None:
    for signature, name in _FOREIGN_FORMATS.items():
        if first.startswith(signature):
            raise FileQuarantineError(
                f"the file looks like {name}: export it as CSV text in UTF-8 and replay it"
            )
    if b"\0" in first:
        raise FileQuarantineError(NUL_IN_HEADER)
