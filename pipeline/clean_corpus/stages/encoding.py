"""Repair damaged characters with ftfy, and record each repair as an edit.

ftfy is set to mend what is damaged and to leave what is typography: quotes, widths, French spaces
and joiners stay. It sees only the lines that its guard does not clear.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from clean_corpus import config
from clean_corpus.kernels.suspects import UNORDERED
from clean_corpus.stages import ftfy_guard
from clean_corpus.text import Batch, Stage, buffers, make_edits, no_edits

if TYPE_CHECKING:
    from ftfy import TextFixerConfig


def stage(options: config.Encoding) -> Stage:
    """Make the stage that repairs mojibake, entities, ligatures, controls and normal form."""

    def encoding(batch: Batch) -> pa.Table:
        lines = list(_damaged(batch.texts, options.entities))
        if not lines:
            return no_edits()
        # With ftfy, which takes as long to import as a megabyte to clean: most runs over a few
        # texts have nothing for it to do.
        from clean_corpus.stages import repairs

        distinct = {line: reasons for _, _, line, reasons in lines}
        fixer = fixer_config(options.entities)
        made = repairs.repaired([*distinct], [*distinct.values()], fixer)
        mended = dict(zip(distinct, made, strict=True))
        rows: list[tuple[int, int, int, str, str, str]] = []
        for doc, start, line, _ in lines:
            end, read = start, 0
            for found in mended[line]:
                begin = end + len(line[read : found.start].encode())
                read = found.end
                end = begin + len(line[found.start : read].encode())
                rows.append((doc, begin, end, found.text, found.class_, found.rule))
        if not rows:
            return no_edits()
        doc_, start_, end_, text, class_, rule = zip(*rows, strict=True)
        return make_edits(doc_, start_, end_, text, class_, rule, "replace")

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


def _damaged(texts: pa.LargeStringArray, entities: bool) -> Iterator[tuple[int, int, str, int]]:
    """Give the lines that ftfy may change: document, byte offset in it, the line, and why."""
    data, offsets = buffers(texts)
    suspects = ftfy_guard.find(data, offsets, entities)
    for doc, start, end, reasons in zip(*(column.tolist() for column in suspects), strict=True):
        line = data[offsets[doc] + start : offsets[doc] + end].tobytes().decode()
        line = line.replace("\v", "\f")  # both end lines; ftfy would drop the one and join words
        if reasons != UNORDERED or not unicodedata.is_normalized("NFC", line):
            yield doc, start, line, reasons
