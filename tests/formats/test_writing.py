"""Parts of an output are put together alike, whatever the system can do."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from clean_corpus.formats import writing


def with_other_arguments(*_: object) -> int:
    raise TypeError("an integer is required (got type NoneType)")


def stopping(out: int, source: int, *_: object) -> int:
    """Copy five bytes of each part, then fail."""
    if os.lseek(source, 0, os.SEEK_CUR):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return os.write(out, os.read(source, 5))


@pytest.mark.parametrize("sendfile", ["its own", None, with_other_arguments, stopping])
def test_parts_are_joined_on_every_system(
    sendfile: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sendfile is None:
        monkeypatch.delattr(os, "sendfile")
    elif sendfile != "its own":
        monkeypatch.setattr(os, "sendfile", sendfile)
    texts = [b"The ferry was late.\n", b"", b"Nobody was surprised.\n" * 9_000, b"weir"]
    parts = [tmp_path / str(number) for number in range(len(texts))]
    for part, text in zip(parts, texts, strict=True):
        part.write_bytes(text)
    assert writing.join(parts, tmp_path / "whole") == [tmp_path / "whole"]
    assert (tmp_path / "whole").read_bytes() == b"".join(texts)
