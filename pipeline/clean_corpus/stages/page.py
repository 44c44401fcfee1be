"""Read a web page into a tree, within limits that hold before anything expensive begins."""

from __future__ import annotations

import re
from typing import Any

from clean_corpus import config


class PageFault(Exception):
    """A page that cannot be used; the text says why in one sentence."""


def check_size(page: bytes, options: config.Extract) -> None:
    """Raise PageFault for a page of more bytes than `options` allow."""
    if len(page) > options.max_page_mb << 20:
        raise PageFault(
            f"the page is larger than extract.max_page_mb = {options.max_page_mb} allows"
        )


def check_shape(page: str, options: config.Extract) -> None:
    """Raise PageFault for a page of more elements, or deeper nested, than `options` allow."""
    if page.count("<") - page.count("</") > options.max_elements:
        raise PageFault(
            f"the page has more elements than extract.max_elements = {options.max_elements} allows"
        )
    if len(page) >= 2 * _MOST_ATTRIBUTES and _has_many_attributes(page):
        raise PageFault(f"an element of the page has more than {_MOST_ATTRIBUTES} attributes")
    if depth_exceeds(page, options.max_depth):
        raise PageFault(
            f"the page is nested deeper than extract.max_depth = {options.max_depth} allows"
        )


# The parser compares each attribute of an element with all others: a second for 30,000 of them, and
# no signal stops it.
_MOST_ATTRIBUTES = 10_000


def _has_many_attributes(page: str) -> bool:
    """Say whether an element of a page has more attributes than any needs."""
    for part in _ANGLES.sub(" ", page).split(">"):
        if len(part) >= 2 * _MOST_ATTRIBUTES:
            tag = _QUOTED.sub(" ", part[part.rfind("<") + 1 :])
            if len(tag.split(None, _MOST_ATTRIBUTES + 1)) > _MOST_ATTRIBUTES + 1:
                return True
    return False


_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
# Values with brackets in them, which do not begin or end a tag.
_ANGLES = re.compile(r"""=\s*(?:"[^"<>]*[<>][^"]*"|'[^'<>]*[<>][^']*')""")


def tree(page: str) -> Any:
    """Parse a page into an lxml tree; None where there is no markup in it.

    trafilatura's loader mends what libxml2 stumbles over, but gives up on pages that do not begin
    as pages usually do; these are parsed as they are.
    """
    from lxml.etree import LxmlError
    from lxml.html import HTMLParser, document_fromstring
    from trafilatura import load_html

    found = load_html(page)
    if found is not None or not _MARKUP.search(page):
        return found
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except (LxmlError, ValueError):
        return None


_MARKUP = re.compile(r"<(?:article|body|br|div|p|section|table)\b", re.IGNORECASE)
_TAG = re.compile(r"<(?:!--|(/?)([a-zA-Z][a-zA-Z0-9]*))")
# Elements without content, and those that the parser closes by itself.
_FLAT = {
    "area", "base", "body", "br", "col", "colgroup", "dd", "dt", "embed", "head", "hr", "html",
    "img", "input", "li", "link", "meta", "option", "p", "param", "rp", "rt", "source", "tbody",
    "td", "tfoot", "th", "thead", "tr", "track", "wbr",
}  # fmt: skip
_RAW = {"noscript", "script", "style", "textarea", "title", "xmp"}


def depth_exceeds(page: str, limit: int) -> bool:
    """Say whether elements of a page are nested deeper than `limit`, without building the tree.

    One pass over the tags; comments, scripts and style sheets are stepped over.
    """
    if page.count("<") - page.count("</") <= limit:
        return False
    depth = at = 0
    while found := _TAG.search(page, at):
        at = found.end()
        name = (found[2] or "").lower()
        if not name or (name in _RAW and not found[1]):
            at = page.find(f"</{found[2]}" if name else "-->", at)
            if at < 0:
                return False
        elif name not in _FLAT and name not in _RAW:
            depth = max(depth - 1, 0) if found[1] else depth + 1
            if depth > limit:
                return True
    return False
