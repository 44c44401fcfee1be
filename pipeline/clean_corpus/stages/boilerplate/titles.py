"""What the title of a record tells: the lines near the top that only repeat it."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.kernels import fold
from clean_corpus.patterns import dialect
from clean_corpus.patterns.view import tables
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.text import buffers

#: Lines among which a repeated headline is looked for.
HEAD = 3
_TITLE = 8  # bytes; a shorter title proves nothing
_STEM = 20  # nor does one without the name of its site if it is shorter than this
_MARK = r"\s[|\x{00B7}\x{2013}\x{2014}-]"
_SITE = r"\s+(?:[|\x{00B7}\x{2013}\x{2014}]|-{1,2})\s+[^|\x{00B7}\x{2013}\x{2014}]{2,40}$"


def headlines(lines: Lines, titles: pa.StringArray) -> list[Proposal]:
    """Give the first line near each document's top that only repeats the record's title.

    The line, or the title, may end with the name of the site: "The bridge is open | Town News".
    """
    if titles.null_count == len(titles):
        return []
    filled = titles.cast(pa.large_string()).fill_null("")
    out = _repeated(lines, filled, _TITLE)
    return [*out.values(), *_repeated(lines, _stems(filled, out), _STEM).values()]


def _stems(titles: pa.LargeStringArray, known: Container[int]) -> pa.LargeStringArray:
    """Give titles without the name of the site; nothing for those without one, or that are known.

    Arrow would compile the pattern, which is large, for each batch anew.
    """
    pattern = dialect.compiled_as(_SITE, groups=False)
    stems = [""] * len(titles)
    for doc in np.flatnonzero(pc.match_substring_regex(titles, _MARK)).tolist():
        title = titles[doc].as_py()
        if doc not in known and (site := pattern.search(title)):
            stems[doc] = title[: site.start()]
    return pa.array(stems, pa.large_string())


def _repeated(lines: Lines, titles: pa.LargeStringArray, least: int) -> dict[int, Proposal]:
    data, offsets = buffers(titles)
    folded = fold.fold(data, offsets, tables())
    view = folded.lower.tobytes()
    out: dict[int, Proposal] = {}
    for k in range(HEAD):
        line = lines.first[folded.doc] + k
        inside = np.flatnonzero(line < lines.first[folded.doc + 1])
        same = lines.folded.core[line[inside]] == folded.core[inside]
        for i in inside[same].tolist():
            seen = view[folded.view[i] : folded.view[i + 1]]
            at = int(line[i])
            if len(seen) >= least and lines.lower(at) == seen and not _goes_on(lines, at):
                out.setdefault(
                    int(folded.doc[i]),
                    Proposal(at, 0, len(seen), "repeated_headline", "common.title", whole=True),
                )
    return out


def _goes_on(lines: Lines, line: int) -> bool:
    """Tell whether a sentence that begins with the title goes on, in small letters, below it."""
    below = line + 1
    if below >= lines.first[lines.folded.doc[line] + 1] or lines.folded.breaks[below] != 1:
        return False
    return lines.cased(below)[:4].decode(errors="ignore")[:1].islower()
