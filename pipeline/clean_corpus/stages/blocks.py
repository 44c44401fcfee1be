"""Take a page apart into blocks of text, and say of each what the page shows of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from unicodedata import normalize

from clean_corpus.stages.names import PLAIN, Names, names


class Block(NamedTuple):
    """A run of text without a break in it: a paragraph, a cell, a line before a `<br>`.

    `key` is its letters and digits, by which texts are compared. `size` and `linked` count its
    characters and those inside links; one that stands for a whole word (an ideograph) counts for
    three. `stops` counts commas and ends of sentences. `element` is the index of the element it
    stands in. `doubtful`, `comment` and `body` say whether an element around it is named like
    furniture, like readers' comments, or like the body of an article.
    """

    text: str
    key: str
    size: int
    linked: int
    stops: int
    heading: bool
    element: int
    doubtful: bool
    comment: bool
    body: bool


@dataclass(slots=True)
class Element:
    """An element that holds blocks: those from `first` until `last`.

    `parts` are its own blocks (as ~index) and the elements in it (as index), in order. `node` is
    the element in lxml's tree, `parent` the index of the one around it, or -1.
    """

    tag: str
    node: Any
    parent: int
    names: Names
    first: int
    last: int = -1
    parts: list[int] = field(default_factory=list)


class Layout(NamedTuple):
    """The blocks of a page and the elements around them, both in the order of the page."""

    blocks: list[Block]
    elements: list[Element]


#: Elements whose content is no text, or none of the article.
LEFT_OUT = {
    "applet", "area", "audio", "button", "canvas", "datalist", "dialog", "embed", "figure",
    "footer", "frame", "frameset", "head", "iframe", "input", "link", "map", "math", "menu",
    "meta", "nav", "noindex", "noscript", "object", "option", "script", "select", "style", "svg",
    "template", "textarea", "time", "video",
}  # fmt: skip

# What an element does to the text in it: it is a block of its own, unless it is one of these.
_BLOCK, _INLINE, _LINK, _BREAK, _PREFORMATTED, _LEFT_OUT = range(6)
_KINDS = {"a": _LINK, "br": _BREAK, "hr": _BREAK, "pre": _PREFORMATTED}
_KINDS |= dict.fromkeys(
    ("abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
     "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span",
     "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
    _INLINE,
)  # fmt: skip
_KINDS |= dict.fromkeys(LEFT_OUT, _LEFT_OUT)
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}

# Kana, ideographs, Hangul, and the scripts of Thai, Lao, Tibetan and Burmese, without blanks.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f]")
_STOP = re.compile(r"[,;，、；،]|[.!?。！？](?=\s|$|[^\x00-\x7f])")
_NOT_WORD = re.compile(r"\W+")


def key(text: str) -> str:
    """Give the letters and digits of a text, composed, by which it is recognised elsewhere."""
    return _NOT_WORD.sub("", text if text.isascii() else normalize("NFC", text))


def lay_out(tree: Any, *, tables: bool = True) -> Layout:
    """Take the body of a parsed page apart.

    Scripts, navigation, figures, forms' controls and the like are left out, and tables where
    `tables` is off.
    """
    from lxml.etree import iterwalk

    kinds: Mapping[str, int] = _KINDS if tables else {**_KINDS, "table": _LEFT_OUT}
    body = tree.find("body")
    maker = _Maker()
    walk = iterwalk(tree if body is None else body, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        kind = kinds.get(tag)
        if kind is None:  # Word and others have inline elements like <o:p>
            kind = _INLINE if ":" in tag else _BLOCK
        if event == "start":
            if kind == _LEFT_OUT:
                walk.skip_subtree()
                continue
            maker.start(kind, element)
            text = element.text
        else:
            maker.end(kind)
            text = element.tail
        if text:
            maker.add(text)
    return Layout(maker.blocks, maker.elements)


class _Maker:
    """Collects text until something breaks it."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.elements: list[Element] = []
        self.open: list[int] = []
        # How many of the open elements are each of these.
        self.links = self.preformatted = self.doubtful = self.comment = self.body = 0
        self.pieces: list[str] = []
        self.linked = 0

    def start(self, kind: int, element: Any) -> None:
        if kind == _LINK:
            self.links += 1
        elif kind != _INLINE:
            self.end_block()
            if kind != _BREAK:
                self._open(element)
            if kind == _PREFORMATTED:
                self.preformatted += 1

    def end(self, kind: int) -> None:
        if kind == _LINK:
            self.links -= 1
        elif kind == _LEFT_OUT:
            self.add(" ")
        elif kind != _INLINE and kind != _BREAK:
            self.end_block()
            element = self.elements[self.open.pop()]
            element.last = len(self.blocks)
            self._count(element.names, -1)
            if kind == _PREFORMATTED:
                self.preformatted -= 1

    def add(self, text: str) -> None:
        if self.preformatted and "\n" in text:
            *lines, text = text.split("\n")
            for line in lines:
                self.pieces.append(line)
                self.end_block()
        if text.isspace():
            if self.pieces:
                self.pieces.append(" ")
            return
        self.pieces.append(text)
        if self.links:
            self.linked += len(text.strip())

    def end_block(self) -> None:
        if not self.pieces:
            return
        text = " ".join("".join(self.pieces).split())
        self.pieces.clear()
        if not text:
            return
        size, linked = len(text), min(self.linked, len(text))
        self.linked = 0
        if not text.isascii() and (dense := len(_DENSE.findall(text))):
            linked = linked * (size + 2 * dense) // size
            size += 2 * dense
        at = self.open[-1]
        element = self.elements[at]
        element.parts.append(~len(self.blocks))
        self.blocks.append(
            Block(
                text,
                key(text),
                size,
                linked,
                len(_STOP.findall(text)),
                element.tag in _HEADINGS,
                at,
                self.doubtful > 0,
                self.comment > 0,
                self.body > 0,
            )
        )

    def _open(self, element: Any) -> None:
        at = len(self.elements)
        parent = self.open[-1] if self.open else -1
        if self.open:
            self.elements[parent].parts.append(at)
        self.open.append(at)
        found = names(element)
        self.elements.append(Element(element.tag, element, parent, found, len(self.blocks)))
        self._count(found, 1)

    def _count(self, found: Names, one: int) -> None:
        if found is not PLAIN:
            self.doubtful += one * found.doubtful
            self.comment += one * found.comment
            self.body += one * found.body
