"""Repair damaged characters with ftfy, and record each repair as an edit.

ftfy is set to mend what is damaged and to leave what is typography: quotes, widths, French spaces
and joiners stay. It sees only the lines that its guard does not clear.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clean_corpus import config
from clean_corpus.kernels import splice
from clean_corpus.kernels.suspects import UNORDERED, Suspects
from clean_corpus.stages import ftfy_guard
from clean_corpus.text import Batch, Stage, buffers, from_buffers, make_edits, no_edits, whole

if TYPE_CHECKING:
    from ftfy import TextFixerConfig


def stage(options: config.Encoding) -> Stage:
    """Make the stage that repairs mojibake, entities, ligatures, controls and normal form."""

    def encoding(batch: Batch) -> pa.Table:
        lines, found = _damaged(batch.texts, options.entities)
        if not len(lines):
            return no_edits()
        # With ftfy, which takes as long to import as a megabyte to clean: most runs over a few
        # texts have nothing for it to do.
        from clean_corpus.stages import repairs

        fixer = fixer_config(options.entities)
        edits = repairs.repaired(lines, found.reasons, found.spots, fixer)
        line, *span = (edits.column(i).to_numpy() for i in range(3))
        start, end = (found.start[line] + place for place in span)
        return make_edits(found.doc[line], start, end, *map(whole, edits.columns[3:]))

    return encoding


def fixer_config(entities: bool) -> TextFixerConfig:
    """Give ftfy's settings.

    Entities are decoded or they are not: with ftfy's "auto" one `<` decides for all later lines.
    Line ends are left to the whitespace stage. Without `explain`, ftfy 6.3 forgets its settings for
    encodings.
    """
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=entities,
        fix_character_width=False,
        fix_line_breaks=False,
        uncurl_quotes=False,
        normalization="NFC",
        max_decode_length=ftfy_guard.MAX_LINE,
        explain=True,
    )


def _damaged(texts: pa.LargeStringArray, entities: bool) -> tuple[pa.LargeStringArray, Suspects]:
    """Give the lines that ftfy may change, and where they are and why."""
    data, offsets = buffers(texts)
    found = ftfy_guard.find(data, offsets, entities)
    first = offsets[found.doc]
    edge = np.zeros(1, np.int64)
    # Lines are what is left without what lies between them.
    gaps = np.concatenate([edge, first + found.end]), np.append(first + found.start, data.size)
    kept = splice.splice(data, *gaps, data[:0], np.zeros(len(first) + 2, np.int64))
    kept[kept == ord("\v")] = ord("\f")  # both end lines; ftfy would drop the one and join words
    lines = from_buffers(kept, np.append(edge, np.cumsum(found.end - found.start)))
    wrong = found.reasons != UNORDERED
    doubtful = lines.filter(pa.array(~wrong)).to_pylist()
    wrong[~wrong] = [not unicodedata.is_normalized("NFC", line) for line in doubtful]
    return lines.filter(pa.array(wrong)), Suspects(
        found.doc[wrong],
        found.start[wrong],
        found.end[wrong],
        found.reasons[wrong],
        found.spots._replace(line=np.cumsum(wrong)[found.spots.line] - 1),
    )
