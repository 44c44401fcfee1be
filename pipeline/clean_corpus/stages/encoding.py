"""Repair damaged characters with ftfy, and record each repair as an edit.

ftfy is set to mend what is damaged and to leave what is typography: quotes, widths, French spaces
and joiners stay. It sees only the lines that its guard does not clear.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa
from ftfy import TextFixerConfig, fix_and_explain, fixes
from ftfy.badness import badness
from ftfy.chardata import HTML_ENTITY_RE

from clean_corpus import config
from clean_corpus.stages import ftfy_guard
from clean_corpus.stages.alignment import Change, changes
from clean_corpus.text import Batch, Stage, buffers, make_edits, no_edits


class Repair(NamedTuple):
    """A repair of a line: the code points from `start` to `end` became `text`."""

    start: int
    end: int
    text: str
    class_: str
    rule: str


def stage(options: config.Encoding) -> Stage:
    """Make the stage that repairs mojibake, entities, ligatures, controls and normal form."""
    fixer = fixer_config(options.entities)

    def encoding(batch: Batch) -> pa.Table:
        data, offsets = buffers(batch.texts)
        suspects = ftfy_guard.find(data, offsets, options.entities)
        rows: list[tuple[int, int, int, str, str, str]] = []
        for doc, start, end, unordered, entities in zip(
            *(column.tolist() for column in suspects), strict=True
        ):
            line = data[offsets[doc] + start : offsets[doc] + end].tobytes().decode()
            if unordered and unicodedata.is_normalized("NFC", line):
                continue
            # Without its entities, most such lines are clear: then ftfy has no more to do.
            plain = entities and ftfy_guard.clears(fixes.unescape_html(line))
            read = 0
            for found in decoded(line) if plain else repair(line, fixer):
                start += len(line[read : found.start].encode())  # noqa: PLW2901  in bytes from here
                read = found.end
                stop = start + len(line[found.start : read].encode())
                rows.append((doc, start, stop, found.text, found.class_, found.rule))
                start = stop  # noqa: PLW2901
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
    return TextFixerConfig(
        unescape_html=entities,
        fix_character_width=False,
        fix_line_breaks=False,
        uncurl_quotes=False,
        normalization="NFC",
        max_decode_length=ftfy_guard.MAX_LINE,
        explain=True,
    )


_ENCODING = "fix-encoding"


def repair(line: str, fixer: TextFixerConfig) -> list[Repair]:
    """Let ftfy mend a line of at most `ftfy_guard.MAX_LINE` code points, and say what changed."""
    fixed, steps = fix_and_explain(line, fixer)
    names = tuple(_STEPS.get(name, _ENCODING) for _, name in steps or ())
    if _ENCODING in names and badness(fixed) >= badness(line):
        fixed, names = fix_and_explain(line, fixer._replace(fix_encoding=False)).text, ()
    repairs = []
    lone = set(_LONE.findall(fixed)) if _ENCODING in names else set()
    found = _entities(line) if fixes.unescape_html(line) == fixed else changes(line, fixed)
    for start, end, new in found:
        old = line[start:end]
        parts: Iterable[Change] = [(0, end - start, new)]
        if _far_fetched(old, new, lone):
            parts = changes(old, fix_and_explain(old, fixer._replace(fix_encoding=False)).text)
        for i, j, part in parts:
            named = _named(old[i:j], part, names)
            repairs.append(Repair(start + i, start + j, part, *named))
    return repairs


def decoded(line: str) -> list[Repair]:
    """Let ftfy decode the entities of a line, and say what changed."""
    named = _FIXES["unescape-html"][0], "ftfy.unescape-html"
    return [Repair(*change, *named) for change in _entities(line)]


def _entities(line: str) -> Iterator[Change]:
    """Give the entities of a line that ftfy decodes, each as a change of its own."""
    for match in HTML_ENTITY_RE.finditer(line):
        if (new := fixes.unescape_html(match[0])) != match[0]:
            yield match.start(), match.end(), new


# Characters that a European text does not hold alone: rare Latin and phonetic letters, letters of
# other scripts, line drawing, private use.
_FOREIGN = r"[\u0180-\u018e\u0190-\u019f\u01a2-\u01ae\u01b1-\u0217\u021c-\u0258\u025a-\u02ff"
_FOREIGN += r"\u0530-\u1dff\u2500-\u259f\u3040-\ufaff]"
_LONE = re.compile(rf"(?<!{_FOREIGN}){_FOREIGN}(?!{_FOREIGN})")


def _far_fetched(old: str, new: str, lone: set[str]) -> bool:
    r"""Say whether a repair by ftfy is less likely than the text as it was.

    `É°` and, with a quotation mark in Windows-1252, `lá\x94 ` happen to be UTF-8 as well: of a
    phonetic letter and a Canadian syllable. Two characters, or three with a space or a control,
    are too little evidence for one of the `lone` letters, which have none of their kind near them.
    """
    weak = len(old) <= 2 or (len(old) == 3 and re.search(r"[ \x80-\x9f]", old))
    return bool(weak) and not lone.isdisjoint(new)


# The steps of ftfy by the class of their edits; what it does besides belongs to its encodings.
_STEPS = {
    "unescape_html": "unescape-html",
    "fix_latin_ligatures": "fix-latin-ligatures",
    "remove_terminal_escapes": "remove-terminal-escapes",
    "remove_control_chars": "remove-control-chars",
    "fix_c1_controls": "fix-c1-controls",
    "NFC": "normalize",
}
_FIXES: dict[str, tuple[str, Callable[[str], str]]] = {
    "unescape-html": ("entity", fixes.unescape_html),
    "fix-latin-ligatures": ("ligature", fixes.fix_latin_ligatures),
    "remove-terminal-escapes": ("control", fixes.remove_terminal_escapes),
    "remove-control-chars": ("control", fixes.remove_control_chars),
    "fix-c1-controls": ("mojibake", fixes.fix_c1_controls),
    "normalize": ("normalization", lambda text: unicodedata.normalize("NFC", text)),
}


@lru_cache(maxsize=4096)
def _named(old: str, new: str, steps: tuple[str, ...]) -> tuple[str, str]:
    """Name the class of a change and the fix of ftfy that makes it, or made the most of it."""
    for name, (class_, fix) in _FIXES.items():
        if fix(old) == new:
            return class_, f"ftfy.{name}"
    if _ENCODING in steps or not steps:
        return "mojibake", f"ftfy.{_ENCODING}"
    return _FIXES[steps[0]][0], f"ftfy.{steps[0]}"
