"""Compressed files as streams of blocks, and compressed parts that can simply be joined."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import zstandard

from clean_corpus.errors import InputError
from clean_corpus.units import Piece, readable, shown

BLOCK = 1 << 20
#: The decompressor gives all that a block holds at once, which may be 32,000 times as much.
_ZSTD_BLOCK = 1 << 11
#: `zstd --long=31`, the largest window there is.
_ZSTD_WINDOW = 1 << 31


def blocks(path: str, compression: str) -> Iterator[bytes]:
    """Read a file ("-" is stdin) as decompressed blocks of about 1 MiB, none of them empty.

    Compressed streams may have several members or frames. Raises InputError where the file cannot
    be read, is damaged, or ends early.
    """
    with readable(path), open_file(path) as file:
        match compression:
            case "gz":
                yield from _gunzip(file, path)
            case "zst":
                yield from _unzstd(file, path)
            case _:
                yield from iter(lambda: file.read(BLOCK), b"")


def fetch(piece: Piece) -> bytes:
    """Give the bytes of a piece: its payload, or its part of the file.

    Raises InputError where the file has changed since the piece was cut.
    """
    if piece.payload is not None:
        return piece.payload
    with readable(piece.path), open_file(piece.path) as file:
        file.seek(piece.start)
        data = file.read(piece.stop - piece.start)
    if not piece.lasts() and piece.sealed(data).digest != piece.digest:
        raise changed(piece.path)
    return data


@contextmanager
def open_file(path: str) -> Iterator[BinaryIO]:
    """Open a file for reading; "-" is stdin, which stays open."""
    if path == "-":
        yield sys.stdin.buffer
    else:
        with Path(path).open("rb") as file:
            yield file


def compress(data: bytes, compression: str) -> bytes:
    """Compress a part as a gzip member or zstd frame of its own: joined parts are a valid file.

    The same bytes always: no time stamp, no file name.
    """
    match compression:
        case "gz":
            return zlib.compress(data, 6, wbits=31)
        case "zst":
            return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)
        case _:
            return data


def _gunzip(file: BinaryIO, path: str) -> Iterator[bytes]:
    stream, fresh, data = zlib.decompressobj(wbits=31), True, b""
    while data or (data := file.read(BLOCK)):
        try:
            out = stream.decompress(data, BLOCK)
        except zlib.error as error:
            raise _damaged(path) from error
        fresh, data = False, stream.unconsumed_tail
        if stream.eof:
            data = stream.unused_data.lstrip(b"\0")  # tapes pad with zeros
            stream, fresh = zlib.decompressobj(wbits=31), True
        if out:
            yield out
    if not fresh:
        raise _short(path)


def _unzstd(file: BinaryIO, path: str) -> Iterator[bytes]:
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    stream, fresh, data = engine.decompressobj(), True, b""
    while data or (data := file.read(_ZSTD_BLOCK)):
        try:
            out = stream.decompress(data)
        except zstandard.ZstdError as error:
            raise _damaged(path) from error
        fresh, data = False, b""
        if stream.eof:
            data = stream.unused_data
            stream, fresh = engine.decompressobj(), True
        if out:
            yield out
    if not fresh:
        raise _short(path)


def changed(path: str) -> InputError:
    """Say that a file is no longer what its pieces were cut from."""
    return InputError(
        f"{shown(path)}: changed while it was in use. Run again when nothing writes it."
    )


def _damaged(path: str) -> InputError:
    return InputError(f"{shown(path)}: the compressed data is damaged. Fetch the file again.")


def _short(path: str) -> InputError:
    return InputError(f"{shown(path)}: the compressed data ends early. Fetch the file again.")
