"""Markdown of a form's author as markup: text, headings, lists, links and emphasis, and nothing that could do harm."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "a"}
_SCHEMES = {"https", "http", "mailto", "tel"}

# HTML in the text is shown as it was written. The headings of a page come first, so those of a text begin below them.
_reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


@lru_cache(maxsize=512)
def markdown(text: str) -> Markup:
    """The text as markup. Links open apart, so that what was typed stays."""
    written = _reader.render(text).replace("<h1>", "<h3>").replace("</h1>", "</h3>")
    written = written.replace("<h2>", "<h4>").replace("</h2>", "</h4>")
    safe = nh3.clean(
        written,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(safe)  # noqa: S704 - cleaned above
