"""Take out of a page what holds no prose, so that trafilatura has half as much to read."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from clean_corpus.stages.blocks import LEFT_OUT, Block, Layout

# Parts of tables and of text, whose place means something even where they are empty.
_KEPT = {
    "article", "body", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "html", "li", "main", "p",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
_LEAST_LINKS = 3


def thin(tree: Any, layout: Layout) -> None:
    """Remove scripts and the like, empty elements, and lists of links from a tree.

    Text behind what is removed stays. A list of links is an element of at least three blocks of
    which nine in ten are links, and none is prose. trafilatura would leave out all of these in the
    end, after testing each of them many times. `layout` must be of this tree, and keeps its blocks.
    """
    from lxml.etree import strip_elements

    links = [0, *accumulate(is_links(block) for block in layout.blocks)]
    prose = [0, *accumulate(block.stops > 0 and not is_links(block) for block in layout.blocks)]
    gone: set[int] = set()
    for index, element in enumerate(layout.elements):
        if element.parent in gone:
            gone.add(index)
            continue
        if index == 0 or element.tag in _KEPT:
            continue
        size = element.last - element.first
        linked = links[element.last] - links[element.first]
        if size == 0 or (
            size >= _LEAST_LINKS
            and linked * 10 >= size * 9
            and prose[element.last] == prose[element.first]
        ):
            gone.add(index)
            _drop(element.node)
    strip_elements(tree, *(LEFT_OUT - {"math"}), with_tail=False)


def is_links(block: Block) -> bool:
    """Say whether a block is mostly links."""
    return block.linked * 2 > block.size


def _drop(node: Any) -> None:
    """Remove a node from its parent, but not the text behind it."""
    parent = node.getparent()
    if node.tail:
        before = node.getprevious()
        if before is None:
            parent.text = f"{parent.text or ''}{node.tail}"
        else:
            before.tail = f"{before.tail or ''}{node.tail}"
    parent.remove(node)
