"""Cut a stream of bytes into pieces where records end, and find out its charset on the way."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import chain
from typing import NamedTuple

from clean_corpus.config import Input
from clean_corpus.decode import decode, marked, wide
from clean_corpus.decode.charsets import codec, label
from clean_corpus.errors import ConfigError, InputError
from clean_corpus.formats.records import HEAD, too_large
from clean_corpus.units import Piece, shown

#: How much of a stream may be looked at to find its charset.
_LOOK = 16 << 20

#: Given bytes that begin with a record, the least size of a piece and whether they are all there
#: is: the end of the first record that ends at or behind that size (0: there is none yet), and
#: the start of the record that is still open.
Ends = Callable[[bytearray, int, bool], tuple[int, int]]


class Chunk(NamedTuple):
    """Bytes [start, start + size) of a stream that begin and end with records.

    A chunk with a `fault` is a record that cannot be kept, of which `data` is only the head.
    """

    start: int
    size: int
    data: bytes
    fault: str = ""


def cut(blocks: Iterable[bytes], ends: Ends, size: int, limit: int) -> Iterator[Chunk]:
    """Cut a stream at the first end of a record at or behind every `size` bytes.

    A record of more than `limit` bytes that nothing ends is given up: its first line becomes a
    chunk with a fault, and the next line begins a record. Holds little more than the larger of
    `size` and `limit` in memory.
    """
    buffer = bytearray()
    start, need = 0, size
    lost: Chunk | None = None
    for block in chain(blocks, (b"",)):
        final, skipped = not block, 0
        if lost is not None:
            skipped = block.find(b"\n") + 1
            lost = lost._replace(size=lost.size + (skipped or len(block)))
            if not skipped and not final:
                continue
            yield lost._replace(fault=too_large(lost.size - bool(skipped), limit))
            start, lost = start + lost.size, None
        buffer += block[skipped:]
        while (len(buffer) >= need or final) and buffer:
            end, tail = ends(buffer, size, final)
            if end:
                yield Chunk(start, end, bytes(memoryview(buffer)[:end]))
                need = size
            elif not final and len(buffer) - tail <= limit:
                need = len(buffer) + len(buffer) // 4 + 1
                break
            elif tail:
                end = tail
                yield Chunk(start, end, bytes(memoryview(buffer)[:end]))
            else:
                end = buffer.find(b"\n") + 1
                head = bytes(memoryview(buffer)[: min(HEAD, end or HEAD)])
                if not end and not final:
                    lost = Chunk(start, len(buffer), head)
                    buffer.clear()
                    break
                end = end or len(buffer)
                yield Chunk(start, end, head, _unclosed(len(buffer), limit))
            start += end
            del buffer[:end]


def pieces(
    piece: Piece, chunks: Iterable[Chunk], line_end: int, *, seekable: bool
) -> Iterator[Piece]:
    """Make pieces of chunks, one at least: `piece` is the first, and starts where they do.

    Those that a worker cannot seek bring their bytes along.
    """
    offset, none = piece.start, True
    for chunk in chunks:
        start = offset + chunk.start
        piece = piece._replace(start=start, stop=start + chunk.size, fault=chunk.fault)
        sealed = piece.sealed(chunk.data)
        yield sealed if seekable and not chunk.fault else sealed._replace(payload=chunk.data)
        lines = 1 if chunk.fault else chunk.data.count(line_end)
        piece, none = piece._replace(row=piece.row + lines, first=False), False
    if none:
        yield piece._replace(payload=b"").sealed(b"")


def _unclosed(size: int, limit: int) -> str:
    fault = "a quote that opens in this line is never closed"
    return f"{fault}, or not within input.max_document_mb" if size > limit else fault


def line_ends(buffer: bytearray, size: int, final: bool) -> tuple[int, int]:
    """Give the ends of JSON Lines (see `Ends`)."""
    end = buffer.find(b"\n", max(size - 1, 0)) + 1
    if not end and final:
        end = len(buffer)
    return end, 0 if end else buffer.rfind(b"\n") + 1


class Stream(NamedTuple):
    """A stream that is UTF-8 now: its blocks, the charset it was in, and the mark it began with.

    `as_stored`: the blocks are the bytes of the file behind the mark, neither more nor less.
    """

    blocks: Iterator[bytes]
    charset: str
    mark: int
    as_stored: bool


def as_utf8(blocks: Iterator[bytes], name: str, options: Input, *, guess: bool) -> Stream:
    """Find the charset of a stream, and decode it if that is not UTF-8.

    With `guess` a stream that is not UTF-8 is in the charset of the first bytes beyond ASCII;
    without, only UTF-16 and UTF-32 are found, and damaged lines are left to the reader. Raises
    InputError where a configured charset does not hold.
    """
    seen = bytearray()
    for block in blocks:
        seen += block
        if len(seen) >= _LOOK or not guess or not block.isascii():
            break
    start = bytes(seen)
    stream = chain((start,), blocks) if start else iter(())
    declared = declared_charset(name, options)
    if found := marked(start):
        charset, mark = found
    elif (sample := _sample(start)) and (declared or guess):
        charset, mark = codec(decode(sample, declared).encoding) or "utf-8", 0
        declared = declared if codec(declared or "") == charset else None
    else:
        charset, mark = wide(start) or "utf-8", 0
    stream = _without(stream, mark)
    if charset == "utf-8":
        return Stream(stream, charset, mark, as_stored=True)
    return Stream(_decoded(stream, charset, name, declared), label(charset), mark, as_stored=False)


def declared_charset(name: str, options: Input) -> str | None:
    """Give the charset that the configuration has for a file.

    Raises ConfigError where Python knows no such charset.
    """
    matches = (charset for pattern, charset in options.encodings.items() if _fits(name, pattern))
    declared = next(matches, options.encoding) or None
    if declared and codec(declared) is None:
        raise ConfigError(
            f"input.encoding: '{declared}' is no charset that Python knows. "
            "Write its usual name, such as 'windows-1252'."
        )
    return declared


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*/{pattern}")


def _sample(start: bytes) -> bytes:
    """Take what a charset can be told by: from the first byte beyond ASCII, in whole lines."""
    if start.isascii() and b"\0" not in start:
        return start[: 1 << 16]
    first = next((at for at in range(0, len(start), 4096) if not _plain(start[at : at + 4096])), 0)
    sample = start[max(first - 4096, 0) : first + (1 << 18)]
    end = sample.rfind(b"\n") + 1 if len(sample) > 1 << 17 else 0
    return sample[:end] if end and b"\0" not in sample else sample


def _plain(data: bytes) -> bool:
    return data.isascii() and b"\0" not in data


def _without(blocks: Iterator[bytes], mark: int) -> Iterator[bytes]:
    for block in blocks:
        if block := block[mark:]:
            yield block
        mark = 0


def _decoded(
    blocks: Iterator[bytes], charset: str, name: str, declared: str | None
) -> Iterator[bytes]:
    """Give the blocks as UTF-8; what a guessed charset cannot read becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(charset)("strict" if declared else "replace")
    for block in chain(blocks, (b"",)):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{shown(name)}: is not {declared} as input.encoding says "
                f"(byte 0x{error.object[error.start]:02x}). Leave it out to have it found."
            ) from error
        if text:
            yield text.encode()
