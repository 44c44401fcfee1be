"""The lines of a batch as detectors see them, and what detectors propose about them."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import fold
from clean_corpus.patterns import view
from clean_corpus.text import Batch, buffers

Offsets = npt.NDArray[np.int64]


class Proposal(NamedTuple):
    """A span of one line that a rule would cut: bytes of the line's view, `[start, end)`.

    `whole` says that the span is the line; `doubt` that the rule is not proven, so may only flag.
    """

    line: int
    start: int
    end: int
    class_: str
    rule: str
    whole: bool
    doubt: bool = False


class Lines(NamedTuple):
    """All lines of a batch that are not blank; those of document d are `first[d]:first[d + 1]`.

    `views` are the two views as bytes, in lower case and cased; `places` where their lines begin.
    """

    data: npt.NDArray[np.uint8]
    offsets: Offsets
    folded: fold.Folded
    first: Offsets
    views: tuple[bytes, bytes]
    places: list[int]

    @classmethod
    def of(cls, batch: Batch) -> Lines:
        """Fold the texts of a batch."""
        data, offsets = buffers(batch.texts)
        folded = fold.fold(data, offsets, view.tables())
        first = np.searchsorted(folded.doc, np.arange(len(offsets)))
        views = folded.lower.tobytes(), folded.cased.tobytes()
        return cls(data, offsets, folded, first, views, folded.view.tolist())

    def lower(self, line: int) -> bytes:
        """Give the view of a line in lower case, UTF-8."""
        return self.views[0][self.places[line] : self.places[line + 1]]

    def cased(self, line: int) -> bytes:
        """Give the view of a line, UTF-8."""
        return self.views[1][self.places[line] : self.places[line + 1]]

    def size(self, line: int) -> int:
        """Give the length of a line's view in bytes."""
        return self.places[line + 1] - self.places[line]

    def spans(self, cuts: list[Proposal]) -> tuple[Offsets, Offsets]:
        """Give the bytes of the data that cuts, sorted by line and start, stand for.

        A cut at an edge of its line takes the blanks there; one that leaves two blanks side by
        side takes the second.
        """
        folded = self.folded
        line = np.array([cut.line for cut in cuts], np.int64)
        start = np.array([cut.start for cut in cuts], np.int64)
        end = np.array([cut.end for cut in cuts], np.int64)
        size = folded.view[line + 1] - folded.view[line]
        left, right = folded.begin[line], folded.stop[line]
        inner = np.flatnonzero(start > 0), np.flatnonzero(end < size)
        where = np.concatenate(inner)
        at = np.concatenate([start[inner[0]], end[inner[1]] - 1])
        order = np.lexsort((at, line[where]))  # each line is walked once
        table = view.tables()[0]
        found = np.empty((2, len(at)), np.int64)
        found[:, order] = fold.unfold(self.data, folded, table, line[where][order], at[order])
        left[inner[0]] = found[0, : len(inner[0])]
        right[inner[1]] = found[1, len(inner[0]) :]
        return left, right


_ENDS = (b".", b"!", b'"', b",", b";", "。".encode(), "！".encode())
_SENTENCES = re.compile(rb"[^ .]{4}[.!?] [^ ]+ |[\xe3\xef][\x80\xbc][\x82\x81\x8c]")


def ends(line: bytes) -> bool:
    """Tell whether the view of a line ends with the mark of a sentence or of a part of one."""
    return line.rstrip(b" )]'").endswith((*_ENDS, b"?", b":", "؟".encode()))


def is_prose(line: bytes) -> bool:
    """Tell whether the view of a line reads as a sentence: a long one, or one with its end mark."""
    return len(line) > 240 or (len(line) > 24 and not line.endswith(b":") and ends(line))


def is_short(line: bytes, most: int) -> bool:
    """Tell whether a view is a heading, a link or a label: short, and no sentence or two."""
    if len(line) > most or _SENTENCES.search(line):
        return False
    return not line.rstrip(b" )]'").endswith(_ENDS)
